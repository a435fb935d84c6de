"""Where a level lies: the range, its verdict, and rules that fired."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from dosing.units import Comparator, Sentence


class Verdict(StrEnum):
    BELOW = "below"
    IN = "in"
    ABOVE = "above"
    URGENT = "urgent"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What a rule does to the advice: alters it, remarks on it, or withholds it."""

    CHANGE = "change"
    WARN = "warn"
    PREVENT = "prevent"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that fired, in words, with the source it rests on."""

    rule: str
    kind: Kind
    sentence: Sentence
    source: str


@dataclass(frozen=True, slots=True)
class Target:
    """The trough a protocol aims at; both ends of the range belong to it."""

    low_ng_per_ml: Decimal
    high_ng_per_ml: Decimal
    aim_ng_per_ml: Decimal
    urgent_ng_per_ml: Decimal

    def judge(self, ng_per_ml: Decimal, comparator: Comparator) -> Verdict:
        """Judge a level; `<2.0` is below, `<9.0` could be anywhere up to 9."""
        if comparator is Comparator.BELOW:
            surely_below = ng_per_ml <= self.low_ng_per_ml
            return Verdict.BELOW if surely_below else Verdict.UNKNOWN
        if ng_per_ml >= self.urgent_ng_per_ml:
            return Verdict.URGENT
        if comparator is Comparator.ABOVE:
            surely_above = ng_per_ml >= self.high_ng_per_ml
            return Verdict.ABOVE if surely_above else Verdict.UNKNOWN
        if ng_per_ml < self.low_ng_per_ml:
            return Verdict.BELOW
        return Verdict.IN if ng_per_ml <= self.high_ng_per_ml else Verdict.ABOVE


DEFAULT_TARGET = Target(Decimal(5), Decimal(15), Decimal("12.5"), Decimal(20))
"""5-15 ng/mL: the case series' methods (Carolino 2025), SILA and SIVA; the urgent
limit is a design default [NV]. A protocol overrides all four."""

DEFAULT_CEILING_MG_PER_DAY = Decimal(4)
"""Japanese approval for venous malformation [V]."""


def tenth(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.1"), ROUND_HALF_UP)
