"""Several models of one person: how much each is believed, and where they part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp

from dosing.pk.bayes import fit
from dosing.pk.choose import MOST_ABOVE, Candidate, outlook, ranked
from dosing.pk.expressions import Array
from dosing.pk.forecast import (
    Bands,
    Chances,
    averaged,
    bands,
    chances,
    chances_at,
    measured_about,
    mixture_quantiles,
)
from dosing.pk.posterior import DRAWS, LEVELS, checked, curves, quantiles, sample
from dosing.pk.steady import Regimen
from dosing.pk.types import (
    Covariates,
    Estimate,
    FitDidNotConverge,
    History,
    Model,
    Posterior,
)


@dataclass(frozen=True)
class Opinion:
    """What one model says, and how much it is believed.

    Parameters
    ----------
    estimate : Estimate
    posterior : Posterior
    weight : float
        Its probability among the models, after the levels.
    """

    estimate: Estimate
    posterior: Posterior
    weight: float

    @property
    def name(self) -> str:
        return self.posterior.model.name

    @property
    def log_evidence(self) -> float:
        return self.posterior.log_evidence


@dataclass(frozen=True)
class Panel:
    """All models that could be fitted, and in words why others could not.

    Parameters
    ----------
    opinions : tuple of Opinion
        Their weights sum to 1.
    failed : mapping of name to reason
    """

    opinions: tuple[Opinion, ...]
    failed: Mapping[str, str]

    @property
    def weights(self) -> list[float]:
        return [opinion.weight for opinion in self.opinions]

    def under(self, history: History) -> "Panel":
        """Return the same beliefs under other doses, to look ahead."""
        moved = [
            replace(each, posterior=replace(each.posterior, history=history))
            for each in self.opinions
        ]
        return Panel(tuple(moved), self.failed)


@dataclass(frozen=True)
class Advice:
    """Regimens ranked by all models together.

    Parameters
    ----------
    ranked : tuple of Candidate
        Under the mixture of the models.
    by_model : mapping of name to tuple of Candidate
        The same regimens, ranked by each alone.
    disagree : bool
        Whether preferred regimens lie more than one step apart; a step is from one
        daily amount among the candidates to the next.
    statement : str
        Who prefers what, in words, and whether no candidate is allowed.
    """

    ranked: tuple[Candidate, ...]
    by_model: Mapping[str, tuple[Candidate, ...]]
    disagree: bool
    statement: str


def consult(
    models: Sequence[Model],
    history: History,
    prior_weights: Sequence[float] | None = None,
    n: int = DRAWS,
) -> Panel:
    """Fit several models to one person and weigh them by what they foretold.

    Parameters
    ----------
    models : sequence of Model
    history : History
    prior_weights : sequence of float, optional
        How much each is believed before the levels; equal by default.
    n : int
        Draws of each posterior.

    Returns
    -------
    Panel

    Raises
    ------
    FitDidNotConverge
        Where no model could be fitted.
    ValueError
        For no models, two of the same name, or weights that are not one for each and
        above 0.

    References
    ----------
    Hoeting JA et al., Stat Sci 1999;14:382; Uster DW et al., Clin Pharmacol Ther
    2021;109:175 for its use in dosing.

    Examples
    --------
    >>> from dosing.pk.examples import ONE_COMPARTMENT, ONE_LEVEL, TWO_COMPARTMENTS
    >>> panel = consult([ONE_COMPARTMENT, TWO_COMPARTMENTS], ONE_LEVEL)
    >>> [(o.name, round(o.weight, 2)) for o in panel.opinions]
    [('one compartment', 0.09), ('two compartments', 0.91)]
    """
    believed = before_levels(models, prior_weights)
    tell_apart([model.name for model in models])
    fitted: list[tuple[Estimate, Posterior]] = []
    heights, failed = [], {}
    for model, weight in zip(models, believed, strict=True):
        try:
            estimate = fit(model, history)
            posterior = sample(estimate, n)
        except FitDidNotConverge as problem:
            failed[model.name] = str(problem)
            continue
        fitted.append((estimate, posterior))
        heights.append(float(np.log(weight)) + posterior.log_evidence)
    if not fitted:
        raise FitDidNotConverge("; ".join(f"{k}: {v}" for k, v in failed.items()))
    weights = np.exp(np.array(heights) - logsumexp(heights))
    opinions = [
        Opinion(*found, float(weight))
        for found, weight in zip(fitted, weights, strict=True)
    ]
    return Panel(tuple(opinions), failed)


def tell_apart(names: Sequence[str]) -> None:
    """Refuse models that share a name, because answers are kept by it."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"models must differ in name: {', '.join(twice)}")


def before_levels(models: Sequence[Model], weights: Sequence[float] | None) -> Array:
    """Return prior weights, shape (m,), as they were given or equal."""
    believed = np.ones(len(models)) if weights is None else np.asarray(weights, float)
    if not len(models) or believed.shape != (len(models),):
        raise ValueError("averaging needs models, and one weight for each")
    if not (np.isfinite(believed) & (believed > 0)).all():
        raise ValueError("weights of models must be finite and above 0")
    return believed


def predict_together(
    panel: Panel,
    times_h: Sequence[float] | Array,
    levels: Sequence[float] = LEVELS,
    *,
    with_residual: bool = False,
) -> Bands:
    """Say how a concentration may go, under the mixture of models.

    Parameters
    ----------
    panel : Panel
    times_h : array_like, shape (t,)
    levels : sequence of float
    with_residual : bool
        Whether the band is that of a measured level, not of the curve.

    Returns
    -------
    Bands

    Raises
    ------
    ValueError
        For times that are not finite, or levels outside 0 to 1.

    Examples
    --------
    >>> from dosing.pk.examples import ONE_COMPARTMENT, ONE_LEVEL, TWO_COMPARTMENTS
    >>> panel = consult([ONE_COMPARTMENT, TWO_COMPARTMENTS], ONE_LEVEL)
    >>> predict_together(panel, [336.0]).values.shape
    (5, 1)
    """
    wanted = checked(levels)
    held = [o.posterior for o in panel.opinions]
    found = [curves(p, times_h).T for p in held]
    if with_residual:
        parts = map(measured_about, held, found, panel.weights)
        values = mixture_quantiles(list(parts), wanted)
    else:
        weights = [o.weight * o.posterior.weights for o in panel.opinions]
        values = quantiles(
            np.concatenate(found, axis=1), np.concatenate(weights), wanted
        )
    return bands(times_h, levels, values, with_residual=with_residual)


def chances_together(
    panel: Panel, regimen: Regimen, covariates: Covariates, low: float, high: float
) -> Chances:
    """Say where the steady-state trough of a regimen will lie, under all models.

    Parameters
    ----------
    panel : Panel
    regimen : Regimen
    covariates : mapping of str to float
        All that any of the models needs.
    low, high : float
        The range, ng/mL; both ends belong to it.

    Returns
    -------
    Chances

    Raises
    ------
    ValueError
        For a range whose ends are no numbers, negative or out of order.

    Examples
    --------
    >>> from dosing.pk.examples import ONE_COMPARTMENT, ONE_LEVEL, TWO_COMPARTMENTS
    >>> panel = consult([ONE_COMPARTMENT, TWO_COMPARTMENTS], ONE_LEVEL)
    >>> found = chances_together(panel, Regimen(3.0), {}, 5.0, 15.0)
    >>> round(found.curve.below + found.curve.inside + found.curve.above, 12)
    1.0
    """
    each = [
        chances(opinion.posterior, regimen, covariates, low, high)
        for opinion in panel.opinions
    ]
    return averaged(each, panel.weights)


def chances_at_together(
    panel: Panel, time_h: float, low: float, high: float
) -> Chances:
    """Say where the concentration will lie at an hour, under all models.

    Parameters
    ----------
    panel : Panel
        To look ahead, take it `under` a history with the doses to come.
    time_h : float
        On the clock of the history.
    low, high : float
        The range, ng/mL; both ends belong to it.

    Returns
    -------
    Chances

    Raises
    ------
    ValueError
        As `chances_at`.

    Examples
    --------
    >>> from dosing.pk.examples import ONE_COMPARTMENT, ONE_LEVEL, TWO_COMPARTMENTS
    >>> panel = consult([ONE_COMPARTMENT, TWO_COMPARTMENTS], ONE_LEVEL)
    >>> round(chances_at_together(panel, 336.0, 3.0, 5.0).curve.inside, 2)
    0.74
    """
    each = [chances_at(o.posterior, time_h, low, high) for o in panel.opinions]
    return averaged(each, panel.weights)


def advise(
    panel: Panel,
    covariates: Covariates,
    candidates: Sequence[Regimen],
    low: float,
    high: float,
    *,
    most_above: float = MOST_ABOVE,
) -> Advice:
    """Rank regimens under all models together, and say where they part.

    A step is one rung of the ladder that the daily amounts of the candidates make.

    Parameters
    ----------
    panel : Panel
    covariates : mapping of str to float
        All that any of the models needs.
    candidates : sequence of Regimen
    low, high : float
        The target, ng/mL; both ends belong to it.
    most_above : float
        The probability above `high` that the true trough may have under the mixture;
        see `choose`.

    Returns
    -------
    Advice

    Raises
    ------
    ValueError
        As `choose`, or for two models of the same name.

    Examples
    --------
    >>> from dosing.pk.choose import regimens
    >>> from dosing.pk.examples import ONE_COMPARTMENT, ONE_LEVEL, TWO_COMPARTMENTS
    >>> panel = consult([ONE_COMPARTMENT, TWO_COMPARTMENTS], ONE_LEVEL)
    >>> advise(panel, {}, regimens([1.0], 4.0), 5.0, 15.0).disagree
    False
    """
    tell_apart([opinion.name for opinion in panel.opinions])
    views = [
        outlook(o.posterior, covariates, candidates, o.weight) for o in panel.opinions
    ]
    target = (low, high, most_above)
    by_model = {
        view.posterior.model.name: ranked(
            [replace(view, weight=1.0)], candidates, *target
        )
        for view in views
    }
    apart = steps_apart(by_model, candidates)
    together = ranked(views, candidates, *target)
    said = stated(by_model, apart)
    if not together[0].allowed:
        said += (
            f" No candidate is allowed: the trough of each is above {high:g} ng/mL"
            f" with a probability over {most_above:g}."
        )
    return Advice(together, by_model, disagree=apart > 1, statement=said)


def steps_apart(
    by_model: Mapping[str, Sequence[Candidate]], candidates: Sequence[Regimen]
) -> int:
    """Return how many steps lie between the least and the most that is preferred."""
    ladder = sorted({regimen.per_day for regimen in candidates})
    rungs = [ladder.index(found[0].regimen.per_day) for found in by_model.values()]
    return max(rungs) - min(rungs)


def preferred(name: str, best: Candidate) -> str:
    if best.allowed:
        return f"{name} prefers {best.regimen}"
    return f"{name} allows none and finds {best.regimen} the least dangerous"


def stated(by_model: Mapping[str, Sequence[Candidate]], apart: int) -> str:
    """Say in words what each model prefers."""
    said = "; ".join(preferred(name, found[0]) for name, found in by_model.items())
    if len(by_model) == 1:
        return f"Only one model speaks: {said}."
    if apart > 1:
        return f"The models disagree by {apart} steps: {said}."
    return f"The models agree within one step: {said}."
