"""What a person's levels say: the maximum a posteriori, found from several starts."""

from collections.abc import Iterable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from dosing.pk.expressions import Array
from dosing.pk.likelihood import Problem
from dosing.pk.model import arrivals, individual
from dosing.pk.types import Estimate, FitDidNotConverge, History, Model, in_words

MOST_STEPS = 60
SETTLED = 1e-7
"""A Newton decrement below which a search has arrived; `polish` goes on from there."""

FINE = 1e-14
FARTHEST_SD = 8.0
"""No start or step goes further out than this many prior standard deviations."""

JUST_BESIDE = 1e-9
SHARPEST_TURN = 1e-3


def fit(model: Model, history: History) -> Estimate:
    """Find the maximum a posteriori of the etas.

    Damped Gauss-Newton from zero and from points around it, all at once; the best is
    finished by Newton steps with the exact Hessian. Where lags or durations are
    estimated, the places at which an event meets an observation are searched as well,
    because the objective has kinks there.

    Parameters
    ----------
    model : Model
    history : History
        Without observations the prior is returned.

    Returns
    -------
    Estimate

    Raises
    ------
    FitDidNotConverge
        With the reason in words.
    ValueError
        For a history that the model cannot read.

    References
    ----------
    Kang D et al., J Pharmacokinet Pharmacodyn 2012;39:5 for the maximum a posteriori;
    Beal SL, J Pharmacokinet Pharmacodyn 2001;28:481 for levels below quantification.

    Examples
    --------
    >>> from dosing.pk.examples import ONE_LEVEL, TWO_COMPARTMENTS
    >>> found = fit(TWO_COMPARTMENTS, ONE_LEVEL)
    >>> round(found.parameters["CL"], 2), round(float(found.predictions[0]), 2)
    (13.41, 3.7)
    """
    problem = Problem(model, history)
    with in_words():
        return estimated(problem, *maximum(problem))


UNEXPLAINED = (
    "no person of this population explains these levels; check their values and units"
)


def maximum(problem: Problem) -> tuple[Array, float]:
    """Return the best etas (p,) and the objective there."""
    ends, reached = search(problem, starts(problem))
    if not np.isfinite(reached).any():
        raise FitDidNotConverge(UNEXPLAINED)
    leading = [
        place for place in np.argsort(reached)[:2] if np.isfinite(reached[place])
    ]
    polished = [polish(problem, ends[place]) for place in leading]
    best = min(polished, key=lambda found: found[1])
    return over_kinks(problem, best)


def beside(model: Model, one: Array, other: Array) -> NDArray[np.bool_]:
    """Ask whether points (..., p) are in the same valley; kinks make narrow ones."""
    apart = np.abs(one - other) / np.sqrt(np.diag(model.omega))
    near = SAME_PLACE_SD if timing_etas(model) else SAME_VALLEY_SD
    return np.asarray((apart < near).all(-1))


SAME_VALLEY_SD = 0.05
SAME_PLACE_SD = 1e-6


def starts(problem: Problem) -> Array:
    """Return where to walk from, shape (s, p): zero and the hollows of a coarse map.

    Up to two etas are mapped, every deviation. Of more the lowest of the points one
    deviation out along each are taken, and all where kinks may hide a valley.
    """
    size = len(problem.model.etas)
    spread = np.sqrt(np.diag(problem.model.omega))
    if size == 0:
        return np.zeros((1, 0))
    if size > MAPPED_ETAS:
        out = np.concatenate([np.eye(size), -np.eye(size)]) * spread
        if not timing_etas(problem.model):
            out = out[np.argsort(problem.objective(out))[:LOWEST]]
        return np.concatenate([np.zeros((1, size)), out])
    line = np.arange(-MAP_REACHES_SD, MAP_REACHES_SD + MAP_STEP_SD / 2, MAP_STEP_SD)
    points = np.stack(np.meshgrid(*[line] * size, indexing="ij"), -1)
    heights = problem.objective(points.reshape(-1, size) * spread)
    heights = heights.reshape([len(line)] * size)
    rimmed = np.pad(heights, 1, constant_values=np.inf)
    near = sliding_window_view(rimmed, [3] * size)
    lowest = near.min(tuple(range(size, 2 * size)))
    hollow = np.isfinite(heights) & (heights <= lowest)
    return np.concatenate([np.zeros((1, size)), points[hollow] * spread])


MAPPED_ETAS = 2
LOWEST = 4
MAP_REACHES_SD, MAP_STEP_SD = 3.0, 1.0


def search(
    problem: Problem, begin: Array, free: NDArray[np.bool_] | None = None
) -> tuple[Array, Array]:
    """Walk downhill from every start at once; returns ends (s, p), objectives (s,).

    Of searches that meet, the best goes on; the objective of the others is infinite.
    `free` says which etas may move.
    """
    size = begin.shape[1]
    free = np.ones(size, dtype=bool) if free is None else free
    here, damping = begin.copy(), np.full(len(begin), 1e-3)
    now = problem.slopes(here)
    walking = np.isfinite(now.objective) & (free.any() if size else False)
    reached = now.objective.copy()
    gradient, curvature = now.gradient, now.curvature
    for _step in range(MOST_STEPS):
        who = np.flatnonzero(walking)
        if not len(who):
            break
        step, drop = steps(gradient[who], curvature[who], damping[who], free)
        tried = bounded(problem.model, here[who] + step)
        there = problem.slopes(tried)
        better = there.objective < reached[who]
        arrived = drop < SETTLED
        moved = who[better]
        here[moved], reached[moved] = tried[better], there.objective[better]
        gradient[moved] = there.gradient[better]
        curvature[moved] = there.curvature[better]
        damping[who] = np.where(better, damping[who] / 5, damping[who] * 6)
        walking[who] = ~arrived & (damping[who] < 1e12)  # noqa: PLR2004 - stuck
        given_up = walking & twins(problem.model, here, reached)
        walking &= ~given_up
        reached[given_up] = np.inf
    return here, reached


def twins(model: Model, ends: Array, reached: Array) -> NDArray[np.bool_]:
    """Say which of s searches are beside a better one, shape (s,)."""
    place = np.arange(len(ends))
    worse = reached[:, None] > reached
    worse |= (reached[:, None] == reached) & (place[:, None] > place)
    return np.asarray((worse & beside(model, ends[:, None], ends)).any(1))


def steps(
    gradient: Array, curvature: Array, damping: Array, free: NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Return damped steps (s, p) and the decrease they promise (s,)."""
    fixed = ~free
    pull = np.where(free, gradient / 2, 0.0)
    bend = curvature.copy()
    if not np.isfinite(bend).all():
        bend = np.nan_to_num(bend, posinf=1e100, neginf=-1e100)
    bend[:, fixed, :] = 0
    bend[:, :, fixed] = 0
    diagonal = np.einsum("sii->si", bend)
    diagonal += damping[:, None] * np.where(free, diagonal, 0.0) + fixed
    step = -np.linalg.solve(bend, np.nan_to_num(pull)[..., None])[..., 0]
    return step, np.abs(np.einsum("sp,sp->s", step, pull))


def bounded(model: Model, sets: Array) -> Array:
    reach = FARTHEST_SD * np.sqrt(np.diag(model.omega))
    return np.clip(sets, -reach, reach)


def polish(problem: Problem, eta: Array) -> tuple[Array, float]:
    """Finish with Newton steps on the exact Hessian, halved until they help."""
    best = float(problem.objective(eta[None])[0])
    for _step in range(MOST_STEPS if len(eta) else 0):
        slopes, bend = problem.bends(eta)
        slope = slopes.gradient[0]
        if not np.isfinite(bend).all():
            break
        turns, axes = np.linalg.eigh(bend)
        upright = np.maximum(np.abs(turns), 1e-8 * np.abs(turns).max())
        step = axes @ ((axes.T @ slope) / upright)
        tried = bounded(problem.model, eta - HALVES[:, None] * step)
        found = problem.objective(tried)
        place = int(np.argmin(found))
        helps = found[place] < best
        if helps or abs(slope @ step) < NEARLY:
            eta, best = tried[0 if not helps else place], min(best, float(found[place]))
        if not helps or abs(slope @ step) < FINE:
            break
    return eta, best


HALVES = 0.5 ** np.arange(12)
NEARLY = 1e-10
"""Below this decrement the objective is too coarse to judge a Newton step."""


def over_kinks(problem: Problem, best: tuple[Array, float]) -> tuple[Array, float]:
    """Search beside every place where an estimated event time meets an observation."""
    model = problem.model
    for eta, value in kinks(problem, best[0]):
        free = np.ones(len(model.etas), dtype=bool)
        free[eta] = False
        for side in (-JUST_BESIDE, 0.0, JUST_BESIDE):
            begin = np.array([best[0], np.zeros(len(model.etas))])
            begin[:, eta] = value + side
            ends, reached = search(problem, begin, free)
            place = int(np.argmin(reached))
            if reached[place] < best[1] - 1e-10:
                best = ends[place], float(reached[place])
    for eta in timing_etas(model):
        begin = np.repeat(best[0][None], 9, axis=0)
        spread = float(np.sqrt(model.omega[eta, eta]))
        begin[:, eta] = np.linspace(-3, 3, 9) * spread
        ends, reached = search(problem, begin)
        place = int(np.argmin(reached))
        if reached[place] < best[1] - 1e-9:
            best = over_kinks(problem, polish(problem, ends[place]))
    return best


def timing_etas(model: Model) -> list[int]:
    """Return the etas that move the time of an event."""
    needed = {
        name
        for table in (model.lag_h, model.duration_h)
        for expression in table.values()
        for name in expression.names
    }
    for name, expression in reversed(model.parameters):
        if name in needed:
            needed |= expression.names
    return [i for i, name in enumerate(model.etas) if f"eta_{name}" in needed]


def kinks(problem: Problem, eta: Array) -> Iterable[tuple[int, float]]:
    """Yield (eta, value) at which an event falls on an observation, within 3 SD."""
    model = problem.model
    seen = np.unique([o.time_h for o in problem.history.observations])
    for which in timing_etas(model):
        spread = float(np.sqrt(model.omega[which, which]))
        grid = np.linspace(-3 * spread, 3 * spread, 61)
        sets = np.repeat(eta[None], len(grid), axis=0)
        sets[:, which] = grid
        late = np.concatenate(
            [m.reshape(len(grid), -1) for m in event_times(problem, sets)], 1
        )
        gaps = (late[:, :, None] - seen).reshape(len(grid), -1)
        before, after = gaps[:-1], gaps[1:]
        for row, column in zip(*np.nonzero(before * after < 0), strict=True):
            yield which, meeting(problem, eta, which, grid[row : row + 2], int(column))


def event_times(problem: Problem, sets: Array) -> Iterable[Array]:
    """Yield the times (s, d) at which inputs begin, and end where they last."""
    for group in problem.groups:
        each = arrivals(problem.model, group, sets)
        begins = np.broadcast_to(each.times_h, each.amounts.shape)
        yield begins
        if each.length_h is not None:
            yield begins + each.length_h


def meeting(
    problem: Problem, eta: Array, which: int, between: Array, column: int
) -> float:
    """Halve an interval until an event falls on an observation."""
    seen = np.unique([o.time_h for o in problem.history.observations])
    low, high = float(between[0]), float(between[1])

    def gap(value: float) -> float:
        there = eta.copy()
        there[which] = value
        late = np.concatenate(
            [m.reshape(1, -1) for m in event_times(problem, there[None])], 1
        )
        return float((late[:, :, None] - seen).reshape(-1)[column])

    begins_below = gap(low) < 0
    for _halving in range(60):
        middle = (low + high) / 2
        if (gap(middle) < 0) == begins_below:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def refuse_strangers(model: Model, eta: Array) -> None:
    """Refuse a maximum that only the bound of the search has stopped."""
    apart = np.abs(eta) / np.sqrt(np.diag(model.omega))
    if (apart >= FARTHEST_SD * (1 - ALMOST)).any():
        raise FitDidNotConverge(
            f"only a person {FARTHEST_SD:g} or more standard deviations from the"
            " typical one explains these levels; check their values and units"
        )


ALMOST = 1e-9


def estimated(problem: Problem, eta: Array, objective: float) -> Estimate:
    """Describe a maximum: covariances, predictions, individual parameters."""
    model = problem.model
    slopes, bend = problem.bends(eta)
    focei = np.linalg.inv(slopes.curvature[0])
    turn = slopes.gradient[0] @ focei @ slopes.gradient[0] if len(eta) else 0.0
    sharp = bool(len(eta)) and (
        not np.isfinite(bend).all() or np.linalg.eigvalsh(bend)[0] <= 0
    )
    on_a_kink = bool(timing_etas(model)) and (sharp or turn > SHARPEST_TURN)
    refuse_strangers(model, eta)
    if not np.isfinite(objective) or (turn > SHARPEST_TURN and not on_a_kink):
        raise FitDidNotConverge(UNEXPLAINED)
    if sharp and not on_a_kink:
        raise FitDidNotConverge("the levels leave no one person the most probable")
    laplace = np.asarray(focei if sharp else np.linalg.inv(bend / 2), dtype=float)
    values = individual(model, eta[None], problem.history.periods[-1].covariates)
    return Estimate(
        model=model,
        history=problem.history,
        eta=eta,
        objective=objective,
        laplace=laplace,
        focei=focei,
        predictions=slopes.predictions[0],
        parameters={
            name: float(np.ravel(values[name])[0]) for name, _rule in model.parameters
        },
        on_a_kink=on_a_kink,
    )
