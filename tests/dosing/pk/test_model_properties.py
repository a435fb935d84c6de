"""What must hold of every curve, whoever takes whatever."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from dosing.pk.bayes import fit
from dosing.pk.examples import ONE_COMPARTMENT, ONE_LEVEL, TWO_COMPARTMENTS
from dosing.pk.expressions import Array, parse
from dosing.pk.model import arrivals, concentrations, individual, rate_matrices
from dosing.pk.schedule import schedule
from dosing.pk.steady import Regimen, steady_state
from dosing.pk.stepwise import exponential, stepwise
from dosing.pk.types import (
    MODELLED,
    Administration,
    FitDidNotConverge,
    History,
    Model,
    Observation,
    Period,
    Residual,
)
from tests.dosing.pk.cases import REFERENCE

CALM = settings(max_examples=50)

MODELS = st.sampled_from([ONE_COMPARTMENT, TWO_COMPARTMENTS])
HOURS = st.floats(0, 1000)
MEAN = np.zeros(2)
AMOUNTS = st.floats(0.01, 100)
ETAS = st.lists(st.floats(-2, 2), min_size=2, max_size=2).map(np.array)
TIMES = st.lists(HOURS, min_size=1, max_size=8)
BOLUSES = st.builds(Administration, HOURS, AMOUNTS)
INFUSIONS = st.builds(
    Administration, HOURS, AMOUNTS, st.integers(0, 1), st.floats(0.1, 20)
)
COURSES = st.builds(
    Administration,
    HOURS,
    AMOUNTS,
    count=st.integers(1, 40),
    every_h=st.floats(1, 100),
)
DOSES = st.lists(BOLUSES | INFUSIONS | COURSES, min_size=1, max_size=5).map(tuple)

WITH_LOSSES = replace(
    TWO_COMPARTMENTS,
    rates=(*TWO_COMPARTMENTS.rates, (3, 1, parse("CL / V2"))),
    compartments=4,
    scale={},
)
"""The same person; compartment 3 collects what has left."""

OWN_TIMES = replace(
    TWO_COMPARTMENTS,
    etas=("CL", "V2", "LAG", "LONG"),
    omega=np.eye(4) * 0.1,
    lag_h={0: parse("0.25 * exp(eta_LAG)")},
    duration_h={0: parse("3 * exp(eta_LONG)")},
    bioavailability={0: parse("expit(eta_CL)")},
)


def alike(found: Array, expected: Array, relative: float = 1e-9) -> None:
    scale = float(np.abs(expected).max(initial=0.01))
    np.testing.assert_allclose(found, expected, rtol=relative, atol=relative * scale)


@CALM
@given(MODELS, DOSES, TIMES, ETAS, st.floats(0.001, 1000))
def test_curves_are_linear_in_the_dose(
    model: Model,
    doses: tuple[Administration, ...],
    times: list[float],
    eta: Array,
    factor: float,
) -> None:
    larger = tuple(
        replace(dose, amount=dose.amount * factor, rate=dose.rate * factor)
        for dose in doses
    )
    once = concentrations(model, History(doses), times, eta)
    alike(concentrations(model, History(larger), times, eta), once * factor)


@CALM
@given(MODELS, DOSES, DOSES, TIMES, ETAS)
def test_curves_of_two_courses_add_up(
    model: Model,
    first: tuple[Administration, ...],
    second: tuple[Administration, ...],
    times: list[float],
    eta: Array,
) -> None:
    apart = [concentrations(model, History(d), times, eta) for d in (first, second)]
    together = concentrations(model, History(first + second), times, eta)
    alike(together, apart[0] + apart[1])


@CALM
@given(
    st.lists(st.sampled_from([8.0, 12.0, 24.0, 24.3]), min_size=2, max_size=30),
    st.lists(st.sampled_from([1.0, 2.0]), min_size=30, max_size=30),
    TIMES,
    ETAS,
)
@example(
    [24.0, 24.0, 24.0, 12.0, 12.0, 12.0, 24.3, 24.3, 8.0], [2.0] * 30, [400.0], MEAN
)
def test_a_diary_whose_pace_changes_is_the_sum_of_its_doses(
    gaps: list[float], amounts: list[float], times: list[float], eta: Array
) -> None:
    hours = np.cumsum(gaps).tolist()
    doses = [Administration(*dose) for dose in zip(hours, amounts, strict=False)]
    whole = concentrations(TWO_COMPARTMENTS, History(tuple(doses)), times, eta)
    alone = [
        concentrations(TWO_COMPARTMENTS, History((dose,)), times, eta) for dose in doses
    ]
    alike(whole, np.sum(alone, axis=0))


@CALM
@given(MODELS, DOSES, TIMES, ETAS, st.integers(-5000, 5000))
def test_curves_move_with_the_clock(
    model: Model,
    doses: tuple[Administration, ...],
    times: list[float],
    eta: Array,
    hours: int,
) -> None:
    whole = tuple(replace(dose, time_h=float(round(dose.time_h))) for dose in doses)
    later = tuple(replace(dose, time_h=dose.time_h + hours) for dose in whole)
    asked = np.round(times) + 0.5
    before = concentrations(model, History(whole), asked, eta)
    alike(concentrations(model, History(later), asked + hours, eta), before, 1e-8)


@CALM
@given(DOSES, TIMES, ETAS)
def test_nothing_is_made_or_lost(
    doses: tuple[Administration, ...], times: list[float], eta: Array
) -> None:
    asked, history = [20_000.0 + times[0]], History(doses)
    held = [concentrations(WITH_LOSSES, history, asked, eta, n) for n in range(4)]
    taken = sum(dose.amount * dose.count for dose in doses)
    assert sum(amount[0] for amount in held) == pytest.approx(taken, rel=1e-9)
    early = [concentrations(WITH_LOSSES, history, times, eta, n) for n in range(4)]
    assert (np.sum(early, axis=0) <= taken * (1 + 1e-9)).all()


@CALM
@given(DOSES, TIMES, ETAS, st.floats(1, 900), st.floats(0.2, 5))
def test_matrix_exponentials_agree_with_modes(
    doses: tuple[Administration, ...],
    times: list[float],
    eta: Array,
    change_h: float,
    factor: float,
) -> None:
    periods = (Period(change_h, {"CLF": 1.0}), Period(1e6, {"CLF": factor}))
    history = History(doses, periods=periods)
    alike(step_by_step(REFERENCE, history, times, eta), by_modes(history, times, eta))


def by_modes(history: History, times: list[float], eta: Array) -> Array:
    return concentrations(REFERENCE, history, times, eta)


def step_by_step(
    model: Model, history: History, times: list[float], eta: Array
) -> Array:
    sets, plan = eta[None], schedule(history, times)
    values = [individual(model, sets, c) for c in plan.covariates]
    matrices = np.stack([rate_matrices(model, v, 1)[0] for v in values])
    entering = [arrivals(model, group, sets) for group in plan.groups]
    held = stepwise(plan, matrices, entering, 0)[plan.asked, 1]
    found: Array = held * 1000 / (200 * np.exp(eta[1]))
    return found


@CALM
@given(
    st.lists(st.floats(-1, 1), min_size=4, max_size=4).map(np.array),
    TIMES,
    st.sampled_from([0.0, MODELLED]),
)
def test_inputs_of_estimated_timing_agree_with_matrix_exponentials(
    eta: Array, times: list[float], rate: float
) -> None:
    doses = Administration(0.0, 5.0, rate=rate, count=20, every_h=24.0)
    history = History((doses, Administration(200.0, 3.0, rate=rate, resets=True)))
    found = concentrations(OWN_TIMES, history, times, np.array([eta, -eta]))
    alike(found[0], step_by_step(OWN_TIMES, history, times, eta))
    alike(found[1], step_by_step(OWN_TIMES, history, times, -eta))


@pytest.mark.parametrize("many", [1, 40, 300])
def test_infusions_are_the_same_in_blocks_of_any_size(
    many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    doses = (
        Administration(0.0, 5.0, rate=0.7, count=9, every_h=10.0),
        Administration(30.0, 4.0, 1, rate=0.02),
        Administration(50.0, 4.0, rate=MODELLED, resets=True),
        Administration(60.0, 3.0, 1),
    )
    etas, times = np.array([[0.0] * 4, [0.5] * 4]), np.linspace(-5, 300, 40)
    whole = concentrations(OWN_TIMES, History(doses), times, etas)
    monkeypatch.setattr("dosing.pk.model.MANY", many)
    found = concentrations(OWN_TIMES, History(doses), times, etas)
    np.testing.assert_allclose(found, whole, rtol=1e-12)


@pytest.mark.parametrize("apart", [0.0, 1e-12, 1e-9, 1e-7, -1e-7, 1e-5, 1e-3])
def test_rates_that_nearly_meet_keep_nine_digits(apart: float) -> None:
    pace = 0.1 * (1 + apart)
    model = replace(
        ONE_COMPARTMENT,
        rates=(
            (0, 0, parse("-0.1")),
            (1, 0, parse("0.1")),
            (1, 1, parse(repr(-pace))),
        ),
        scale={},
    )
    times = np.array([0.5, 10.0, 24.0, 100.0])
    mean = [np.expm1(x) / x if x else 1.0 for x in (pace - 0.1) * times]
    exact = 2.0 * 0.1 * times * np.exp(-pace * times) * mean
    found = concentrations(model, History((Administration(0.0, 2.0),)), times, MEAN)
    np.testing.assert_allclose(found, exact, rtol=1e-9)


@CALM
@given(st.lists(st.floats(1e-4, 3.0), min_size=5, max_size=5), st.floats(0.01, 300))
def test_matrix_exponentials_are_those_of_scipy(
    rates: list[float], hours: float
) -> None:
    ka, out, there, back, _spare = rates
    matrix = np.array([[-ka, 0, 1e-9], [ka, -out - there, back], [0, there, -back]])
    alike(exponential(matrix * hours), expm(matrix * hours), 1e-10)


def test_absorption_as_fast_as_elimination_follows_its_own_formula() -> None:
    model = replace(
        ONE_COMPARTMENT, parameters=(("CL", parse("75")), ("V", parse("100")))
    )
    times = np.array([0.1, 1.0, 5.0, 30.0])
    found = concentrations(model, History((Administration(0.0, 2.0),)), times, MEAN)
    exact = 1000 * 2 / 100 * 0.75 * times * np.exp(-0.75 * times)
    np.testing.assert_allclose(found, exact, rtol=1e-9)


SAME_OTHERWISE = replace(
    TWO_COMPARTMENTS,
    parameters=(
        ("K", parse("exp(log(10 / 200) + eta_CL - eta_V2)")),
        ("V2", parse("exp(log(200) + eta_V2)")),
    ),
    rates=(
        (0, 0, parse("-1.5")),
        (1, 0, parse("1.5")),
        (1, 1, parse("-K - 20 / V2")),
        (1, 2, parse("20 / 700")),
        (2, 1, parse("20 / V2")),
        (2, 2, parse("-20 / 700")),
    ),
)


def test_the_same_model_written_otherwise_gives_the_same_answer() -> None:
    one, other = fit(TWO_COMPARTMENTS, ONE_LEVEL), fit(SAME_OTHERWISE, ONE_LEVEL)
    np.testing.assert_allclose(one.eta, other.eta, atol=1e-7)
    np.testing.assert_allclose(one.laplace, other.laplace, rtol=1e-6)
    assert one.objective == pytest.approx(other.objective, abs=1e-10)


def test_without_levels_the_estimate_is_the_prior() -> None:
    found = fit(TWO_COMPARTMENTS, History(ONE_LEVEL.doses))
    assert (found.eta == 0).all()
    np.testing.assert_allclose(found.laplace, TWO_COMPARTMENTS.omega, rtol=1e-9)


@CALM
@given(st.lists(HOURS, min_size=1, max_size=6), ETAS)
def test_times_may_come_twice_and_in_any_order(times: list[float], eta: Array) -> None:
    doses = History((Administration(0.0, 2.0, count=30, every_h=24.0),))
    jumbled = [*times[::-1], *times]
    found = concentrations(TWO_COMPARTMENTS, doses, jumbled, eta)
    alone = [concentrations(TWO_COMPARTMENTS, doses, [at], eta)[0] for at in jumbled]
    alike(found, np.array(alone))


@CALM
@given(ETAS)
def test_a_level_at_the_moment_of_a_dose_is_drawn_before_it(eta: Array) -> None:
    model = replace(ONE_COMPARTMENT, rates=((1, 1, parse("-CL / V")),))
    first, second = Administration(0.0, 2.0, 1), Administration(24.0, 2.0, 1)
    alone = concentrations(model, History((first,)), [24.0], eta)
    both = concentrations(model, History((first, second)), [24.0], eta)
    alike(both, alone)


@CALM
@given(st.sampled_from([0.0, 1e-300, 1e300]), st.sampled_from([-1e300, -5.0, 1e300]))
def test_extreme_amounts_and_hours_are_answered(amount: float, hour: float) -> None:
    doses = History((Administration(0.0, amount),))
    found = concentrations(TWO_COMPARTMENTS, doses, [hour, 2.0, 1.0], MEAN)
    one = concentrations(
        TWO_COMPARTMENTS, History((Administration(0.0, 1.0),)), [1.0], MEAN
    )
    assert found[0] == 0
    assert found[2] == pytest.approx(one[0] * amount)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(number: float) -> None:
    doses = History((Administration(0.0, 1.0),))
    with pytest.raises(ValueError, match="finite"):
        concentrations(ONE_COMPARTMENT, doses, [number], MEAN)
    with pytest.raises(ValueError, match="finite"):
        concentrations(ONE_COMPARTMENT, doses, [1.0], np.array([number, 0.0]))
    with pytest.raises(ValueError, match="finite"):
        Administration(number, 1.0)
    with pytest.raises(ValueError, match="finite"):
        Administration(0.0, number)
    with pytest.raises(ValueError, match="finite"):
        Observation(1.0, number)


def test_negative_doses_rates_and_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="dose"):
        Administration(0.0, -1.0)
    with pytest.raises(ValueError, match="rate"):
        Administration(0.0, 1.0, rate=-1.0)
    with pytest.raises(ValueError, match="concentration"):
        Observation(0.0, -1.0)
    with pytest.raises(ValueError, match="interval"):
        Administration(0.0, 1.0, count=2)
    with pytest.raises(ValueError, match="follow"):
        History((), periods=(Period(5.0, {}), Period(5.0, {})))
    with pytest.raises(ValueError, match="variance"):
        Residual()


@pytest.mark.parametrize("place", [-1, 0.5])
def test_a_compartment_is_a_whole_number_from_0(place: int) -> None:
    with pytest.raises(ValueError, match="compartment must be a whole number"):
        Administration(0.0, 1.0, place)
    with pytest.raises(ValueError, match="compartment must be a whole number"):
        Observation(0.0, 1.0, place)


@pytest.mark.parametrize("count", [2.5, 2.0, 0, 10**9])
def test_a_course_has_a_whole_number_of_doses_that_can_be_counted(count: int) -> None:
    with pytest.raises(ValueError, match=r"count|at most"):
        Administration(0.0, 1.0, count=count, every_h=24.0)


@pytest.mark.parametrize("place", [-1, 7])
def test_a_compartment_that_is_not_there_is_refused(place: int) -> None:
    with pytest.raises(ValueError, match=f"no compartment {place}"):
        concentrations(ONE_COMPARTMENT, ONE_LEVEL, [1.0], MEAN, place)
    with pytest.raises(ValueError, match=f"no compartment {place}"):
        replace(ONE_COMPARTMENT, scale={place: parse("1")})


def test_doses_and_levels_outside_the_body_are_refused() -> None:
    dose = History((Administration(0.0, 1.0, 7),))
    with pytest.raises(ValueError, match="no compartment 7"):
        concentrations(ONE_COMPARTMENT, dose, [1.0], MEAN)
    with pytest.raises(ValueError, match="no compartment 7"):
        fit(ONE_COMPARTMENT, dose)
    level = replace(ONE_LEVEL, observations=(Observation(336.0, 1.0, 7),))
    with pytest.raises(ValueError, match="nothing is measured in compartment 7"):
        fit(ONE_COMPARTMENT, level)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (2,)])
def test_what_was_taken_is_said_for_every_set_and_dose(shape: tuple[int, ...]) -> None:
    unsure = History((Administration(0.0, 2.0, probability=0.5),))
    with pytest.raises(ValueError, match="1 doses in doubt"):
        concentrations(
            ONE_COMPARTMENT, unsure, [1.0], np.zeros((2, 2)), taken=np.ones(shape)
        )


def test_a_parameter_cannot_hide_a_random_effect() -> None:
    with pytest.raises(ValueError, match="eta_CL is a random effect"):
        replace(ONE_COMPARTMENT, parameters=(("eta_CL", parse("1")),))


def test_a_period_must_end_at_an_hour() -> None:
    with pytest.raises(ValueError, match="not at nan"):
        Period(np.nan, {})


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (-1.0, "drug would be made from nothing"),
        (-3.0, "the loss of compartment 1 would be -0.05"),
        (np.nan, "CLF = nan: the loss of compartment 1 would be nan"),
        (np.inf, "the loss of compartment 1 would be inf"),
    ],
)
def test_covariates_under_which_no_body_could_be_are_refused(
    factor: float, said: str
) -> None:
    covariates = {"CLF": factor}
    history = replace(ONE_LEVEL, periods=(Period(0.0, covariates),))
    with pytest.raises(ValueError, match=said):
        fit(REFERENCE, history)
    with pytest.raises(ValueError, match=said):
        concentrations(REFERENCE, history, [1.0], MEAN)
    with pytest.raises(ValueError, match=said):
        steady_state(REFERENCE, MEAN, covariates, Regimen(2.0))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rates": ((1, 0, parse("-1")),)}, "the flow from compartment 0 to 1"),
        ({"scale": {1: parse("1 - 1")}}, "the scale of compartment 1 would be 0"),
        ({"scale": {1: parse("1 / 0")}}, "the scale of compartment 1 would be inf"),
        ({"lag_h": {0: parse("-1")}}, "the lag of compartment 0 would be -1"),
        ({"duration_h": {0: parse("-1")}}, "the duration of compartment 0"),
        ({"bioavailability": {0: parse("(-8) ** 0.5")}}, "the bioavailability"),
        ({"scale": {1: parse("WT")}}, "needs the covariate 'WT'"),
        ({"lag_h": {0: parse("WT")}}, "needs the covariate 'WT'"),
        ({"rates": ((0, 0, parse("-WT")),)}, "needs the covariate 'WT'"),
    ],
)
def test_a_body_that_could_not_be_is_refused_in_words(
    changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        fit(replace(ONE_COMPARTMENT, **changed), ONE_LEVEL)


def test_covariates_of_a_dose_are_checked_as_those_of_a_period() -> None:
    dose = Administration(0.0, 2.0, covariates={"CLF": -3.0})
    with pytest.raises(ValueError, match="cannot run on CLF = -3"):
        concentrations(
            REFERENCE, History((dose,), (), (Period(0.0, {"CLF": 1.0}),)), [1.0], MEAN
        )


@pytest.mark.parametrize("level", [0.0, 1e-300, 1e-5, 50.0])
def test_an_extreme_level_is_fitted(level: float) -> None:
    history = replace(ONE_LEVEL, observations=(Observation(336.0, level),))
    found = fit(TWO_COMPARTMENTS, history)
    assert np.isfinite(found.eta).all()
    assert np.isfinite(found.laplace).all()


@pytest.mark.parametrize("level", [1e5, 1e300])
def test_a_level_that_no_body_can_hold_is_refused_in_words(level: float) -> None:
    history = replace(ONE_LEVEL, observations=(Observation(336.0, level),))
    with pytest.raises(FitDidNotConverge, match=r"\w+"):
        fit(TWO_COMPARTMENTS, history)
