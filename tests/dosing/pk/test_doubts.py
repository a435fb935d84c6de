"""Doses known only with a probability, against every scenario worked out alone."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from dosing.pk.bayes import event_times, fit, kinks
from dosing.pk.examples import ONE_COMPARTMENT, TWO_COMPARTMENTS
from dosing.pk.expressions import parse
from dosing.pk.fading import hours_until_below
from dosing.pk.forecast import predict
from dosing.pk.likelihood import Problem
from dosing.pk.model import concentrations
from dosing.pk.posterior import LEVELS, curves, given_in, quantiles, sample
from dosing.pk.types import (
    Administration,
    Array,
    FitDidNotConverge,
    History,
    Model,
    Observation,
    Residual,
)
from tests.dosing.pk.cases import weighted_quantiles

DAILY = Administration(0.0, 2.0, count=12, every_h=24.0)
UNKNOWN = Administration(288.0, 2.0, count=2, every_h=24.0, probability=0.7)
LEVEL = Observation(336.0, 3.6)
ETAS = np.array([[0.0, 0.0], [0.3, -0.2], [-0.5, 0.4]])
LOG = replace(TWO_COMPARTMENTS, residual={1: Residual(additive=0.04, on_log=True)})


def unsure(
    *doubtful: Administration, seen: tuple[Observation, ...] = (LEVEL,)
) -> History:
    return History((DAILY, *doubtful), seen)


def each_scenario(history: History) -> list[tuple[float, History]]:
    """Every history that may have been, and how probable it is."""
    doses = history.doubtful
    found = []
    for given in product([True, False], repeat=len(doses)):
        chance = np.prod(
            [
                dose.probability if taken else 1 - dose.probability
                for dose, taken in zip(doses, given, strict=True)
            ]
        )
        kept = tuple(
            replace(dose, probability=1.0)
            for dose, taken in zip(doses, given, strict=True)
            if taken
        )
        certain = history.certain.doses + kept
        found.append((float(chance), replace(history, doses=certain)))
    return found


def likelihood(model: Model, history: History, etas: Array) -> Array:
    problem = Problem(model, history)
    found: Array = np.exp(-(problem.objective(etas) - problem.prior(etas)) / 2)
    return found


@pytest.mark.parametrize("model", [ONE_COMPARTMENT, TWO_COMPARTMENTS, LOG])
@pytest.mark.parametrize(
    "other", [Observation(318.0, 4.0), Observation(318.0, 4.0, below=True)]
)
def test_the_likelihood_is_the_average_over_what_may_have_been_taken(
    model: Model, other: Observation
) -> None:
    history = unsure(UNKNOWN, seen=(other, LEVEL))
    problem = Problem(model, history)
    average = sum(
        chance * likelihood(model, each, ETAS)
        for chance, each in each_scenario(history)
    )
    expected = -2 * np.log(average) + problem.prior(ETAS)
    assert problem.objective(ETAS) == pytest.approx(expected, rel=1e-12)


def test_the_slope_of_the_average_is_the_slope_of_its_values() -> None:
    problem = Problem(TWO_COMPARTMENTS, unsure(UNKNOWN))
    small = 1e-5
    for eta in ETAS:
        slope = problem.slopes(eta[None]).gradient[0]
        sides = [
            problem.objective((eta + step)[None])
            - problem.objective((eta - step)[None])
            for step in np.eye(2) * small
        ]
        assert slope == pytest.approx(np.ravel(sides) / (2 * small), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("model", [TWO_COMPARTMENTS, LOG])
def test_curvature_and_predictions_are_those_of_each_scenario_as_it_is_probable(
    model: Model,
) -> None:
    history = unsure(UNKNOWN, seen=(Observation(318.0, 9.0), LEVEL))
    problem, told = Problem(model, history), each_scenario(history)
    found = problem.slopes(ETAS)
    alone = [Problem(model, each).slopes(ETAS) for _chance, each in told]
    heights = [np.log(chance) for chance, _each in told]
    heights = [h - a.objective / 2 for h, a in zip(heights, alone, strict=True)]
    shares = np.exp(heights - np.max(heights, axis=0))
    shares /= shares.sum(0)
    bends = np.array([each.curvature - problem.precision for each in alone])
    expected = np.einsum("ms,mspq->spq", shares, bends) + problem.precision
    assert found.curvature == pytest.approx(expected, rel=1e-9)
    seen = np.array([each.predictions for each in alone])
    expected = np.einsum("ms,msn->sn", shares, seen)
    assert found.predictions == pytest.approx(expected, rel=1e-9)
    estimate = fit(model, history)
    inverse = np.linalg.inv(problem.slopes(estimate.eta[None]).curvature[0])
    assert estimate.focei == pytest.approx(inverse, rel=1e-9)


def test_a_dose_in_doubt_has_its_kinks_where_a_lag_is_estimated() -> None:
    late = replace(
        TWO_COMPARTMENTS,
        etas=("CL", "LAG"),
        parameters=(
            ("CL", parse("10 * exp(eta_CL)")),
            ("V2", parse("200")),
            ("LAG", parse("0.5 * exp(eta_LAG)")),
        ),
        lag_h={0: parse("LAG")},
    )
    seen = (Observation(312.7, 4.0),)
    doubtful, certain = (
        Problem(late, unsure(replace(UNKNOWN, probability=chance), seen=seen))
        for chance in (0.7, 1.0)
    )
    times, expected = (
        np.sort(np.concatenate([np.ravel(t) for t in event_times(each, ETAS[:1])]))
        for each in (doubtful, certain)
    )
    assert 312.5 in times
    assert times == pytest.approx(expected)
    places = [value for _eta, value in kinks(doubtful, ETAS[0])]
    assert places == pytest.approx([np.log(0.7 / 0.5)])


def test_where_no_scenario_is_possible_each_is_as_probable_as_before() -> None:
    doubts = Problem(TWO_COMPARTMENTS, unsure(UNKNOWN)).scenarios
    terms = np.array([[np.inf] * 4, [1.0, 2.0, 3.0, np.inf]])
    shares = doubts.shares(terms)
    assert shares[0] == pytest.approx([0.49, 0.21, 0.21, 0.09])
    assert shares[1, 3] == 0
    assert shares.sum(1) == pytest.approx([1, 1])
    mixed = doubts.mixed(terms)
    assert np.isinf(mixed[0])
    assert np.isfinite(mixed[1])


def test_two_equal_doses_in_doubt_are_drawn_each_on_its_own() -> None:
    twice = replace(UNKNOWN, count=1, probability=0.5)
    drawn = sample(fit(TWO_COMPARTMENTS, unsure(twice, twice)))
    taken = given_in(drawn)
    assert (taken == drawn.taken).all()
    assert 0.1 < (taken[:, 0] != taken[:, 1]).mean() < 0.9
    both = drawn.taken.all(1)
    curve, certain = (
        curves(replace(drawn, history=unsure(*doses)), [318.0])[both]
        for doses in ((twice, twice), (replace(twice, amount=4.0, probability=1.0),))
    )
    assert curve == pytest.approx(certain, rel=1e-12)


def test_draws_are_weighed_alike_in_blocks_of_any_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = Problem(TWO_COMPARTMENTS, unsure(UNKNOWN))
    objective, chances = problem.objective(ETAS), problem.chances(ETAS)
    monkeypatch.setattr("dosing.pk.likelihood.MANY", 9)
    assert problem.objective(ETAS) == pytest.approx(objective, rel=1e-14)
    assert problem.chances(ETAS) == pytest.approx(chances, rel=1e-14)


def test_levels_say_whether_a_dose_was_taken_as_bayes_says() -> None:
    history = unsure(UNKNOWN)
    drawn = sample(fit(TWO_COMPARTMENTS, history))
    told = [
        (chance * np.exp(sample(fit(TWO_COMPARTMENTS, each)).log_evidence), each)
        for chance, each in each_scenario(history)
    ]
    whole = sum(weight for weight, _each in told)
    last = sum(w for w, each in told if 312.0 in hours_of(each)) / whole
    assert drawn.log_evidence == pytest.approx(np.log(whole), abs=0.003)
    assert drawn.chances_given[1] == pytest.approx(last, abs=0.01)
    assert drawn.chances_given[1] < UNKNOWN.probability


def hours_of(history: History) -> list[float]:
    return [hour for dose in history.doses for hour in dose.times_h]


@pytest.mark.parametrize("hour", [312.0, 336.0, 360.0])
def test_bands_are_those_of_all_scenarios_together(hour: float) -> None:
    history = unsure(UNKNOWN)
    bands = predict(sample(fit(TWO_COMPARTMENTS, history)), [hour])
    values, weights = [], []
    for chance, each in each_scenario(history):
        alone = sample(fit(TWO_COMPARTMENTS, each))
        values.append(concentrations(TWO_COMPARTMENTS, each, [hour], alone.etas)[:, 0])
        weights.append(alone.weights * chance * np.exp(alone.log_evidence))
    together = np.concatenate(weights)
    exact = weighted_quantiles(
        np.concatenate(values), together / together.sum(), list(LEVELS)
    )
    width = exact[-1] - exact[0]
    assert np.abs(bands.values[:, 0] - exact).max() <= 0.02 * width


@pytest.mark.parametrize(("chance", "count"), [(1.0, 14), (0.0, 12)])
def test_a_dose_that_is_certain_is_given_or_absent(chance: float, count: int) -> None:
    history = unsure(replace(UNKNOWN, probability=chance))
    plain = History((replace(DAILY, count=count),), (LEVEL,))
    assert fit(TWO_COMPARTMENTS, history).eta == pytest.approx(
        fit(TWO_COMPARTMENTS, plain).eta, abs=1e-9
    )


def test_what_is_expected_counts_a_dose_by_its_probability() -> None:
    expected = concentrations(TWO_COMPARTMENTS, unsure(UNKNOWN), [350.0], ETAS)
    average = sum(
        chance * concentrations(TWO_COMPARTMENTS, each, [350.0], ETAS)
        for chance, each in each_scenario(unsure(UNKNOWN))
    )
    assert expected == pytest.approx(average, rel=1e-12)


@pytest.mark.parametrize(
    "dose",
    [
        Administration(300.0, 2.0, probability=0.4),
        Administration(300.0, 2.0, rate=0.1, probability=0.4),
        Administration(300.0, 2.0, compartment=1, rate=0.5, probability=0.4),
    ],
)
def test_what_is_taken_is_said_for_each_individual(dose: Administration) -> None:
    emptied = Administration(250.0, 0.0, resets=True)
    history = History((DAILY, emptied, dose, UNKNOWN), ())
    taken = np.array([[1.0, 0, 1], [0, 1, 0], [0, 0, 0]])
    found = concentrations(TWO_COMPARTMENTS, history, [301.0, 350.0], ETAS, taken=taken)
    for row, eta, given in zip(found, ETAS, taken, strict=True):
        doses = [
            replace(each, probability=1.0)
            for each, was in zip(history.doubtful, given, strict=True)
            if was
        ]
        alone = replace(history, doses=(DAILY, emptied, *doses))
        exact = concentrations(TWO_COMPARTMENTS, alone, [301.0, 350.0], eta)
        assert row == pytest.approx(exact, rel=1e-12)


def test_what_empties_the_body_empties_doses_in_doubt_too() -> None:
    emptied = Administration(330.0, 0.0, resets=True)
    history = History((UNKNOWN, emptied), ())
    found = concentrations(
        TWO_COMPARTMENTS, history, [329.0, 331.0], ETAS, taken=np.ones((3, 2))
    )
    assert (found[:, 0] > 0).all()
    assert (found[:, 1] == 0).all()


def test_without_levels_a_dose_is_as_probable_as_it_was() -> None:
    drawn = sample(fit(TWO_COMPARTMENTS, unsure(UNKNOWN, seen=())))
    assert drawn.chances_given == pytest.approx([0.7, 0.7], abs=0.001)


def test_doses_in_doubt_to_come_widen_the_band() -> None:
    drawn = sample(fit(TWO_COMPARTMENTS, unsure()))
    coming = Administration(336.0, 2.0, count=7, every_h=24.0)
    sure, doubtful = (
        replace(drawn, history=unsure(replace(coming, probability=chance)))
        for chance in (1.0, 0.5)
    )
    narrow, wide = (predict(each, [504.0]).values[:, 0] for each in (sure, doubtful))
    assert wide[0] < 0.8 * narrow[0]
    assert wide[-1] <= narrow[-1]
    expected = concentrations(
        TWO_COMPARTMENTS, doubtful.history, [504.0], drawn.etas
    ).mean()
    assert curves(doubtful, [504.0]).mean() == pytest.approx(expected, rel=0.005)


def test_stopping_in_doubt_fades_in_between() -> None:
    unknown, taken, missed = (
        hours_until_below(
            replace(
                sample(fit(TWO_COMPARTMENTS, unsure(seen=()))),
                history=unsure(replace(UNKNOWN, probability=chance)),
            ),
            1.0,
            336.0,
        )[0.5]
        for chance in (0.5, 1.0, 0.0)
    )
    assert missed < unknown < taken


@pytest.mark.parametrize("model", [ONE_COMPARTMENT, TWO_COMPARTMENTS, LOG])
def test_of_many_doses_in_doubt_those_that_matter_most_are_weighed(
    model: Model,
) -> None:
    unknown = replace(UNKNOWN, time_h=96.0, count=10, probability=0.8)
    history = History(
        (replace(DAILY, count=4), unknown),
        (Observation(168.0, 5.0), Observation(240.0, 5.0), LEVEL),
    )
    drawn = sample(fit(model, history), 1000)
    etas = drawn.etas[drawn.weights > NEGLIGIBLE]
    weights = drawn.weights[drawn.weights > NEGLIGIBLE]
    average = sum(
        chance * likelihood(model, each, etas)
        for chance, each in each_scenario(history)
    )
    exact = weights * average / likelihood(model, history, etas)
    ends = [quantiles(etas.T, each / each.sum(), LEVELS) for each in (weights, exact)]
    width = ends[1][-1] - ends[1][0]
    assert np.abs((ends[0] - ends[1]) / width).max() <= 0.015


NEGLIGIBLE = 1e-12
PURE = replace(TWO_COMPARTMENTS, residual={1: Residual(proportional=0.04)})


def test_that_nothing_arrived_is_bound_to_be_below_the_limit() -> None:
    """Given, the typical person is above it; missed, all are below for certain."""
    dose = Administration(0.0, 20.0, probability=0.5)
    below = Observation(24.0, 1.0, below=True)
    drawn = sample(fit(PURE, History((dose,), (below,))))
    assert drawn.chances_given[0] < 0.01
    assert drawn.log_evidence == pytest.approx(np.log(0.5), abs=0.01)


@pytest.mark.parametrize("model", [PURE, TWO_COMPARTMENTS, LOG])
def test_a_level_before_all_doses_does_not_choose_which_are_weighed(
    model: Model,
) -> None:
    unknown = replace(UNKNOWN, time_h=-96.0, count=14, probability=0.8)
    seen = Observation(168.0, 5.0)
    early = Observation(-101.0, 1.0, below=True)
    alone, together = (
        sample(fit(model, History((unknown,), levels)))
        for levels in ((seen,), (early, seen))
    )
    assert alone.weighed.tolist() == [False, *[True] * 10, *[False] * 3]
    assert together.weighed.tolist() == alone.weighed.tolist()
    assert together.chances_given == pytest.approx(alone.chances_given, abs=1e-6)


def test_doses_that_were_not_weighed_are_marked_and_keep_their_chance() -> None:
    unknown = replace(UNKNOWN, time_h=0.0, count=15, probability=0.8)
    drawn = sample(fit(TWO_COMPARTMENTS, unsure(unknown)))
    learnt = np.abs(drawn.chances_given - 0.8)
    assert drawn.weighed.tolist() == [False] * 4 + [True] * 10 + [False]
    assert (learnt[~drawn.weighed] < 0.02).all()
    assert learnt[13] > 0.03
    assert drawn.method.endswith("; 4 of 15 doses in doubt only averaged")
    unasked = sample(fit(TWO_COMPARTMENTS, unsure(unknown, seen=())))
    assert not unasked.weighed.any()
    assert unasked.chances_given == pytest.approx([0.8] * 15, abs=0.001)
    assert "averaged" not in unasked.method + sample(fit(LOG, unsure(UNKNOWN))).method


CONTRADICTING = (
    Observation(168.0, 1.5),
    Observation(240.0, 6.0),
    Observation(336.0, 2.0),
)


@pytest.mark.parametrize("model", [ONE_COMPARTMENT, LOG])
def test_ten_doses_in_doubt_before_levels_that_contradict_each_other_are_nearly_exact(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nine of ten are weighed; with six, quantiles were off by 0.2 of the width."""
    history = History(
        (
            replace(DAILY, count=4),
            replace(UNKNOWN, time_h=96.0, count=10, probability=0.8),
        ),
        CONTRADICTING,
    )
    nine = sample(fit(model, history), 1000)
    monkeypatch.setattr("dosing.pk.doubts.MOST_TERMS", 4096)
    every = sample(fit(model, history), 1000)
    assert (nine.weighed.sum(), every.weighed.sum()) == (9, 10)
    assert "averaged" in nine.method
    assert "averaged" not in every.method
    ends = [quantiles(each.etas.T, each.weights, LEVELS) for each in (nine, every)]
    width = ends[1][-1] - ends[1][0]
    assert np.abs((ends[0] - ends[1]) / width).max() <= 0.04
    assert nine.chances_given == pytest.approx(every.chances_given, abs=0.22)
    assert nine.log_evidence == pytest.approx(every.log_evidence, abs=0.06)


def test_without_doses_in_doubt_there_are_no_chances_that_one_was_given() -> None:
    drawn = sample(fit(TWO_COMPARTMENTS, unsure()), 100)
    assert drawn.taken.shape == (100, 0)
    assert drawn.chances_given.shape == (0,)
    assert replace(drawn, taken=np.zeros((0, 0))).chances_given.shape == (0,)


def test_a_model_in_which_nothing_varies_still_doubts_its_doses() -> None:
    fixed = replace(
        TWO_COMPARTMENTS,
        etas=(),
        omega=np.zeros((0, 0)),
        parameters=(("CL", parse("10")), ("V2", parse("200"))),
    )
    history = unsure(UNKNOWN)
    told = [
        (chance * likelihood(fixed, each, np.zeros((1, 0)))[0], each)
        for chance, each in each_scenario(history)
    ]
    last = sum(w for w, each in told if 312.0 in hours_of(each))
    drawn = sample(fit(fixed, history))
    exact = last / sum(weight for weight, _each in told)
    assert drawn.chances_given[1] == pytest.approx(exact, abs=0.002)
    low, high = predict(drawn, [336.0], [0.05, 0.95]).values[:, 0]
    assert low < 0.8 * high


@pytest.mark.parametrize("model", [TWO_COMPARTMENTS, LOG])
def test_predictions_are_averages_of_concentrations_as_levels_weigh_scenarios(
    model: Model,
) -> None:
    dose = Administration(0.0, 2.0, probability=0.5)
    history = History((dose,), (Observation(24.0, 2.0, below=True),))
    found = fit(model, history)
    given = Problem(model, history).chances(found.eta[None])[0, 0]
    taken = np.ones((1, 1))
    alone = concentrations(model, history, [24.0], found.eta[None], taken=taken)[0]
    assert given < 0.5
    assert found.predictions == pytest.approx(given * alone, rel=1e-9)


def test_scenarios_that_are_all_impossible_are_refused_in_words() -> None:
    before = unsure(UNKNOWN, seen=(Observation(-5.0, 3.0),))
    with pytest.raises(FitDidNotConverge, match="explains these levels"):
        fit(PURE, before)


def test_planned_doses_are_drawn_independently_of_earlier_ones() -> None:
    drawn = sample(fit(TWO_COMPARTMENTS, unsure(UNKNOWN)))
    again = [
        replace(UNKNOWN, time_h=hour, count=1) for hour in (288.0, 312.0, 336.0, 360.0)
    ]
    later = History((*again, again[-1]), ())
    taken = given_in(replace(drawn, history=later))
    together = np.corrcoef(taken.T) - np.eye(5)
    assert np.abs(together[2:]).max() < 0.06
    alone = given_in(replace(drawn, history=History((again[2],), ())))
    assert (alone[:, 0] == taken[:, 2]).all()


@pytest.mark.parametrize("chance", [-0.1, 1.1, float("nan")])
def test_a_probability_outside_0_to_1_is_refused(chance: float) -> None:
    with pytest.raises(ValueError, match="probability"):
        Administration(0.0, 2.0, probability=chance)


def test_what_empties_the_body_cannot_be_in_doubt() -> None:
    with pytest.raises(ValueError, match="certain"):
        Administration(0.0, 0.0, resets=True, probability=0.5)
