"""What can be swallowed: whole tablets in stock, under the ceiling."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from dosing.policy.regimens import ALTERNATE_DAYS_H, Regimen

STEP_LIMIT_PERCENT = Decimal(50)
"""Largest change of the daily dose offered in one step [NV]."""

ABSOLUTE_CEILING_MG_PER_DAY = Decimal(40)
"""Never more than this on any day, US label [V]."""


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
