"""How a number changed since its baseline: the one home of that arithmetic.

Nothing here knows a database or a drug; a course of treatment is its days.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

BASELINE_WINDOW = timedelta(days=14)
"""Where nothing was measured before the drug, so late still counts as baseline [NV]."""

PRINTED_MAY_DIFFER_BY = Decimal("0.5")
"""Percentage points: half a unit, what rounding to whole percents can make [D]."""


@dataclass(frozen=True, slots=True)
class Point:
    """A number, its day, and how it was obtained where there are several ways."""

    on: date
    value: Decimal
    method: str = ""


def exact_change(old: Decimal, new: Decimal) -> Decimal:
    """Return (new - old) / old in percent, unrounded: what limits are held against."""
    return (new - old) / old * 100


def percent_change(old: Decimal, new: Decimal) -> Decimal:
    """Return (new - old) / old in percent, to two decimals: what is shown."""
    return exact_change(old, new).quantize(Decimal("0.01"), ROUND_HALF_UP)


LANDMARK_DOUBT_PERCENT = Decimal(15)
"""A circumference that changed by more asks whether it is the same place [NV]."""


def asks_for_landmark(before_cm: Decimal, now_cm: Decimal) -> bool:
    """Say whether a circumference jumps so far that the place may be another one."""
    return abs(exact_change(before_cm, now_cm)) > LANDMARK_DOUBT_PERCENT


def differs(printed: Decimal, old: Decimal, new: Decimal) -> bool:
    """Say whether a printed percentage is too far from the one of the raw numbers."""
    return is_misprinted(printed, exact_change(old, new))


def is_misprinted(printed: Decimal, recomputed: Decimal) -> bool:
    """Say whether a printed percentage lies too far from the recomputed one."""
    return abs(printed - recomputed) > PRINTED_MAY_DIFFER_BY


@dataclass(frozen=True, slots=True)
class Change:
    """The numbers of one quantity under treatment, and what they are compared with.

    `apart` were obtained in another way than the baseline and are not compared.
    """

    baseline: Point | None
    later: tuple[Point, ...] = ()
    apart: tuple[Point, ...] = ()

    @property
    def latest(self) -> Point | None:
        return self.later[-1] if self.later else None

    @property
    def best(self) -> Point | None:
        """Return the lowest number; of equal ones the first."""
        return min(self.later, key=lambda each: (each.value, each.on), default=None)

    def percent(self, point: Point | None) -> Decimal | None:
        """Return a point's change; a baseline that is missing or zero has none."""
        if self.baseline is None or point is None or not self.baseline.value:
            return None
        return percent_change(self.baseline.value, point.value)


def change_of(
    points: Iterable[Point],
    *,
    started_on: date | None,
    chosen_on: date | None = None,
) -> Change:
    """Compare what was measured under treatment with its baseline."""
    ordered = sorted(points, key=lambda each: each.on)
    baseline = baseline_of(ordered, started_on=started_on, chosen_on=chosen_on)
    if baseline is None:
        return Change(None)
    since = max(baseline.on, started_on or baseline.on)
    later = [each for each in ordered if each.on > since]
    return Change(
        baseline,
        tuple(each for each in later if each.method == baseline.method),
        tuple(each for each in later if each.method != baseline.method),
    )


def baseline_of(
    ordered: Sequence[Point], *, started_on: date | None, chosen_on: date | None
) -> Point | None:
    """Return the chosen baseline, or the last number up to the start of treatment.

    Where there is neither, the first within BASELINE_WINDOW after the start counts.
    """
    chosen = [each for each in ordered if each.on == chosen_on]
    if chosen:
        return chosen[0]
    if started_on is None:
        return None
    before = [each for each in ordered if each.on <= started_on]
    if before:
        return before[-1]
    soon = [each for each in ordered if each.on <= started_on + BASELINE_WINDOW]
    return soon[0] if soon else None


def days_on_drug(periods: Iterable[tuple[date, date | None]], until: date) -> int:
    """Count the days up to and without `until` on which a dose was prescribed.

    A period ends before its second day; one without has not ended.
    """
    return sum(
        max((min(stops_on or until, until) - starts_on).days, 0)
        for starts_on, stops_on in periods
    )
