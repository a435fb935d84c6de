"""Where a level lies: the range, its verdict, and rules that fired."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from dosing.policy.sources import ADAMS_RANGE, PERFORMUS_RANGE, SERIES_RANGE
from dosing.units import Comparator, Sentence


class Verdict(StrEnum):
    BELOW = "below"
    IN = "in"
    ABOVE = "above"
    URGENT = "urgent"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What a rule does to the advice.

    It alters it, remarks on it, sets the proportional rule aside (the models may still
    use the level as it was drawn), or withholds every suggestion.
    """

    CHANGE = "change"
    WARN = "warn"
    ASIDE = "aside"
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


@dataclass(frozen=True, slots=True)
class CitedRange:
    """A range that others have aimed at, ng/mL, and who."""

    low_ng_per_ml: Decimal
    high_ng_per_ml: Decimal
    citation: str


CITED_RANGES = {
    "5-15": CitedRange(Decimal(5), Decimal(15), SERIES_RANGE),
    "10-15": CitedRange(Decimal(10), Decimal(15), ADAMS_RANGE),
    "4-12": CitedRange(Decimal(4), Decimal(12), PERFORMUS_RANGE),
}
"""For "how would this look under"; the Japanese label gives only an upper guide, 15."""


def under(cited: CitedRange, target: Target) -> Target:
    """Return a target with another range; its aim is the middle, its limit stays."""
    middle = (cited.low_ng_per_ml + cited.high_ng_per_ml) / 2
    return Target(
        low_ng_per_ml=cited.low_ng_per_ml,
        high_ng_per_ml=cited.high_ng_per_ml,
        aim_ng_per_ml=middle,
        urgent_ng_per_ml=target.urgent_ng_per_ml,
    )


DEFAULT_CEILING_MG_PER_DAY = Decimal(4)
"""Japanese approval for venous malformation [V]."""


def tenth(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.1"), ROUND_HALF_UP)
