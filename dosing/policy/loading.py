"""A loading dose, where the trough must rise soon; rarely so in venous malformation."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from dosing.policy.regimens import Regimen
from dosing.policy.tablets import ABSOLUTE_CEILING_MG_PER_DAY

LOADING_FACTOR = 3
"""Loading dose = 3 x (new - current maintenance), US label [V]."""

LEVEL_AFTER_LOADING_DAYS = (3, 4)
"""First and last day for the level after it, US label [V]."""


@dataclass(frozen=True, slots=True)
class Loading:
    """What is taken in addition on the first day, and on a second if one is too much.

    The level comes 3 to 4 days later.
    """

    extra_mg_by_day: tuple[Decimal, ...]
    first_level_on: date
    last_level_on: date


def loading(current: Regimen, new: Regimen, starts_on: date) -> Loading | None:
    """Return the loading dose of a rise; None where the dose does not rise.

    It is taken beside that day's maintenance dose. Together never more than 40 mg on
    any day, else it goes over two days, US label [V]; None where two are not enough.
    """
    rise = new.mg_per_day - current.mg_per_day
    if current.amount_mg <= 0 or rise <= 0:
        return None
    whole = LOADING_FACTOR * rise
    most = ABSOLUTE_CEILING_MG_PER_DAY - new.mg_per_day
    if whole > 2 * most:
        return None
    days = (whole,) if whole <= most else (whole / 2, whole / 2)
    first, last = LEVEL_AFTER_LOADING_DAYS
    end = starts_on + timedelta(days=len(days) - 1)
    return Loading(days, end + timedelta(days=first), end + timedelta(days=last))
