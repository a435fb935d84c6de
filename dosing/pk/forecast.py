"""What lies ahead for one person: bands, densities, chances of a range.

A credible band is that of the curve, from what is not known of the person. A
predictive band is that of a measured level, which the residual error widens. Every
result names its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from dosing.pk.expressions import Array
from dosing.pk.likelihood import SMALLEST, residual_of
from dosing.pk.posterior import LEVELS, checked, curves, quantiles
from dosing.pk.steady import Regimen, steady_state
from dosing.pk.types import Covariates, Observation, Posterior, Residual, finite


class Band(StrEnum):
    """What a band is of."""

    CREDIBLE = "credible band of the curve"
    PREDICTIVE = "predictive band of a measured level"


@dataclass(frozen=True)
class Bands:
    """Quantiles of a concentration at times.

    Parameters
    ----------
    kind : Band
    times_h : ndarray, shape (t,)
    levels : tuple of float, length q
    values : ndarray, shape (q, t)
        For sirolimus ng/mL.
    """

    kind: Band
    times_h: Array
    levels: tuple[float, ...]
    values: Array


@dataclass(frozen=True)
class Shares:
    """How probably something lies below, inside and above a range.

    Parameters
    ----------
    below, inside, above : float
        Probabilities from 0 to 1 that sum to 1; both ends of the range are inside.
    """

    below: float
    inside: float
    above: float


@dataclass(frozen=True)
class Chances:
    """Where a concentration will lie against a range.

    Parameters
    ----------
    curve : Shares
        The true concentration: what is not known of the person.
    measured : Shares
        A measured level: the residual error as well.
    """

    curve: Shares
    measured: Shares


def predict(
    posterior: Posterior,
    times_h: Sequence[float] | Array,
    levels: Sequence[float] = LEVELS,
    *,
    with_residual: bool = False,
) -> Bands:
    """Say how a concentration may go, under the doses of the posterior's history.

    Parameters
    ----------
    posterior : Posterior
        To look ahead, replace its history by one with the doses to come.
    times_h : array_like, shape (t,)
        In any order.
    levels : sequence of float
    with_residual : bool
        Whether the band is that of a measured level, not of the curve.

    Returns
    -------
    Bands
        A measured level is not below 0.

    Raises
    ------
    ValueError
        For times that are not finite, or levels outside 0 to 1.

    Examples
    --------
    >>> from dosing.pk.bayes import fit
    >>> from dosing.pk.examples import ONE_LEVEL, TWO_COMPARTMENTS
    >>> from dosing.pk.posterior import sample
    >>> bands = predict(sample(fit(TWO_COMPARTMENTS, ONE_LEVEL)), [336.0, 360.0])
    >>> bands.kind.value, bands.values.shape
    ('credible band of the curve', (5, 2))
    """
    found = curves(posterior, times_h).T
    if with_residual:
        values = mixture_quantiles([measured_about(posterior, found)], checked(levels))
    else:
        values = quantiles(found, posterior.weights, levels)
    return bands(times_h, levels, values, with_residual=with_residual)


def bands(
    times_h: Sequence[float] | Array,
    levels: Sequence[float],
    values: Array,
    *,
    with_residual: bool,
) -> Bands:
    kind = Band.PREDICTIVE if with_residual else Band.CREDIBLE
    times = np.asarray(times_h, dtype=float).reshape(-1)
    return Bands(kind, times, tuple(map(float, levels)), values)


def level_density(posterior: Posterior, level: Observation) -> float:
    """Return how probable a measured level is under the doses of a history.

    Parameters
    ----------
    posterior : Posterior
        To ask about other doses, replace its history.
    level : Observation
        Not one below a limit.

    Returns
    -------
    float
        Its predictive density, per ng/mL, with the residual error.

    Raises
    ------
    ValueError
        For a level that is only a limit, or where nothing is measured.

    Examples
    --------
    >>> from dosing.pk.bayes import fit
    >>> from dosing.pk.examples import ONE_LEVEL, TWO_COMPARTMENTS
    >>> from dosing.pk.posterior import sample
    >>> posterior = sample(fit(TWO_COMPARTMENTS, ONE_LEVEL))
    >>> round(level_density(posterior, Observation(336.0, 3.6)), 2)
    0.35
    """
    if level.below:
        raise ValueError("a limit has no density")
    found = curves(posterior, [level.time_h], [level.compartment])[:, 0]
    residual = residual_of(posterior.model, level)
    spread, apart, per = residual_sd(residual, found), level.value - found, 1.0
    if residual.on_log:
        per = max(level.value, SMALLEST)
        apart = np.log(per) - np.log(np.maximum(found, SMALLEST))
    away = np.minimum(np.abs(apart / spread), IMPOSSIBLE_SD)
    dense = np.exp(-0.5 * away**2) / (spread * per * np.sqrt(2 * np.pi))
    return float(posterior.weights @ dense)


STRATA = 64
"""Into how many equal parts draws are cut before the residual error smooths them."""

HALVINGS = 48
NEVER_SD = 9.0

IMPOSSIBLE_SD = 40.0
"""From here on the density of a normal is no number a computer tells from nothing."""


@dataclass(frozen=True)
class Normals:
    """Measured levels about k equally likely concentrations at t times.

    `centres` and `spread`, shape (t, k), are logarithms where `on_log`.
    """

    centres: Array
    spread: Array
    on_log: bool
    weight: float = 1.0

    def reached(self, levels: Array) -> Array:
        """Return the probability of at most each level, shape (q, t), of levels."""
        at = np.log(np.maximum(levels, SMALLEST)) if self.on_log else levels
        parts: Array = ndtr((at[..., None] - self.centres) / self.spread)
        reached: Array = parts.mean(-1)
        return reached

    def highest(self) -> Array:
        """Return a level that is never reached, shape (t,)."""
        far: Array = (self.centres + NEVER_SD * self.spread).max(-1)
        return np.exp(far) if self.on_log else far


def measured_about(posterior: Posterior, found: Array, weight: float = 1.0) -> Normals:
    """Return what would be measured about the curves found (t, n) of a posterior."""
    residual = posterior.model.residual[posterior.model.observed]
    middles = (np.arange(STRATA) + 0.5) / STRATA
    centres = quantiles(found, posterior.weights, middles).T
    spread = residual_sd(residual, centres)
    if residual.on_log:
        centres = np.log(np.maximum(centres, SMALLEST))
    return Normals(centres, spread, residual.on_log, weight)


def mixture_quantiles(
    parts: Sequence[Normals], levels: Sequence[float] | Array
) -> Array:
    """Return quantiles of what is measured under several models, shape (q, t)."""
    wanted = np.asarray(levels, dtype=float)[:, None]
    high: Array = np.max([part.highest() for part in parts], axis=0) + 0 * wanted
    low: Array = np.zeros_like(high)
    for _halving in range(HALVINGS):
        middle = (low + high) / 2
        reached = np.sum([part.weight * part.reached(middle) for part in parts], axis=0)
        low = np.where(reached < wanted, middle, low)
        high = np.where(reached < wanted, high, middle)
    return np.where(low > 0, high, 0.0)


def residual_sd(residual: Residual, at: Array) -> Array:
    """Return the residual standard deviation about concentrations; of ln on a log."""
    if residual.on_log:
        return np.full(at.shape, residual.additive**0.5)
    counted = np.where(residual.zero_counts_as_one & (at == 0), 1.0, at)
    parts = residual.proportional**0.5 * counted, residual.additive**0.5
    found: Array = np.maximum(np.hypot(*parts), SMALLEST)
    return found


def chances(
    posterior: Posterior,
    regimen: Regimen,
    covariates: Covariates,
    low: float,
    high: float,
) -> Chances:
    """Say where the steady-state trough of a regimen will lie.

    Parameters
    ----------
    posterior : Posterior
    regimen : Regimen
    covariates : mapping of str to float
        Those that will be in force.
    low, high : float
        The range, ng/mL; both ends belong to it.

    Returns
    -------
    Chances
        Of the curve, and of a measured level; each sums to 1.

    Raises
    ------
    ValueError
        For a range whose ends are no numbers, negative or out of order.

    Examples
    --------
    >>> from dosing.pk.bayes import fit
    >>> from dosing.pk.examples import ONE_LEVEL, TWO_COMPARTMENTS
    >>> from dosing.pk.posterior import sample
    >>> posterior = sample(fit(TWO_COMPARTMENTS, ONE_LEVEL))
    >>> found = chances(posterior, Regimen(2.0), {}, 5.0, 15.0)
    >>> round(found.curve.below, 2), round(found.measured.below, 2)
    (0.82, 0.76)
    """
    in_order(low, high)
    kept = steady_state(posterior.model, posterior.etas, covariates, regimen)
    return chances_of(posterior, kept.trough, low, high)


def chances_at(posterior: Posterior, time_h: float, low: float, high: float) -> Chances:
    """Say where the concentration will lie at an hour of the history's own doses.

    Where `chances` tells of a regimen that is kept for ever, this tells of the next
    trough, of a day after a dose was missed, or of an hour of a loading dose.

    Parameters
    ----------
    posterior : Posterior
        To look ahead, replace its history by one with the doses to come.
    time_h : float
        On the clock of the history; at the moment of a bolus it is before it.
    low, high : float
        The range, ng/mL; both ends belong to it.

    Returns
    -------
    Chances
        Of the curve, and of a measured level; each sums to 1.

    Raises
    ------
    ValueError
        For an hour that is not finite, or a range whose ends are no numbers, negative
        or out of order.

    Examples
    --------
    >>> from dosing.pk.bayes import fit
    >>> from dosing.pk.examples import ONE_LEVEL, TWO_COMPARTMENTS
    >>> from dosing.pk.posterior import sample
    >>> posterior = sample(fit(TWO_COMPARTMENTS, ONE_LEVEL))
    >>> found = chances_at(posterior, 336.0, 3.0, 5.0)
    >>> round(found.curve.inside, 2), round(found.measured.inside, 2)
    (0.76, 0.59)
    """
    in_order(low, high)
    return chances_of(posterior, curves(posterior, [time_h])[:, 0], low, high)


def in_order(low: float, high: float) -> None:
    """Refuse what is no range.

    Raises
    ------
    ValueError
    """
    finite(low=low, high=high)
    if not 0 <= low <= high:
        raise ValueError(f"a range needs ends of at least 0, in order: {low}, {high}")


def chances_of(posterior: Posterior, found: Array, low: float, high: float) -> Chances:
    """Share out concentrations, (n,), between below, inside and above a range."""
    weights = posterior.weights
    curve = shares(weights, found < low, found > high)
    residual = posterior.model.residual[posterior.model.observed]
    spread, at, ends = residual_sd(residual, found), found, np.array([low, high])
    if residual.on_log:
        at, ends = np.log(np.maximum(found, SMALLEST)), np.log(ends + SMALLEST)
    under, over = ndtr((ends[0] - at) / spread), ndtr((at - ends[1]) / spread)
    return Chances(curve, shares(weights, np.where(low > 0, under, 0.0), over))


def shares(weights: Array, below: NDArray[Any], above: NDArray[Any]) -> Shares:
    """Weigh the probabilities of each draw; what is left is inside."""
    under, over = float(weights @ below), float(weights @ above)
    whole = max(under + over, 1.0)
    under, over = under / whole, over / whole
    return Shares(under, max(1.0 - under - over, 0.0), over)


def averaged(each: Sequence[Chances], weights: Sequence[float]) -> Chances:
    """Average chances under several models whose weights sum to 1."""
    curve, measured = (
        Shares(
            *(
                sum(w * part for w, part in zip(weights, parts, strict=True))
                for parts in zip(*rows, strict=True)
            )
        )
        for rows in (
            [(c.curve.below, c.curve.inside, c.curve.above) for c in each],
            [(c.measured.below, c.measured.inside, c.measured.above) for c in each],
        )
    )
    return Chances(curve, measured)
