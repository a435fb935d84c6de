"""Which entries of a diary are asked about: design cuts, no rules of care."""

from datetime import timedelta
from decimal import Decimal

LATE_ENTRY = timedelta(days=30)
"""A day further back than this is entered with a reason [NV]."""

WEIGHT_JUMP_PERCENT = 10
"""A weight so far from the last one, or further, is asked about [NV]."""


AMOUNT_JUMPS = 2
"""A dose of more than so many times the prescribed amount, or less than its like part,
is asked about [NV]."""


def amount_jumps(prescribed_mg: Decimal, taken_mg: Decimal) -> bool:
    """Ask whether an amount is far from the prescribed one; the cuts are not."""
    return not (
        prescribed_mg / AMOUNT_JUMPS <= taken_mg <= prescribed_mg * AMOUNT_JUMPS
    )


def weight_jump_percent(before_kg: Decimal, now_kg: Decimal) -> Decimal | None:
    """Return by how many percent a weight jumps; None where that needs no question."""
    percent = (now_kg - before_kg) / before_kg * 100
    return percent if abs(percent) >= WEIGHT_JUMP_PERCENT else None
