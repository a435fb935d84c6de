"""Weighted draws against exact quadrature, and what happens when they fail."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_ndtr

from dosing.pk.bayes import fit
from dosing.pk.examples import ONE_COMPARTMENT, ONE_LEVEL, TWO_COMPARTMENTS
from dosing.pk.expressions import parse
from dosing.pk.likelihood import Problem
from dosing.pk.posterior import quantiles, sample
from dosing.pk.steady import Regimen, steady_state
from dosing.pk.types import (
    FitDidNotConverge,
    History,
    Model,
    Observation,
    Posterior,
    Residual,
)
from tests.dosing.pk.cases import (
    REFERENCE,
    Case,
    history_of,
    open_cases,
    weighted_quantiles,
)

NEVER_DOSED = History(ONE_LEVEL.doses)
SHARP = Residual(proportional=1e-8)


@pytest.fixture(scope="module", params=open_cases(), ids=lambda case: str(case["id"]))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def posterior_of(model: Model, history: History) -> Posterior:
    return sample(fit(model, history))


def test_quantiles_are_those_of_exact_quadrature(case: Case) -> None:
    exact = case["expected"]["exact_posterior"]
    drawn = posterior_of(REFERENCE, history_of(case))
    steady = steady_state(REFERENCE, drawn.etas, {"CLF": 1.0}, Regimen(2.0, 24.0))
    ours = {
        "CL": 10 * np.exp(drawn.etas[:, 0]),
        "V2": 200 * np.exp(drawn.etas[:, 1]),
        "ss_auc24_2mg": steady.auc24,
        "ss_trough_2mg": steady.trough,
    }
    levels = exact["quantile_levels"]
    for name, values in ours.items():
        found = weighted_quantiles(values, drawn.weights, levels)
        width = exact[name][-1] - exact[name][0]
        assert np.abs(found - exact[name]).max() <= 0.015 * width, name


def test_log_evidence_is_that_of_exact_quadrature(case: Case) -> None:
    history = history_of(case)
    kernel = case["expected"]["exact_posterior"]["log_evidence_kernel"]
    _sign, bulk = np.linalg.slogdet(REFERENCE.omega)
    constants = (2 + len(history.observations)) * np.log(2 * np.pi) / 2 + bulk / 2
    found = posterior_of(REFERENCE, history).log_evidence
    assert found == pytest.approx(kernel - constants, abs=0.003)


def test_no_levels_give_the_prior_with_equal_weights_and_evidence_one() -> None:
    drawn = posterior_of(TWO_COMPARTMENTS, NEVER_DOSED)
    assert (drawn.weights == drawn.weights[0]).all()
    assert drawn.log_evidence == 0
    spread = np.sqrt(np.diag(TWO_COMPARTMENTS.omega))
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    for eta, normal in zip(drawn.etas.T, spread, strict=True):
        found = weighted_quantiles(eta / normal, drawn.weights, levels)
        assert found == pytest.approx([-1.645, -0.674, 0, 0.674, 1.645], abs=0.01)


def test_the_same_question_gets_the_same_draws() -> None:
    first, second = (posterior_of(ONE_COMPARTMENT, ONE_LEVEL) for _ in range(2))
    assert (first.etas == second.etas).all()
    assert (first.weights == second.weights).all()


def test_a_sharp_ridge_is_covered_point_by_point() -> None:
    model = replace(TWO_COMPARTMENTS, residual={1: SHARP})
    drawn = posterior_of(model, ONE_LEVEL)
    assert "plane" in drawn.method
    steady = steady_state(model, drawn.etas, {}, Regimen(2.0, 24.0))
    assert np.average(steady.trough, weights=drawn.weights) < 8
    assert np.isfinite(drawn.log_evidence)


def test_a_sharp_ridge_of_three_etas_is_walked_by_chains() -> None:
    model = replace(
        TWO_COMPARTMENTS,
        etas=("CL", "V2", "F"),
        omega=np.eye(3),
        bioavailability={0: parse("exp(eta_F)")},
        residual={1: Residual(proportional=1e-4, additive=1e-6)},
    )
    drawn = posterior_of(model, ONE_LEVEL)
    assert "chains" in drawn.method
    assert 100 < drawn.effective_size <= len(drawn.etas)
    assert np.isfinite(drawn.log_evidence)


def test_grid_chains_and_draws_agree_on_an_easy_posterior(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    easy = posterior_of(TWO_COMPARTMENTS, ONE_LEVEL)
    monkeypatch.setattr("dosing.pk.posterior.ENOUGH", 1.0)
    for etas in (0, 2):
        monkeypatch.setattr("dosing.pk.posterior.GRID_ETAS", etas)
        forced = posterior_of(TWO_COMPARTMENTS, ONE_LEVEL)
        assert forced.method != easy.method
        assert forced.log_evidence == pytest.approx(easy.log_evidence, abs=0.01)
        for column in range(2):
            levels = [0.05, 0.5, 0.95]
            here, there = (
                weighted_quantiles(p.etas[:, column], p.weights, levels)
                for p in (forced, easy)
            )
            assert here == pytest.approx(there, abs=0.08)


def test_a_level_under_the_limit_of_the_assay_pulls_clearance_up() -> None:
    censored = History(ONE_LEVEL.doses, (Observation(336.0, 3.5, below=True),))
    drawn = posterior_of(TWO_COMPARTMENTS, censored)
    assert np.average(drawn.etas[:, 0], weights=drawn.weights) > 0.1
    assert drawn.log_evidence < 0


def test_evidence_does_not_ask_whether_the_error_is_on_a_logarithm() -> None:
    small = 1e-6
    on_log = replace(
        TWO_COMPARTMENTS, residual={1: Residual(additive=small, on_log=True)}
    )
    plain = replace(TWO_COMPARTMENTS, residual={1: Residual(proportional=small)})
    first, second = (posterior_of(m, ONE_LEVEL).log_evidence for m in (on_log, plain))
    assert first == pytest.approx(second, abs=0.02)


def test_a_level_that_nothing_explains_is_refused_in_words() -> None:
    before_any_dose = replace(
        TWO_COMPARTMENTS, residual={1: Residual(proportional=0.04)}
    )
    history = History(ONE_LEVEL.doses, (Observation(-5.0, 3.0),))
    with pytest.raises(FitDidNotConverge, match="check their values and units"):
        posterior_of(before_any_dose, history)


@pytest.mark.parametrize("value", [100.0, 1e5])
def test_a_level_that_only_a_stranger_could_have_says_how_strange(value: float) -> None:
    history = replace(ONE_LEVEL, observations=(Observation(336.0, value),))
    with pytest.raises(FitDidNotConverge, match="8 or more standard deviations"):
        fit(TWO_COMPARTMENTS, history)


def test_linear_algebra_that_breaks_down_ends_a_fit_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_arguments: object) -> None:
        raise np.linalg.LinAlgError("Singular matrix")

    drawn_around = fit(TWO_COMPARTMENTS, ONE_LEVEL)
    monkeypatch.setattr("dosing.pk.bayes.steps", broken)
    monkeypatch.setattr("dosing.pk.posterior.tamed", broken)
    with pytest.raises(FitDidNotConverge, match="broke down: Singular"):
        fit(TWO_COMPARTMENTS, ONE_LEVEL)
    with pytest.raises(FitDidNotConverge, match="broke down: Singular"):
        sample(drawn_around)


def test_the_curvature_of_a_level_below_its_limit_is_that_of_its_logarithm() -> None:
    """Where the variance does not move with the prediction it is exact."""
    model = replace(TWO_COMPARTMENTS, residual={1: Residual(additive=0.49)})
    below = Observation(336.0, 3.0, below=True)
    problem = Problem(model, History(ONE_LEVEL.doses, (below,)))
    f, small = np.linspace(1.0, 6.0, 11)[:, None], 1e-3
    lower, middle, upper = (
        -2 * log_ndtr((3.0 - f - step) / 0.7) for step in (-small, 0.0, small)
    )
    first, second = problem.term_slopes(f)
    assert (second > 0).all()
    assert first == pytest.approx((upper - lower) / (2 * small), rel=1e-4)
    bend = (upper - 2 * middle + lower) / small**2
    assert second == pytest.approx(bend / 2, rel=1e-4, abs=1e-6)


EARLY_AND_BELOW = Observation(-5.0, 1.0, below=True)


@pytest.mark.parametrize("residual", [Residual(proportional=0.04), SHARP])
def test_a_level_below_the_limit_where_nothing_has_arrived_says_nothing(
    residual: Residual,
) -> None:
    model = replace(TWO_COMPARTMENTS, residual={1: residual})
    both = replace(ONE_LEVEL, observations=(EARLY_AND_BELOW, *ONE_LEVEL.observations))
    alone, together = fit(model, ONE_LEVEL), fit(model, both)
    assert together.objective == alone.objective
    np.testing.assert_allclose(together.eta, alone.eta, rtol=1e-9)
    np.testing.assert_allclose(together.laplace, alone.laplace, rtol=1e-6)


def test_a_level_of_0_has_no_logarithm_and_is_refused() -> None:
    model = replace(
        TWO_COMPARTMENTS, residual={1: Residual(additive=0.04, on_log=True)}
    )
    history = replace(ONE_LEVEL, observations=(Observation(336.0, 0.0),))
    with pytest.raises(ValueError, match="a level of 0 has none"):
        fit(model, history)


def test_shrinkage_is_the_part_of_the_prior_variance_that_is_left() -> None:
    found = fit(TWO_COMPARTMENTS, ONE_LEVEL)
    left = np.diag(found.laplace) / np.diag(TWO_COMPARTMENTS.omega)
    assert found.shrinkage == pytest.approx(left, rel=1e-12)
    assert found.shrinkage[0] < 0.5
    assert 0.9 < found.shrinkage[1] < 1


def test_too_few_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="50"):
        sample(fit(TWO_COMPARTMENTS, ONE_LEVEL), 10)


@pytest.mark.parametrize("largest", [1.0, 1e300, 1e-300, 0.0, np.inf])
def test_quantiles_come_in_order_whatever_the_size_or_sign(largest: float) -> None:
    rng = np.random.default_rng(5)
    values = np.append(rng.normal(size=500), 1.0) * min(largest, 1e300)
    values[-1] = largest
    weights = rng.dirichlet(np.ones(501))
    levels = [0.05, 0.25, 0.5, 0.75]
    order = np.argsort(values)
    own = weights[order]
    expected = np.interp(levels, np.cumsum(own) - own / 2, values[order])
    assert quantiles(values, weights, levels) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("spread", [-200, -60, -12, -9])
def test_quantiles_come_in_order_however_far_values_are_apart(spread: int) -> None:
    rng = np.random.default_rng(5)
    values = 10.0 ** rng.uniform(spread, 0, 500)
    if spread == -9:
        values = 1 + values[::-1] * 1e-9
    weights = rng.dirichlet(np.ones(500))
    levels = [0.5, 0.001, 0.002, 0.01, 0.501, 0.05, 0.25]
    found = quantiles(values, weights, levels)
    assert (np.diff(found[np.argsort(levels)]) >= 0).all()
    order = np.argsort(values)
    own = weights[order]
    exact = np.interp(levels, np.cumsum(own) - own / 2, values[order])
    assert found == pytest.approx(exact, rel=1e-8, abs=0)


def test_a_thousand_draws_of_four_etas_do_not_line_up() -> None:
    """Points of an additive recurrence do, and bands of Wu 2012 held 86 %, not 90."""
    four = ("CL", "V2", "A", "B")
    model = replace(TWO_COMPARTMENTS, etas=four, omega=np.eye(4) * 0.1)
    prior = sample(fit(model, History(ONE_LEVEL.doses)), 1000)
    together = np.corrcoef(prior.etas.T) - np.eye(4)
    assert np.abs(together).max() < 0.06
