"""Judgement: is it in range, may it be trusted, which dose can be taken?

Pure functions over Decimals and dates. Every number has a name and a source; the
marks [V] verified, [V2] second-hand, [D] derived and [NV] not verified are those of
docs/sources.md. Sentences are English templates; the pages translate them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum, StrEnum
from itertools import product

from dosing.units import Comparator, Fact, Sentence

ENGINE_VERSION = "policy 1"

US_LABEL = "Sirolimus US prescribing information, dosage and administration [V]"
JP_LABEL = "Rapalimus package insert (Japan), section 7 [V]"
ZIMMERMAN = "Zimmerman 1997, half-life 62 h [V]"
CLINIC = "Design default, to be confirmed by your clinic [NV]"
DESIGN = "Design rule: inside the range nothing is changed [D]"
TIMING = "Derived from Wu 2012 and Mao 2024 profiles [D]"
ASSAYS = "Assay comparisons, PMID 19563794 [V]"

HALF_LIFE_H = Decimal(62)
"""Terminal half-life on multiple dosing, Zimmerman 1997 [V]."""

STEADY_AFTER_DAYS = 14
"""From here a level stands for the dose: 98 % of steady state, US label 7-14 d [V]."""

NEARLY_STEADY_AFTER_DAYS = 7
"""Before this no proportional advice is given, US label 7-14 d [V]."""

STEP_LIMIT_PERCENT = Decimal(50)
"""Largest change of the daily dose offered in one step [NV]."""

ABSOLUTE_CEILING_MG_PER_DAY = Decimal(40)
"""Never more than this on any day, US label [V]."""

EDGE_OF_TROUGH_H = Decimal(2)
"""A once-daily trough within 24 h by this much needs no remark [D]."""


class Verdict(StrEnum):
    BELOW = "below"
    IN = "in"
    ABOVE = "above"
    URGENT = "urgent"
    UNKNOWN = "unknown"


class Timing(Enum):
    TROUGH = "trough"
    EARLY = "early"
    NOT_A_TROUGH = "not a trough"
    LATE = "late"
    UNKNOWN = "unknown"
    NO_DOSE = "no dose"
    BEFORE_FIRST_DOSE = "before first dose"


class Kind(StrEnum):
    """What a rule does to the advice: alters it, remarks on it, or withholds it."""

    CHANGE = "change"
    WARN = "warn"
    PREVENT = "prevent"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that fired, in words, with the source it rests on."""

    rule: str
    kind: Kind
    sentence: Sentence
    source: str


@dataclass(frozen=True, slots=True)
class Target:
    """The trough a protocol aims at; both ends of the range belong to it."""

    low_ng_per_ml: Decimal
    high_ng_per_ml: Decimal
    aim_ng_per_ml: Decimal
    urgent_ng_per_ml: Decimal

    def judge(self, ng_per_ml: Decimal, comparator: Comparator) -> Verdict:
        """Judge a level; `<2.0` is below, `<9.0` could be anywhere up to 9."""
        if comparator is Comparator.BELOW:
            surely_below = ng_per_ml <= self.low_ng_per_ml
            return Verdict.BELOW if surely_below else Verdict.UNKNOWN
        if ng_per_ml >= self.urgent_ng_per_ml:
            return Verdict.URGENT
        if comparator is Comparator.ABOVE:
            surely_above = ng_per_ml >= self.high_ng_per_ml
            return Verdict.ABOVE if surely_above else Verdict.UNKNOWN
        if ng_per_ml < self.low_ng_per_ml:
            return Verdict.BELOW
        return Verdict.IN if ng_per_ml <= self.high_ng_per_ml else Verdict.ABOVE


DEFAULT_TARGET = Target(Decimal(5), Decimal(15), Decimal("12.5"), Decimal(20))
"""5-15 ng/mL: the case series' methods (Carolino 2025), SILA and SIVA; the urgent
limit is a design default [NV]. A protocol overrides all four."""

DEFAULT_CEILING_MG_PER_DAY = Decimal(4)
"""Japanese approval for venous malformation [V]."""


@dataclass(frozen=True, slots=True)
class Regimen:
    """An amount at an interval: 1 mg every 48 h is 0.5 mg/day on alternate days."""

    amount_mg: Decimal
    interval_h: int

    @property
    def mg_per_day(self) -> Decimal:
        return self.amount_mg * 24 / self.interval_h


@dataclass(frozen=True, slots=True)
class Period:
    """A regimen from its first day up to, not including, the day it stops."""

    regimen: Regimen
    starts_on: date
    stops_on: date | None = None

    def covers(self, day: date) -> bool:
        return self.starts_on <= day and (self.stops_on is None or day < self.stops_on)


@dataclass(frozen=True, slots=True)
class Course:
    """The regimens of one patient in order; days between them are dose-free."""

    periods: tuple[Period, ...] = ()

    def on(self, day: date) -> Period | None:
        return next((p for p in self.periods if p.covers(day)), None)

    def behind(self, day: date) -> Period | None:
        """Return the regimen a sample of that day speaks of: the day before's dose."""
        return self.on(day - timedelta(days=1)) or self.on(day)

    def starts_on(self) -> date | None:
        return self.periods[0].starts_on if self.periods else None

    def unchanged_since(self, day: date) -> date | None:
        """Return the first day of the unbroken stretch of one regimen behind a day."""
        current = self.behind(day)
        if current is None:
            return None
        first = current.starts_on
        for earlier in reversed(self.periods):
            joined = earlier.stops_on == first and earlier.regimen == current.regimen
            first = earlier.starts_on if joined else first
        return first

    def dose_free_days_before(self, day: date) -> int:
        """Count the days since the last regimen stopped."""
        stops = [p.stops_on for p in self.periods if p.stops_on and p.stops_on <= day]
        return (day - max(stops)).days if stops else 0


TROUGH_WINDOWS_H = {
    12: (Decimal(10), Decimal(14)),
    24: (Decimal(20), Decimal(28)),
    48: (Decimal(44), Decimal(52)),
}
"""Hours after the last dose, both ends included, in which a sample is a trough; the
alternate-day window is the once-daily one moved by a day [D]."""


def timing_of(hours_since_dose: Decimal, interval_h: int) -> Timing:
    """Say whether a sample stands for a trough; early begins at half the interval."""
    first, last = TROUGH_WINDOWS_H[interval_h]
    if hours_since_dose > last:
        return Timing.LATE
    if hours_since_dose >= first:
        return Timing.TROUGH
    return Timing.EARLY if hours_since_dose * 2 >= interval_h else Timing.NOT_A_TROUGH


def percent_of_steady_state(days: int) -> int:
    """Return how much of the change to the present dose has arrived, in percent."""
    half_lives = Decimal(days) * 24 / HALF_LIFE_H
    return int((100 * (1 - Decimal("0.5") ** half_lives)).quantize(Decimal(1)))


@dataclass(frozen=True, slots=True)
class Level:
    """A level as the judgement needs it; the day is the clinic's."""

    ng_per_ml: Decimal
    comparator: Comparator
    drawn_on: date
    hours_since_dose: Decimal | None
    method: str = ""
    previous_method: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A level in its context: where it lies, and whether it may be used."""

    level: Level
    target: Target
    verdict: Verdict
    timing: Timing
    regimen: Regimen | None
    days_on_dose: int | None
    findings: tuple[Finding, ...]

    @property
    def trusted(self) -> bool:
        """Whether the proportional rule may use this level."""
        return not any(finding.kind is Kind.PREVENT for finding in self.findings)

    @property
    def needs_an_answer(self) -> bool:
        return self.verdict not in {Verdict.IN, Verdict.UNKNOWN}

    @property
    def percent_of_steady_state(self) -> int | None:
        days = self.days_on_dose
        return None if days is None else percent_of_steady_state(days)


def read(level: Level, course: Course, target: Target) -> Reading:
    """Judge one level against the range in force when it was drawn."""
    period = course.behind(level.drawn_on)
    since = course.unchanged_since(level.drawn_on)
    days = None if since is None else (level.drawn_on - since).days
    timing = timing_in(course, level)
    regimen = period.regimen if period else None
    found = (
        *findings_on_timing(timing, level, course),
        *findings_on_steady_state(days),
        *findings_on_assay(level),
    )
    return Reading(
        level=level,
        target=target,
        verdict=target.judge(level.ng_per_ml, level.comparator),
        timing=timing,
        regimen=regimen,
        days_on_dose=days,
        findings=found,
    )


def timing_in(course: Course, level: Level) -> Timing:
    first = course.starts_on()
    if first is None or level.drawn_on < first:
        return Timing.BEFORE_FIRST_DOSE
    period = course.behind(level.drawn_on)
    if period is None:
        return Timing.NO_DOSE
    if level.hours_since_dose is None:
        return Timing.UNKNOWN
    return timing_of(level.hours_since_dose, period.regimen.interval_h)


VERDICT_TEXTS = {
    Verdict.BELOW: "%(level)s ng/mL is below %(low)s\u2013%(high)s.",
    Verdict.IN: "%(level)s ng/mL is in range, %(low)s\u2013%(high)s.",
    Verdict.ABOVE: "%(level)s ng/mL is above %(low)s\u2013%(high)s.",
    Verdict.URGENT: "%(level)s ng/mL has reached the urgent limit of %(urgent)s.",
    Verdict.UNKNOWN: "%(level)s ng/mL cannot be placed against %(low)s\u2013%(high)s.",
}

ALTERNATE_DAYS_H = 48

REGIMEN_TEXTS = {
    12: "%(amount)s mg twice daily",
    24: "%(amount)s mg once daily",
    48: "%(amount)s mg on alternate days",
}


def regimen_in_words(regimen: Regimen) -> Sentence:
    return Sentence(REGIMEN_TEXTS[regimen.interval_h], {"amount": regimen.amount_mg})


def in_words(reading: Reading) -> tuple[Sentence, ...]:
    """Say where the level lies, then whether it stands for the dose."""
    level, target = reading.level, reading.target
    facts: dict[str, Fact] = {
        "level": Sentence(
            "%(sign)s%(value)s",
            {"sign": level.comparator.value, "value": level.ng_per_ml},
        ),
        "low": target.low_ng_per_ml,
        "high": target.high_ng_per_ml,
        "urgent": target.urgent_ng_per_ml,
    }
    verdict = Sentence(VERDICT_TEXTS[reading.verdict], facts)
    if reading.regimen is None or reading.timing is not Timing.TROUGH:
        return (verdict,)
    context: dict[str, Fact] = {
        "hours": tenth(level.hours_since_dose or Decimal(0)),
        "day": reading.days_on_dose or 0,
        "regimen": regimen_in_words(reading.regimen),
    }
    text = "Trough: %(hours)s h after the last dose, day %(day)s of %(regimen)s."
    return (verdict, Sentence(text, context))


WITHHELD_BY_TIMING = {
    Timing.BEFORE_FIRST_DOSE: (
        "before-first-dose",
        "Drawn before the first dose, so it says nothing about a dose.",
    ),
    Timing.NO_DOSE: (
        "dose-free",
        "Drawn after %(days)s days without a dose. Draw a trough once the drug has"
        " been taken for two weeks.",
    ),
    Timing.EARLY: (
        "early-sample",
        "Drawn %(hours)s h after the last dose, before the trough. The proportional"
        " rule needs a trough.",
    ),
    Timing.NOT_A_TROUGH: (
        "not-a-trough",
        "Drawn %(hours)s h after the last dose: not a trough, but near the peak."
        " Repeat it before the next dose.",
    ),
    Timing.LATE: (
        "late-sample",
        "Drawn %(hours)s h after the last dose, later than the next dose was due."
        " Was a dose missed?",
    ),
    Timing.UNKNOWN: (
        "unknown-timing",
        "The time of the last dose is unknown, so it may be no trough. Add the time"
        " to lift this.",
    ),
}


def findings_on_timing(
    timing: Timing, level: Level, course: Course
) -> Iterable[Finding]:
    hours = level.hours_since_dose
    facts: dict[str, Fact] = {
        "hours": "?" if hours is None else tenth(hours),
        "days": course.dose_free_days_before(level.drawn_on),
    }
    if timing in WITHHELD_BY_TIMING:
        rule, text = WITHHELD_BY_TIMING[timing]
        yield Finding(rule, Kind.PREVENT, Sentence(text, facts), TIMING)
        return
    period = course.behind(level.drawn_on)
    if hours is None or period is None:
        return
    if abs(hours - period.regimen.interval_h) > EDGE_OF_TROUGH_H:
        text = (
            "Drawn %(hours)s h after the last dose, at the edge of the trough window."
        )
        yield Finding("edge-of-trough", Kind.WARN, Sentence(text, facts), TIMING)


def findings_on_steady_state(days: int | None) -> Iterable[Finding]:
    if days is None or days >= STEADY_AFTER_DAYS:
        return
    facts: dict[str, Fact] = {"days": days, "percent": percent_of_steady_state(days)}
    if days < NEARLY_STEADY_AFTER_DAYS:
        text = (
            "Only %(days)s days on this dose (about %(percent)s %% of steady state)."
            " No proportional advice before day 7; repeat the level at day 14."
        )
        yield Finding("not-steady", Kind.PREVENT, Sentence(text, facts), US_LABEL)
        return
    text = (
        "%(days)s days on this dose: about %(percent)s %% of steady state, so the"
        " level may still move."
    )
    yield Finding("nearly-steady", Kind.WARN, Sentence(text, facts), US_LABEL)


def findings_on_assay(level: Level) -> Iterable[Finding]:
    if level.comparator is not Comparator.EXACTLY:
        text = (
            "Reported as %(sign)s%(value)s ng/mL: a limit, not a number, so no dose"
            " can be worked out from it."
        )
        facts: dict[str, Fact] = {
            "sign": level.comparator.value,
            "value": level.ng_per_ml,
        }
        yield Finding("only-a-limit", Kind.PREVENT, Sentence(text, facts), CLINIC)
    if level.previous_method not in {"", level.method}:
        text = (
            "Measured by %(method)s, the level before by %(previous)s. Methods differ"
            " by up to 39 %%, so a step between them may be the assay."
        )
        facts_: dict[str, Fact] = {
            "method": level.method,
            "previous": level.previous_method,
        }
        yield Finding("assay-changed", Kind.WARN, Sentence(text, facts_), ASSAYS)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the clinic can hand out and the protocol allows."""

    strengths_mg: tuple[Decimal, ...]
    ceiling_mg_per_day: Decimal
    alternate_days: bool
    step_limit_percent: Decimal = STEP_LIMIT_PERCENT


@dataclass(frozen=True, slots=True)
class Tablets:
    count: int
    strength_mg: Decimal


def tablets_for(
    amount_mg: Decimal, strengths_mg: Sequence[Decimal]
) -> tuple[Tablets, ...] | None:
    """Return the fewest whole tablets that make an amount, or None."""
    largest_first = sorted(strengths_mg, reverse=True)
    best: tuple[int, ...] | None = None
    spans = [range(int(amount_mg / strength) + 1) for strength in largest_first]
    for counts in product(*spans):
        total = sum(map(Decimal.__mul__, map(Decimal, counts), largest_first))
        if total == amount_mg and (best is None or sum(counts) < sum(best)):
            best = counts
    if not best or not any(best):
        return None
    return tuple(
        Tablets(count, strength)
        for count, strength in zip(best, largest_first, strict=True)
        if count
    )


def takeable(limits: Limits, interval_h: int) -> list[Regimen]:
    """Return every regimen of whole tablets up to the ceiling, smallest first.

    An alternate-day regimen is listed only where no daily one gives the same dose.
    """
    each_time = 24 if interval_h == ALTERNATE_DAYS_H else interval_h
    daily = regimens_every(each_time, limits)
    found = {regimen.mg_per_day: regimen for regimen in daily}
    if limits.alternate_days:
        for regimen in regimens_every(ALTERNATE_DAYS_H, limits):
            found.setdefault(regimen.mg_per_day, regimen)
    return [found[dose] for dose in sorted(found)]


def regimens_every(interval_h: int, limits: Limits) -> list[Regimen]:
    most = min(
        limits.ceiling_mg_per_day * interval_h / 24,
        limits.ceiling_mg_per_day,
    )
    amounts = {Decimal(0)}
    for strength in limits.strengths_mg:
        amounts = {
            amount + strength * count
            for amount in amounts
            for count in range(int((most - amount) / strength) + 1)
        }
    return [Regimen(amount, interval_h) for amount in sorted(amounts) if amount]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A dose that can be taken, and the trough the proportional rule expects."""

    regimen: Regimen
    tablets: tuple[Tablets, ...]
    step_percent: int
    predicted_ng_per_ml: Decimal | None


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


def suggest(reading: Reading, current: Regimen | None, limits: Limits) -> Suggestion:
    """Offer doses that can be taken: new dose = current dose x aim / level.

    The rule is the US label's [V]; it is used only on a valid trough at steady state,
    never asks for a change inside the range, and never steps past the protocol's
    limits. A dose exactly half way between two that can be taken goes to the lower.
    """
    if current is None:
        return withheld((*reading.findings, nothing_is_taken()))
    keep = candidate(current, reading, limits, current)
    if not reading.trusted or reading.regimen != current:
        since = () if reading.regimen == current else (dose_has_changed(),)
        return withheld((*reading.findings, *since), keep)
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
            *reading.findings,
            *findings_on_choice(reading, current, limits, exact, best),
        ),
    )


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
    """Leave out the present dose and doses in the wrong direction."""
    change = regimen.mg_per_day - current.mg_per_day
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
    regimen: Regimen, reading: Reading, limits: Limits, current: Regimen
) -> Candidate:
    change = (regimen.mg_per_day / current.mg_per_day - 1) * 100
    return Candidate(
        regimen=regimen,
        tablets=tablets_for(regimen.amount_mg, limits.strengths_mg) or (),
        step_percent=int(change.quantize(Decimal(1), ROUND_HALF_UP)),
        predicted_ng_per_ml=predicted(regimen, reading, current),
    )


def predicted(regimen: Regimen, reading: Reading, current: Regimen) -> Decimal | None:
    """Scale the level with the dose; a new interval needs a model, so no number."""
    same_interval = regimen.interval_h == current.interval_h
    if not (reading.trusted and same_interval and reading.regimen == current):
        return None
    return tenth(reading.level.ng_per_ml * regimen.mg_per_day / current.mg_per_day)


def tenth(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.1"), ROUND_HALF_UP)


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
        yield Finding("ceiling", Kind.CHANGE, Sentence(text, facts), JP_LABEL)
    elif not least <= exact <= most:
        text = "The rule asks for %(exact)s mg/day; one step is limited to %(step)s %%."
        facts = {"exact": exact, "step": limits.step_limit_percent}
        yield Finding("step-limit", Kind.CHANGE, Sentence(text, facts), CLINIC)
    if best == current:
        text = "No dose that can be taken comes nearer the aim than the present one."
        yield Finding("nothing-nearer", Kind.CHANGE, Sentence(text), US_LABEL)
    elif best.interval_h != current.interval_h:
        text = (
            "A pattern of alternate days cannot be predicted in proportion; draw a"
            " level after 7 to 14 days."
        )
        yield Finding("alternate-days", Kind.WARN, Sentence(text), US_LABEL)


def nothing_is_taken() -> Finding:
    text = "No dose is being taken, so there is nothing to scale."
    return Finding("no-dose", Kind.PREVENT, Sentence(text), US_LABEL)


def dose_has_changed() -> Finding:
    text = (
        "The dose has changed since this level was drawn. Wait for a level on the"
        " present dose."
    )
    return Finding("dose-changed", Kind.PREVENT, Sentence(text), US_LABEL)


RECHECK_AFTER_CHANGE_DAYS = (7, 14)
"""First and last day for the level after a change, US label [V]."""

RECHECK_UNCHANGED_DAYS = 28
"""Without a change: monthly at first, as Hammer 2018 [V]; a design default [NV]."""


def next_level_on(
    *,
    decided_on: date,
    new_dose_from: date | None,
    verdict: Verdict,
    closed: Iterable[int],
) -> date:
    """Propose the day of the next level, moved off the weekdays without a clinic.

    After a change, or while out of range, the latest clinic day of the window is best,
    because it is nearest to steady state; otherwise the first one after four weeks.
    """
    shut = set(closed)
    if new_dose_from is None and verdict is Verdict.IN:
        day = decided_on + timedelta(days=RECHECK_UNCHANGED_DAYS)
        return next(d for d in days_from(day, 1) if d.weekday() not in shut)
    first, last = RECHECK_AFTER_CHANGE_DAYS
    start = new_dose_from or decided_on
    open_days = [
        day
        for day in (start + timedelta(days=n) for n in range(last, first - 1, -1))
        if day.weekday() not in shut
    ]
    return open_days[0]


def days_from(day: date, step: int) -> Iterable[date]:
    for count in range(7):
        yield day + timedelta(days=count * step)
