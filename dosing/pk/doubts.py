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

MOST_TERMS, FEWEST_DOUBTS, MOST_DOUBTS = 2048, 6, 10


def most_doubts(levels: int) -> int:
    """Return how many doses in doubt are averaged exactly before so many levels.

    As many as make at most MOST_TERMS scenarios times levels, but from 6 to 10; none
    where there is no level to ask.

    Examples
    --------
    >>> [most_doubts(levels) for levels in (0, 2, 4, 8, 12, 48)]
    [0, 10, 9, 8, 7, 6]
    """
    if not levels:
        return 0
    room = int(np.log2(MOST_TERMS / levels))
    return min(max(room, FEWEST_DOUBTS), MOST_DOUBTS)


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
        found = self.beside_best(terms)
        found /= found.sum(1, keepdims=True)
        return found

    def mixed(self, terms: Array) -> Array:
        """Return -2 log of the average likelihood, shape (s,)."""
        if len(self.log_chance) == 1:
            return terms[:, 0]
        found = self.beside_best(terms) @ np.ones(len(self.log_chance))
        return np.asarray(terms.min(1) - 2 * np.log(found))

    def beside_best(self, terms: Array) -> Array:
        """Return likelihood / the best of its row x chance, shape (s, m).

        Where nothing is possible every scenario is as probable as before.
        """
        best = terms.min(1, keepdims=True)
        none = np.isinf(best[:, 0])
        found = terms - np.where(none[:, None], 0.0, best)
        found[none] = 0.0
        found *= -0.5
        found += self.log_chance
        return np.exp(found, out=found)


def each_alone(model: Model, plan: Schedule, sets: Array, where: Indices) -> Array:
    """Return what each of the k doses of a plan alone comes to, shape (s, k, n).

    Examples
    --------
    >>> from dosing.pk.examples import ONE_COMPARTMENT, ONE_LEVEL
    >>> doses = Administration(264.0, 2.0), Administration(312.0, 2.0)
    >>> plan = schedule(ONE_LEVEL, [336.0], doses)
    >>> each_alone(ONE_COMPARTMENT, plan, np.zeros((1, 2)), np.array([1])).round(1)
    array([[[1.5],
            [2.9]]])
    """
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
