"""A history laid out once for a model: stretches between nodes, and what enters where.

Nodes are the times at which something is asked, covariates change or the body is
emptied; between two of them the rate matrix is constant.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dosing.pk.expressions import Array
from dosing.pk.types import MODELLED, Administration, Covariates, History

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Group:
    """Doses, shape (d,), that share compartment, kind and covariates.

    `which` says which doses of the history they are, counted one by one.
    """

    which: Indices
    compartment: int
    modelled: bool
    covariates: Covariates
    times_h: Array
    amounts: Array
    rates: Array
    ends_h: Array


@dataclass(frozen=True)
class Series:
    """Doses of a group as r runs of equal ones, each up to its node.

    `wait_h` is from the last dose of a run to the node; `kinds` are the c different
    (stretch, hours between doses, count), and `kind` says which a run is.
    """

    node: Indices
    stretch: Indices
    wait_h: Array
    amount: Array
    kind: Indices
    kinds: tuple[tuple[int, float, int], ...]


@dataclass(frozen=True)
class Schedule:
    """Nodes, shape (k,), the covariates before each, and the doses.

    `stretch[n]` says which of `covariates` holds up to node n; `emptied` which nodes
    empty the body; `asked` at which node each question is answered. `span[n]` says
    which of `spans_h`, within `span_stretch`, lies before node n.
    """

    nodes_h: Array
    covariates: tuple[Covariates, ...]
    stretch: Indices
    emptied: NDArray[np.bool_]
    asked: Indices
    groups: tuple[Group, ...]
    span: Indices
    spans_h: Array
    span_stretch: Indices
    laid: dict[int, tuple[float, Series]] = field(default_factory=dict, repr=False)

    def series(self, number: int, lag_h: float, times_h: Array) -> Series:
        """Return the doses of a group as runs; those of the last lag are kept."""
        if number in self.laid and self.laid[number][0] == lag_h:
            return self.laid[number][1]
        found = series(self, self.groups[number], times_h)
        self.laid[number] = lag_h, found
        return found


SAME_PACE_H = 1e-9
"""Intervals that differ by less are one; it is far below the digits of a clock."""

DIGITS = 8
"""Spans that differ by less than so many last digits of the latest node are one."""

SAME_SPAN_H = 1e-10
"""But never by more than this."""


def series(plan: Schedule, group: Group, times_h: Array) -> Series:
    """Cut the doses of a group, arriving at `times_h`, into runs of equal ones."""
    node = np.searchsorted(plan.nodes_h, times_h, side="right")
    kept = (node < len(plan.nodes_h)) & (times_h < group.ends_h)
    node, times, amounts = node[kept], times_h[kept], group.amounts[kept]
    firsts, lasts = runs(node, times, amounts)
    stretch = plan.stretch[node[firsts]]
    counts = lasts - firsts + 1
    second = np.minimum(firsts + 1, len(times) - 1)
    every = np.where(counts > 1, times[second] - times[firsts], 0.0)
    told = list(zip(stretch.tolist(), every.tolist(), counts.tolist(), strict=True))
    kinds = tuple(dict.fromkeys(told))
    places = {kind: place for place, kind in enumerate(kinds)}
    return Series(
        node=node[firsts],
        stretch=stretch,
        wait_h=plan.nodes_h[node[firsts]] - times[lasts],
        amount=amounts[firsts],
        kind=np.array([places[kind] for kind in told], dtype=np.intp),
        kinds=kinds,
    )


def runs(node: Indices, times: Array, amounts: Array) -> tuple[Indices, Indices]:
    """Return the first and the last of each run of three or more equal doses.

    A dose beside which no two gaps are equal is a run of its own.

    Examples
    --------
    >>> hours = np.array([0.0, 24.0, 48.0, 60.0])  # three a day apart, then a stray
    >>> firsts, lasts = runs(np.zeros(4, dtype=np.intp), hours, np.full(4, 2.0))
    >>> firsts.tolist(), lasts.tolist()
    ([0, 3], [2, 3])
    """
    if not len(node):
        return node, node
    gaps = np.round(np.diff(times) / SAME_PACE_H)
    alike = (np.diff(node) == 0) & (np.diff(amounts) == 0)
    again = alike[1:] & alike[:-1] & (np.diff(gaps) == 0)
    steady = alike & (np.append(again, False) | np.append(False, again))
    turns = np.append(False, steady[1:] & steady[:-1] & ~again)
    joined = steady & ~turns
    begins = np.flatnonzero(np.append(True, ~joined))
    return begins, np.append(begins, len(node))[1:] - 1


def distinct(nodes: Array, stretch: Indices) -> tuple[Indices, Array, Indices]:
    """Return which span lies before each node, the spans, and their stretches."""
    spans = np.diff(nodes, prepend=nodes[0])
    coarse = min(np.spacing(np.abs(nodes).max()) * DIGITS, SAME_SPAN_H)
    with np.errstate(over="ignore"):
        steps = np.round(spans / coarse)
    _pairs, firsts, which = np.unique(
        np.stack([stretch, steps]), axis=1, return_index=True, return_inverse=True
    )
    return which.reshape(-1), spans[firsts], stretch[firsts]


def schedule(
    history: History,
    times_h: Sequence[float] | Array,
    doses: Sequence[Administration] | None = None,
) -> Schedule:
    """Lay out a history for concentrations asked at `times_h`, in any order.

    With `doses` only those are given: the body is linear, so parts add up.

    Raises
    ------
    ValueError
        Where a time is not a finite number.
    """
    asked = np.asarray(times_h, dtype=float).reshape(-1)
    if not np.isfinite(asked).all():
        raise ValueError("times must be finite numbers of hours")
    resets = sorted(dose.time_h for dose in history.doses if dose.resets)
    changes = [period.until_h for period in history.periods[:-1]]
    doses = history.doses if doses is None else doses
    given = [dose.time_h for dose in doses]
    start = min([*given, *asked, *changes], default=0.0)
    nodes = np.unique(np.concatenate([[start], asked, changes, resets]))
    ends = np.asarray(changes)
    stretch = np.searchsorted(ends, nodes, side="left")
    span, spans, span_stretch = distinct(nodes, stretch)
    return Schedule(
        nodes_h=nodes,
        covariates=tuple(period.covariates for period in history.periods),
        stretch=stretch,
        span=span,
        spans_h=spans,
        span_stretch=span_stretch,
        emptied=np.isin(nodes, resets),
        asked=np.searchsorted(nodes, asked),
        groups=tuple(groups(history, doses, resets)),
    )


def groups(
    history: History, doses: Sequence[Administration], resets: Sequence[float]
) -> Iterable[Group]:
    """Sort doses by compartment, kind and the covariates under which they arrive."""
    if not doses:
        return
    different: dict[tuple[tuple[str, float], ...], int] = {}
    in_period = numbered((p.covariates for p in history.periods), different)
    kinds: dict[tuple[int, bool, int], int] = {}
    kind, own = [], []
    for dose in doses:
        told = UNTOLD
        if dose.covariates is not None:
            (told,) = numbered([dose.covariates], different)
        own.append(told)
        key = dose.compartment, dose.rate == MODELLED, told
        kind.append(kinds.setdefault(key, len(kinds)))
    which = np.repeat(np.arange(len(own)), [dose.count for dose in doses])
    times = np.array([hour for dose in doses for hour in dose.times_h])
    ends = [period.until_h for period in history.periods[:-1]]
    told_of = np.array(in_period)[np.searchsorted(ends, times)]
    told_of = np.where(np.array(own)[which] == UNTOLD, told_of, np.array(own)[which])
    place = np.array(kind)[which] * len(different) + told_of
    known = [dict(items) for items in different]
    for each in np.unique(place):
        here = np.flatnonzero(place == each)
        here = here[np.argsort(times[here], kind="stable")]
        these = [doses[number] for number in which[here].tolist()]
        later = np.searchsorted(resets, times[here], side="right")
        yield Group(
            which=here,
            compartment=these[0].compartment,
            modelled=these[0].rate == MODELLED,
            covariates=known[int(each) % len(known)],
            times_h=times[here],
            amounts=np.array([dose.amount for dose in these]),
            rates=np.array([dose.rate for dose in these]),
            ends_h=np.append(resets, np.inf)[later],
        )


UNTOLD = -1


def numbered(
    covariates: Iterable[Covariates],
    different: dict[tuple[tuple[str, float], ...], int],
) -> list[int]:
    """Return one number for equal covariates, adding new ones to `different`."""
    return [
        different.setdefault(tuple(sorted(each.items())), len(different))
        for each in covariates
    ]
