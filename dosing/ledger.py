"""What was foretold at signing against the level that came."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import sqrt

from dosing import policy
from dosing.history import History
from dosing.models import Decision, TroughLevel


@dataclass(frozen=True, slots=True)
class Foretold:
    """A measured trough that was foretold, ng/mL: 5, 50 and 95 %, and what came."""

    low: float
    middle: float
    high: float
    level: TroughLevel

    @property
    def measured(self) -> float:
        return float(self.level.ng_per_ml)

    @property
    def is_inside(self) -> bool:
        return self.low <= self.measured <= self.high

    @property
    def error_percent(self) -> float:
        """(foretold - measured) / measured, in percent."""
        return 100 * (self.middle - self.measured) / self.measured


@dataclass(frozen=True, slots=True)
class Score:
    """How well foretold levels came true: n, mean and root mean square error, inside.

    Bias and precision after Sheiner and Beal, J Pharmacokinet Biopharm 1981;9:503.
    """

    n: int
    bias_percent: float
    precision_percent: float
    inside: int


def came_true(
    decision: Decision, history: History, signed: Sequence[Decision]
) -> Foretold | None:
    """Compare a decision's forecast with the first valid trough drawn after it.

    `signed` are all decisions on the patient. None while no level has come, where it
    is no trough at a known time, or where the dose was another by then.
    """
    ahead = (decision.forecast or {}).get("foretold")
    later = [v for v in history.used_levels if v.drawn_at > decision.signed_at]
    if not ahead or not later or later[0].comparator:
        return None
    level = later[0]
    reading = history.read(level)
    if reading is None or reading.timing is not policy.Timing.TROUGH:
        return None
    again = any(decision.signed_at < d.signed_at < level.drawn_at for d in signed)
    again = again or reading.regimen != chosen(decision)
    day = (history.day(level.drawn_at) - date.fromisoformat(ahead["first_day"])).days
    if again or not 0 <= day < len(ahead["middle"]):
        return None
    return Foretold(ahead["low"][day], ahead["middle"][day], ahead["high"][day], level)


def chosen(decision: Decision) -> policy.Regimen:
    return policy.Regimen(decision.chosen_amount_mg, decision.chosen_interval_h)


def ledger_of(
    history: History, signed: Sequence[Decision]
) -> list[tuple[Decision, Foretold | None]]:
    return [(each, came_true(each, history, signed)) for each in signed]


def score(found: Iterable[Foretold | None]) -> Score | None:
    """Sum up; None where nothing has come true yet."""
    known: Sequence[Foretold] = [each for each in found if each is not None]
    if not known:
        return None
    errors = [each.error_percent for each in known]
    return Score(
        n=len(known),
        bias_percent=sum(errors) / len(errors),
        precision_percent=sqrt(sum(error**2 for error in errors) / len(errors)),
        inside=sum(each.is_inside for each in known),
    )


@dataclass(frozen=True, slots=True)
class Overrides:
    """How often the signer chose another dose than the suggested one, and why."""

    signed: int
    suggested: int
    overridden: int
    reasons: tuple[tuple[str, int], ...]

    @property
    def share(self) -> float:
        return self.overridden / self.suggested if self.suggested else 0.0


def overrides(decisions: Iterable[Decision]) -> Overrides:
    """Count; where nothing was suggested nothing can be overridden."""
    found = list(decisions)
    suggested = [each for each in found if each.offered.get("recommended")]
    against = [each for each in suggested if not as_offered(each)]
    reasons = Counter(str(each.get_reason_display()) for each in against)
    return Overrides(
        len(found), len(suggested), len(against), tuple(reasons.most_common())
    )


def as_offered(decision: Decision) -> bool:
    offered = decision.offered["recommended"]
    same = Decimal(offered["amount_mg"]) == decision.chosen_amount_mg
    return same and offered["interval_h"] == decision.chosen_interval_h
