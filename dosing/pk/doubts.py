"""Doses that may not have been given: the scenarios a likelihood is averaged over.

The body is linear, so what a dose adds to a level is worked out once and counted in
the scenarios in which it was given.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from dosing.pk.expressions import Array
from dosing.pk.model import predicted
from dosing.pk.schedule import Indices, Schedule, schedule
from dosing.pk.types import Administration, History, Model

MOST_DOUBTS = 6
"""So many doses make 64 scenarios; the others count by their probability."""


@dataclass(frozen=True)
class Scenarios:
    """Which of k doses in doubt were given: in each of m scenarios, and how probably.

    Parameters
    ----------
    doses : tuple of Administration, length k
    given : ndarray, shape (m, k)
        1 or 0.
    log_chance : ndarray, shape (m,)
        Before the levels.
    plan : Schedule or None
        Those doses alone, for the observations; None where k is 0.
    """

    doses: tuple[Administration, ...]
    given: Array
    log_chance: Array
    plan: Schedule | None

    def added(self, model: Model, sets: Array, where: Indices) -> Array:
        """Return what the doses add to n observations, shape (s, m, n)."""
        if self.plan is None:
            return np.zeros((len(sets), 1, len(where)))
        alone = each_alone(model, self.plan, sets, where)
        return np.asarray(self.given @ alone)

    def shares(self, terms: Array) -> Array:
        """Return how probable each is, shape (s, m), from -2 log likelihoods."""
        if len(self.log_chance) == 1:
            return np.ones_like(terms)
        found = np.exp(self.log_chance - above_best(terms) / 2)
        return np.asarray(found / found.sum(1, keepdims=True))

    def mixed(self, terms: Array) -> Array:
        """Return -2 log of the average likelihood, shape (s,)."""
        if len(self.log_chance) == 1:
            return terms[:, 0]
        found = np.exp(self.log_chance - above_best(terms) / 2).sum(1)
        return np.asarray(terms.min(1) - 2 * np.log(found))


def above_best(terms: Array) -> Array:
    """Return how far terms (s, m) lie above the least of their row; 0 if all infinite.

    Where nothing is possible every scenario is as probable as before.
    """
    best = terms.min(1, keepdims=True)
    some = np.isfinite(best)
    return np.asarray(np.where(some, terms, 0.0) - np.where(some, best, 0.0))


def each_alone(model: Model, plan: Schedule, sets: Array, where: Indices) -> Array:
    """Return what each of the k doses of a plan alone comes to, shape (s, k, n)."""
    size = sum(len(group.which) for group in plan.groups)
    alone = np.tile(np.eye(size), (len(sets), 1))
    found = predicted(model, plan, np.repeat(sets, size, axis=0), where, alone)
    return found.reshape(len(sets), size, len(where))


def scenarios(history: History, doses: tuple[Administration, ...]) -> Scenarios:
    """Lay out everything that may have happened to some doses of a history."""
    given = np.array(list(product([1.0, 0.0], repeat=len(doses))))
    given = given.reshape(2 ** len(doses), len(doses))
    chances = np.array([dose.probability for dose in doses])
    each = np.where(given == 1, chances, 1 - chances)
    seen = [observation.time_h for observation in history.observations]
    return Scenarios(
        doses=doses,
        given=given,
        log_chance=np.log(each).sum(1),
        plan=schedule(history, seen, doses) if doses else None,
    )
