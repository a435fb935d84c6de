"""Cases answered: curves, estimates, steady states and quantiles, as plain numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from dosing.pk.bayes import fit
from dosing.pk.cases import AskedRegimen, Case
from dosing.pk.expressions import Array
from dosing.pk.likelihood import differences, stencil
from dosing.pk.model import concentrations, individual
from dosing.pk.posterior import LEVELS, quantiles, sample
from dosing.pk.steady import Regimen, SteadyState, steady_state
from dosing.pk.types import MODELLED, Estimate, Posterior


@dataclass(frozen=True)
class Solution:
    """One case with its estimate and the seconds by the wall that `fit` took."""

    case: Case
    estimate: Estimate
    seconds: float


def solve(case: Case) -> Solution:
    """Fit one case and time it.

    Parameters
    ----------
    case : Case

    Returns
    -------
    Solution

    Raises
    ------
    FitDidNotConverge
        With the reason in words.

    Examples
    --------
    >>> from dosing.pk.cases import DAY_H, AskedRegimen
    >>> from dosing.pk.examples import ONE_LEVEL, TWO_COMPARTMENTS
    >>> asked = AskedRegimen(2.0, DAY_H, {})
    >>> case = Case("S01", TWO_COMPARTMENTS, ONE_LEVEL, np.array([336.0]), (), asked)
    >>> round(solve(case).estimate.parameters["CL"], 2)
    13.41
    """
    begun = perf_counter()
    estimate = fit(case.model, case.history)
    return Solution(case, estimate, perf_counter() - begun)


def steady_under(case: Case, etas: Array, asked: AskedRegimen) -> SteadyState:
    """Work out the steady state of a regimen for parameter sets of shape (s, p)."""
    regimen = Regimen(asked.amount, asked.interval_h)
    return steady_state(case.model, etas, asked.covariates, regimen)


def can_be_repeated(case: Case) -> bool:
    """Say whether doses enter where and how `steady_state` gives them."""
    entry = case.model.entry
    kind = MODELLED if entry in case.model.duration_h else 0.0
    return case.posterior_of.amount > 0 and all(
        dose.rate == kind and dose.compartment == entry for dose in case.history.doses
    )


def quantities(case: Case, posterior: Posterior) -> dict[str, Array]:
    """Return what is drawn: individual parameters and a steady state, each (s,)."""
    asked = case.posterior_of
    values = individual(case.model, posterior.etas, asked.covariates)
    found = {
        name: np.asarray(values[name])
        for name, _rule in case.model.parameters
        if np.ndim(values[name])
    }
    if can_be_repeated(case):
        steady = steady_under(case, posterior.etas, asked)
        amount = f"{asked.amount:g}{case.amount_unit}"
        found[f"ss_auc24_{amount}"] = steady.auc24
        found[f"ss_trough_{amount}"] = steady.trough
    return found


def quantile_table(case: Case, posterior: Posterior) -> dict[str, list[float]]:
    """Return the quantiles of every quantity at LEVELS."""
    return {
        name: quantiles(values, posterior.weights, LEVELS).tolist()
        for name, values in quantities(case, posterior).items()
    }


def steady_rows(solution: Solution) -> list[dict[str, float]]:
    """Return each regimen's steady state at the estimate with delta-method SDs."""
    case = solution.case
    if not can_be_repeated(case):
        return []
    return [steady_row(solution, asked) for asked in case.regimens]


def steady_row(solution: Solution, asked: AskedRegimen) -> dict[str, float]:
    estimate = solution.estimate
    points = stencil(estimate.eta[None])[0]
    found = steady_under(solution.case, points, asked)
    row = dict(asked.label)
    for name in ("trough", "auc24", "cmax"):
        row[name] = float(getattr(found, name)[0])
    for name in ("trough", "auc24"):
        slope = differences(getattr(found, name)[None])[0]
        row[f"{name}_sd_delta"] = float(np.sqrt(slope @ estimate.laplace @ slope))
    return row


def as_json(solution: Solution) -> Mapping[str, Any]:
    """Describe a solution in plain numbers, under the names of the case files.

    Parameters
    ----------
    solution : Solution

    Returns
    -------
    mapping
        That `json.dumps` takes: `etas` and `parameters` by name, `objective`,
        `individual_predictions` and `population_predictions` at the levels, both
        covariances of the etas, `curve`, `steady_state` for each regimen, and under
        `posterior` the quantiles of parameters and of a steady state.

    Raises
    ------
    FitDidNotConverge
        Where the posterior cannot be drawn.
    """
    case, estimate = solution.case, solution.estimate
    return {
        "id": case.id,
        "fit_seconds": solution.seconds,
        "etas": dict(zip(case.model.etas, estimate.eta.tolist(), strict=True)),
        "parameters": dict(estimate.parameters),
        "objective": estimate.objective,
        "individual_predictions": estimate.predictions.tolist(),
        "population_predictions": predicted_levels(case, np.zeros(len(estimate.eta))),
        "laplace_cov_eta": estimate.laplace.tolist(),
        "focei_cov_eta": estimate.focei.tolist(),
        "shrinkage": estimate.shrinkage.tolist(),
        "on_a_kink": bool(estimate.on_a_kink),
        "curve": both_curves(case, estimate.eta),
        "steady_state": steady_rows(solution),
        "posterior": posterior_row(solution),
    }


def predicted_levels(case: Case, eta: Array) -> list[float]:
    """Predict at the observations of a case."""
    seen = case.history.observations
    if not seen:
        return []
    times = [each.time_h for each in seen]
    where = [each.compartment for each in seen]
    found: list[float] = concentrations(
        case.model, case.history, times, eta, where
    ).tolist()
    return found


def both_curves(case: Case, eta: Array) -> dict[str, list[float]]:
    """Return the curves of the typical person and of this one."""
    both = np.stack([np.zeros(len(eta)), eta])
    typical, own = concentrations(case.model, case.history, case.curve_h, both)
    return {
        "t_h": case.curve_h.tolist(),
        "typical": typical.tolist(),
        "individual": own.tolist(),
    }


def posterior_row(solution: Solution) -> Mapping[str, Any]:
    """Sample the posterior of a solution and describe it."""
    posterior = sample(solution.estimate)
    return {
        "method": posterior.method,
        "draws": len(posterior.etas),
        "effective_size": posterior.effective_size,
        "log_evidence": posterior.log_evidence,
        "quantile_levels": list(LEVELS),
        **quantile_table(solution.case, posterior),
    }
