"""How well parameter sets explain what was measured: the objective and its slopes.

objective = sum of [ln v + (y - f)^2 / v] + eta' omega^-1 eta, which is -2 log
posterior without constants; v is the residual variance at the individual prediction
f. A level below the limit L adds -2 ln Phi((L - f) / sqrt(v)) instead (Beal 2001, M3).
Where doses are in doubt the likelihood is the average over what may have been given.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import log_ndtr

from dosing.pk.doubts import Scenarios, each_alone, most_doubts, scenarios
from dosing.pk.expressions import Array
from dosing.pk.model import MANY, check_history, predicted
from dosing.pk.schedule import Group, Indices, Schedule, schedule
from dosing.pk.types import Administration, History, Model, Observation, Residual

LOG_ROOT_2_PI = 0.5 * float(np.log(2 * np.pi))
STEP = 1e-3
"""Of an eta in a five-point difference: both its errors are then near 1e-12."""

OFFSETS = np.array([-2, -1, 1, 2]) * STEP
FIRST = np.array([1, -8, 8, -1]) / (12 * STEP)
SMALLEST = 1e-300


def stencil(sets: Array) -> Array:
    """Return sets (s, p), each with the points beside it, shape (s, 1 + 4p, p).

    Examples
    --------
    >>> stencil(np.zeros((1, 1)))[0, :, 0].tolist()
    [0.0, -0.002, -0.001, 0.001, 0.002]
    """
    size = sets.shape[1]
    points = np.repeat(sets[:, None], 1 + 4 * size, axis=1)
    for eta in range(size):
        points[:, 1 + 4 * eta : 5 + 4 * eta, eta] += OFFSETS
    return points


def differences(values: Array) -> Array:
    """Return derivatives (s, p, ...) of values (s, 1 + 4p, ...) found at a `stencil`.

    Examples
    --------
    >>> differences(stencil(np.ones((1, 1)))[..., 0] ** 3).round(9)
    array([[3.]])
    """
    count, many = values.shape[:2]
    sides = values[:, 1:].reshape(count, many // 4, 4, *values.shape[2:])
    return np.asarray(np.einsum("k,spk...->sp...", FIRST, sides))


@dataclass(frozen=True)
class Slopes:
    """At each of s sets: objective (s,), gradient (s, p), expected curvature (s, p, p).

    `curvature` is half the Hessian that NONMEM's FOCEI keeps: J'V^-1J + 0.5
    (dV/V)'(dV/V) + omega^-1. `predictions` (s, n) are concentrations.
    """

    objective: Array
    gradient: Array
    curvature: Array
    predictions: Array


def residual_of(model: Model, level: Observation) -> Residual:
    """Return what separates a level from its prediction.

    Raises
    ------
    ValueError
        For a level where nothing is measured, or one of 0 where logarithms are.
    """
    residual = model.residual.get(level.compartment)
    if residual is None:
        raise ValueError(f"nothing is measured in compartment {level.compartment}")
    if residual.on_log and level.value == 0:
        raise ValueError(
            f"{model.name} measures logarithms, and a level of 0 has none;"
            " tell it as one below a limit"
        )
    return residual


class Problem:
    """One history under one model, laid out once and asked many times.

    Predictions have a place for each of m scenarios of doses in doubt; m is 1 where
    all are certain.
    """

    def __init__(self, model: Model, history: History) -> None:
        seen = history.observations
        check_history(model, history)
        self.model, self.history = model, history
        self.precision = np.linalg.inv(model.omega) if model.etas else np.zeros((0, 0))
        self.values = np.array([o.value for o in seen])
        self.below = np.array([o.below for o in seen], dtype=bool)
        self.where: Indices = np.array([o.compartment for o in seen], dtype=np.intp)
        self.residuals = [residual_of(model, o) for o in seen]
        self.times_h = [o.time_h for o in seen]
        self.settle()

    def settle(self) -> None:
        """Take the doses in doubt that matter most as scenarios.

        The others count by their probability, and the variance that they cause in the
        typical person is added to the residual variance; `averaged` is how many of
        them move a level at all.
        """
        doubtful, most = self.history.doubtful, most_doubts(len(self.values))
        order, spread = np.arange(len(doubtful)), np.zeros((len(doubtful), 1))
        if len(doubtful) > most > 0:
            order, spread = self.by_influence(doubtful)
        self.weighed: Indices = np.sort(order[:most])
        left = np.sort(order[most:])
        self.unweighed: Array = spread[left].sum(0)
        self.averaged = int((spread[left] > 0).any(1).sum())
        others = (doubtful[place].expected for place in left)
        certain = (*self.history.certain.doses, *others)
        self.plan: Schedule = schedule(self.history, self.times_h, certain)
        doses = tuple(doubtful[place] for place in self.weighed)
        self.scenarios: Scenarios = scenarios(self.history, doses)

    def by_influence(
        self, doubtful: tuple[Administration, ...]
    ) -> tuple[Indices, Array]:
        """Return the order of doses by how far they spread the levels, and how far.

        The variances (k, n) are those of the typical person; on a log, of ln f. No
        dose moves a level at which nothing has arrived.
        """
        typical = np.zeros((1, len(self.model.etas)))
        plan = schedule(self.history, self.times_h, doubtful)
        alone = each_alone(self.model, plan, typical, self.where)[0]
        whole = schedule(self.history.expected, self.times_h)
        f = predicted(self.model, whole, typical, self.where)[0]
        unit = np.where(self.on_log & (f > 0), f, 1.0)
        chance = np.array([dose.probability for dose in doubtful])[:, None]
        spread = chance * (1 - chance) * (alone / unit) ** 2
        noise = np.maximum(self.residual_variance(f, self.additive), SMALLEST)
        influence = (spread / noise).sum(1)
        return np.argsort(-influence, kind="stable"), spread

    @property
    def groups(self) -> tuple[Group, ...]:
        """All doses, those in doubt as well."""
        doubtful = self.scenarios.plan
        return self.plan.groups + (doubtful.groups if doubtful else ())

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
        """Return predictions at the observations, shape (s, m, n); ln f on a log."""
        if not len(self.values):
            return np.zeros((len(sets), len(self.scenarios.log_chance), 0))
        found = predicted(self.model, self.plan, sets, self.where)[:, None]
        if self.scenarios.doses:
            found = found + self.scenarios.added(self.model, sets, self.where)
        if not self.on_log.any():
            return found
        return np.where(self.on_log, np.log(np.maximum(found, SMALLEST)), found)

    def concentration(self, f: Array) -> Array:
        """Return predictions of any shape (..., n) as concentrations."""
        if not self.on_log.any():
            return f
        return np.where(self.on_log, np.exp(np.where(self.on_log, f, 0.0)), f)

    def measured(self) -> Array:
        safe = np.maximum(self.values, SMALLEST)
        return np.where(self.on_log, np.log(safe), self.values)

    def variance(self, f: Array) -> Array:
        """Return the variance of levels about predictions, shape (..., n) or (n,)."""
        return self.residual_variance(f, self.additive + self.unweighed)

    def residual_variance(self, f: Array, additive: Array) -> Array:
        """Return proportional and additive variance; on a log the latter alone."""
        if self.on_log.all():
            return additive
        if self.unit_at_zero.any():
            f = np.where(self.unit_at_zero & (f == 0), 1.0, f)
        found = np.square(f)
        found *= np.where(self.on_log, 0.0, self.proportional)
        found += additive
        return found

    def variance_slope(self, f: Array) -> Array:
        """Return d variance / d prediction."""
        return np.where(self.on_log, 0.0, 2 * self.proportional * f)

    def likelihood_terms(self, f: Array) -> Array:
        """Return what each observation adds to the objective, shape (..., n)."""
        with np.errstate(all="ignore"):
            v = self.variance(f)
            gap = self.measured() - f
            exact = np.square(gap)
            exact /= v
            exact += np.log(v)
            if not self.below.any():
                return exact
            return np.where(self.below, -2 * log_ndtr(gap / np.sqrt(v)), exact)

    def objective(self, sets: Array) -> Array:
        """Return -2 log posterior, shape (s,); infinite where it cannot be."""
        terms = self.terms_of(sets)
        return self.scenarios.mixed(terms) + self.prior(sets)

    def terms_of(self, sets: Array) -> Array:
        """Return what `terms` says of sets, shape (s, m), in blocks that fit memory."""
        size = len(self.scenarios.log_chance) * max(1, len(self.values))
        block = max(1, MANY // size)
        if len(sets) <= block:
            return self.terms(self.predict(sets))
        ends = range(block, len(sets), block)
        parts = [self.terms(self.predict(part)) for part in np.split(sets, ends)]
        return np.concatenate(parts)

    def terms(self, f: Array) -> Array:
        """Return -2 log likelihood of each scenario, (s, m); infinite if impossible."""
        found = self.likelihood_terms(f) @ np.ones(len(self.values))
        found[~np.isfinite(found)] = np.inf
        return found

    def chances(self, sets: Array) -> Array:
        """Return how probable each scenario is, given the levels, shape (s, m)."""
        return self.scenarios.shares(self.terms_of(sets))

    def prior(self, sets: Array) -> Array:
        found: Array = np.einsum("si,ij,sj->s", sets, self.precision, sets)
        return found

    def slopes(self, sets: Array) -> Slopes:
        """Return the objective with its gradient and expected curvature.

        Concentrations and curvature are averages over the scenarios.
        """
        f, jacobian = self.jacobian(sets)
        terms = self.terms(f)
        share = self.scenarios.shares(terms)[..., None]
        with np.errstate(all="ignore"):
            first, second = self.term_slopes(f)
        if share.shape[1] > 1:
            first, second = (np.where(share > 0, w * share, 0) for w in (first, second))
        count, many, seen, size = jacobian.shape
        rows = jacobian.reshape(count, many * seen, size)
        first, second = (w.reshape(count, many * seen) for w in (first, second))
        gradient = np.einsum("sn,snp->sp", first, rows)
        gradient += 2 * sets @ self.precision
        half = np.einsum("snp,sn,snq->spq", rows, second, rows)
        mixed = self.scenarios.mixed(terms) + self.prior(sets)
        expected = (share * self.concentration(f)).sum(1)
        return Slopes(mixed, gradient, half + self.precision, expected)

    def jacobian(self, sets: Array) -> tuple[Array, Array]:
        """Return f (s, m, n) and df / d eta (s, m, n, p) by five-point differences."""
        points = stencil(sets)
        count, many, size = points.shape
        flat = self.predict(points.reshape(count * many, size))
        found = flat.reshape(count, many, *flat.shape[1:])
        return found[:, 0], np.moveaxis(differences(found), 1, -1)

    def term_slopes(self, f: Array) -> tuple[Array, Array]:
        """Return d term / d f and half its expected second derivative, (..., n).

        A level that is below for certain, as where nothing has arrived, adds nothing.
        """
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
        certain = tail == 0
        censored = np.where(certain, 0.0, -2 * tail * pull)
        bend = np.where(certain, 0.0, np.maximum(tail * (tail + reach), 0.0) * pull**2)
        return np.where(self.below, censored, first), np.where(self.below, bend, second)

    def bends(self, eta: Array) -> tuple[Slopes, Array]:
        """Return the slopes at one set (p,), and the exact Hessian there (p, p)."""
        slopes = self.slopes(stencil(eta[None])[0])
        found = differences(slopes.gradient[None])[0]
        return slopes, (found + found.T) / 2
