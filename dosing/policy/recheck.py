"""When the next level is worth drawing."""

from collections.abc import Iterable
from datetime import date, timedelta

from dosing.policy.targets import Verdict

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
