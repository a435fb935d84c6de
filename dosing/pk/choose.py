"""Which regimens can be taken, and which of them most probably meets a target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from dosing.pk.expressions import Array
from dosing.pk.forecast import Chances, averaged, chances_of, in_order
from dosing.pk.posterior import quantiles
from dosing.pk.steady import ALMOST, DAY_H, Regimen, SteadyState, cycle_of, kept
from dosing.pk.types import Covariates, Posterior, finite

MOST_ABOVE = 0.1
"""The probability above the target that a regimen may have to be preferred.

[NV] A default of this design, not of a guideline or a trial: it decides which regimens
are offered first, and a clinic may set its own.
"""

BAND = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Candidate:
    """A regimen and what it comes to at steady state.

    Parameters
    ----------
    regimen : Regimen
    trough, cmax, auc24 : tuple of float
        5 %, 50 % and 95 % of the credible distribution; ng/mL, ng/mL, ng h/mL.
    chances : Chances
        Of the trough, against the target.
    allowed : bool
        Whether the probability that the true trough, `chances.curve`, is above the
        target is within the limit; a measured level may be above it more often. It is
        a share of the draws, and at 4,000 of them has a standard error of about 0.005.
    """

    regimen: Regimen
    trough: tuple[float, float, float]
    cmax: tuple[float, float, float]
    auc24: tuple[float, float, float]
    chances: Chances
    allowed: bool

    @property
    def median_trough(self) -> float:
        return self.trough[1]


def choose(
    posterior: Posterior,
    covariates: Covariates,
    candidates: Sequence[Regimen],
    low: float,
    high: float,
    *,
    most_above: float = MOST_ABOVE,
) -> tuple[Candidate, ...]:
    """Rank regimens by the probability of a steady-state trough in a target.

    Parameters
    ----------
    posterior : Posterior
    covariates : mapping of str to float
        Those that will be in force.
    candidates : sequence of Regimen
    low, high : float
        The target, ng/mL; both ends belong to it.
    most_above : float
        Regimens whose true trough, not a measured level, is above it with a higher
        probability come last, the least dangerous of them first. At 4,000 draws such a
        probability has a standard error of about 0.005.

    Returns
    -------
    tuple of Candidate
        All of them, the best first; of equals the lower daily amount.

    Raises
    ------
    ValueError
        For a target out of order, a `most_above` outside 0 to 1, or no candidates.

    Examples
    --------
    >>> from dosing.pk.bayes import fit
    >>> from dosing.pk.examples import ONE_LEVEL, TWO_COMPARTMENTS
    >>> from dosing.pk.posterior import sample
    >>> posterior = sample(fit(TWO_COMPARTMENTS, ONE_LEVEL))
    >>> ranked = choose(posterior, {}, regimens([1.0], 4.0), 5.0, 15.0)
    >>> str(ranked[0].regimen), round(ranked[0].median_trough, 1)
    ('4 mg every 24 h', 8.0)
    """
    alone = outlook(posterior, covariates, candidates)
    return ranked([alone], candidates, low, high, most_above)


@dataclass(frozen=True)
class Outlook:
    """What doses of 1 come to under one model, by interval, and its weight."""

    posterior: Posterior
    units: Mapping[float, SteadyState]
    weight: float = 1.0
    judged: dict[tuple[Regimen, float, float], Chances] = field(
        default_factory=dict, repr=False
    )

    def chances(self, regimen: Regimen, low: float, high: float) -> Chances:
        """Say where the trough of a regimen will lie; worked out once."""
        key = regimen, low, high
        if key not in self.judged:
            trough = self.units[regimen.interval_h].trough * regimen.amount
            self.judged[key] = chances_of(self.posterior, trough, low, high)
        return self.judged[key]


def outlook(
    posterior: Posterior,
    covariates: Covariates,
    candidates: Sequence[Regimen],
    weight: float = 1.0,
) -> Outlook:
    """Work out what doses of 1 come to at each interval among candidates."""
    units = {
        hours: kept(cycle_of(posterior.model, posterior.etas, covariates, hours))
        for hours in {regimen.interval_h for regimen in candidates}
    }
    return Outlook(posterior, units, weight)


def ranked(
    outlooks: Sequence[Outlook],
    candidates: Sequence[Regimen],
    low: float,
    high: float,
    most_above: float,
) -> tuple[Candidate, ...]:
    """Rank regimens under the mixture of some models."""
    in_order(low, high)
    finite(most_above=most_above)
    if not 0 <= most_above <= 1 or not candidates:
        raise ValueError("choosing needs candidates and a probability from 0 to 1")
    spread = {
        hours: quantiles(*pooled(outlooks, hours), BAND).T
        for hours in outlooks[0].units
    }
    found = [
        judged(outlooks, each, spread[each.interval_h], (low, high), most_above)
        for each in candidates
    ]
    return tuple(sorted(found, key=rank))


def pooled(outlooks: Sequence[Outlook], hours: float) -> tuple[Array, Array]:
    """Return trough, cmax, auc24 of all draws, shape (3, n), and their weights (n,)."""
    kinds = [
        (o.units[hours].trough, o.units[hours].cmax, o.units[hours].auc24)
        for o in outlooks
    ]
    weights = [o.weight * o.posterior.weights for o in outlooks]
    return np.concatenate(kinds, axis=1), np.concatenate(weights)


def judged(
    outlooks: Sequence[Outlook],
    regimen: Regimen,
    spread: Array,
    target: tuple[float, float],
    most_above: float,
) -> Candidate:
    """Say what a regimen comes to, from what doses of 1 come to."""
    found = [o.chances(regimen, *target) for o in outlooks]
    chances = averaged(found, [o.weight for o in outlooks])
    trough, cmax, auc24 = spread * regimen.amount
    return Candidate(
        regimen=regimen,
        trough=three(trough),
        cmax=three(cmax),
        auc24=three(auc24),
        chances=chances,
        allowed=chances.curve.above <= most_above,
    )


def three(values: Array) -> tuple[float, float, float]:
    low, middle, high = map(float, values)
    return low, middle, high


def rank(candidate: Candidate) -> tuple[bool, float, float]:
    curve = candidate.chances.curve
    if candidate.allowed:
        return False, -curve.inside, candidate.regimen.per_day
    return True, curve.above, candidate.regimen.per_day


def regimens(
    strengths_mg: Sequence[float],
    ceiling_mg_per_day: float,
    current: Regimen | None = None,
    step_limit_percent: float | None = None,
    splitting: int = 1,
    *,
    alternate_days: bool = False,
    interval_h: float = DAY_H,
) -> tuple[Regimen, ...]:
    """List the regimens that can be taken.

    Parameters
    ----------
    strengths_mg : sequence of float
        Of the tablets at hand; any number of each makes a dose.
    ceiling_mg_per_day : float
        No regimen gives more in any 24 hours, however long it then pauses.
    current : Regimen, optional
        What is taken now; it is among the answers unless it is above the ceiling.
    step_limit_percent : float, optional
        How far the daily amount may move from that of `current`.
    splitting : int
        Into how many parts a tablet may be cut.
    alternate_days : bool
        Whether a dose may also be given at every other moment.
    interval_h : float
        Between moments of doses.

    Returns
    -------
    tuple of Regimen
        By daily amount; of equals the shorter interval only.

    Raises
    ------
    ValueError
        For strengths, ceilings, intervals or cuts that are not above 0.

    Examples
    --------
    >>> [str(r) for r in regimens([1.0], 2.0, alternate_days=True)]
    ['1 mg every 48 h', '1 mg every 24 h', '2 mg every 24 h']
    """
    positive(ceiling_mg_per_day, interval_h, splitting, *strengths_mg)
    intervals = [interval_h, 2 * interval_h] if alternate_days else [interval_h]
    found: dict[float, Regimen] = {}
    for hours in intervals:
        most = ceiling_mg_per_day / Regimen(1.0, hours).most_in_a_day
        for amount in amounts([s / splitting for s in strengths_mg], most):
            regimen = Regimen(amount, hours)
            found.setdefault(round(regimen.per_day, 9), regimen)
    if current is not None and current.most_in_a_day <= ceiling_mg_per_day + ALMOST:
        found[round(current.per_day, 9)] = current
    return tuple(
        found[daily]
        for daily in sorted(found)
        if near(found[daily], current, step_limit_percent)
    )


def positive(*numbers: float) -> None:
    for number in numbers:
        finite(number=number)
        if number <= 0:
            raise ValueError(f"what can be taken needs numbers above 0, not {number}")


MOST_DOSES = 2000


def amounts(pieces_mg: Sequence[float], most_mg: float) -> list[float]:
    """Return every amount above 0 that pieces add up to, not above `most_mg`."""
    found = {0.0: 0.0}
    fresh = [0.0]
    while fresh:
        sums = [total + piece for total, piece in product(fresh, pieces_mg)]
        made = {round(s, 6): s for s in sums if s <= most_mg + ALMOST}
        fresh = [total for key, total in made.items() if key not in found]
        found = made | found
        if len(found) > MOST_DOSES:
            raise ValueError(f"more than {MOST_DOSES} doses stay under {most_mg} mg")
    return sorted(found.values())[1:]


def near(regimen: Regimen, current: Regimen | None, percent: float | None) -> bool:
    """Ask whether a daily amount is within the step limit."""
    if current is None or percent is None:
        return True
    widest = current.per_day * percent / 100
    return abs(regimen.per_day - current.per_day) <= widest + ALMOST
