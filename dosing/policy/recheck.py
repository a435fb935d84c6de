"""When the next level is worth drawing."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from dosing.policy.reading import Reading
from dosing.policy.targets import Verdict
from dosing.policy.timing import STEADY_AFTER_DAYS, Timing

RECHECK_AFTER_CHANGE_DAYS = (7, 14)
"""First and last day for the level after a change, US label [V]."""

RECHECK_UNCHANGED_DAYS = 28
"""Without a change: monthly at first, as Hammer 2018 [V]; a design default [NV]."""


LONGEST_WITHOUT_LEVEL_DAYS = 91
"""On the drug a level is drawn at least every three months: Hammer 2018 and the case
series [V]."""


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
    stands for no trough is repeated at the next clinic; one drawn too early, at steady
    state; one in range, after four weeks.
    """
    open_on = [n for n in range(7) if n not in set(closed)]
    tomorrow = decided_on + timedelta(days=1)
    if new_dose_from is not None:
        return last_open(new_dose_from, open_on)
    if reading.verdict is Verdict.URGENT or reading.timing is not Timing.TROUGH:
        return first_open(tomorrow, open_on)
    days = reading.days_on_dose
    if days is not None and days < STEADY_AFTER_DAYS:
        steady = reading.level.drawn_on + timedelta(days=STEADY_AFTER_DAYS - days)
        return first_open(max(steady, tomorrow), open_on)
    if reading.verdict is Verdict.IN:
        due = decided_on + timedelta(days=RECHECK_UNCHANGED_DAYS)
        return first_open(due, open_on)
    return last_open(decided_on, open_on)


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
