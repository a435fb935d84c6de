"""The slow, sure way for rates that nearly meet: matrix exponentials by event."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from dosing.pk.expressions import Array
from dosing.pk.schedule import Group, Schedule


class Arriving(Protocol):
    """Doses of one group as they arrive."""

    @property
    def group(self) -> Group: ...
    @property
    def times_h(self) -> Array: ...
    @property
    def amounts(self) -> Array: ...
    @property
    def length_h(self) -> Array | None: ...


Event = tuple[float, int, float, float]
"""Time, compartment, amount at once, change of the running rate."""


def stepwise(
    plan: Schedule, matrices: Array, entering: Sequence[Arriving], number: int
) -> Array:
    """Carry one individual over all nodes; amounts, shape (k, n)."""
    events = sorted(happening(entering, number))
    size = matrices.shape[-1]
    state, speed, now = np.zeros(size), np.zeros(size), plan.nodes_h[0]
    states = np.empty((len(plan.nodes_h), size))
    carriers = [Carrier(matrix) for matrix in matrices]
    for node, until in enumerate(plan.nodes_h):
        moved = carriers[plan.stretch[node]].moved
        while events and events[0][0] < until:
            at, compartment, amount, change = events.pop(0)
            state, now = moved(state, speed, max(at, now) - now), max(at, now)
            state[compartment] += amount
            speed[compartment] += change
        state, now = moved(state, speed, until - now), until
        states[node] = state
        if plan.emptied[node]:
            state, speed = np.zeros(size), np.zeros(size)
            events = [event for event in events if event[0] >= until]
    return states


def happening(entering: Sequence[Arriving], number: int) -> Iterable[Event]:
    for each in entering:
        times = each.times_h if each.times_h.ndim == 1 else each.times_h[number]
        where = each.group.compartment
        for place, at in enumerate(times):
            amount = each.amounts[number, place]
            long = 0.0 if each.length_h is None else each.length_h[number, place]
            if long <= 0:
                yield float(at), where, float(amount), 0.0
            elif amount:
                end = min(at + long, each.group.ends_h[place])
                yield float(at), where, 0.0, float(amount / long)
                if end < each.group.ends_h[place]:
                    yield float(end), where, 0.0, float(-amount / long)


class Carrier:
    """A constant rate matrix at work; spans of equal length are worked out once."""

    def __init__(self, matrix: Array) -> None:
        self.both = bordered(matrix)
        self.known: dict[float, Array] = {}

    def moved(self, state: Array, speed: Array, hours: float) -> Array:
        """Let the matrix and constant inputs work for some hours."""
        if hours <= 0:
            return state.copy()
        if hours not in self.known:
            self.known[hours] = exponential(self.both * hours)[: len(state)]
        found: Array = self.known[hours] @ np.concatenate([state, speed])
        return found


def bordered(matrices: Array) -> Array:
    """Return [[K, 1], [0, 0]], whose exponential holds the integral of that of K."""
    size = matrices.shape[-1]
    found = np.zeros((*matrices.shape[:-2], 2 * size, 2 * size))
    found[..., :size, :size] = matrices
    found[..., :size, size:] = np.eye(size)
    return found


def exponential(matrices: Array) -> Array:
    """Return matrix exponentials, shape (..., n, n), of rates times hours.

    With the diagonal shifted up all entries of a rate matrix are positive, so that
    neither the series nor the squaring cancels any digits, however near two rates are.

    References
    ----------
    Moler C, Van Loan C, SIAM Rev 2003;45:3, methods 1 and 3.
    """
    size = matrices.shape[-1]
    one = np.eye(size)
    shift = -np.einsum("...ii->...i", matrices).min(-1)[..., None, None]
    positive = matrices + shift * one
    norm = float(np.abs(positive).sum(-2).max(initial=0.0))
    halvings = max(0, int(np.ceil(np.log2(max(norm, 1.0)))) + 1)
    step = positive * 0.5**halvings
    found = np.broadcast_to(one, matrices.shape)
    for term in range(TERMS, 0, -1):
        found = one + step @ found / term
    found = found * np.exp(-shift * 0.5**halvings)
    for _squaring in range(halvings):
        found = found @ found
    return np.asarray(found)


TERMS = 16
"""Of the series for entries up to a half: the next is below 1e-19."""
