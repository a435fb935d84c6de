"""When the next level is worth drawing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from dosing.policy.reading import Reading
from dosing.policy.targets import Verdict
from dosing.policy.timing import STEADY_AFTER_DAYS, Timing
from dosing.units import Fact, Sentence

RECHECK_AFTER_CHANGE_DAYS = (7, 14)
"""First and last day for the level after a change, US label [V]."""

RECHECK_UNCHANGED_DAYS = 28
"""Without a change: monthly at first, as Hammer 2018 [V]; a design default [NV]."""


LONGEST_WITHOUT_LEVEL_DAYS = 91
"""On the drug a level is drawn at least every three months: Hammer 2018 and the case
series [V]."""


CONTRADICTED = "levels-disagree"


def next_level_on(
    reading: Reading,
    *,
    decided_on: date,
    new_dose_from: date | None,
    closed: Iterable[int],
) -> date:
    """Propose the day of the next level, on a weekday with a clinic.

    After a change, or out of range on the same dose, the latest clinic day of the
    window is best, because it is nearest to steady state. A level that is urgent or
    stands for no trough, or that another contradicts, is repeated at the next clinic;
    one drawn too early, at steady state; one that may not be used for another cause,
    after a week; one in range, after four weeks.
    """
    open_on = [n for n in range(7) if n not in set(closed)]
    if new_dose_from is not None:
        return last_open(new_dose_from, open_on)
    if in_doubt(reading):
        return first_open(decided_on + timedelta(days=wait(reading)), open_on)
    days = reading.days_on_dose
    if days is not None and days < STEADY_AFTER_DAYS:
        steady = reading.level.drawn_on + timedelta(days=STEADY_AFTER_DAYS - days)
        return first_open(max(steady, decided_on + timedelta(days=1)), open_on)
    if reading.verdict is Verdict.IN:
        due = decided_on + timedelta(days=RECHECK_UNCHANGED_DAYS)
        return first_open(due, open_on)
    return last_open(decided_on, open_on)


@dataclass(frozen=True, slots=True)
class EarlyLevel:
    """When the level after a turn is due, on clinic days, and when it is overdue."""

    turned_on: date
    first_on: date
    last_on: date
    overdue_after: date


def early_level(turned_on: date, closed: Iterable[int]) -> EarlyLevel:
    """Place the level after a strong interacting drug is begun or stopped."""
    first, last = RECHECK_AFTER_CHANGE_DAYS
    open_on = [n for n in range(7) if n not in set(closed)]
    return EarlyLevel(
        turned_on=turned_on,
        first_on=first_open(turned_on + timedelta(days=first), open_on),
        last_on=last_open(turned_on, open_on),
        overdue_after=turned_on + timedelta(days=last),
    )


def early_level_in_words(due: EarlyLevel, drug: str, stops_on: date | None) -> Sentence:
    """Say when the level is due and which drug asks for it."""
    facts: dict[str, Fact] = {
        "first": due.first_on,
        "last": due.last_on,
        "drug": drug,
        "day": due.turned_on,
    }
    if due.turned_on == stops_on:
        text = (
            "Level due %(first)s to %(last)s because %(drug)s was stopped on %(day)s."
        )
    else:
        text = "Level due %(first)s to %(last)s because %(drug)s was begun on %(day)s."
    return Sentence(text, facts)


def in_doubt(reading: Reading) -> bool:
    """Ask whether a level must be repeated, whatever its value says."""
    days = reading.days_on_dose
    young = days is not None and days < STEADY_AFTER_DAYS
    return is_pressing(reading) or not (reading.trusted or young)


def is_pressing(reading: Reading) -> bool:
    contradicted = any(each.rule == CONTRADICTED for each in reading.findings)
    no_trough = reading.timing is not Timing.TROUGH
    return contradicted or no_trough or reading.verdict is Verdict.URGENT


def wait(reading: Reading) -> int:
    """Return days to the repetition of a level that is in doubt."""
    return 1 if is_pressing(reading) else RECHECK_AFTER_CHANGE_DAYS[0]


def first_open(day: date, open_on: Collection[int]) -> date:
    while day.weekday() not in open_on:
        day += timedelta(days=1)
    return day


def last_open(start: date, open_on: Collection[int]) -> date:
    """Return the latest clinic day of the window after a change."""
    _first, last = RECHECK_AFTER_CHANGE_DAYS
    day = start + timedelta(days=last)
    while day.weekday() not in open_on:
        day -= timedelta(days=1)
    return day
