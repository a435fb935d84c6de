"""What may be offered: doses that can be taken, and the rules behind them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from dosing.policy.reading import Reading
from dosing.policy.recheck import RECHECK_AFTER_CHANGE_DAYS, RECHECK_UNCHANGED_DAYS
from dosing.policy.regimens import Course, Regimen
from dosing.policy.sources import CLINIC, DESIGN, PROTOCOL, TABLETS, TIMING, US_LABEL
from dosing.policy.tablets import Limits, Tablets, tablets_for, takeable
from dosing.policy.taken import NO_INCREASE
from dosing.policy.targets import Finding, Kind, Verdict, tenth
from dosing.units import Comparator, Fact, Sentence


@dataclass(frozen=True, slots=True)
class Candidate:
    """A dose that can be taken, and the trough the proportional rule expects."""

    regimen: Regimen
    tablets: tuple[Tablets, ...]
    step_percent: int
    predicted_ng_per_ml: Decimal | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may be offered; `recommended` is None where advice is withheld."""

    keep: Candidate | None
    candidates: tuple[Candidate, ...]
    recommended: Regimen | None
    exact_mg_per_day: Decimal | None
    formula: Sentence | None
    findings: tuple[Finding, ...]


MOST_CANDIDATES = 3


def suggest(
    reading: Reading, course: Course, limits: Limits, today: date
) -> Suggestion:
    """Offer doses that can be taken: new dose = current dose x aim / level.

    The rule is the US label's [V]; it is used only on a valid trough at steady state,
    never asks for a change inside the range, and never steps past the protocol's
    limits. A dose exactly half way between two that can be taken goes to the lower.
    """
    known = (*reading.findings, *findings_on_age((today - reading.level.drawn_on).days))
    planned = course.planned(today)
    if planned is None:
        return withheld((*known, nothing_is_taken()))
    current = planned.regimen
    spoken_for = course.stretch_start(planned) < reading.level.drawn_on
    since = () if spoken_for else (dose_has_changed(),)
    keep = candidate(current, reading, limits, current, reliable=spoken_for)
    if not reading.trusted or not spoken_for:
        return withheld((*known, *since), keep)
    exact = exact_dose(reading, current)
    near = [
        regimen
        for regimen in takeable(limits, current.interval_h)
        if within_step(regimen, current, limits) and helps(regimen, reading, current)
    ]
    near.sort(key=lambda r: (abs(r.mg_per_day - exact), r.mg_per_day))
    best = chosen(reading, current, exact, near)
    shown = sorted(near[:MOST_CANDIDATES], key=lambda r: -r.mg_per_day)
    return Suggestion(
        keep=keep,
        candidates=tuple(candidate(r, reading, limits, current) for r in shown),
        recommended=best,
        exact_mg_per_day=exact,
        formula=formula(reading, current, exact),
        findings=(
            *known,
            *findings_on_choice(reading, current, limits, exact, best),
        ),
    )


def findings_on_age(days: int) -> Iterable[Finding]:
    """Remark on a level after which the next one has fallen due."""
    if days > RECHECK_UNCHANGED_DAYS:
        text = (
            "This level is %(days)s days old. Consider a new one before the dose is"
            " changed."
        )
        facts: dict[str, Fact] = {"days": days}
        yield Finding("old-level", Kind.WARN, Sentence(text, facts), CLINIC)


def withheld(
    findings: tuple[Finding, ...], keep: Candidate | None = None
) -> Suggestion:
    return Suggestion(keep, (), None, None, None, findings)


def exact_dose(reading: Reading, current: Regimen) -> Decimal:
    """Return mg/day to two decimals."""
    ratio = reading.target.aim_ng_per_ml / reading.level.ng_per_ml
    return (current.mg_per_day * ratio).quantize(Decimal("0.01"), ROUND_HALF_UP)


def formula(reading: Reading, current: Regimen, exact: Decimal) -> Sentence:
    return Sentence(
        "%(dose)s mg/day \u00d7 %(aim)s / %(level)s = %(exact)s mg/day",
        {
            "dose": current.mg_per_day,
            "aim": reading.target.aim_ng_per_ml,
            "level": reading.level.ng_per_ml,
            "exact": exact,
        },
    )


def within_step(regimen: Regimen, current: Regimen, limits: Limits) -> bool:
    """Say whether a change stays inside one step; the limit itself is allowed."""
    change = abs(regimen.mg_per_day - current.mg_per_day) * 100
    return change <= limits.step_limit_percent * current.mg_per_day


def helps(regimen: Regimen, reading: Reading, current: Regimen) -> bool:
    """Leave out the present dose, and doses in a wrong or forbidden direction."""
    change = regimen.mg_per_day - current.mg_per_day
    if change > 0 and any(each.rule == NO_INCREASE for each in reading.findings):
        return False
    if reading.verdict is Verdict.BELOW:
        return change > 0
    if reading.verdict in {Verdict.ABOVE, Verdict.URGENT}:
        return change < 0
    return change != 0


def chosen(
    reading: Reading, current: Regimen, exact: Decimal, near: list[Regimen]
) -> Regimen:
    """Return the present dose in range, or where no other comes nearer the aim."""
    if reading.verdict is Verdict.IN or not near:
        return current
    best = near[0]
    gap_now = abs(current.mg_per_day - exact)
    return best if abs(best.mg_per_day - exact) <= gap_now else current


def candidate(
    regimen: Regimen,
    reading: Reading,
    limits: Limits,
    current: Regimen,
    *,
    reliable: bool = True,
) -> Candidate:
    expected = predicted(regimen, reading, current) if reliable else None
    change = (regimen.mg_per_day / current.mg_per_day - 1) * 100
    return Candidate(
        regimen=regimen,
        tablets=tablets_for(regimen.amount_mg, limits.strengths_mg) or (),
        step_percent=int(change.quantize(Decimal(1), ROUND_HALF_UP)),
        predicted_ng_per_ml=expected,
        verdict=None
        if expected is None
        else reading.target.judge(expected, Comparator.EXACTLY),
    )


def predicted(regimen: Regimen, reading: Reading, current: Regimen) -> Decimal | None:
    """Scale the level with the dose; a new interval needs a model, so no number."""
    if not reading.trusted or regimen.interval_h != current.interval_h:
        return None
    return tenth(reading.level.ng_per_ml * regimen.mg_per_day / current.mg_per_day)


def findings_on_choice(
    reading: Reading,
    current: Regimen,
    limits: Limits,
    exact: Decimal,
    best: Regimen,
) -> Iterable[Finding]:
    if reading.verdict is Verdict.IN:
        text = "In range: no change is advised."
        yield Finding("in-range", Kind.CHANGE, Sentence(text), DESIGN)
        return
    facts: dict[str, Fact]
    most = min(
        limits.ceiling_mg_per_day,
        current.mg_per_day * (1 + limits.step_limit_percent / 100),
    )
    least = current.mg_per_day * (1 - limits.step_limit_percent / 100)
    if exact > limits.ceiling_mg_per_day:
        text = "The rule asks for %(exact)s mg/day; the protocol's ceiling is %(most)s."
        facts = {"exact": exact, "most": limits.ceiling_mg_per_day}
        yield Finding("ceiling", Kind.CHANGE, Sentence(text, facts), PROTOCOL)
    elif not least <= exact <= most:
        text = "The rule asks for %(exact)s mg/day; one step is limited to %(step)s %%."
        facts = {"exact": exact, "step": limits.step_limit_percent}
        yield Finding("step-limit", Kind.CHANGE, Sentence(text, facts), CLINIC)
    if best == current:
        text = "No dose that can be taken comes nearer the aim than the present one."
        yield Finding("nothing-nearer", Kind.CHANGE, Sentence(text), TABLETS)
    elif best.interval_h != current.interval_h:
        text = (
            "A pattern of alternate days cannot be predicted in proportion; draw a"
            " level after %(first)s to %(last)s days."
        )
        first, last = RECHECK_AFTER_CHANGE_DAYS
        facts = {"first": first, "last": last}
        yield Finding("alternate-days", Kind.WARN, Sentence(text, facts), TIMING)


def nothing_is_taken() -> Finding:
    text = "No dose is being taken, so there is nothing to scale."
    return Finding("no-dose", Kind.PREVENT, Sentence(text), TABLETS)


def dose_has_changed() -> Finding:
    text = (
        "The dose is no longer the one this level was drawn on. Wait for a level on"
        " the new one."
    )
    return Finding("dose-changed", Kind.PREVENT, Sentence(text), US_LABEL)
