"""Steady states, bands, chances and fading, against sums, draws and printed numbers."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dosing.pk.bayes import fit
from dosing.pk.examples import ONE_COMPARTMENT, ONE_LEVEL, TWO_COMPARTMENTS
from dosing.pk.expressions import Array, parse
from dosing.pk.fading import hours_until_below
from dosing.pk.forecast import (
    Band,
    Shares,
    chances,
    chances_at,
    level_density,
    predict,
)
from dosing.pk.model import concentrations
from dosing.pk.posterior import given_in, quantiles, sample
from dosing.pk.steady import Regimen, fraction_of_steady_state, steady_state
from dosing.pk.types import (
    MODELLED,
    Administration,
    History,
    Model,
    Observation,
    Period,
    Posterior,
    Residual,
)
from tests.dosing.pk.cases import REFERENCE, Case, history_of, open_cases

CALM = settings(max_examples=50)

MANY = 3000
ETAS = st.lists(st.floats(-1, 1), min_size=2, max_size=2).map(np.array)
INTERVALS = st.sampled_from([8.0, 12.0, 24.0, 48.0])
REGIMENS = st.builds(Regimen, st.floats(0.1, 10), INTERVALS)

LASTING = replace(
    TWO_COMPARTMENTS, duration_h={0: parse("30 * exp(eta_CL)")}, name="lasting"
)
INTO_BLOOD = replace(
    ONE_COMPARTMENT,
    rates=((0, 0, parse("-CL / V")),),
    compartments=1,
    scale={0: parse("V / 1000")},
    residual={0: Residual(proportional=0.033)},
    duration_h={0: parse("30 * exp(eta_CL)")},
    name="drip",
)
ON_LOG = replace(TWO_COMPARTMENTS, residual={1: Residual(additive=0.09, on_log=True)})


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return sample(fit(TWO_COMPARTMENTS, ONE_LEVEL))


@pytest.mark.parametrize("case", open_cases(), ids=lambda case: str(case["id"]))
def test_trough_and_area_at_the_estimate_are_those_of_the_reference(case: Case) -> None:
    eta = fit(REFERENCE, history_of(case)).eta
    for told in case["expected"]["steady_state"]:
        regimen = Regimen(told["dose_mg_per_day"])
        found = steady_state(REFERENCE, eta, {"CLF": told["cl_factor"]}, regimen)
        assert found.trough[0] == pytest.approx(told["trough"], rel=1e-8)
        assert found.auc24[0] == pytest.approx(told["auc24"], rel=1e-8)


@CALM
@given(REGIMENS, ETAS)
@example(Regimen(1.0, 48.0), np.array([0.09960938, -0.21783448]))
def test_steady_state_is_the_limit_of_repetition(regimen: Regimen, eta: Array) -> None:
    found = steady_state(TWO_COMPARTMENTS, eta, {}, regimen)
    trough, curve = repeated(TWO_COMPARTMENTS, regimen, eta, 0.0)
    assert found.trough[0] == pytest.approx(trough, rel=1e-8)
    assert found.cmax[0] == pytest.approx(curve.max(), rel=1e-4)
    assert found.cmax[0] >= curve.max() * (1 - 1e-6)
    area = np.trapezoid(curve, dx=regimen.interval_h / 2000) * 24 / regimen.interval_h
    assert found.auc24[0] == pytest.approx(area, rel=1e-4)
    assert found.average[0] == pytest.approx(found.auc24[0] / 24)


def repeated(
    model: Model, regimen: Regimen, eta: Array, rate: float
) -> tuple[float, Array]:
    """Give it very often; return the next trough and the curve of one interval."""
    course = Administration(
        0.0, regimen.amount, rate=rate, count=MANY, every_h=regimen.interval_h
    )
    end = MANY * regimen.interval_h
    times = np.linspace(end - regimen.interval_h, end, 2001)
    found = concentrations(model, History((course,)), times, eta)
    return float(found[-1]), found


@pytest.mark.parametrize("model", [LASTING, INTO_BLOOD])
@pytest.mark.parametrize("interval_h", [12.0, 24.0, 72.0])
def test_inputs_that_last_beyond_the_next_dose_reach_their_limit(
    interval_h: float, model: Model
) -> None:
    eta, regimen = np.array([0.3, -0.2]), Regimen(2.0, interval_h)
    course = Administration(
        0.0, 2.0, model.entry, MODELLED, count=300, every_h=interval_h
    )
    end = 300 * interval_h
    times = np.linspace(end - interval_h, end, 10_001)
    curve = concentrations(model, History((course,)), times, eta)
    found = steady_state(model, eta, {}, regimen)
    assert found.trough[0] == pytest.approx(curve[-1], rel=1e-7)
    assert found.cmax[0] == pytest.approx(curve.max(), rel=1e-4)
    area = np.trapezoid(curve, times) * 24 / interval_h
    assert found.auc24[0] == pytest.approx(area, rel=1e-4)


NEARLY_EQUAL = replace(
    ONE_COMPARTMENT,
    rates=((0, 0, parse("-0.1")), (1, 0, parse("0.1")), (1, 1, parse("-0.1"))),
    scale={},
)


@pytest.mark.parametrize("model", [TWO_COMPARTMENTS, NEARLY_EQUAL])
@pytest.mark.parametrize("long", [0.0, 5.0, 24.0, 31.0, 2000.0])
def test_inputs_of_any_length_reach_their_limit(model: Model, long: float) -> None:
    lasting = replace(model, duration_h={0: parse(repr(long))})
    course = Administration(0.0, 2.0, 0, MODELLED, count=400, every_h=12.0)
    times = np.linspace(399 * 12.0, 400 * 12.0, 401)
    curve = concentrations(lasting, History((course,)), times, np.zeros(2))
    found = steady_state(lasting, np.zeros(2), {}, Regimen(2.0, 12.0))
    assert found.trough[0] == pytest.approx(curve[-1], rel=1e-9)
    assert found.cmax[0] == pytest.approx(curve.max(), rel=1e-5)


@pytest.mark.parametrize("apart", [0.0, 1e-12, 1e-7, 2e-4])
def test_steady_state_bears_rates_that_nearly_meet(apart: float) -> None:
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
    found = steady_state(model, np.zeros(2), {}, Regimen(2.0))
    doses = History((Administration(0.0, 2.0, count=100, every_h=24.0),))
    times = np.linspace(2376.0, 2400.0, 4001)
    curve = concentrations(model, doses, times, np.zeros(2))
    assert found.trough[0] == pytest.approx(curve[-1], rel=1e-9)
    assert found.cmax[0] == pytest.approx(curve.max(), rel=1e-6)
    assert found.auc24[0] == pytest.approx(2.0 / pace, rel=1e-9)


@CALM
@given(ETAS, st.integers(1, 40), st.sampled_from([12.0, 24.0, 48.0]))
def test_the_fraction_of_steady_state_is_that_of_the_doses_given(
    eta: Array, count: int, interval_h: float
) -> None:
    regimen = Regimen(2.0, interval_h)
    doses = History((Administration(0.0, 2.0, count=count, every_h=interval_h),))
    end = count * interval_h
    trough = concentrations(TWO_COMPARTMENTS, doses, [end], eta)[0]
    found = fraction_of_steady_state(TWO_COMPARTMENTS, eta, {}, regimen, end / 24)
    whole = steady_state(TWO_COMPARTMENTS, eta, {}, regimen).trough[0]
    assert found[0] == pytest.approx(trough / whole, rel=1e-9)


def test_nothing_is_reached_before_the_first_trough() -> None:
    found = fraction_of_steady_state(
        ONE_COMPARTMENT, np.zeros(2), {}, Regimen(2.0), 0.9
    )
    assert found[0] == 0


def test_a_trough_that_is_nothing_is_reached_with_the_first() -> None:
    rates = (0, 0, parse("-900")), (1, 0, parse("900")), (1, 1, parse("-800"))
    gone = replace(ONE_COMPARTMENT, rates=rates)
    reached = [
        fraction_of_steady_state(gone, np.zeros(2), {}, Regimen(2.0), day)[0]
        for day in (0.9, 1.0, 5.0)
    ]
    assert steady_state(gone, np.zeros(2), {}, Regimen(2.0)).trough[0] == 0
    assert reached == [0, 1, 1]


def test_what_never_leaves_has_no_steady_state() -> None:
    kept = replace(ONE_COMPARTMENT, rates=((0, 0, parse("-1")), (1, 0, parse("1"))))
    with pytest.raises(ValueError, match="never leaves"):
        fraction_of_steady_state(kept, np.zeros(2), {}, Regimen(2.0), 7)


def test_bands_say_which_they_are_and_a_measured_level_spreads_wider(
    posterior: Posterior,
) -> None:
    curve = predict(posterior, [350.0, 336.0])
    level = predict(posterior, [350.0, 336.0], with_residual=True)
    assert (curve.kind, level.kind) == (Band.CREDIBLE, Band.PREDICTIVE)
    assert (np.diff(curve.values, axis=0) > 0).all()
    assert (level.values[0] < curve.values[0]).all()
    assert (level.values[-1] > curve.values[-1]).all()


@pytest.mark.parametrize("model", [TWO_COMPARTMENTS, ON_LOG])
def test_a_predictive_band_is_that_of_simulated_levels(model: Model) -> None:
    drawn = sample(fit(model, ONE_LEVEL))
    found = predict(drawn, [340.0], with_residual=True).values[:, 0]
    rng = np.random.default_rng(7)
    curves = concentrations(model, ONE_LEVEL, [340.0], drawn.etas)[:, 0]
    centres = np.repeat(curves, 100)
    noise = rng.normal(size=len(centres))
    levels = centres + noise * np.sqrt(0.04 * centres**2 + 0.09)
    if model is ON_LOG:
        levels = centres * np.exp(0.3 * noise)
    expected = quantiles(levels, np.repeat(drawn.weights / 100, 100), LEVELS)
    assert found == pytest.approx(expected, rel=0.01)


LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]


@CALM
@given(
    st.floats(0, 100) | st.just(1e300),
    st.floats(0, 30),
    st.floats(0, 30),
    st.sampled_from([TWO_COMPARTMENTS, ON_LOG]),
)
def test_chances_sum_to_one(
    amount: float, low: float, wide: float, model: Model
) -> None:
    found = chances(few_draws(model), Regimen(amount), {}, low, low + wide)
    for each in (found.curve, found.measured):
        assert each.below + each.inside + each.above == pytest.approx(1, abs=1e-12)
        assert min(each.below, each.inside, each.above) >= 0


def few_draws(model: Model) -> Posterior:
    etas = np.array([[0.0, 0.0], [0.5, -0.3], [-0.4, 0.2]])
    weights = np.array([0.5, 0.2, 0.3])
    return Posterior(model, ONE_LEVEL, etas, weights, 2.6, 0.0, "by hand")


@pytest.mark.parametrize("model", [TWO_COMPARTMENTS, ON_LOG])
@pytest.mark.parametrize("time_h", [408.0, 504.0])
def test_chances_at_an_hour_are_those_of_each_draw(model: Model, time_h: float) -> None:
    """A loading dose, then others in doubt; draw by draw, with the normal integral."""
    maybe = Administration(360.0, 2.0, count=6, every_h=24.0, probability=0.6)
    doses = (*ONE_LEVEL.doses, Administration(336.0, 6.0), maybe)
    drawn = sample(fit(model, ONE_LEVEL), 400)
    drawn = replace(drawn, history=replace(ONE_LEVEL, doses=doses))
    low, high = 3.0, 5.0
    found = chances_at(drawn, time_h, low, high)
    curve, measured = [0.0, 0.0], [0.0, 0.0]
    for weight, eta, taken in zip(
        drawn.weights, drawn.etas, given_in(drawn), strict=True
    ):
        at = concentrations(
            model, drawn.history, [time_h], eta[None], taken=taken[None]
        )
        value, normal = at[0, 0], NormalDist(0.0, 1.0)
        curve[0] += weight * (value < low)
        curve[1] += weight * (value > high)
        reach = [(end - value) / np.hypot(0.2 * value, 0.3) for end in (low, high)]
        if model is ON_LOG:
            reach = [np.log(end / value) / 0.3 for end in (low, high)]
        measured[0] += weight * normal.cdf(reach[0])
        measured[1] += weight * (1 - normal.cdf(reach[1]))
    assert 0.05 < found.curve.above < 0.95
    for shares, (below, above) in ((found.curve, curve), (found.measured, measured)):
        assert shares.below == pytest.approx(below, abs=1e-9)
        assert shares.above == pytest.approx(above, abs=1e-9)
        assert shares.inside == pytest.approx(1 - below - above, abs=1e-9)


def test_the_hour_and_the_range_of_chances_must_make_sense(
    posterior: Posterior,
) -> None:
    with pytest.raises(ValueError, match="finite"):
        chances_at(posterior, np.nan, 5.0, 15.0)
    with pytest.raises(ValueError, match="range"):
        chances_at(posterior, 336.0, 15.0, 5.0)


def test_both_ends_belong_to_the_range() -> None:
    drawn = few_draws(TWO_COMPARTMENTS)
    trough = steady_state(TWO_COMPARTMENTS, drawn.etas, {}, Regimen(2.0)).trough
    low, high = float(trough.min()), float(trough.max())
    assert chances(drawn, Regimen(2.0), {}, low, high).curve == Shares(0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("low", "high"), [(-1.0, 5.0), (5.0, 4.0), (np.nan, 5.0), (0.0, np.inf)]
)
def test_what_is_no_range_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match=r"range|finite"):
        chances(few_draws(TWO_COMPARTMENTS), Regimen(2.0), {}, low, high)


@pytest.mark.parametrize("stop_h", [336.0, 313.0, 312.1])
def test_hours_until_a_curve_has_faded_are_those_of_the_curve(
    posterior: Posterior, stop_h: float
) -> None:
    hours = hours_until_below(posterior, 1.0, stop_h, [0.5])[0.5]
    assert middle_above(posterior, stop_h) == pytest.approx(hours, abs=0.3)


def middle_above(posterior: Posterior, stop_h: float) -> float:
    times = stop_h + np.linspace(0, 500, 5001)
    count = int(np.ceil(stop_h / 24))
    doses = History((Administration(0.0, 2.0, count=count, every_h=24.0),))
    curves = concentrations(TWO_COMPARTMENTS, doses, times, posterior.etas)
    last = curves.shape[1] - 1 - (curves > 1.0)[:, ::-1].argmax(1)
    found: Array = quantiles(times[last] - stop_h, posterior.weights, [0.5])
    return float(found[0])


def test_what_is_under_the_limit_already_takes_no_time(posterior: Posterior) -> None:
    assert set(hours_until_below(posterior, 500.0, 336.0).values()) == {0.0}


def test_what_never_leaves_never_fades() -> None:
    model = replace(
        ONE_COMPARTMENT,
        rates=((0, 0, parse("-0.75")), (1, 0, parse("0.75")), (1, 1, parse("0 * CL"))),
    )
    kept = replace(few_draws(model), model=model)
    assert set(hours_until_below(kept, 1.0, 336.0).values()) == {np.inf}


def test_fading_bears_rates_that_meet_and_clearance_that_changes() -> None:
    model = replace(
        ONE_COMPARTMENT,
        parameters=(("CL", parse("10 * F * exp(eta_CL)")), ("V", parse("100"))),
        rates=(
            (0, 0, parse("-0.1")),
            (1, 0, parse("0.1")),
            (1, 1, parse("-CL / V")),
        ),
        scale={},
    )
    periods = (Period(400.0, {"F": 3.0}), Period(500.0, {"F": 1.0}))
    history = replace(ONE_LEVEL, periods=periods)
    one = Posterior(model, history, np.zeros((1, 2)), np.ones(1), 1.0, 0.0, "by hand")
    hours = hours_until_below(one, 1e-5, 336.0, [0.5])[0.5]
    at = concentrations(model, history, [336.0 + hours], np.zeros(2))[0]
    assert at == pytest.approx(1e-5, rel=1e-9)


def test_fading_names_a_covariate_that_is_missing() -> None:
    late = replace(few_draws(TWO_COMPARTMENTS), model=LATE)
    with pytest.raises(ValueError, match="needs the covariate 'WT'"):
        hours_until_below(late, 1.0, 336.0)


LATE = replace(TWO_COMPARTMENTS, lag_h={0: parse("WT / 100")}, name="late")


def some_people(history: History) -> Posterior:
    etas = np.random.default_rng(1).normal(size=(30, 2)) * 0.4
    return Posterior(REFERENCE, history, etas, np.full(30, 1 / 30), 30, 0.0, "by hand")


@pytest.mark.parametrize("change_h", [3000.0, 1e7])
def test_a_change_of_clearance_after_the_answer_changes_nothing(
    change_h: float,
) -> None:
    calm, late = (
        some_people(replace(ONE_LEVEL, periods=periods))
        for periods in (
            (Period(0.0, {"CLF": 1.0}),),
            (Period(change_h, {"CLF": 1.0}), Period(2e7, {"CLF": 9.0})),
        )
    )
    found, expected = (
        list(hours_until_below(each, 1.0, 336.0).values()) for each in (late, calm)
    )
    assert found == pytest.approx(expected, rel=1e-9)


DRIP = Administration(0.0, 20.0, 1, rate=0.3, count=3, every_h=60.0)


@pytest.mark.parametrize(
    ("doses", "stop_h", "change_h", "limit", "within_h"),
    [(ONE_LEVEL.doses, 336.0, 400.0, 0.5, 1e-6), ((DRIP,), 121.0, 130.0, 9.0, 1e-4)],
)
def test_the_last_fall_under_a_limit_is_that_of_the_curve(
    doses: tuple[Administration, ...],
    stop_h: float,
    change_h: float,
    limit: float,
    within_h: float,
) -> None:
    """The first falls long after all has arrived, the second while it still does."""
    ends = change_h, change_h + 50.0, change_h + 60.0
    factors = {"CLF": 1.0}, {"CLF": 9.0}, {"CLF": 8.0}
    history = History(doses, (), tuple(map(Period, ends, factors)))
    people = some_people(history)
    for eta in people.etas:
        one = replace(people, etas=eta[None], weights=np.ones(1))
        hours = hours_until_below(one, limit, stop_h, [0.5])[0.5]
        times = [stop_h + hours - within_h, stop_h + hours + within_h]
        before, after = concentrations(REFERENCE, history, times, eta)
        assert before > limit >= after


@pytest.mark.parametrize(("limit", "stop_h"), [(0.0, 1.0), (-1.0, 1.0), (1.0, np.nan)])
def test_limits_and_hours_of_stopping_must_make_sense(
    limit: float, stop_h: float, posterior: Posterior
) -> None:
    with pytest.raises(ValueError, match=r"limit|finite"):
        hours_until_below(posterior, limit, stop_h)


@pytest.mark.parametrize(
    ("amount", "interval_h"), [(-1.0, 24.0), (1.0, 0.0), (np.nan, 24.0), (1.0, np.inf)]
)
def test_what_is_no_regimen_is_refused(amount: float, interval_h: float) -> None:
    with pytest.raises(ValueError, match=r"regimen|finite"):
        Regimen(amount, interval_h)


def test_etas_days_and_levels_that_make_no_sense_are_refused(
    posterior: Posterior,
) -> None:
    with pytest.raises(ValueError, match="finite"):
        steady_state(ONE_COMPARTMENT, np.array([np.nan, 0.0]), {}, Regimen(1.0))
    with pytest.raises(ValueError, match="day"):
        fraction_of_steady_state(ONE_COMPARTMENT, np.zeros(2), {}, Regimen(1.0), -1)
    with pytest.raises(ValueError, match="quantiles"):
        predict(posterior, [1.0], [1.5])


FIXED = replace(
    TWO_COMPARTMENTS,
    etas=(),
    omega=np.zeros((0, 0)),
    parameters=(("CL", parse("10")), ("V2", parse("200"))),
)


def test_a_model_in_which_nothing_varies_is_a_single_point() -> None:
    found = sample(fit(FIXED, ONE_LEVEL))
    assert found.etas.shape == (4000, 0)
    assert "single point" in found.method
    bands = predict(found, [336.0]).values
    assert bands[:, 0] == pytest.approx([bands[0, 0]] * 5)
    assert np.isfinite(found.log_evidence)


def test_a_level_measured_before_any_dose_is_not_below_0(posterior: Posterior) -> None:
    bands = predict(posterior, [-5.0], with_residual=True).values[:, 0]
    assert bands[:3].tolist() == [0.0, 0.0, 0.0]
    assert bands[4] == pytest.approx(1.645 * 0.3, abs=1e-3)


def test_a_level_beyond_all_belief_is_as_good_as_impossible() -> None:
    posterior = sample(fit(TWO_COMPARTMENTS, ONE_LEVEL))

    assert level_density(posterior, Observation(336.0, 3.6)) > 0.1
    assert level_density(posterior, Observation(336.0, 1e200)) == 0
