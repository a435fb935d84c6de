"""What a model predicts: exact concentrations for many parameter sets at once.

The body is carried from node to node as independent exponentials; every dose enters
the stretch in which it arrives, once. No differential equation is stepped.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dosing.pk.expressions import Array, Expression
from dosing.pk.modes import TINY, mean_fade, modes_of
from dosing.pk.schedule import Group, Indices, Schedule, Series, schedule
from dosing.pk.stepwise import stepwise
from dosing.pk.types import Covariates, History, Model

Individual = Mapping[str, Any]


def individual(model: Model, etas: Array, covariates: Covariates) -> Individual:
    """Work out the parameters of individuals.

    Parameters
    ----------
    etas : ndarray, shape (s, p)
    covariates : mapping of str to float

    Returns
    -------
    mapping of str to ndarray, shape (s,), or float

    Raises
    ------
    ValueError
        Where a covariate that the model needs is missing, or no number.

    Examples
    --------
    >>> from dosing.pk.examples import TWO_COMPARTMENTS
    >>> float(individual(TWO_COMPARTMENTS, np.zeros((1, 2)), {})["CL"][0])
    10.0
    """
    values: dict[str, Any] = {n: np.float64(v) for n, v in covariates.items()}
    values.update({f"eta_{n}": etas[:, i] for i, n in enumerate(model.etas)})
    with naming_covariates(model):
        for name, expression in model.parameters:
            values[name] = expression(values)
    return values


@contextmanager
def naming_covariates(model: Model) -> Iterator[None]:
    """Name a covariate that an expression of the model looks for in vain."""
    try:
        yield
    except KeyError as missing:
        raise ValueError(f"{model.name} needs the covariate {missing}") from missing


def check_history(model: Model, history: History) -> None:
    """Refuse a history that a model cannot be run on.

    Raises
    ------
    ValueError
        For doses into compartments that are not there, and as `check_covariates`.
    """
    check_places(model, {dose.compartment for dose in history.doses})
    told = [period.covariates for period in history.periods]
    told += [dose.covariates for dose in history.doses if dose.covariates is not None]
    for number, covariates in enumerate(told):
        if covariates not in told[max(0, number - 1) : number]:
            check_covariates(model, covariates)


def check_places(model: Model, compartments: Iterable[int]) -> None:
    """Refuse compartments that a model has not."""
    for compartment in compartments:
        if not 0 <= compartment < model.compartments:
            raise ValueError(
                f"{model.name} has no compartment {compartment};"
                f" its {model.compartments} count from 0"
            )


def check_covariates(model: Model, covariates: Covariates) -> None:
    """Refuse covariates under which the typical person's body could not be.

    Raises
    ------
    ValueError
        Where one is missing, or a rate, a scale, a bioavailability, a lag or a duration
        is negative or no finite number, or drug would be made from nothing.
    """
    with np.errstate(all="ignore"), naming_covariates(model):
        values = individual(model, np.zeros((1, len(model.etas))), covariates)
        for what, number, least in typical_numbers(model, values):
            if not (isfinite(number) and number >= least):
                raise ValueError(
                    f"{model.name} cannot run on {listed(covariates)}:"
                    f" {what} would be {number:g}"
                )
        matrix = rate_matrices(model, values, 1)[0]
    if grows(matrix):
        raise ValueError(
            f"{model.name} cannot run on {listed(covariates)}:"
            " drug would be made from nothing"
        )


def grows(matrix: Array) -> bool:
    """Say whether a body could hold ever more drug although none is given.

    It cannot where no compartment passes on more than it loses.
    """
    least = SAME * np.abs(matrix).max(initial=0.0)
    if matrix.sum(0).max(initial=0.0) <= least:
        return False
    return bool(np.linalg.eigvals(matrix).real.max() > least)


SAME = 1e-9
"""Rates that differ by less, as a part of the largest, may differ by rounding."""


def typical_numbers(
    model: Model, values: Individual
) -> Iterable[tuple[str, float, float]]:
    """Yield what each number of a body is, its value, and the least it may be."""
    for row, column, expression in model.rates:
        if row == column:
            yield f"the loss of compartment {row}", -one(expression, values), 0.0
        else:
            flow = f"the flow from compartment {column} to {row}"
            yield flow, one(expression, values), 0.0
    for what, table, least in (
        ("scale", model.scale, np.nextafter(0, 1)),
        ("bioavailability", model.bioavailability, 0.0),
        ("lag", model.lag_h, 0.0),
        ("duration", model.duration_h, 0.0),
    ):
        for compartment, expression in table.items():
            named = f"the {what} of compartment {compartment}"
            yield named, one(expression, values), least


def one(expression: Expression, values: Individual) -> float:
    return float(np.asarray(expression(values), dtype=float).item())


def listed(covariates: Covariates) -> str:
    told = ", ".join(f"{name} = {value}" for name, value in covariates.items())
    return told or "no covariates"


def rate_matrices(model: Model, values: Individual, count: int) -> Array:
    """Return K of each individual, shape (s, n, n), per hour."""
    matrices = np.zeros((model.compartments, model.compartments, count))
    for row, column, expression in model.rates:
        matrices[row, column] = expression(values)
    return matrices.transpose(2, 0, 1)


def read(
    table: Mapping[int, Expression],
    compartment: int,
    values: Individual,
    count: int,
    otherwise: float,
) -> Array:
    """Return one of a compartment's own values for each individual, shape (s,)."""
    expression = table.get(compartment)
    found = otherwise if expression is None else expression(values)
    return np.broadcast_to(np.asarray(found, dtype=float), (count,))


@dataclass(frozen=True)
class Arrivals:
    """Where and when the doses of one group arrive, for s individuals.

    times_h is (d,) where all individuals share them, else (s, d); share (s,) is
    bioavailability; length_h (s, d) is None for boluses; taken (s, d) says who was
    given which, None that all were given all.
    """

    group: Group
    times_h: Array
    share: Array
    values: Individual
    model: Model
    taken: Array | None = None

    @cached_property
    def amounts(self) -> Array:
        """What reaches the compartment, shape (s, d)."""
        whole = self.group.amounts * self.share[:, None]
        if self.taken is not None:
            whole = whole * self.taken
        return np.where(self.times_h < self.group.ends_h, whole, 0.0)

    @cached_property
    def length_h(self) -> Array | None:
        if not self.group.modelled and not self.group.rates.any():
            return None
        return lengths(self.model, self.group, self.values, self.amounts)


def arrivals(
    model: Model,
    group: Group,
    etas: Array,
    values: Individual | None = None,
    taken: Array | None = None,
) -> Arrivals:
    """Say when a group of doses arrives; `values` are its individuals, if known.

    `taken` (s, doses of the history) says which of them each individual was given.
    """
    count = len(etas)
    if values is None:
        values = individual(model, etas, group.covariates)
    lag = read(model.lag_h, group.compartment, values, count, 0.0)
    share = read(model.bioavailability, group.compartment, values, count, 1.0)
    same = bool((lag == lag[0]).all()) if count else True
    times = group.times_h + lag[0] if same else group.times_h + lag[:, None]
    own = None if taken is None else taken[:, group.which]
    return Arrivals(group, times, share, values, model, own)


def lengths(model: Model, group: Group, values: Individual, amounts: Array) -> Array:
    """Return how long each infusion runs, in hours; 0 for boluses."""
    if group.modelled:
        long = read(model.duration_h, group.compartment, values, len(amounts), 0.0)
        return np.broadcast_to(long[:, None], amounts.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(group.rates > 0, amounts / group.rates, 0.0)


def sets_of(model: Model, etas: Array) -> Array:
    """Return etas, (s, p) or (p,), as parameter sets of shape (s, p).

    Raises
    ------
    ValueError
        Where they are not p finite numbers for each set.
    """
    sets = np.atleast_2d(np.asarray(etas, dtype=float))
    if sets.shape[1] != len(model.etas) or not np.isfinite(sets).all():
        raise ValueError(f"etas must be {len(model.etas)} finite numbers for each set")
    return sets


def concentrations(
    model: Model,
    history: History,
    times_h: Sequence[float] | Array,
    etas: Array,
    compartment: int | Sequence[int] | Indices | None = None,
    *,
    taken: Array | None = None,
) -> Array:
    """Predict concentrations of individuals.

    Parameters
    ----------
    times_h : array_like, shape (t,)
        Hours on the clock of the history, in any order.
    etas : array_like, shape (s, p) or (p,)
    compartment : int or sequence of int, optional
        Where each is measured; by default the first observed one.
    taken : ndarray, shape (s, k), optional
        Which of `history.doubtful` each individual was given, 1 or 0. By default each
        of them counts by its probability, so that the answer is what is expected.

    Returns
    -------
    ndarray, shape (s, t) or (t,)
        amount / scale, for sirolimus ng/mL. Zero before the first dose; a time at
        which a bolus is given is answered before it.

    Raises
    ------
    ValueError
        For numbers that are not finite, compartments that are not there, a `taken` of
        another shape, or covariates that are missing or make no body.

    Examples
    --------
    >>> from dosing.pk.examples import ONE_LEVEL, TWO_COMPARTMENTS
    >>> mean = np.zeros(2)
    >>> concentrations(TWO_COMPARTMENTS, ONE_LEVEL, [313.0, 336.0], mean).round(2)
    array([11.65,  5.47])
    """
    sets = sets_of(model, etas)
    check_history(model, history)
    if compartment is not None:
        check_places(model, np.unique(compartment).tolist())
    if taken is None:
        found = predicted(model, schedule(history.expected, times_h), sets, compartment)
    else:
        if np.shape(taken) != (len(sets), len(history.doubtful)):
            raise ValueError(
                f"taken must say of {len(history.doubtful)} doses in doubt whether"
                f" each of {len(sets)} sets was given them"
            )
        found = predicted(model, schedule(history.certain, times_h), sets, compartment)
        if history.doubtful:
            plan = schedule(history, times_h, history.doubtful)
            found = found + predicted(model, plan, sets, compartment, taken)
    return found if np.ndim(etas) == 2 else found[0]  # noqa: PLR2004 - a table of sets


def predicted(
    model: Model,
    plan: Schedule,
    sets: Array,
    compartment: int | Sequence[int] | Indices | None = None,
    taken: Array | None = None,
) -> Array:
    """Predict at the times a plan was laid out for; shape (s, t).

    `taken` (s, k) says which of the k doses of the plan each individual was given.
    """
    count = len(sets)
    values = [individual(model, sets, c) for c in plan.covariates]
    matrices = np.concatenate([rate_matrices(model, v, count).T for v in values], 2)
    matrices = matrices.reshape(*matrices.shape[:2], len(values), count).T
    pieces = pieces_of(matrices)
    entering = [
        arrivals(model, group, sets, known(plan, values, group), taken)
        for group in plan.groups
    ]
    where = model.observed if compartment is None else compartment
    wanted = np.broadcast_to(np.asarray(where), plan.asked.shape)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        states = carried(plan, pieces, inputs(plan, pieces, entering))
        found = seen(plan, pieces, states, wanted)
    scale = scales(model, plan, values, wanted, count)
    for number in np.flatnonzero(~pieces.sound).tolist():
        amounts = stepwise(plan, matrices[number], entering, number)
        found[:, number] = amounts[plan.asked, wanted]
    found /= scale
    return found.T


def known(
    plan: Schedule, values: Sequence[Individual], group: Group
) -> Individual | None:
    """Return the individuals under the covariates of a group, if a period has them."""
    for covariates, found in zip(plan.covariates, values, strict=True):
        if covariates == group.covariates:
            return found
    return None


@dataclass(frozen=True)
class Pieces:
    """Modes of s individuals in q stretches of covariates, individuals last.

    rates (q, n, s), right and left (q, n, n, s); `shared` says which modes are as fast
    in everybody; `sound` (s,) whose modes keep their digits.
    """

    rates: Array
    right: Array
    left: Array
    shared: NDArray[np.bool_]
    sound: NDArray[np.bool_]

    def fades(self, stretch: Indices, hours: Array) -> Array:
        """Return exp(rate x hours), shape (len(hours), n, s)."""
        size, count = self.rates.shape[1:]
        found = np.empty((len(hours), size, count))
        for mode in range(size):
            wide = 1 if self.shared[mode] else count
            turned = self.rates[stretch, mode, :wide]
            turned *= hours[:, None]
            found[:, mode] = np.exp(turned, out=turned)
        return found


def pieces_of(matrices: Array) -> Pieces:
    """Split rate matrices, shape (s, q, n, n)."""
    count, stretches, size, _size = matrices.shape
    flat = matrices.transpose(1, 0, 2, 3).reshape(-1, size, size)
    modes = modes_of(flat)
    rates = modes.rates.T.reshape(size, stretches, count).swapaxes(0, 1)
    shape = (size, size, stretches, count)
    right, left = (
        np.ascontiguousarray(
            each.transpose(1, 2, 0).reshape(shape).transpose(2, 0, 1, 3)
        )
        for each in (modes.right, modes.left)
    )
    return Pieces(
        rates=np.ascontiguousarray(rates),
        right=right,
        left=left,
        shared=(rates == rates[..., :1]).all((0, 2)),
        sound=np.asarray(modes.sound.reshape(stretches, count).all(0)),
    )


def seen(plan: Schedule, pieces: Pieces, states: Array, wanted: Indices) -> Array:
    """Read amounts in the compartments asked for off the modes, shape (t, s)."""
    rows, place = np.unique(wanted, return_inverse=True)
    found = np.empty((len(rows), len(plan.nodes_h), states.shape[2]))
    for which, right in enumerate(pieces.right):
        first, last = np.searchsorted(plan.stretch, [which, which + 1])
        for number, row in enumerate(rows):
            here = found[number, first:last]
            np.einsum("kns,ns->ks", states[first:last], right[row], out=here)
    return found[place.reshape(-1), plan.asked]


def scales(
    model: Model,
    plan: Schedule,
    values: Sequence[Individual],
    wanted: Indices,
    count: int,
) -> Array:
    """Return by what to divide amounts, shape (t, s), or (1, s) if all times share."""
    stretch = plan.stretch[plan.asked]
    pairs = sorted(set(zip(stretch.tolist(), wanted.tolist(), strict=True)))
    found = [read(model.scale, row, values[which], count, 1.0) for which, row in pairs]
    if len(pairs) == 1:
        return found[0][None]
    table = np.ones((len(wanted), count))
    for (which, row), each in zip(pairs, found, strict=True):
        table[(stretch == which) & (wanted == row)] = each
    return table


def carried(plan: Schedule, pieces: Pieces, states: Array) -> Array:
    """Carry what entered each mode, shape (k, n, s), on over all nodes, in place."""
    fades = pieces.fades(plan.span_stretch, plan.spans_h)
    held, before = np.zeros(states.shape[1:]), plan.stretch[0]
    moving = np.empty_like(held)
    for node, now in enumerate(plan.stretch.tolist()):
        if now != before:
            body = np.einsum("ijs,js->is", pieces.right[before], held)
            held, before = np.einsum("ijs,js->is", pieces.left[now], body), now
        np.multiply(held, fades[plan.span[node]], out=moving)
        states[node] += moving
        held = states[node]
        if plan.emptied[node]:
            held = np.zeros_like(held)
    return states


def inputs(plan: Schedule, pieces: Pieces, entering: Sequence[Arrivals]) -> Array:
    """Return what has entered each mode in the stretch before each node, (k, n, s)."""
    _stretches, size, count = pieces.rates.shape
    gained = np.zeros((len(plan.nodes_h), size, count))
    for number, each in enumerate(entering):
        if each.length_h is not None:
            gained += infused(plan, pieces, each)
        elif each.times_h.ndim == 1 and each.taken is None:
            lag = float(each.times_h[0] - each.group.times_h[0])
            add_shared(gained, pieces, each, plan.series(number, lag, each.times_h))
        else:
            own = Boluses(each.group.compartment, each.times_h, each.amounts)
            add_own(gained, plan, pieces, own)
    return gained


AT_ONCE = 40_000
"""So many numbers fit into a fast cache."""


def add_shared(gained: Array, pieces: Pieces, each: Arrivals, series: Series) -> None:
    """Add boluses that arrive at the same times in everybody; equal runs in one go."""
    sums = entries(pieces, each, series)
    size, count = gained.shape[1:]
    block = max(1, AT_ONCE // (size * count))
    for first in range(0, len(series.node), block):
        part = slice(first, first + block)
        fresh = pieces.fades(series.stretch[part], series.wait_h[part])
        fresh *= sums[series.kind[part]]
        fresh *= series.amount[part, None, None]
        node = series.node[part]
        starts = np.flatnonzero(np.diff(node, prepend=-1))
        if len(starts) < len(node):
            fresh = np.add.reduceat(fresh, starts, axis=0)
        gained[node[starts]] += fresh


def entries(pieces: Pieces, each: Arrivals, series: Series) -> Array:
    """Return what runs of doses of 1 leave in each mode at their last, (c, n, s)."""
    where = each.group.compartment
    size, count = pieces.rates.shape[1:]
    found = np.empty((len(series.kinds), size, count))
    for number, (stretch, every_h, doses) in enumerate(series.kinds):
        found[number] = repeated(pieces.rates[stretch] * every_h, doses)
        found[number] *= pieces.left[stretch, :, where] * each.share
    return found


def repeated(fade: Array, count: int) -> Array:
    """Sum exp(fade x n) over n < count; `fade` is not above 0."""
    if count == 1:
        return np.ones_like(fade)
    nearly_none = np.abs(fade) < TINY
    safe = np.where(nearly_none, -1.0, fade)
    return np.where(nearly_none, float(count), np.expm1(safe * count) / np.expm1(safe))


@dataclass(frozen=True)
class Boluses:
    """Times and amounts, shape (s, d), of doses into a compartment."""

    compartment: int
    times_h: Array
    amounts: Array


def add_own(gained: Array, plan: Schedule, pieces: Pieces, each: Boluses) -> None:
    """Add boluses that arrive when they do in each individual."""
    nodes, _size, count = gained.shape
    times = each.times_h
    node = np.searchsorted(plan.nodes_h, times, side="right")
    kept = node < nodes
    node = np.where(kept, node, nodes - 1)
    amounts = np.where(kept, each.amounts, 0.0)
    person = np.arange(count)[:, None]
    stretch = plan.stretch[node]
    wait = np.where(kept, plan.nodes_h[node] - times, 0.0)
    flat = (person * nodes + node).ravel()
    for mode in range(gained.shape[1]):
        entry = pieces.left[stretch, mode, each.compartment, person]
        share = amounts * entry * np.exp(pieces.rates[stretch, mode, person] * wait)
        total = np.bincount(flat, share.ravel(), count * nodes)
        gained[:, mode] += total.reshape(count, nodes).T


def infused(plan: Schedule, pieces: Pieces, each: Arrivals) -> Array:
    """Return zero-order inputs: each stretch gets the part that runs in it, (k, n, s).

    Nodes are worked on in blocks, each with the infusions that run in it alone, so that
    neither time nor memory grows with nodes times doses.
    """
    begins = np.broadcast_to(each.times_h, each.amounts.shape)
    length = np.zeros_like(begins) if each.length_h is None else each.length_h
    lasts = length > 0
    speed = np.where(lasts, each.amounts / np.where(lasts, length, 1.0), 0.0)
    ends = np.minimum(begins + length, each.group.ends_h)
    nodes, size, count = len(plan.nodes_h), *pieces.rates.shape[1:]
    whole = np.zeros((nodes, size, count))
    earliest = begins.min(0, initial=np.inf)
    latest = np.where(lasts, ends, -np.inf).max(0, initial=-np.inf)
    block = max(1, MANY // max(1, size * begins.size))
    for first in range(0, nodes, block):
        part = slice(first, first + block)
        previous = plan.nodes_h[max(0, first - 1)]
        busy = (earliest < plan.nodes_h[part][-1]) & (latest > previous)
        if busy.any():
            running = Running(begins[:, busy], ends[:, busy], speed[:, busy])
            whole[part] = let_in(plan, pieces, running, part)
    whole *= pieces.left[plan.stretch, :, each.group.compartment]
    sudden = np.where(lasts, 0.0, each.amounts)
    if sudden.any():
        at_once = Boluses(each.group.compartment, begins, sudden)
        add_own(whole, plan, pieces, at_once)
    return whole


MANY = 1_000_000
"""So many numbers are worked on at once."""


@dataclass(frozen=True)
class Running:
    """When infusions begin and end, and how fast they run, shape (s, d)."""

    begins: Array
    ends: Array
    speed: Array


def let_in(plan: Schedule, pieces: Pieces, running: Running, part: slice) -> Array:
    """Return what runs in before each of some nodes, times nothing else, (b, n, s)."""
    nodes, stretch = plan.nodes_h[part], plan.stretch[part]
    previous = np.concatenate([plan.nodes_h[:1], plan.nodes_h[:-1]])[part]
    a = np.clip(running.begins[:, :, None], previous, nodes)
    b = np.clip(running.ends[:, :, None], previous, nodes)
    pace = pieces.rates.transpose(2, 0, 1)[:, stretch][:, None]
    width = (b - a)[..., None]
    fades = np.exp(pace * (nodes - b)[..., None]) * width * mean_fade(pace * width)
    return np.asarray(np.einsum("sd,sdkn->kns", running.speed, fades))
