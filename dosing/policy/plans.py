"""What a protocol plans for a patient: windows of days, not days.

A template is data with a source. Days count from the first dose; a window runs some
days before and after its mark. What is marked [NV] is a design default, to be
confirmed by the clinic.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from dosing.policy import sources
from dosing.policy.clinicdays import (
    IsOpen,
    days,
    last_open,
    nearest_open,
    on_clinic_days,
)
from dosing.policy.recheck import RECHECK_AFTER_CHANGE_DAYS
from dosing.units import Fact, Sentence

DAYS_PER_MONTH = Decimal("30.4375")

WEEK_WINDOW = timedelta(days=3)
MONTH_WINDOW = timedelta(days=14)
"""How far from its mark a level, a visit or a measurement still belongs to it: the case
series names no windows, so these are design defaults [NV]."""

ASKED_LEAD_DAYS = 3
"""A level that a decision asks for may be drawn so many days before its day [NV]."""

PLANNED_AHEAD_DAYS = 366
"""So far ahead what repeats is planned; it goes on as time passes [D]."""

LOOKED_BACK_DAYS = 28
"""What a window asked for that closed earlier than this is not asked for anew [NV]."""

QUARTER_MONTHS = 3

LEVEL, LABS, VISIT, MRI = "level", "labs", "visit", "mri"
ON_DRUG = {LEVEL, LABS}
"""What is planned only for days on which the drug is taken."""


def months(count: int) -> timedelta:
    return timedelta(days=int((DAYS_PER_MONTH * count).to_integral_value()))


@dataclass(frozen=True, slots=True)
class Step:
    """One thing of a template: at a day since the first dose, give or take some days.

    With `every` (months) it comes again and again after that day.
    """

    kind: str
    key: str
    said: Sentence
    day: int
    before: int
    after: int
    every: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """One version of a rhythm, with where it comes from."""

    key: str
    name: Sentence
    source: str
    steps: tuple[Step, ...]


def at_week(kind: str, week: int) -> Step:
    said = Sentence("week %(count)s", {"count": week})
    days = WEEK_WINDOW.days
    return Step(kind, f"week-{week}", said, 7 * week, days, days)


def at_month(kind: str, month: int, *, every: int = 0, window: int = 0) -> Step:
    said = Sentence("month %(count)s", {"count": month})
    days = window or MONTH_WINDOW.days
    return Step(kind, f"month-{month}", said, months(month).days, days, days, every)


FIRST_LEVEL_DAYS = (7, 14)
"""The first level comes 1 to 2 weeks after the start: JP label 7.5 [V]."""

FIRST_LEVEL = Step(
    LEVEL,
    "first",
    Sentence("1 to 2 weeks after the start"),
    day=FIRST_LEVEL_DAYS[1],
    before=FIRST_LEVEL_DAYS[1] - FIRST_LEVEL_DAYS[0],
    after=0,
)

MONTHLY_WINDOW_DAYS = 7
"""Monthly marks lie too close for the wider window [NV]."""

CASE_SERIES = Template(
    "case-series-1",
    Sentence(
        "Levels at 2 and 4 weeks, visits at 0, 1 and 3 months, MRI at 0 and 3 months,"
        " then every 3 months"
    ),
    sources.CASE_SERIES_RHYTHM,
    (
        at_week(LEVEL, 2),
        at_week(LEVEL, 4),
        at_month(LEVEL, 3, every=QUARTER_MONTHS),
        at_week(LABS, 2),
        at_week(LABS, 4),
        at_month(LABS, 3, every=QUARTER_MONTHS),
        at_month(VISIT, 0),
        at_month(VISIT, 1),
        at_month(VISIT, 3, every=QUARTER_MONTHS),
        at_month(MRI, 0),
        at_month(MRI, 3, every=QUARTER_MONTHS),
    ),
)

JAPANESE_LABEL = Template(
    "jp-label-1",
    Sentence("A level 1 to 2 weeks after the start, and after any change"),
    sources.JP_FIRST_LEVEL,
    (FIRST_LEVEL,),
)

MONTHLY_THEN_QUARTERLY = Template(
    "monthly-1",
    Sentence("Monthly for 3 months, then every 3 months"),
    sources.MONTHLY_RHYTHM,
    (
        FIRST_LEVEL,
        *(
            at_month(kind, month, window=MONTHLY_WINDOW_DAYS)
            for kind in (LEVEL, LABS, VISIT)
            for month in (1, 2, 3)
        ),
        *(at_month(kind, 6, every=QUARTER_MONTHS) for kind in (LEVEL, LABS, VISIT)),
        at_month(VISIT, 0),
        at_month(MRI, 0),
        at_month(MRI, 6),
        at_month(MRI, 12),
    ),
)

TEMPLATES = {
    each.key: each for each in (CASE_SERIES, JAPANESE_LABEL, MONTHLY_THEN_QUARTERLY)
}

NO_RHYTHM = Template("none", Sentence("Only after a change"), "", ())
"""While no protocol holds: levels after a change, and where one is asked for."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What ought to be planned: `key` finds it again when it is planned anew.

    What is `lasting` is asked for however long ago its window closed.
    """

    kind: str
    key: str
    said: Sentence
    source: str
    opens_on: date
    best_on: date
    closes_on: date
    lasting: bool = False

    def overlaps(self, other: "Planned") -> bool:
        return self.opens_on <= other.closes_on and other.opens_on <= self.closes_on


@dataclass(frozen=True, slots=True)
class Turn:
    """A change after which a level is due: a dose, or a strong drug with its name."""

    key: str
    on: date
    said: Sentence
    asked_on: date | None = None
    """The day for it that a signed decision names."""


@dataclass(frozen=True, slots=True)
class LevelAsked:
    """A level that a signed decision asks for on the same dose."""

    key: str
    on: date


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What planning rests on; `off` are the stretches without the drug."""

    start: date
    today: date
    turns: Sequence[Turn] = ()
    asked: LevelAsked | None = None
    off: Sequence[tuple[date, date | None]] = field(default_factory=tuple)

    def takes(self, day: date) -> bool:
        return not any(
            first <= day and (last is None or day < last) for first, last in self.off
        )


def plan(template: Template, facts: PlanFacts, is_open: IsOpen) -> tuple[Planned, ...]:
    """Return what ought to be planned, in order of the best days.

    A level of the template is left out where a change or a decision asks for one at the
    same time, because one sample serves both, and between a change and its level,
    because it would come too early.
    """
    changed = list(after_turns(facts, is_open))
    special = [*changed, *asked_for(facts, is_open)]
    begun = {turn.key: turn.on for turn in facts.turns}
    waits = [(begun[each.key], each.closes_on) for each in changed]
    rhythm = [
        each
        for each in from_template(template, facts, is_open)
        if each.kind != LEVEL
        or not (
            any(each.overlaps(other) for other in special)
            or any(first <= each.best_on <= last for first, last in waits)
        )
    ]
    wanted = [*special, *rhythm]
    return tuple(sorted(wanted, key=lambda each: (each.best_on, each.kind, each.key)))


def from_template(
    template: Template, facts: PlanFacts, is_open: IsOpen
) -> Iterator[Planned]:
    last = max(facts.today, facts.start) + timedelta(days=PLANNED_AHEAD_DAYS)
    for step in template.steps:
        for key, said, mark in marks(step, facts.start, last):
            opens, closes = mark - days(step.before), mark + days(step.after)
            best = nearest_open(mark, opens, closes, is_open)
            if step.kind in ON_DRUG and not facts.takes(best):
                continue
            yield Planned(
                step.kind,
                key,
                said,
                template.source,
                *on_clinic_days(opens, best, closes, is_open),
            )


def marks(step: Step, start: date, last: date) -> Iterator[tuple[str, Sentence, date]]:
    """Yield a step as often as it comes up to a day, each with its own key."""
    yield step.key, step.said, start + days(step.day)
    if not step.every:
        return
    month = round(step.day / float(DAYS_PER_MONTH)) + step.every
    while start + months(month) <= last:
        said = Sentence("month %(count)s", {"count": month})
        yield f"month-{month}", said, start + months(month)
        month += step.every


def after_turns(facts: PlanFacts, is_open: IsOpen) -> Iterator[Planned]:
    """Yield a level for each change that no later change has overtaken."""
    first, last = RECHECK_AFTER_CHANGE_DAYS
    for turn in facts.turns:
        opens, closes = turn.on + days(first), turn.on + days(last)
        best = turn.asked_on or last_open(opens, closes, is_open)
        opens, closes = min(opens, best), max(closes, best)
        overtaken = any(turn.on < other.on <= best for other in facts.turns)
        if overtaken or not facts.takes(best):
            continue
        yield Planned(
            LEVEL,
            turn.key,
            turn.said,
            sources.AFTER_CHANGE,
            *on_clinic_days(opens, best, closes, is_open),
            lasting=True,
        )


def asked_for(facts: PlanFacts, is_open: IsOpen) -> Iterator[Planned]:
    """Yield what a decision asks for, also while the drug is paused."""
    asked = facts.asked
    if asked is None:
        return
    opens = asked.on - days(ASKED_LEAD_DAYS)
    said = Sentence("asked for by a decision")
    window = on_clinic_days(opens, asked.on, asked.on, is_open)
    yield Planned(
        LEVEL, asked.key, said, sources.SIGNED_DECISION, *window, lasting=True
    )


DRUG_TURN = "drug:"
"""How the key of a level begins that a strong drug asks for."""


def turn_of_dose(key: str, starts_on: date, asked_on: date | None) -> Turn:
    return Turn(key, starts_on, Sentence("after a change of the dose"), asked_on)


def turns_of_drugs(
    drugs: Iterable[tuple[str, str, date, date | None]],
) -> Iterator[Turn]:
    """Yield a turn where a strong drug (key, name) begins and where it stops."""
    for key, name, starts_on, stops_on in drugs:
        facts: dict[str, Fact] = {"drug": name}
        yield Turn(f"{key}:begun", starts_on, Sentence("%(drug)s was begun", facts))
        if stops_on is not None:
            said = Sentence("%(drug)s was stopped", facts)
            yield Turn(f"{key}:stopped", stops_on, said)
