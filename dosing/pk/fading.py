"""How long a drug stays once it is stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dosing.pk.expressions import Array
from dosing.pk.model import individual, rate_matrices, read
from dosing.pk.modes import Modes, modes_of
from dosing.pk.posterior import LEVELS, curves, quantiles
from dosing.pk.stepwise import exponential
from dosing.pk.types import Administration, History, Posterior, finite


def hours_until_below(
    posterior: Posterior,
    limit: float,
    stop_h: float,
    levels: Sequence[float] = LEVELS,
) -> Mapping[float, float]:
    """Say how long after stopping the curve falls under a limit for good.

    Parameters
    ----------
    posterior : Posterior
    limit : float
        ng/mL, above 0.
    stop_h : float
        No dose is given at this hour or later.
    levels : sequence of float

    Returns
    -------
    mapping of level to hours after `stop_h`
        0 where it is under the limit already; infinite where it never falls.

    Raises
    ------
    ValueError
        For a limit that is not above 0, or what is no number.

    Examples
    --------
    >>> from dosing.pk.bayes import fit
    >>> from dosing.pk.examples import ONE_LEVEL, TWO_COMPARTMENTS
    >>> from dosing.pk.posterior import sample
    >>> posterior = sample(fit(TWO_COMPARTMENTS, ONE_LEVEL))
    >>> hours = hours_until_below(posterior, 1.0, 336.0)
    >>> [round(hours[level]) for level in (0.05, 0.5, 0.95)]
    [84, 129, 214]
    """
    finite(limit=limit, stop_h=stop_h)
    if limit <= 0:
        raise ValueError(f"a limit must be above 0: {limit}")
    found = last_above(posterior, limit, stop_h)
    by_level = quantiles(found, posterior.weights, levels)
    return dict(zip(map(float, levels), map(float, by_level), strict=True))


def last_above(posterior: Posterior, limit: float, stop_h: float) -> Array:
    """Return hours from stopping to the last moment above a limit, shape (n,)."""
    history = stopped(posterior.history, stop_h)
    quiet_h = all_arrived(posterior, history, stop_h)
    early = np.linspace(stop_h, quiet_h, EARLY)
    found = curves(replace(posterior, history=history), early)
    hours = crossing(early, found, limit) - stop_h
    late = fading_from(posterior, history, quiet_h).hours_above(limit)
    return np.where(late > 0, quiet_h - stop_h + late, hours)


EARLY = 97
"""Points between stopping and the last arrival."""


def stopped(history: History, stop_h: float) -> History:
    """Return a history without the doses from an hour on."""
    kept = [
        replace(dose, count=sum(at < stop_h for at in dose.times_h))
        for dose in history.doses
        if dose.time_h < stop_h
    ]
    return replace(history, doses=tuple(kept), observations=())


def all_arrived(posterior: Posterior, history: History, stop_h: float) -> float:
    """Return the hour from which nothing enters and no covariate changes."""
    changes = [period.until_h for period in history.periods[:-1]]
    latest = max([stop_h, *(at for at in changes if at < NEVER_H)])
    for dose in history.doses:
        latest = max(latest, arrived(posterior, history, dose) + SOON_H)
    return latest


NEVER_H = 1e6
SOON_H = 1e-6
"""At the very moment of an arrival it is not yet seen; so much later it is."""


def arrived(posterior: Posterior, history: History, dose: Administration) -> float:
    """Return when the last of a dose's inputs has ended in everybody."""
    model, count = posterior.model, len(posterior.etas)
    latest = dose.times_h[-1]
    for period in history.periods:
        covariates = period.covariates if dose.covariates is None else dose.covariates
        values = individual(model, posterior.etas, covariates)
        lag = read(model.lag_h, dose.compartment, values, count, 0.0)
        long = read(model.duration_h, dose.compartment, values, count, 0.0)
        if dose.rate > 0:
            share = read(model.bioavailability, dose.compartment, values, count, 1.0)
            long = dose.amount * share / dose.rate
        latest = max(latest, float((dose.times_h[-1] + lag + long).max()))
    return latest


def crossing(times: Array, curves: Array, limit: float) -> Array:
    """Return the time of the last fall under a limit, curves (n, t); else the first."""
    above = curves > limit
    last = len(times) - 1 - above[:, ::-1].argmax(1)
    after = np.minimum(last + 1, len(times) - 1)
    rows = np.arange(len(curves))
    here, there = curves[rows, last], curves[rows, after]
    fall = np.where(here > there, here - there, 1.0)
    part = np.clip((here - limit) / fall, 0.0, 1.0)
    found = times[last] + part * (times[after] - times[last])
    return np.asarray(np.where(above.any(1), found, times[0]))


POINTS, HALVINGS = 64, 52
MARGIN = 1e3
"""A curve of unsound modes is never above this times what is left, over the scale."""


@dataclass(frozen=True)
class Fading:
    """What is left when nothing enters: amounts `held`, shape (s, n), and the scale."""

    matrices: Array
    modes: Modes
    held: Array
    scale: Array
    row: int

    @property
    def shares(self) -> Array:
        """What each mode weighs in the concentration at first, shape (s, n)."""
        inside = np.einsum("sij,sj->si", self.modes.left, self.held)
        found: Array = self.modes.right[:, self.row] * inside / self.scale[:, None]
        return found

    def at(self, since_h: Array) -> Array:
        """Return concentrations after hours, shape (s, g)."""
        found = np.zeros(since_h.shape)
        with np.errstate(all="ignore"):
            for pace, share in zip(self.modes.rates.T, self.shares.T, strict=True):
                found += share[:, None] * np.exp(pace[:, None] * since_h)
        for number in np.flatnonzero(~self.modes.sound):
            turned = exponential(self.matrices[number] * since_h[number][:, None, None])
            held = turned @ self.held[number]
            found[number] = held[:, self.row] / self.scale[number]
        return found

    def longest_h(self, limit: float) -> Array:
        """Return hours after which the curve is surely under a limit, shape (s,)."""
        with np.errstate(all="ignore"):
            high = np.abs(self.shares).sum(1)
            left = MARGIN * self.held.sum(1) / self.scale
            high = np.where(self.modes.sound, high, left)
            slow = -self.modes.rates.max(1)
            hours = np.log(high / limit) / np.maximum(slow, 0.0)
        return np.where(high > limit, hours, 0.0)

    def hours_above(self, limit: float) -> Array:
        """Return hours until the curve is under a limit for good, shape (s,)."""
        longest = self.longest_h(limit)
        safe = np.where(np.isfinite(longest), longest, 0.0)
        grid = np.linspace(0, 1, POINTS) ** 2 * safe[:, None]
        above = self.at(grid) > limit
        last = POINTS - 1 - above[:, ::-1].argmax(1)
        rows = np.arange(len(grid))
        low = grid[rows, last][:, None]
        high = grid[rows, np.minimum(last + 1, POINTS - 1)][:, None]
        for _halving in range(HALVINGS):
            middle = (low + high) / 2
            stays = self.at(middle) > limit
            low, high = np.where(stays, middle, low), np.where(stays, high, middle)
        found = np.where(above.any(1), high[:, 0], 0.0)
        return np.where(np.isfinite(longest), found, np.inf)


def fading_from(posterior: Posterior, history: History, start_h: float) -> Fading:
    """Return what is left at an hour from which nothing enters."""
    model, etas = posterior.model, posterior.etas
    count, row = len(etas), model.observed
    values = individual(model, etas, history.periods[-1].covariates)
    scale = read(model.scale, row, values, count, 1.0)
    everywhere = range(model.compartments)
    unscaled = replace(posterior, model=replace(model, scale={}), history=history)
    held = curves(unscaled, [start_h] * len(everywhere), list(everywhere))
    matrices = rate_matrices(model, values, count)
    return Fading(matrices, modes_of(matrices), held, scale, row)
