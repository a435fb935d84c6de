"""When the next level is worth drawing."""

from datetime import date

from dosing.policy.clinicdays import IsOpen, days, first_open, last_open
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


CONTRADICTED = "levels-disagree"


def next_level_on(
    reading: Reading,
    *,
    decided_on: date,
    new_dose_from: date | None,
    is_open: IsOpen,
) -> date:
    """Propose the day of the next level, on a clinic day.

    After a change, or out of range on the same dose, the latest clinic day of the
    window is best, because it is nearest to steady state. A level that is urgent or
    stands for no trough, or that another contradicts, is repeated at the next clinic;
    one drawn too early, at steady state; one that may not be used for another cause,
    after a week; one in range, after four weeks.
    """
    if new_dose_from is not None:
        return after_change(new_dose_from, is_open)
    if in_doubt(reading):
        return first_open(decided_on + days(wait(reading)), is_open)
    on_dose = reading.days_on_dose
    if on_dose is not None and on_dose < STEADY_AFTER_DAYS:
        steady = reading.level.drawn_on + days(STEADY_AFTER_DAYS - on_dose)
        return first_open(max(steady, decided_on + days(1)), is_open)
    if reading.verdict is Verdict.IN:
        due = decided_on + days(RECHECK_UNCHANGED_DAYS)
        return first_open(due, is_open)
    return after_change(decided_on, is_open)


def in_doubt(reading: Reading) -> bool:
    """Ask whether a level must be repeated, whatever its value says."""
    on_dose = reading.days_on_dose
    young = on_dose is not None and on_dose < STEADY_AFTER_DAYS
    return is_pressing(reading) or not (reading.trusted or young)


def is_pressing(reading: Reading) -> bool:
    contradicted = any(each.rule == CONTRADICTED for each in reading.findings)
    no_trough = reading.timing is not Timing.TROUGH
    return contradicted or no_trough or reading.verdict is Verdict.URGENT


def wait(reading: Reading) -> int:
    """Return days to the repetition of a level that is in doubt."""
    return 1 if is_pressing(reading) else RECHECK_AFTER_CHANGE_DAYS[0]


def after_change(start: date, is_open: IsOpen) -> date:
    """Return the latest clinic day of the window after a change."""
    first, last = RECHECK_AFTER_CHANGE_DAYS
    return last_open(start + days(first), start + days(last), is_open)
