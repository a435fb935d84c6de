"""When a sample was drawn: after which dose, and how near to steady state."""

from decimal import Decimal
from enum import Enum

HALF_LIFE_H = Decimal(62)
"""Terminal half-life on multiple dosing, Zimmerman 1997 [V]."""

STEADY_AFTER_DAYS = 14
"""From here a level stands for the dose: 98 % of steady state, US label 7-14 d [V]."""

NEARLY_STEADY_AFTER_DAYS = 7
"""Before this no proportional advice is given, US label 7-14 d [V]."""


EDGE_OF_TROUGH_H = Decimal(2)
"""A once-daily trough within 24 h by this much needs no remark [D]."""


class Timing(Enum):
    TROUGH = "trough"
    EARLY = "early"
    NOT_A_TROUGH = "not a trough"
    LATE = "late"
    UNKNOWN = "unknown"
    NO_DOSE = "no dose"
    BEFORE_FIRST_DOSE = "before first dose"


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
