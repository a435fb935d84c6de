"""How long a drug stays once it is stopped."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dosing.pk.expressions import Array
from dosing.pk.model import (
    check_history,
    concentrations,
    individual,
    rate_matrices,
    read,
)
from dosing.pk.modes import Modes, modes_of
from dosing.pk.posterior import LEVELS, curves, given_in, quantiles
from dosing.pk.schedule import Indices
from dosing.pk.stepwise import exponential
from dosing.pk.types import Administration, Covariates, History, Posterior, finite


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
        For a limit that is not above 0, what is no number, or a history on which the
        model cannot run.

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
    check_history(posterior.model, posterior.history)
    history = stopped(posterior.history, stop_h)
    quiet = replace(posterior, history=history)
    quiet_h = all_arrived(quiet, stop_h)
    found = np.zeros(len(posterior.etas))
    for begin_h, end_h, covariates in stretches(history, quiet_h):
        fading = fading_from(quiet, begin_h, covariates)
        hours = fading.hours_above(limit, end_h - begin_h)
        found = np.where(hours > 0, begin_h - stop_h + hours, found)
    early = np.flatnonzero(found == 0)
    if len(early) and quiet_h > stop_h:
        found[early] = while_arriving(quiet, early, limit, (stop_h, quiet_h)) - stop_h
    return found


def stretches(
    history: History, start_h: float
) -> Iterable[tuple[float, float, Covariates]]:
    """Yield from when to when which covariates hold, from an hour on for ever."""
    ends = [period.until_h for period in history.periods[:-1]] + [np.inf]
    for period, end_h in zip(history.periods, ends, strict=True):
        if end_h > start_h:
            yield start_h, end_h, period.covariates
            start_h = end_h


def while_arriving(
    posterior: Posterior, who: Indices, limit: float, between: tuple[float, float]
) -> Array:
    """Return the last hour above a limit of some draws while doses arrive, (w,).

    Where none is, it is the first hour.
    """
    first, last = between
    changes = [period.until_h for period in posterior.history.periods[:-1]]
    inside = [at for at in changes if first < at < last]
    times = np.unique([*np.linspace(first, last, EARLY), *inside])
    place = last_place(some_curves(posterior, who, times) > limit)
    found = np.full(len(who), first)
    for here in np.unique(place[place >= 0]):
        these = np.flatnonzero(place == here)
        fine = np.linspace(times[here], times[min(here + 1, len(times) - 1)], EARLY)
        curve = some_curves(posterior, who[these], fine)
        found[these] = crossing(fine, curve, limit)
    return found


def some_curves(posterior: Posterior, who: Indices, times: Array) -> Array:
    """Return the curves of some draws, shape (w, t)."""
    model, etas, taken = posterior.model, posterior.etas[who], given_in(posterior)[who]
    return concentrations(model, posterior.history, times, etas, taken=taken)


EARLY = 97
"""Points between stopping and the last arrival, and again between two of them."""


def stopped(history: History, stop_h: float) -> History:
    """Return a history without the doses from an hour on."""
    kept = [
        replace(dose, count=sum(at < stop_h for at in dose.times_h))
        for dose in history.doses
        if dose.time_h < stop_h
    ]
    return replace(history, doses=tuple(kept), observations=())


def all_arrived(posterior: Posterior, stop_h: float) -> float:
    """Return the hour after stopping from which nothing enters."""
    ends = (arrived(posterior, dose) + SOON_H for dose in posterior.history.doses)
    return max([stop_h, *ends])


SOON_H = 1e-6
"""At the very moment of an arrival it is not yet seen; so much later it is."""


def arrived(posterior: Posterior, dose: Administration) -> float:
    """Return when the last of a dose's inputs has ended in everybody."""
    model, count = posterior.model, len(posterior.etas)
    latest = dose.times_h[-1]
    for period in posterior.history.periods:
        covariates = period.covariates if dose.covariates is None else dose.covariates
        values = individual(model, posterior.etas, covariates)
        lag = read(model.lag_h, dose.compartment, values, count, 0.0)
        long = read(model.duration_h, dose.compartment, values, count, 0.0)
        if dose.rate > 0:
            share = read(model.bioavailability, dose.compartment, values, count, 1.0)
            long = dose.amount * share / dose.rate
        latest = max(latest, float((dose.times_h[-1] + lag + long).max()))
    return latest


def last_place(above: NDArray[np.bool_]) -> Indices:
    """Return where each row is true for the last time, shape (n,), -1 for nowhere."""
    last = above.shape[1] - 1 - above[:, ::-1].argmax(1)
    return np.where(above.any(1), last, -1)


def crossing(times: Array, curves: Array, limit: float) -> Array:
    """Return the time of the last fall under a limit, curves (n, t)."""
    last = last_place(curves > limit)
    after = np.minimum(last + 1, len(times) - 1)
    rows = np.arange(len(curves))
    here, there = curves[rows, last], curves[rows, after]
    fall = np.where(here > there, here - there, 1.0)
    part = np.clip((here - limit) / fall, 0.0, 1.0)
    return np.asarray(times[last] + part * (times[after] - times[last]))


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

    def hours_above(self, limit: float, most_h: float) -> Array:
        """Return hours until the curve is under a limit for good, shape (s,).

        Looks `most_h` far, which is what it returns of a curve that is above it then.
        """
        longest = np.minimum(self.longest_h(limit), most_h)
        safe = np.where(np.isfinite(longest), longest, 0.0)
        grid = np.linspace(0, 1, POINTS) ** 2 * safe[:, None]
        last = last_place(self.at(grid) > limit)
        rows = np.arange(len(grid))
        low = grid[rows, last][:, None]
        high = grid[rows, np.minimum(last + 1, POINTS - 1)][:, None]
        for _halving in range(HALVINGS):
            middle = (low + high) / 2
            stays = self.at(middle) > limit
            low, high = np.where(stays, middle, low), np.where(stays, high, middle)
        found = np.where(last >= 0, high[:, 0], 0.0)
        return np.where(np.isfinite(longest), found, np.inf)


def fading_from(posterior: Posterior, start_h: float, covariates: Covariates) -> Fading:
    """Return what is left at an hour from which nothing enters."""
    model, etas = posterior.model, posterior.etas
    count, row = len(etas), model.observed
    values = individual(model, etas, covariates)
    scale = read(model.scale, row, values, count, 1.0)
    everywhere = range(model.compartments)
    unscaled = replace(posterior, model=replace(model, scale={}))
    held = curves(unscaled, [start_h] * len(everywhere), list(everywhere))
    matrices = rate_matrices(model, values, count)
    return Fading(matrices, modes_of(matrices), held, scale, row)
