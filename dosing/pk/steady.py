"""What a regimen comes to when it is kept: geometric sums of the modes, no stepping.

At steady state the amount left by all former doses is a geometric series in each
mode, so that trough, area and average are closed forms, and the peak is searched on an
exact curve. Where the modes lose their digits, matrix exponentials take over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np

from dosing.pk.expressions import Array
from dosing.pk.model import (
    check_covariates,
    individual,
    rate_matrices,
    read,
    sets_of,
)
from dosing.pk.modes import Modes, mean_fade, modes_of
from dosing.pk.schedule import Indices
from dosing.pk.stepwise import bordered, exponential
from dosing.pk.types import Covariates, Model, finite

DAY_H = 24.0
ALMOST = 1e-9
GRID, HALVINGS = 10, 7
"""Points of the first look for a peak, and how often it is narrowed before the last
step along the slope: within 1e-6 of the peak in the models of the library."""


@dataclass(frozen=True)
class Regimen:
    """The same dose again and again.

    Parameters
    ----------
    amount : float
        Of each dose, mg; 0 is no treatment.
    interval_h : float
        Between doses; 48 is every other day.

    Raises
    ------
    ValueError
        For a negative amount, an interval that is not above 0, or no number.

    Examples
    --------
    >>> Regimen(1.0, 48.0).per_day
    0.5
    """

    amount: float
    interval_h: float = DAY_H

    def __post_init__(self) -> None:
        finite(amount=self.amount, interval_h=self.interval_h)
        if self.amount < 0 or self.interval_h <= 0:
            raise ValueError("a regimen needs an amount and an interval above 0")

    @property
    def per_day(self) -> float:
        """Amount in 24 hours, mg."""
        return self.amount * DAY_H / self.interval_h

    @property
    def most_in_a_day(self) -> float:
        """Most that any 24 hours hold, mg: 3 of 3 mg every 48 h, though 1.5 a day."""
        return self.amount * ceil(DAY_H / self.interval_h - ALMOST)

    def __str__(self) -> str:
        return f"{self.amount:g} mg every {self.interval_h:g} h"


@dataclass(frozen=True)
class SteadyState:
    """What a regimen comes to, for s sets of etas.

    Parameters
    ----------
    trough : ndarray, shape (s,)
        At the moment of the next dose, for sirolimus ng/mL.
    cmax : ndarray, shape (s,)
        The highest within an interval, ng/mL.
    auc24 : ndarray, shape (s,)
        Area under the curve in 24 hours, ng h/mL.
    average : ndarray, shape (s,)
        auc24 / 24, ng/mL.
    """

    trough: Array
    cmax: Array
    auc24: Array

    @property
    def average(self) -> Array:
        return self.auc24 / DAY_H

    def times(self, factor: float) -> "SteadyState":
        """Return that of a dose `factor` times as large."""
        return SteadyState(
            self.trough * factor, self.cmax * factor, self.auc24 * factor
        )


@dataclass(frozen=True)
class Cycle:
    """One interval at steady state after doses of 1, for s sets.

    `gain` is bioavailability / scale, shape (s,); `length_h` how long each input lasts,
    shape (s,), or None for boluses.
    """

    interval_h: float
    matrices: Array
    modes: Modes
    gain: Array
    lag_h: Array
    length_h: Array | None
    row: int
    entry: int

    @property
    def next_dose_h(self) -> Array:
        """From an arrival to the next moment of a dose, shape (s, 1)."""
        waits: Array = self.interval_h - self.lag_h % self.interval_h
        return waits[:, None]

    @cached_property
    def shares(self) -> Array:
        """What each mode of a dose weighs in the concentration, shape (s, n)."""
        seen = self.modes.right[:, self.row] * self.modes.left[:, :, self.entry]
        return seen * self.gain[:, None]

    def at(self, since_h: Array) -> Array:
        """Return concentrations at hours since an arrival, shape (s, g).

        Beyond the interval it is what would be left, were there no later doses.
        """
        found = self.summed(self.shares, since_h)
        for hour, held in self.by_matrices(since_h):
            found[self.unsound, hour] = held[:, self.row] * self.gain[self.unsound]
        return found

    def slope(self, since_h: Array) -> Array:
        """Return how fast concentrations rise, shape (s, g), but for input into blood.

        With one they are highest when it ends, where `peak` looks anyway.
        """
        found = self.summed(self.shares * self.modes.rates, since_h)
        for hour, held in self.by_matrices(since_h):
            flows = self.matrices[self.unsound, self.row]
            found[self.unsound, hour] = np.einsum("un,un->u", flows, held)
        return found

    def summed(self, shares: Array, since_h: Array) -> Array:
        """Return the sum over modes of a share of what is left in each, (s, g)."""
        found = np.zeros((len(self.gain), since_h.shape[1]))
        with np.errstate(all="ignore"):
            for mode, share in enumerate(shares.T):
                found += share[:, None] * self.left_over(mode, since_h)
        return found

    @cached_property
    def rest(self) -> Array:
        """Which part of each mode an interval takes away, shape (s, n)."""
        return np.asarray(-np.expm1(self.modes.rates * self.interval_h))

    @cached_property
    def unsound(self) -> Indices:
        """Whose modes have lost their digits, shape (u,)."""
        return np.flatnonzero(~self.modes.sound)

    def by_matrices(self, since_h: Array) -> Iterable[tuple[int, Array]]:
        """Yield (column, amounts (u, n)) of those whose modes lost their digits."""
        if len(self.unsound):
            own = np.broadcast_to(since_h, (len(self.gain), since_h.shape[1]))
            for column, hours in enumerate(own[self.unsound].T):
                yield column, held_by_matrices(self, hours[:, None, None])

    def left_over(self, mode: int, since_h: Array) -> Array:
        """Return the sum over all former doses of what is in a mode, shape (s, g)."""
        pace = self.modes.rates[:, mode, None]
        if (pace == pace[0]).all():
            pace = pace[:1]
        rest = self.rest[:, mode, None]
        if self.length_h is None:
            return np.asarray(np.exp(pace * since_h) / rest[: len(pace)])
        long = self.length_h[:, None]
        running = still_running(since_h, long, self.interval_h)
        old = since_h + running * self.interval_h - long
        over = np.exp(pace * old) * mean_fade(pace * long) / rest
        begun = np.exp(pace * since_h) * -np.expm1(pace * self.interval_h * running)
        now = (begun / rest - running) / (pace * long)
        return np.asarray(over + np.where(running > 0, now, 0.0))

    def area(self) -> Array:
        """Return the area under one interval, which is that under one dose, (s,)."""
        with np.errstate(all="ignore"):
            found: Array = (self.shares / -self.modes.rates).sum(1)
        matrices = self.matrices[self.unsound]
        whole = -np.linalg.inv(matrices)[:, self.row, self.entry]
        found[self.unsound] = whole * self.gain[self.unsound]
        return found

    def peak(self) -> Array:
        """Return the highest concentration within an interval, shape (s,)."""
        near = np.linspace(0, 1, GRID)[None] ** 2 * self.interval_h
        curve = self.at(near)
        place = curve.argmax(1)
        low = near[0, np.maximum(place - 1, 0)][:, None]
        high = near[0, np.minimum(place + 1, GRID - 1)][:, None]
        for _halving in range(HALVINGS):
            middle = (low + high) / 2
            rising = self.slope(middle) > 0
            low, high = np.where(rising, middle, low), np.where(rising, high, middle)
        rise, fall = self.slope(low), self.slope(high)
        bend = np.where(rise > fall, rise - fall, np.inf)
        turn = (rise / bend).clip(0.0, 1.0)
        best: Array = np.maximum(curve.max(1), self.at(low + turn * (high - low))[:, 0])
        if self.length_h is None:
            return best
        ends = self.length_h[:, None] % self.interval_h
        return np.asarray(np.maximum(best, self.at(ends)[:, 0]))


def still_running(since_h: Array | float, long: Array | float, every_h: float) -> Array:
    """Return how many inputs run at hours since the last began; they have not ended."""
    return np.maximum(np.ceil((long - since_h) / every_h), 0.0)


def held_by_matrices(cycle: Cycle, since_h: Array) -> Array:
    """Return amounts at steady state by matrix exponentials, shape (u, n).

    Of those whose modes are unsound, at hours (u, 1, 1) since an arrival.
    """
    matrices, every_h = cycle.matrices[cycle.unsound], cycle.interval_h
    one = np.eye(matrices.shape[-1])
    rest = np.linalg.inv(one - exponential(matrices * every_h))
    if cycle.length_h is None:
        return np.asarray(rest @ exponential(matrices * since_h))[..., cycle.entry]
    long = cycle.length_h[cycle.unsound][:, None, None]
    running = still_running(since_h, long, every_h)
    old = since_h + running * every_h - long
    safe = np.where(long > 0, long, 1.0)
    run_in = exponential(bordered(matrices) * long)[:, : len(one), len(one) :] / safe
    over = rest @ exponential(matrices * old) @ np.where(long > 0, run_in, one)
    ended = rest @ (one - exponential(matrices * every_h * running))
    begun = exponential(matrices * since_h) @ ended - running * one
    now = np.linalg.solve(matrices, begun) / safe
    return np.asarray(over + now)[..., cycle.entry]


def cycle_of(
    model: Model, etas: Array, covariates: Covariates, interval_h: float
) -> Cycle:
    """Lay out an interval of doses of 1 at steady state, for sets of shape (s, p)."""
    sets = sets_of(model, etas)
    count, entry, row = len(sets), model.entry, model.observed
    check_covariates(model, covariates)
    values = individual(model, sets, covariates)
    matrices = rate_matrices(model, values, count)
    lasts = entry in model.duration_h
    return Cycle(
        interval_h=interval_h,
        matrices=matrices,
        modes=modes_of(matrices),
        gain=read(model.bioavailability, entry, values, count, 1.0)
        / read(model.scale, row, values, count, 1.0),
        lag_h=read(model.lag_h, entry, values, count, 0.0),
        length_h=read(model.duration_h, entry, values, count, 0.0) if lasts else None,
        row=row,
        entry=entry,
    )


def steady_state(
    model: Model, etas: Array, covariates: Covariates, regimen: Regimen
) -> SteadyState:
    """Say what a regimen comes to when it is kept.

    Parameters
    ----------
    model : Model
    etas : array_like, shape (s, p) or (p,)
    covariates : mapping of str to float
        Those in force from then on.
    regimen : Regimen

    Returns
    -------
    SteadyState
        With a lag the trough is the concentration at the moment of the next dose, not
        when that dose arrives.

    Raises
    ------
    ValueError
        For etas that are not finite, or covariates that are missing or make no body.

    References
    ----------
    Gibaldi M, Perrier D, Pharmacokinetics, 2nd ed. 1982, ch. 3 and appendix B.

    Examples
    --------
    >>> from dosing.pk.examples import ONE_COMPARTMENT
    >>> kept = steady_state(ONE_COMPARTMENT, [0.0, 0.0], {}, Regimen(2.0))
    >>> round(float(kept.trough[0]), 1), round(float(kept.auc24[0]))
    (10.0, 282)
    """
    return kept(cycle_of(model, etas, covariates, regimen.interval_h)).times(
        regimen.amount
    )


def kept(cycle: Cycle) -> SteadyState:
    """Say what doses of 1 come to."""
    return SteadyState(
        trough=cycle.at(cycle.next_dose_h)[:, 0],
        cmax=cycle.peak(),
        auc24=cycle.area() * DAY_H / cycle.interval_h,
    )


def fraction_of_steady_state(
    model: Model, etas: Array, covariates: Covariates, regimen: Regimen, day: float
) -> Array:
    """Say which part of its steady-state trough a regimen has reached.

    Parameters
    ----------
    model : Model
    etas : array_like, shape (s, p) or (p,)
    covariates : mapping of str to float
    regimen : Regimen
        Begun on day 0 without a loading dose.
    day : float
        Days of treatment; the last moment of a dose until then counts.

    Returns
    -------
    ndarray, shape (s,)
        0 before the first trough, 1 in the end; 1 from the first trough on where
        nothing is left of a dose at the next.

    Raises
    ------
    ValueError
        For a day that is negative or no number, or a drug that never leaves.

    Examples
    --------
    >>> from dosing.pk.examples import ONE_COMPARTMENT
    >>> mean = [0.0, 0.0]
    >>> part = fraction_of_steady_state(ONE_COMPARTMENT, mean, {}, Regimen(2.0), 7)
    >>> round(float(part[0]), 2)
    0.91
    """
    finite(day=day)
    if day < 0:
        raise ValueError(f"a day of treatment cannot be negative: {day}")
    cycle = cycle_of(model, etas, covariates, regimen.interval_h)
    given = np.floor(day * DAY_H / cycle.interval_h + ALMOST)
    arrived = np.maximum(given - np.floor(cycle.lag_h / cycle.interval_h), 0.0)
    wait = cycle.next_dose_h
    missing = cycle.at(wait + arrived[:, None] * cycle.interval_h)[:, 0]
    whole = cycle.at(wait)[:, 0]
    if not np.isfinite(whole).all():
        raise ValueError("a drug that never leaves has no steady state")
    lost = whole == 0
    part = 1 - missing / np.where(lost, 1.0, whole)
    return np.where(lost, arrived > 0, part)
