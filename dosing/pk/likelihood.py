"""How well parameter sets explain what was measured: the objective and its slopes.

objective = sum of [ln v + (y - f)^2 / v] + eta' omega^-1 eta, which is -2 log
posterior without constants; v is the residual variance at the individual prediction
f. A level below the limit L adds -2 ln Phi((L - f) / sqrt(v)) instead (Beal 2001, M3).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import log_ndtr

from dosing.pk.expressions import Array
from dosing.pk.model import predicted
from dosing.pk.schedule import Indices, Schedule, schedule
from dosing.pk.types import History, Model, Residual

LOG_ROOT_2_PI = 0.5 * float(np.log(2 * np.pi))
STEP = 1e-3
"""Of an eta in a five-point difference: both its errors are then near 1e-12."""

OFFSETS = np.array([-2, -1, 1, 2]) * STEP
FIRST = np.array([1, -8, 8, -1]) / (12 * STEP)
SMALLEST = 1e-300


@dataclass(frozen=True)
class Slopes:
    """At each of s sets: objective (s,), gradient (s, p), expected curvature (s, p, p).

    `curvature` is half the Hessian that NONMEM's FOCEI keeps: J'V^-1J + 0.5
    (dV/V)'(dV/V) + omega^-1.
    """

    objective: Array
    gradient: Array
    curvature: Array
    predictions: Array


class Problem:
    """One history under one model, laid out once and asked many times."""

    def __init__(self, model: Model, history: History) -> None:
        seen = history.observations
        self.model, self.history = model, history
        self.precision = np.linalg.inv(model.omega) if model.etas else np.zeros((0, 0))
        self.values = np.array([o.value for o in seen])
        self.below = np.array([o.below for o in seen], dtype=bool)
        self.where: Indices = np.array([o.compartment for o in seen], dtype=np.intp)
        self.residuals = [self.residual_of(o.compartment) for o in seen]
        self.plan: Schedule = schedule(history, [o.time_h for o in seen])

    def residual_of(self, compartment: int) -> Residual:
        try:
            return self.model.residual[compartment]
        except KeyError as missing:
            raise ValueError(f"nothing is measured in compartment {missing}") from None

    @cached_property
    def proportional(self) -> Array:
        return np.array([r.proportional for r in self.residuals])

    @cached_property
    def additive(self) -> Array:
        return np.array([r.additive for r in self.residuals])

    @cached_property
    def on_log(self) -> Array:
        return np.array([r.on_log for r in self.residuals], dtype=bool)

    @cached_property
    def unit_at_zero(self) -> Array:
        return np.array([r.zero_counts_as_one for r in self.residuals], dtype=bool)

    def predict(self, sets: Array) -> Array:
        """Return predictions at the observations, shape (s, n); ln f where on a log."""
        if not len(self.values):
            return np.zeros((len(sets), 0))
        found = predicted(self.model, self.plan, sets, self.where)
        if not self.on_log.any():
            return found
        return np.where(self.on_log, np.log(np.maximum(found, SMALLEST)), found)

    def measured(self) -> Array:
        safe = np.maximum(self.values, SMALLEST)
        return np.where(self.on_log, np.log(safe), self.values)

    def variance(self, f: Array) -> Array:
        """Return the residual variance at predictions, shape (s, n)."""
        weight = np.where(self.unit_at_zero & (f == 0), 1.0, f)
        return np.where(
            self.on_log, self.additive, self.proportional * weight**2 + self.additive
        )

    def variance_slope(self, f: Array) -> Array:
        """Return d variance / d prediction."""
        return np.where(self.on_log, 0.0, 2 * self.proportional * f)

    def likelihood_terms(self, f: Array) -> Array:
        """Return what each observation adds to the objective, shape (s, n)."""
        with np.errstate(all="ignore"):
            v = self.variance(f)
            gap = self.measured() - f
            exact = np.log(v) + gap**2 / v
            if not self.below.any():
                return exact
            return np.where(self.below, -2 * log_ndtr(gap / np.sqrt(v)), exact)

    def objective(self, sets: Array) -> Array:
        """Return -2 log posterior, shape (s,); infinite where it cannot be."""
        found = self.likelihood_terms(self.predict(sets)).sum(1) + self.prior(sets)
        return np.where(np.isfinite(found), found, np.inf)

    def prior(self, sets: Array) -> Array:
        found: Array = np.einsum("si,ij,sj->s", sets, self.precision, sets)
        return found

    def slopes(self, sets: Array) -> Slopes:
        """Return the objective with its gradient and expected curvature."""
        f, jacobian = self.jacobian(sets)
        with np.errstate(all="ignore"):
            first, second = self.term_slopes(f)
        gradient = np.einsum("sn,snp->sp", first, jacobian)
        gradient += 2 * sets @ self.precision
        half = np.einsum("snp,sn,snq->spq", jacobian, second, jacobian)
        terms = self.likelihood_terms(f).sum(1) + self.prior(sets)
        terms = np.where(np.isfinite(terms), terms, np.inf)
        return Slopes(terms, gradient, half + self.precision, f)

    def jacobian(self, sets: Array) -> tuple[Array, Array]:
        """Return f (s, n) and df / d eta (s, n, p) by five-point differences."""
        count, size = sets.shape
        moved = np.repeat(sets[:, None], 1 + 4 * size, axis=1)
        for eta in range(size):
            moved[:, 1 + 4 * eta : 5 + 4 * eta, eta] += OFFSETS
        flat = moved.reshape(count * (1 + 4 * size), size)
        seen = len(self.values)
        found = self.predict(flat).reshape(count, 1 + 4 * size, seen)
        sides = found[:, 1:].reshape(count, size, 4, seen)
        return found[:, 0], np.einsum("k,spkn->snp", FIRST, sides)

    def term_slopes(self, f: Array) -> tuple[Array, Array]:
        """Return d term / d f and half its expected second derivative, (s, n)."""
        v, slope = self.variance(f), self.variance_slope(f)
        gap = self.measured() - f
        first = slope / v - 2 * gap / v - gap**2 * slope / v**2
        second = 1 / v + 0.5 * (slope / v) ** 2
        if not self.below.any():
            return first, second
        spread = np.sqrt(v)
        reach = gap / spread
        pull = -1 / spread - gap * slope / (2 * v * spread)
        tail = np.exp(-0.5 * reach**2 - LOG_ROOT_2_PI - log_ndtr(reach))
        censored = -2 * tail * pull
        bend = np.maximum(tail * (tail + reach), 0.0) * pull**2
        return np.where(self.below, censored, first), np.where(self.below, bend, second)

    def bends(self, eta: Array) -> tuple[Slopes, Array]:
        """Return the slopes at one set (p,), and the exact Hessian there (p, p)."""
        size = len(eta)
        moved = np.repeat(eta[None], 1 + 4 * size, axis=0)
        for place in range(size):
            moved[1 + 4 * place : 5 + 4 * place, place] += OFFSETS
        slopes = self.slopes(moved)
        sides = slopes.gradient[1:].reshape(size, 4, size)
        found = np.einsum("k,pkq->pq", FIRST, sides)
        return slopes, (found + found.T) / 2
