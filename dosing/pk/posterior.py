"""What remains possible once levels are known: weighted draws of the etas.

Draws come from a mixture around the maximum a posteriori and are weighted by what they
explain. Where too few of them matter the mixture learns from its own draws, and at
last a grid (one or two etas) or many Markov chains (more) take over.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.special import gammaln, logsumexp, ndtri, stdtrit

from dosing.pk.expressions import Array
from dosing.pk.likelihood import LOG_ROOT_2_PI, SMALLEST, Problem
from dosing.pk.model import concentrations
from dosing.pk.schedule import Indices
from dosing.pk.types import (
    Administration,
    Estimate,
    FitDidNotConverge,
    Posterior,
    in_words,
)

DRAWS = 4000
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The ends of a 90 % and of a 50 % band, and the median."""

TAILS = 6.0
"""Degrees of freedom of every t in the mixture: heavier tails than a posterior."""

ENOUGH = 0.2
"""The least effective share of the draws; below it the mixture is adapted."""

ROUNDS = 6
GRID_ETAS = 2
CHAINS, CHAIN_STEPS, STRETCH = 200, 400, 2.0
NEGLIGIBLE = 60.0
"""An objective so far above the least weighs less than 1e-13 of it."""


@dataclass(frozen=True)
class Part:
    """One part of a mixture: a t (normal for infinite `tails`) along each of p axes."""

    share: float
    centre: Array
    covariance: Array
    tails: float = TAILS

    @property
    def root(self) -> Array:
        found: Array = np.asarray(np.linalg.cholesky(self.covariance), dtype=float)
        return found

    def log_density(self, sets: Array) -> Array:
        """Return the log density, shape (s,)."""
        root, tails = self.root, self.tails
        reach = np.linalg.solve(root, (sets - self.centre).T) ** 2
        scale = float(np.log(np.diag(root)).sum()) + len(root) * LOG_ROOT_2_PI
        if np.isinf(tails):
            return np.asarray(-0.5 * reach.sum(0) - scale)
        half = tails / 2
        turn = gammaln(half + 0.5) - gammaln(half) - 0.5 * np.log(half)
        found: Array = (
            len(root) * turn - scale - (half + 0.5) * np.log1p(reach / tails).sum(0)
        )
        return found


def sample(estimate: Estimate, n: int = DRAWS) -> Posterior:
    """Draw from the posterior of the etas.

    Parameters
    ----------
    estimate : Estimate
        What `fit` found; the draws are laid around it.
    n : int
        How many draws.

    Returns
    -------
    Posterior
        The same draws for the same question, always. Without observations it is the
        prior, each draw weighing the same.

    Raises
    ------
    FitDidNotConverge
        Where no draws explain the levels, with the reason.
    ValueError
        For fewer than 50 draws.

    References
    ----------
    Owen A, Zhou Y, J Am Stat Assoc 2000;95:135 for the mixture that keeps a share of
    the prior; Niederreiter H, Random Number Generation and Quasi-Monte Carlo Methods,
    SIAM 1992, chapter 3, and McKay MD et al., Technometrics 1979;21:239 for the draws;
    Goodman J, Weare J, Commun Appl Math Comput Sci 2010;5:65 for the chains.

    Examples
    --------
    >>> from dosing.pk.bayes import fit
    >>> from dosing.pk.examples import ONE_LEVEL, TWO_COMPARTMENTS
    >>> posterior = sample(fit(TWO_COMPARTMENTS, ONE_LEVEL))
    >>> posterior.etas.shape, round(float(posterior.weights.sum()), 12)
    ((4000, 2), 1.0)
    """
    if n < 50:  # noqa: PLR2004 - quantiles of fewer mean nothing
        raise ValueError(f"a posterior needs at least 50 draws, not {n}")
    problem = Problem(estimate.model, estimate.history)
    with in_words():
        return with_doses(problem, of_etas(problem, estimate, n))


def of_etas(problem: Problem, estimate: Estimate, n: int) -> Posterior:
    """Draw etas by the first way that finds enough of them."""
    if not len(estimate.eta) or not len(problem.values):
        return of_prior(problem, n)
    found = adapted(problem, estimate, n)
    if found.effective_size < ENOUGH * n:
        found = by_force(problem, found, n)
    if not np.isfinite(found.log_evidence):
        raise FitDidNotConverge("no draws of the parameters explain these levels")
    return found


def with_doses(problem: Problem, posterior: Posterior) -> Posterior:
    """Say in each draw which doses in doubt were given, as the levels make probable."""
    doubtful = problem.history.doubtful
    count = len(posterior.etas)
    taken = beforehand(doubtful, count)
    if len(problem.weighed):
        reached = problem.chances(posterior.etas).cumsum(1)
        which = (evenly((), count)[:, None] > reached[:, :-1]).sum(1)
        taken[:, problem.weighed] = problem.scenarios.given[which]
    weighed = np.isin(np.arange(len(doubtful)), problem.weighed)
    method = posterior.method
    if problem.averaged:
        part = f"{problem.averaged} of {len(doubtful)}"
        method += f"; {part} doses in doubt only averaged"
    return replace(
        posterior, method=method, doubtful=doubtful, taken=taken, weighed=weighed
    )


def evenly(key: tuple[int, ...], n: int) -> Array:
    """Return n evenly spread chances in an order of their own, shape (n,)."""
    order = np.random.default_rng((STRATIFIED, *key)).permutation(n)
    return (order + 0.5) / n


def beforehand(doses: Sequence[Administration], n: int) -> Array:
    """Say in each of n draws which doses were given, by their probability, (n, k).

    Draws belong to a dose by its hour and place, so that those of two doses are
    independent whichever history asks.
    """
    drawn_at, seen = np.empty((n, len(doses))), Counter[tuple[int, int]]()
    for number, dose in enumerate(doses):
        hour = int(np.float64(dose.time_h).view(np.uint64))
        place = hour, int(dose.compartment)
        seen[place] += 1
        drawn_at[:, number] = evenly((*place, seen[place]), n)
    return np.array(drawn_at < [dose.probability for dose in doses], dtype=float)


def curves(
    posterior: Posterior,
    times_h: Sequence[float] | Array,
    compartment: int | Sequence[int] | None = None,
) -> Array:
    """Return the concentration in each draw, shape (n, t), as `concentrations`."""
    model, history, etas = posterior.model, posterior.history, posterior.etas
    taken = given_in(posterior)
    return concentrations(model, history, times_h, etas, compartment, taken=taken)


def given_in(posterior: Posterior) -> Array:
    """Say in each draw which doses in doubt of its history are given, shape (n, k).

    Those of the levels are given where the levels had them given; those that came
    later, by their probability.
    """
    doses = posterior.history.doubtful
    taken = beforehand(doses, len(posterior.etas))
    unused = list(enumerate(posterior.doubtful))
    for number, dose in enumerate(doses):
        known = next((pair for pair in unused if pair[1] == dose), None)
        if known is not None:
            unused.remove(known)
            taken[:, number] = posterior.taken[:, known[0]]
    return taken


def of_prior(problem: Problem, n: int) -> Posterior:
    """Return the prior itself; without etas all draws are a single point."""
    size = len(problem.model.etas)
    sets = drawn([prior_part(problem, 1.0)], n)
    evidence = float(log_likelihood(problem, sets[:1])[0]) if size == 0 else 0.0
    if not np.isfinite(evidence):
        raise FitDidNotConverge("the model has nothing to vary and cannot be right")
    method = "the prior, drawn evenly" if size else "a single point: nothing varies"
    return normalised(problem, sets, np.zeros(n), method, evidence)


def log_likelihood(problem: Problem, sets: Array) -> Array:
    """Return the log density of what was measured, shape (s,), with all constants."""
    return -0.5 * (problem.objective(sets) - problem.prior(sets)) - constants(problem)


def constants(problem: Problem) -> float:
    """Return what the objective leaves out of -log density of what was measured."""
    exact = ~problem.below
    logs = problem.measured()[exact & problem.on_log]
    return float(exact.sum()) * LOG_ROOT_2_PI + float(logs.sum())


def log_joint(problem: Problem, sets: Array) -> Array:
    """Return log (likelihood x prior density), shape (s,), with all constants."""
    size = len(problem.model.etas)
    _sign, bulk = np.linalg.slogdet(problem.model.omega)
    left_out = constants(problem) + size * LOG_ROOT_2_PI + 0.5 * float(bulk)
    return -0.5 * problem.objective(sets) - left_out


def normalised(
    problem: Problem,
    sets: Array,
    log_weights: Array,
    method: str,
    evidence: float | None = None,
) -> Posterior:
    """Normalise weights; the evidence is their mean unless it is known."""
    top = float(log_weights.max())
    whole = float(logsumexp(log_weights)) if np.isfinite(top) else -np.inf
    if np.isfinite(whole):
        weights = np.exp(log_weights - whole)
    else:
        weights = np.full(len(sets), 1 / len(sets))
    weights /= weights.sum()
    mean = whole - float(np.log(len(sets)))
    return Posterior(
        model=problem.model,
        history=problem.history,
        etas=sets,
        weights=weights,
        effective_size=1 / float((weights**2).sum()),
        log_evidence=mean if evidence is None else evidence,
        method=method,
    )


@lru_cache(maxsize=64)
def even(n: int, size: int) -> Array:
    """Return n points that fill a unit cube evenly, shape (n, size).

    The additive recurrence with powers of the generalised golden ratio.
    """
    golden = 2.0
    for _step in range(60):
        golden = float((1 + golden) ** (1 / (size + 1)))
    steps = golden ** -np.arange(1.0, size + 1)
    found: Array = (0.5 + np.arange(1.0, n + 1)[:, None] * steps) % 1.0
    found.flags.writeable = False
    return found


def stratified(n: int, size: int) -> Array:
    """Return n points, one in each n-th of every axis, paired at random, (n, size).

    Beyond two axes `even` points line up, and bands of a thousand are too narrow.
    """
    rng = np.random.default_rng(STRATIFIED)
    strata = np.array([rng.permutation(n) for _axis in range(size)]).T.reshape(n, size)
    return (strata + rng.random((n, size))) / n


STRATIFIED = 1979


@lru_cache(maxsize=64)
def standard(n: int, size: int, tails: float) -> Array:
    """Return standard normal or t draws, shape (n, size)."""
    cube = even(n, size) if size <= GRID_ETAS else stratified(n, size)
    drawn_at = ndtri(cube) if np.isinf(tails) else stdtrit(tails, cube)
    points = np.array(drawn_at, dtype=float)
    points.flags.writeable = False
    return points


def drawn(parts: Sequence[Part], n: int) -> Array:
    """Draw from a mixture, each part in proportion to its share, shape (n, p)."""
    ends = np.round(np.cumsum([part.share for part in parts]) * n).astype(int)
    counts = np.diff(ends, prepend=0)
    return np.concatenate(
        [
            part.centre
            + standard(int(count), len(part.centre), part.tails) @ part.root.T
            for part, count in zip(parts, counts, strict=True)
        ]
    )


def weighed(problem: Problem, parts: Sequence[Part], n: int, method: str) -> Posterior:
    """Draw from a mixture and weigh by joint density over mixture density."""
    sets = drawn(parts, n)
    each = [np.log(part.share) + part.log_density(sets) for part in parts]
    joint = log_joint(problem, sets)
    return normalised(problem, sets, joint - logsumexp(each, axis=0), method)


def prior_part(problem: Problem, share: float) -> Part:
    omega = problem.model.omega
    return Part(share, np.zeros(len(omega)), omega, np.inf)


def around(problem: Problem, centre: Array, covariance: Array) -> list[Part]:
    """Return a mixture: most near a centre, some from the prior."""
    bounded = tamed(covariance, problem.model.omega)
    return [
        Part(0.9, centre, bounded),
        prior_part(problem, 0.1),
    ]


def tamed(covariance: Array, omega: Array) -> Array:
    """Keep a covariance positive, and within twice the prior's deviations."""
    root = np.linalg.cholesky(omega)
    inner = np.linalg.solve(root, np.linalg.solve(root, covariance).T)
    turns, axes = np.linalg.eigh((inner + inner.T) / 2)
    inside = (axes * np.clip(turns, 1e-12, 4.0)) @ axes.T
    found: Array = root @ inside @ root.T
    return (found + found.T) / 2


def adapted(problem: Problem, estimate: Estimate, n: int) -> Posterior:
    """Weigh draws around the maximum; where too few matter, move the mixture."""
    covariance = estimate.focei if estimate.on_a_kink else estimate.laplace
    parts = around(problem, estimate.eta, covariance)
    best = weighed(problem, parts, n, "importance sampling around the maximum")
    now = best
    for turn in range(1, ROUNDS + 1):
        if best.effective_size >= ENOUGH * n:
            break
        parts = around(problem, *tempered(now, n))
        now = weighed(problem, parts, n, f"importance sampling, adapted {turn} times")
        if now.effective_size > best.effective_size:
            best = now
    return best


def tempered(posterior: Posterior, n: int) -> tuple[Array, Array]:
    """Return mean and covariance under weights flattened until enough draws matter."""
    flat = np.maximum(posterior.weights, 1e-300)
    for _halving in range(30):
        if 1 / (flat**2).sum() >= min(0.1 * n, n / 2):
            break
        flat = np.sqrt(flat)
        flat /= flat.sum()
    return moments(posterior.etas, flat)


def moments(sets: Array, weights: Array) -> tuple[Array, Array]:
    """Return the weighted mean (p,) and covariance (p, p)."""
    mean = weights @ sets
    apart = sets - mean
    return mean, np.einsum("s,si,sj->ij", weights, apart, apart)


def by_force(problem: Problem, found: Posterior, n: int) -> Posterior:
    """Take a grid for one or two etas, Markov chains for more."""
    if len(problem.model.etas) <= GRID_ETAS:
        return thinned(on_grid(problem, found), n)
    return by_chains(problem, found, n)


def thinned(posterior: Posterior, n: int) -> Posterior:
    """Keep at most n draws, each in proportion to its weight."""
    if len(posterior.etas) <= n:
        return posterior
    ends = np.cumsum(posterior.weights)
    kept = np.searchsorted(ends / ends[-1], (np.arange(n) + 0.5) / n)
    return replace(
        posterior,
        etas=posterior.etas[kept],
        weights=np.full(n, 1 / n),
        effective_size=min(posterior.effective_size, float(n)),
    )


def on_grid(problem: Problem, found: Posterior) -> Posterior:
    """Weigh points that fill a box, drawn in until it fits the posterior."""
    spread = np.sqrt(np.diag(problem.model.omega))
    low, high = -8 * spread, 8 * spread
    sets, joint = found.etas, log_joint(problem, found.etas)
    for _zoom in range(ZOOMS):
        cover = low + even(COARSE_POINTS, len(low)) * (high - low)
        sets = np.concatenate([sets, cover])
        joint = np.append(joint, log_joint(problem, cover))
        kept = sets[joint > joint.max() - NEGLIGIBLE / 2]
        edge = 2 * (high - low) / COARSE_POINTS ** (1 / len(low))
        low = np.maximum(low, kept.min(0) - edge)
        high = np.minimum(high, kept.max(0) + edge)
    return covered(problem, low, high)


ZOOMS, COARSE_POINTS, FINE_POINTS = 8, 2500, 40_000


def covered(problem: Problem, low: Array, high: Array) -> Posterior:
    """Weigh points that fill a box evenly; those that weigh nothing are left out."""
    cover = low + even(FINE_POINTS, len(low)) * (high - low)
    joint = log_joint(problem, cover)
    kept = joint > joint.max() - NEGLIGIBLE / 2
    share = float(kept.sum()) / FINE_POINTS
    bulk = float(np.log(np.prod(high - low) * share)) if share else -np.inf
    method = "points that fill the plane of the etas evenly"
    return normalised(problem, cover[kept], joint[kept] + bulk, method)


def by_chains(problem: Problem, found: Posterior, n: int) -> Posterior:
    """Let chains stretch towards and away from each other; keep their later half."""
    rng = np.random.default_rng(2010)
    here = beginnings(problem, found, rng)
    height = log_joint(problem, here)
    walked = np.empty((CHAIN_STEPS, *here.shape))
    for step in range(CHAIN_STEPS):
        here, height = stretched(problem, rng, here, height)
        walked[step] = here
    return from_chains(problem, walked[CHAIN_STEPS // 2 :], n)


def beginnings(problem: Problem, found: Posterior, rng: np.random.Generator) -> Array:
    """Return where chains begin, near draws that weigh something, shape (c, p)."""
    start = found.etas[rng.choice(len(found.etas), CHAINS, p=found.weights)]
    _mean, wide = moments(found.etas, found.weights)
    root = np.linalg.cholesky(tamed(wide, problem.model.omega))
    beside = start + 0.1 * rng.normal(size=start.shape) @ root.T
    possible = np.isfinite(log_joint(problem, beside))
    return np.where(possible[:, None], beside, start)


def stretched(
    problem: Problem, rng: np.random.Generator, here: Array, height: Array
) -> tuple[Array, Array]:
    """Move each half of the chains along lines through the other half."""
    here, height = here.copy(), height.copy()
    count, size = here.shape
    halves = np.arange(count) % 2 == 0
    for moving in (halves, ~halves):
        others = here[~moving][rng.integers(0, int((~moving).sum()), int(moving.sum()))]
        z = ((STRETCH - 1) * rng.random(len(others)) + 1) ** 2 / STRETCH
        tried = others + z[:, None] * (here[moving] - others)
        there = log_joint(problem, tried)
        gain = (size - 1) * np.log(z) + there - height[moving]
        moves = np.log(rng.random(len(z))) < gain
        who = np.flatnonzero(moving)[moves]
        here[who], height[who] = tried[moves], there[moves]
    return here, height


def from_chains(problem: Problem, walked: Array, n: int) -> Posterior:
    """Weigh draws shaped like the chains; keep the chains where that is no better."""
    steps, chains, size = walked.shape
    flat = walked.swapaxes(0, 1).reshape(-1, size)
    shape = moments(flat, np.full(len(flat), 1 / len(flat)))
    method = "importance sampling in the shape of Markov chains"
    shaped = weighed(problem, around(problem, *shape), n, method)
    if shaped.effective_size >= ENOUGH * n:
        return shaped
    kept = flat[np.linspace(0, len(flat) - 1, n).astype(int)]
    method = f"{chains} Markov chains by stretch moves, {2 * steps} steps"
    return replace(
        normalised(problem, kept, np.zeros(n), method, shaped.log_evidence),
        effective_size=min(float(n), independent(walked)),
    )


def independent(walked: Array) -> float:
    """Return how many independent draws chains (t, c, p) are worth."""
    between = walked.mean(0).var(0)
    within = walked.var((0, 1))
    return float(walked.shape[1] * np.min(within / np.maximum(between, SMALLEST)))


def quantiles(values: Array, weights: Array, levels: Sequence[float] | Array) -> Array:
    """Return weighted quantiles along the last axis.

    Parameters
    ----------
    values : ndarray, shape (..., n)
    weights : ndarray, shape (n,)
        They sum to 1.
    levels : sequence of float, length q
        Between 0 and 1.

    Returns
    -------
    ndarray, shape (q, ...)
        Each draw stands at the middle of its own weight; between draws it is linear.

    Raises
    ------
    ValueError
        For a level outside 0 to 1.

    Examples
    --------
    >>> quantiles(np.array([3.0, 1.0, 2.0]), np.array([0.25, 0.5, 0.25]), [0.625])
    array([2.])
    """
    wanted = checked(levels)
    rows = values.reshape(-1, values.shape[-1])
    order = np.argsort(wanted)
    rising = np.array([of_row(row, weights, wanted[order]) for row in rows]).T
    found = np.empty((len(wanted), len(rows)))
    found[order] = np.maximum.accumulate(rising.reshape(found.shape))
    return found.reshape(len(wanted), *values.shape[:-1])


def of_row(row: Array, weights: Array, wanted: Array) -> Array:
    """Return quantiles of one row, reading it only beside each, shape (q,)."""
    order = ascending(row)
    reached = weights[order]
    half = reached / 2
    reached.cumsum(out=reached)
    reached -= half
    after = reached.searchsorted(wanted, side="right")
    beside = np.append(after, after - 1).clip(0, len(row) - 1)
    beside.sort()
    return np.asarray(np.interp(wanted, reached[beside], row[order[beside]]))


def ascending(row: Array) -> Indices:
    """Return the order of a row, equal within 1e-9 of each other in any order.

    The last bits of each value give way to its place, and one integer sorts twice as
    fast as places.

    Examples
    --------
    >>> row = np.array([2.0, -1.0, 0.5])
    >>> ascending(row).tolist()
    [1, 2, 0]
    """
    last = (1 << max(len(row) - 1, 1).bit_length()) - 1
    packed = np.array(row, dtype=float).view(np.int64)
    if packed.min() < 0:
        packed ^= (packed >> 63) & LARGEST
    packed &= ~last
    packed |= places(len(row))
    packed.sort()
    packed &= last
    return packed


LARGEST = 2**63 - 1


@lru_cache(maxsize=8)
def places(n: int) -> Indices:
    found = np.arange(n)
    found.flags.writeable = False
    return found


def checked(levels: Sequence[float] | Array) -> Array:
    """Return levels of quantiles as an array, shape (q,).

    Raises
    ------
    ValueError
        For a level outside 0 to 1.
    """
    wanted = np.asarray(levels, dtype=float).reshape(-1)
    if not ((wanted >= 0) & (wanted <= 1)).all():
        raise ValueError(f"quantiles lie between 0 and 1, not {list(wanted)}")
    return wanted
