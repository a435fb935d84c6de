"""Which regimens can be taken, how they are ranked, and where models part."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dosing.pk.averaging import (
    Panel,
    advise,
    chances_at_together,
    chances_together,
    consult,
    predict_together,
)
from dosing.pk.bayes import fit
from dosing.pk.choose import choose, regimens
from dosing.pk.examples import ONE_COMPARTMENT, ONE_LEVEL, TWO_COMPARTMENTS
from dosing.pk.expressions import parse
from dosing.pk.forecast import chances, chances_at, predict
from dosing.pk.posterior import quantiles, sample
from dosing.pk.steady import Regimen, steady_state
from dosing.pk.types import FitDidNotConverge, Observation, Posterior, Residual

CALM = settings(max_examples=50)

CANDIDATES = regimens([0.5, 1.0], 4.0)


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return sample(fit(TWO_COMPARTMENTS, ONE_LEVEL))


@pytest.fixture(scope="module")
def panel() -> Panel:
    return consult([ONE_COMPARTMENT, TWO_COMPARTMENTS], ONE_LEVEL)


def test_the_best_regimen_is_most_probably_in_the_target(posterior: Posterior) -> None:
    ranked = choose(posterior, {}, CANDIDATES, 5.0, 15.0)
    inside = [each.chances.curve.inside for each in ranked if each.allowed]
    assert inside == sorted(inside, reverse=True)
    assert {each.regimen for each in ranked} == set(CANDIDATES)


def test_what_goes_above_too_probably_comes_last(posterior: Posterior) -> None:
    ranked = choose(posterior, {}, CANDIDATES, 3.0, 5.0, most_above=0.2)
    allowed = [each.allowed for each in ranked]
    assert allowed == sorted(allowed, reverse=True)
    assert 0 < sum(allowed) < len(allowed)
    for each in ranked:
        assert each.allowed == (each.chances.curve.above <= 0.2)


def test_of_equally_good_regimens_the_lower_daily_amount_comes_first(
    posterior: Posterior,
) -> None:
    tiny = [Regimen(3e-6), Regimen(1e-6), Regimen(4e-6, 48.0)]
    ranked = choose(posterior, {}, tiny, 5.0, 15.0)
    assert {each.chances.curve.inside for each in ranked} == {0.0}
    assert [each.regimen for each in ranked] == [tiny[1], tiny[2], tiny[0]]
    huge = [Regimen(3e6), Regimen(1e6), Regimen(4e6, 48.0)]
    ranked = choose(posterior, {}, huge, 5.0, 15.0)
    assert {each.chances.curve.above for each in ranked} == {1.0}
    assert [each.regimen for each in ranked] == [huge[1], huge[2], huge[0]]


def test_of_what_is_not_allowed_the_least_dangerous_comes_first(
    posterior: Posterior,
) -> None:
    """Above 0.1 with the least probability, although 2 mg is in the target least."""
    candidates = [Regimen(4.0), Regimen(2.0), Regimen(3.0)]
    ranked = choose(posterior, {}, candidates, 2.0, 3.0, most_above=0.0)
    above = [each.chances.curve.above for each in ranked]
    assert not any(each.allowed for each in ranked)
    assert above == sorted(above)
    assert len(set(above)) == 3
    ranked = choose(posterior, {}, [*candidates, Regimen(0.1)], 2.0, 3.0)
    assert ranked[0].regimen == Regimen(0.1)


def test_all_numbers_of_a_candidate_are_those_of_its_steady_state(
    posterior: Posterior,
) -> None:
    found = choose(posterior, {}, [Regimen(1.5, 48.0)], 5.0, 15.0)[0]
    kept = steady_state(TWO_COMPARTMENTS, posterior.etas, {}, Regimen(1.5, 48.0))
    for three, values in (
        (found.trough, kept.trough),
        (found.cmax, kept.cmax),
        (found.auc24, kept.auc24),
    ):
        expected = quantiles(values, posterior.weights, [0.05, 0.5, 0.95])
        assert three == pytest.approx(tuple(expected), rel=1e-9)
    alone = chances(posterior, Regimen(1.5, 48.0), {}, 5.0, 15.0)
    assert found.chances.curve.inside == pytest.approx(alone.curve.inside, abs=1e-9)
    assert found.median_trough == found.trough[1]


def test_choosing_from_nothing_or_under_no_probability_is_refused(
    posterior: Posterior,
) -> None:
    with pytest.raises(ValueError, match="candidates"):
        choose(posterior, {}, [], 5.0, 15.0)
    with pytest.raises(ValueError, match="probability"):
        choose(posterior, {}, CANDIDATES, 5.0, 15.0, most_above=1.5)
    with pytest.raises(ValueError, match="range"):
        choose(posterior, {}, CANDIDATES, 15.0, 5.0)


def test_tablets_of_one_milligram_step_by_one() -> None:
    assert [r.amount for r in regimens([1.0], 4.0)] == [1.0, 2.0, 3.0, 4.0]


def test_halves_and_alternate_days_make_finer_steps() -> None:
    halves = regimens([1.0], 2.0, splitting=2)
    assert [r.per_day for r in halves] == [0.5, 1.0, 1.5, 2.0]
    alternate = regimens([1.0], 2.0, alternate_days=True)
    assert [r.per_day for r in alternate] == [0.5, 1.0, 2.0]
    assert [r.interval_h for r in alternate] == [48.0, 24.0, 24.0]


@pytest.mark.parametrize(
    ("interval_h", "most_mg"), [(12.0, 2.0), (18.0, 2.0), (24.0, 4.0), (48.0, 4.0)]
)
def test_no_single_day_holds_more_than_the_ceiling(
    interval_h: float, most_mg: float
) -> None:
    """Every 18 hours two doses can fall into one day, every 48 at most one."""
    found = regimens([1.0], 4.0, interval_h=interval_h)
    assert max(r.amount for r in found) == most_mg


def test_what_is_taken_now_is_left_out_if_one_of_its_days_is_above_the_ceiling() -> (
    None
):
    heavy = Regimen(7.0, 48.0)
    assert heavy.per_day < 4.0 < heavy.most_in_a_day
    assert heavy not in regimens([1.0], 4.0, current=heavy)
    assert heavy in regimens([1.0], 7.0, current=heavy)


def test_a_step_stays_near_what_is_taken_now_and_keeps_it() -> None:
    now = Regimen(2.0)
    found = regimens([1.0], 4.0, current=now, step_limit_percent=50.0)
    assert [r.per_day for r in found] == [1.0, 2.0, 3.0]
    odd = Regimen(1.7)
    assert odd in regimens([1.0], 4.0, current=odd)
    assert odd not in regimens([1.0], 1.0, current=odd)


@CALM
@given(
    st.lists(st.sampled_from([0.5, 1.0, 2.0, 2.5]), min_size=1, max_size=3),
    st.floats(0.5, 12),
    st.integers(1, 4),
    st.sampled_from([12.0, 24.0]),
)
def test_no_regimen_is_above_the_ceiling_or_beside_the_pieces(
    strengths: list[float], ceiling: float, splitting: int, interval_h: float
) -> None:
    found_at = regimens(strengths, ceiling, None, None, splitting, alternate_days=True)
    for found in found_at:
        assert 0 < found.most_in_a_day <= ceiling * (1 + 1e-9)
        pieces = found.amount * splitting / 0.5
        assert pieces == pytest.approx(round(pieces), abs=1e-6)
    twice = regimens(strengths, ceiling, interval_h=interval_h)
    assert all(found.interval_h == interval_h for found in twice)


@pytest.mark.parametrize(
    ("strengths", "ceiling"),
    [([0.0], 4.0), ([-1.0], 4.0), ([1.0], np.nan), ([1.0], 0.0)],
)
def test_strengths_and_ceilings_must_be_above_0(
    strengths: list[float], ceiling: float
) -> None:
    with pytest.raises(ValueError, match=r"above 0|finite"):
        regimens(strengths, ceiling)


def test_too_many_doses_are_refused() -> None:
    with pytest.raises(ValueError, match="more than"):
        regimens([0.001], 40.0)


def test_models_are_weighed_by_their_evidence(panel: Panel) -> None:
    one, two = panel.opinions
    ratio = np.exp(one.log_evidence - two.log_evidence)
    assert sum(panel.weights) == pytest.approx(1, abs=1e-12)
    assert one.weight / two.weight == pytest.approx(ratio)
    doubled = consult([ONE_COMPARTMENT, TWO_COMPARTMENTS], ONE_LEVEL, [2.0, 1.0])
    first, second = doubled.weights
    assert first / second == pytest.approx(2 * ratio)


def test_a_model_beside_its_twin_changes_nothing() -> None:
    twin = replace(TWO_COMPARTMENTS, name="twin")
    both = consult([TWO_COMPARTMENTS, twin], ONE_LEVEL)
    assert both.weights == pytest.approx([0.5, 0.5])
    together = predict_together(both, [340.0]).values
    alone = predict(both.opinions[0].posterior, [340.0]).values
    np.testing.assert_allclose(together, alone, rtol=1e-3)
    measured = predict_together(both, [340.0], with_residual=True).values
    expected = predict(both.opinions[0].posterior, [340.0], with_residual=True).values
    np.testing.assert_allclose(measured, expected, rtol=1e-6)


def test_chances_together_are_weighted_and_sum_to_one(panel: Panel) -> None:
    regimen = Regimen(3.0)
    found = chances_together(panel, regimen, {}, 5.0, 15.0)
    each = [chances(o.posterior, regimen, {}, 5.0, 15.0) for o in panel.opinions]
    for kind in ("curve", "measured"):
        parts = [getattr(one, kind).inside for one in each]
        whole = getattr(found, kind)
        assert whole.inside == pytest.approx(np.dot(panel.weights, parts))
        assert whole.below + whole.inside + whole.above == pytest.approx(1, abs=1e-12)


def test_chances_at_an_hour_are_weighted_under_the_doses_to_come(panel: Panel) -> None:
    coming = replace(ONE_LEVEL.doses[0], time_h=336.0, amount=5.0)
    moved = panel.under(replace(ONE_LEVEL, doses=(*ONE_LEVEL.doses, coming)))
    found = chances_at_together(moved, 504.0, 5.0, 15.0)
    each = [chances_at(o.posterior, 504.0, 5.0, 15.0) for o in moved.opinions]
    assert found.curve.above > 2 * chances_at_together(panel, 336, 5, 15).curve.above
    for kind in ("curve", "measured"):
        parts = [getattr(one, kind).above for one in each]
        assert getattr(found, kind).above == pytest.approx(np.dot(panel.weights, parts))


def test_looking_ahead_keeps_what_is_believed(panel: Panel) -> None:
    longer = replace(ONE_LEVEL, doses=ONE_LEVEL.doses * 2)
    moved = panel.under(longer)
    assert moved.weights == panel.weights
    before, after = (predict_together(p, [340.0]).values for p in (panel, moved))
    np.testing.assert_allclose(after, 2 * before, rtol=1e-9)


def test_models_that_prefer_distant_doses_are_said_to_disagree() -> None:
    sure = Residual(additive=1e6)
    slow = replace(TWO_COMPARTMENTS, name="slow", residual={1: sure})
    fast = replace(
        slow,
        name="fast",
        parameters=(
            ("CL", parse("40 * exp(eta_CL)")),
            ("V2", parse("200 * exp(eta_V2)")),
        ),
        rates=(*slow.rates[:2], (1, 1, parse("-(CL + 20) / V2")), *slow.rates[3:]),
    )
    advice = advise(consult([slow, fast], ONE_LEVEL), {}, CANDIDATES, 3.0, 8.0)
    assert advice.disagree
    best = {name: ranked[0].regimen for name, ranked in advice.by_model.items()}
    for name, regimen in best.items():
        assert f"{name} prefers {regimen}" in advice.statement
    assert len(advice.ranked) == len(CANDIDATES)


def test_it_is_said_when_no_candidate_is_allowed(panel: Panel) -> None:
    advice = advise(panel, {}, CANDIDATES, 0.1, 0.2)
    assert not advice.ranked[0].allowed
    least = advice.ranked[0].regimen
    assert "No candidate is allowed" in advice.statement
    assert f"allows none and finds {least} the least dangerous" in advice.statement
    allowed = advise(panel, {}, CANDIDATES, 5.0, 15.0)
    assert "allow" not in allowed.statement


def test_models_of_the_same_name_are_refused(panel: Panel) -> None:
    with pytest.raises(ValueError, match="differ in name: one compartment"):
        consult([ONE_COMPARTMENT, ONE_COMPARTMENT], ONE_LEVEL)
    twice = Panel(panel.opinions * 2, {})
    with pytest.raises(ValueError, match="differ in name: one compartment, two comp"):
        advise(twice, {}, CANDIDATES, 5.0, 15.0)


def test_a_level_below_the_limit_before_any_dose_keeps_every_model_in_the_panel(
    panel: Panel,
) -> None:
    early = Observation(-5.0, 1.0, below=True)
    seen = replace(ONE_LEVEL, observations=(early, *ONE_LEVEL.observations))
    found = consult([ONE_COMPARTMENT, TWO_COMPARTMENTS], seen)
    assert found.weights == pytest.approx(panel.weights, abs=0.01)


def test_a_model_alone_agrees_with_itself() -> None:
    alone = consult([TWO_COMPARTMENTS], ONE_LEVEL)
    advice = advise(alone, {}, CANDIDATES, 5.0, 15.0)
    assert not advice.disagree
    assert advice.ranked == advice.by_model[TWO_COMPARTMENTS.name]
    assert "Only one model" in advice.statement


def test_a_model_that_fails_is_named_and_the_others_speak() -> None:
    sharp = replace(
        TWO_COMPARTMENTS, name="sharp", residual={1: Residual(proportional=0.04)}
    )
    early = replace(ONE_LEVEL, observations=(Observation(-5.0, 3.0),))
    panel = consult([sharp, TWO_COMPARTMENTS], early)
    assert "sharp" in panel.failed
    assert [o.name for o in panel.opinions] == [TWO_COMPARTMENTS.name]
    with pytest.raises(FitDidNotConverge, match="sharp"):
        consult([sharp], early)


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, np.nan]])
def test_weights_of_models_must_be_one_for_each_and_above_0(
    weights: list[float],
) -> None:
    with pytest.raises(ValueError, match=r"weight|above 0"):
        consult([ONE_COMPARTMENT, TWO_COMPARTMENTS], ONE_LEVEL, weights)
    with pytest.raises(ValueError, match="models"):
        consult([], ONE_LEVEL)
