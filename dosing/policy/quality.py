"""How well levels were kept in range: first, last, how soon, and for how long."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from dosing.policy.recheck import LONGEST_WITHOUT_LEVEL_DAYS
from dosing.policy.targets import Target, Verdict
from dosing.units import Comparator

LONGEST_INTERPOLATED_DAYS = LONGEST_WITHOUT_LEVEL_DAYS
"""Between levels further apart nothing is assumed [NV]: a design default, the longest
time that levels of sirolimus are planned apart. Anticoagulation takes 56 days [V2]."""

EXACT = Comparator.EXACTLY


@dataclass(frozen=True, slots=True)
class Drawn:
    """A used level on its clinic day."""

    on: date
    ng_per_ml: Decimal
    comparator: Comparator = EXACT


@dataclass(frozen=True, slots=True)
class TimeInRange:
    """Days in range, of the days that could be judged, and days left out."""

    in_range: int = 0
    judged: int = 0
    left_out: int = 0

    @property
    def share(self) -> Decimal | None:
        return Decimal(self.in_range) / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of the levels that are numbers (ng/mL), of how many, and the rest."""

    ng_per_ml: Decimal
    of: int
    limits: int


def mean_of(levels: Sequence[Drawn]) -> Mean | None:
    """Return the mean; a level that is only a limit is counted apart, not averaged."""
    numbers = [each.ng_per_ml for each in levels if each.comparator is EXACT]
    if not numbers:
        return None
    whole = sum(numbers, Decimal(0))
    return Mean(whole / len(numbers), len(numbers), len(levels) - len(numbers))


TargetOn = Callable[[date], Target | None]


def time_in_range(levels: Sequence[Drawn], target_on: TargetOn) -> TimeInRange:
    """Count days in range, by linear interpolation between levels in time order.

    Each day after a level, up to and with the day of the next, is given the value on
    the straight line between the two, and judged by the range in force on that day:
    Rosendaal, Thromb Haemost 1993;69:236-239 [V2]. Days of a gap longer than
    LONGEST_INTERPOLATED_DAYS, or next to a level that is only a limit, are left out.
    """
    in_range = judged = left_out = 0
    for before, after in pairwise(levels):
        days = (after.on - before.on).days
        numbers = before.comparator is EXACT and after.comparator is EXACT
        if days > LONGEST_INTERPOLATED_DAYS or not numbers:
            left_out += days
            continue
        step = (after.ng_per_ml - before.ng_per_ml) / days if days else Decimal(0)
        for day in range(1, days + 1):
            target = target_on(before.on + timedelta(days=day))
            if target is None:
                left_out += 1
                continue
            value = after.ng_per_ml if day == days else before.ng_per_ml + day * step
            judged += 1
            in_range += target.judge(value, EXACT) is Verdict.IN
    return TimeInRange(in_range, judged, left_out)


def is_in_range(level: Drawn, target_on: TargetOn) -> bool | None:
    """Ask whether a level lies in the range of its day; None where none can say."""
    target = target_on(level.on)
    if target is None:
        return None
    verdict = target.judge(level.ng_per_ml, level.comparator)
    return None if verdict is Verdict.UNKNOWN else verdict is Verdict.IN


def days_to_range(
    levels: Sequence[Drawn], start: date, target_on: TargetOn
) -> int | None:
    """Return the days from the first dose to the first level in range."""
    reached = (each.on for each in levels if is_in_range(each, target_on))
    return next(((on - start).days for on in reached), None)
