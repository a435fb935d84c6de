"""Published models: their numbers, their golden answers, and where they end."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dosing.pk.bayes import fit
from dosing.pk.examples import ONE_COMPARTMENT
from dosing.pk.expressions import Array
from dosing.pk.population import (
    INTERACTION,
    LIBRARY,
    Population,
    as_chosen,
    as_default,
    complete,
    library,
    outside,
    read,
)
from dosing.pk.steady import Regimen, fraction_of_steady_state, steady_state
from dosing.pk.types import (
    Administration,
    Covariates,
    Estimate,
    History,
    Observation,
    Period,
)
from tests.dosing.pk.test_reference import REFERENCE

MODELS = [entry for entry in library().values() if entry.executable]
PARTIAL = [entry for entry in library().values() if not entry.executable]
CASE_1, CASE_2 = (13.3, 14.7), (13.5, 16.4)
MAO, WU = "mao_2024_liver_adult", "wu_2012_cancer_adult"
ZIMMERMAN = "zimmerman_1997_nca_renal_adult"

models = pytest.mark.parametrize("population", MODELS, ids=lambda entry: entry.id)


def typical(population: Population) -> Array:
    return np.zeros(len(population.model.etas if population.model else ()))


def references(population: Population) -> Covariates:
    return complete(
        population,
        {
            each.name: each.reference
            for each in population.covariates
            if each.name not in population.fixed
        },
    )


def fitted(name: str, levels: tuple[float, float]) -> tuple[Estimate, Covariates]:
    """2 mg once daily, with troughs on day 14 and day 28."""
    population = library()[name]
    covariates = complete(population, {"HCT": 38})
    seen = (Observation(336.0, levels[0]), Observation(672.0, levels[1]))
    doses = (Administration(0.0, 2.0, count=28, every_h=24.0),)
    history = History(doses, seen, (Period(0.0, covariates),))
    return fit(as_default(population), history), covariates


@pytest.mark.parametrize(
    ("name", "levels", "parameters", "eta", "troughs"),
    [
        (MAO, CASE_1, {"cl": 5.49, "v": 443}, -0.26, (13.2, 9.9, 6.6)),
        (MAO, CASE_2, {"cl": 5.18, "v": 436}, -0.31, (14.1, 10.6, 7.1)),
        (WU, CASE_1, {"cl": 5.18}, -0.90, (13.4, 10.0, 6.7)),
        (WU, CASE_2, {"cl": 4.86}, -0.97, (14.4, 10.8, 7.2)),
    ],
)
def test_both_reported_cases_come_out_to_the_printed_digits(
    name: str,
    levels: tuple[float, float],
    parameters: dict[str, float],
    eta: float,
    troughs: tuple[float, ...],
) -> None:
    estimate, covariates = fitted(name, levels)

    for parameter, value in parameters.items():
        digits = 0 if isinstance(value, int) else 2
        assert round(estimate.parameters[parameter], digits) == value
    assert round(float(estimate.eta[0]), 2) == eta
    for dose, trough in zip((2.0, 1.5, 1.0), troughs, strict=True):
        kept = steady_state(estimate.model, estimate.eta, covariates, Regimen(dose))
        assert round(float(kept.trough[0]), 1) == trough


@pytest.mark.parametrize(
    ("name", "known", "row"),
    [
        (MAO, {"HCT": 38}, (10.0, 11.8, 13.2, 282)),
        (ZIMMERMAN, {"WT": 60}, (5.9, 6.7, 7.5, 160)),
        (
            "golubovic_2019_renal_adult",
            {"AGE": 50, "AST_HIGH": 0},
            (6.9, 12.2, 21.3, 293),
        ),
        ("chen_2021_tsc_children", {"WT": 60, "OXC": 0}, (7.9, 10.9, 13.3, 261)),
        (
            "chen_2020_khe_children",
            {"WT": 60, "CYP3A5_EXPR": 0},
            (11.9, 12.4, 12.8, 297),
        ),
        ("chen_2020_khe_children", {"WT": 60, "CYP3A5_EXPR": 1}, (5.7, 6.2, 6.6, 149)),
        (
            "cheng_2020_cytopenia_children",
            {"WT": 60, "TBIL": 11.29},
            (5.2, 10.2, 15.5, 245),
        ),
        ("fan_2024_va_children", {"WT": 60}, (3.4, 4.0, 4.5, 97)),
        (
            "jiao_2009_renal_adult",
            {"TC": 5.0, "CSA_C0": 0, "SILYMARIN": 0, "GLYCYRRHIZIN": 0},
            (7.4, 7.6, 7.8, 182),
        ),
        (
            "jiao_2009_renal_adult",
            {"TC": 5.66, "CSA_C0": 104, "SILYMARIN": 0, "GLYCYRRHIZIN": 0},
            (8.0, 8.3, 8.4, 198),
        ),
    ],
)
def test_2_mg_once_daily_comes_to_the_printed_exposure(
    name: str, known: Covariates, row: tuple[float, float, float, float]
) -> None:
    population = library()[name]

    kept = steady_state(
        as_chosen(population),
        typical(population),
        complete(population, known),
        Regimen(2.0),
    )

    found = (kept.trough, kept.average, kept.cmax)
    assert tuple(round(float(value[0]), 1) for value in found) == row[:3]
    assert round(float(kept.auc24[0])) == row[3]


def test_mao_at_a_haematocrit_of_42_comes_to_the_printed_exposure() -> None:
    """The trough is printed 11.2; the closed form gives 11.146."""
    population = library()[MAO]

    kept = steady_state(
        as_default(population),
        typical(population),
        complete(population, {"HCT": 42}),
        Regimen(2.0),
    )

    assert round(float(kept.trough[0]), 3) == 11.146
    assert round(float(kept.average[0]), 1) == 12.9
    assert round(float(kept.cmax[0]), 1) == 14.3
    assert round(float(kept.auc24[0])) == 309


def test_wu_comes_to_the_printed_exposure_but_for_its_peak() -> None:
    """The peak is printed 12.2, with saturable absorption; first-order is 4 % above."""
    population = library()[WU]

    kept = steady_state(
        as_default(population),
        typical(population),
        complete(population, {"HCT": 42}),
        Regimen(2.0),
    )

    assert round(float(kept.trough[0]), 1) == 4.2
    assert round(float(kept.average[0]), 1) == 6.6
    assert round(float(kept.cmax[0]), 1) == 12.7
    assert round(float(kept.auc24[0])) == 159


@pytest.mark.parametrize(
    ("name", "known", "printed"),
    [
        (MAO, {"HCT": 42}, (0.89, 0.99, 1.0)),
        (MAO, {"HCT": 38}, (0.91, 0.99, 1.0)),
        (WU, {"HCT": 42}, (0.90, 0.99, 1.0)),
        (ZIMMERMAN, {"WT": 60}, (0.85, 0.98, 1.0)),
    ],
)
def test_steady_state_is_reached_as_printed(
    name: str, known: Covariates, printed: tuple[float, ...]
) -> None:
    population = library()[name]
    covariates = complete(population, known)

    found = [
        fraction_of_steady_state(
            as_chosen(population), typical(population), covariates, Regimen(2.0), day
        )
        for day in (7, 14, 28)
    ]

    assert tuple(round(float(part[0]), 2) for part in found) == printed


def saturable(dose: float, days: int) -> tuple[float, float]:
    """Trough and peak of Wu 2012 as published, at a haematocrit of 42 %."""
    cl, v, q, v2, vm, km = 12.9 * (35.1 / 42) ** 0.14, 53.4, 29.0, 611.0, 4.56, 13.8

    def flows(_hour: float, held: Array) -> list[float]:
        absorbed = vm * held[0] / (km + held[0])
        out = (cl + q) / v * held[1] - q / v2 * held[2]
        return [-absorbed, absorbed - out, q / v * held[1] - q / v2 * held[2]]

    held, hours = np.zeros(3), np.linspace(0, 24, 500)
    curve = np.zeros(1)
    for _day in range(days):
        held[0] += dose
        run = solve_ivp(flows, (0, 24), held, "LSODA", hours, rtol=1e-8, atol=1e-10)
        held, curve = run.y[:, -1], 1000 * run.y[1] / v
    return float(curve[-1]), float(curve.max())


@pytest.mark.parametrize(("dose", "peak_too_high"), [(1.0, 0.02), (4.0, 0.08)])
def test_first_order_absorption_stands_for_wus_saturable_one_up_to_4_mg(
    dose: float, peak_too_high: float
) -> None:
    population = library()[WU]
    trough, peak = saturable(dose, days=35)

    kept = steady_state(
        as_default(population),
        typical(population),
        complete(population, {"HCT": 42}),
        Regimen(dose),
    )

    assert float(kept.trough[0]) == pytest.approx(trough, rel=0.01)
    assert float(kept.cmax[0]) / peak - 1 == pytest.approx(peak_too_high, abs=0.005)


@models
def test_an_adult_with_a_venous_malformation_is_outside_every_model(
    population: Population,
) -> None:
    found = outside(
        population, age_years=30, weight_kg=60, indication="venous malformation"
    )

    assert found


def test_a_child_with_a_venous_malformation_is_inside_fan() -> None:
    fan = library()["fan_2024_va_children"]

    found = outside(
        fan, age_years=6, weight_kg=20, indication="Venous malformation", assay="EMIT"
    )

    assert found == ()


def test_every_way_to_be_outside_is_a_sentence_of_its_own() -> None:
    found = outside(
        library()[WU],
        age_years=90,
        weight_kg=20,
        indication="venous malformation",
        assay="CMIA",
        dose_mg=6,
    )

    assert found == (
        "The model was built on ages of 22 to 83 years; this is 90.",
        "The model was built on weights of 32.8 to 154.6 kg; this is 20.",
        "The model was built on single doses of 0 to 4 mg; this is 6.",
        "The model was built on people with advanced solid tumour, not venous"
        " malformation.",
    )


def test_a_large_dose_on_alternate_days_is_outside_wu_although_its_average_is_not() -> (
    None
):
    every_other_day = Regimen(5.0, 48.0)
    assert every_other_day.per_day < 4

    assert outside(library()[WU], dose_mg=every_other_day.amount)
    assert not outside(library()[WU], dose_mg=every_other_day.per_day)


def test_nobody_weighs_less_than_a_newborn_or_is_older_than_two_deviations() -> None:
    chen = library()["chen_2020_khe_children"]

    assert outside(chen, weight_kg=2.0)
    assert outside(chen, weight_kg=2.5, age_years=4.3) == ()
    assert outside(chen, age_years=4.4)


def test_only_three_models_answer_for_a_course_in_time() -> None:
    able = {entry.id for entry in MODELS if entry.suitable_for("time_course")}

    assert able == {MAO, WU, ZIMMERMAN}


@models
def test_every_model_that_can_be_run_answers_for_a_steady_trough(
    population: Population,
) -> None:
    assert population.suitable_for("steady_state_trough")


@models
def test_every_model_runs_on_the_references_of_its_covariates(
    population: Population,
) -> None:
    kept = steady_state(
        as_chosen(population), typical(population), references(population), Regimen(1.0)
    )

    assert kept.trough[0] > 0
    assert kept.cmax[0] >= kept.trough[0]


@pytest.mark.parametrize("population", PARTIAL, ids=lambda entry: entry.id)
def test_a_model_that_was_not_readable_in_full_refuses_to_run(
    population: Population,
) -> None:
    with pytest.raises(ValueError, match="cannot be run"):
        as_chosen(population)
    with pytest.raises(ValueError, match="cannot be run"):
        as_default(population)
    assert not population.suitable_for("steady_state_trough")


def test_a_model_derived_from_summary_numbers_is_no_default() -> None:
    with pytest.raises(ValueError, match="derived"):
        as_default(library()[ZIMMERMAN])


@models
def test_numbers_and_citations_are_those_of_the_reference(
    population: Population,
) -> None:
    source = REFERENCE.parent / "models" / f"{population.id}.toml"
    if not source.exists():
        pytest.skip("The reference models are not beside the repository.")
    theirs = tomllib.loads(source.read_text(encoding="utf-8"))
    ours = tomllib.loads((LIBRARY / source.name).read_text(encoding="utf-8"))

    for name in (
        "citation",
        "doi",
        "verified",
        "executable",
        "population",
        "parameters",
    ):
        assert ours[name] == theirs[name]
    assert numbers(ours["iiv"]) == numbers(theirs["iiv"])
    assert {**ours["typical"], **theirs["typical"]} == ours["typical"]


def test_residuals_are_those_of_the_reference_where_it_does_not_doubt_them() -> None:
    changed = set()
    for population in MODELS:
        source = REFERENCE.parent / "models" / f"{population.id}.toml"
        if not source.exists():
            pytest.skip("The reference models are not beside the repository.")
        theirs = tomllib.loads(source.read_text(encoding="utf-8"))["residual"]
        ours = tomllib.loads((LIBRARY / source.name).read_text(encoding="utf-8"))
        for name, value in numbers(ours["residual"]).items():
            if theirs.get(name, value) != value:
                changed.add((population.id, name, value))
                assert ours["residual"][f"published_{name}"] == theirs[name]
                assert ours["residual"]["assumption"] in population.caveats

    assert changed == {(MAO, "proportional_sd", 0.182), (WU, "proportional_sd", 0.2)}


def numbers(table: dict[str, Any]) -> dict[str, float]:
    return {
        name: value
        for name, value in table.items()
        if isinstance(value, float) and not name.startswith("published")
    }


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('clearance = "L/h"', 'clearance = "mL/min"', "unit of clearance must be L/h"),
        ('concentration = "ng/mL"', "", "unit of concentration must be ng/mL"),
        ("cov_cl_v = 0.0665", "cov_cl_v = 0.665", "positive definite"),
        ("cl = 0.104976", "cl = -0.1", "positive definite"),
        ("cl = 0.104976", "clearance = 0.1", "clearance is no parameter"),
        ("(HCT / 38)", "(HB / 38)", "HB, which is no covariate"),
        ('v  = "496"', "", "lacks v"),
        ('v  = "496"', 'v  = "-496"', "v must be above 0"),
        ('v  = "496"', 'v  = "496 +"', "no arithmetic expression"),
        ("compartments = 1", "compartments = 3", "one and two compartments"),
        ('absorption = "first-order"', 'absorption = "saturable"', "first-order"),
        ("lag_h = 0.0", "lag_h = 0.5", "lag"),
        ('form = "proportional"', 'form = "odd"', "'odd' is not known"),
        ("proportional_sd = 0.182", "proportional_sd = 0.0", "variance above 0"),
        ("schema = 1", "schema = 2", "schema must be 1"),
        ("verified = true", 'verified = "yes"', "verified must be a bool"),
        ("age_years = [28.0, 74.0]", "age_years = [74.0, 28.0]", "must be a range"),
        ("[iiv]", "[iov]", "'iiv' is missing"),
    ],
)
def test_a_file_with_a_slip_is_refused_by_name(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = (LIBRARY / f"{MAO}.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / f"{MAO}.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(ValueError, match=said) as refusal:
        read(path)

    assert str(refusal.value).startswith(path.name)


def test_an_unverified_model_is_no_default(tmp_path: Path) -> None:
    text = (LIBRARY / f"{MAO}.toml").read_text(encoding="utf-8")
    path = tmp_path / f"{MAO}.toml"
    path.write_text(text.replace("verified = true", "verified = false", 1))

    population = read(path)

    with pytest.raises(ValueError, match="not verified"):
        as_default(population)
    assert as_chosen(population).name == MAO


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        (MAO, {}, "needs HCT in percent"),
        (MAO, {"HCT": None}, "HCT must be a number, not None"),
        (MAO, {"HCT": 38, "WT": 60}, "knows no WT; it knows HCT, CL_FACTOR"),
        (MAO, {"HCT": 0.38}, "implausible for mao_2024_liver_adult; from 10 to 70 is"),
        (MAO, {"HCT": 0.38}, "expected in percent"),
        (MAO, {"HCT": float("nan")}, "HCT = nan is implausible"),
        (MAO, {"HCT": 38, INTERACTION: 0.0}, "from 0.001 to 1000 is expected$"),
        (
            "jiao_2009_renal_adult",
            {"TC": 5, "CSA_C0": 0, "SILYMARIN": 0, "GLYCYRRHIZIN": 0, "DOSE": 4},
            "holds DOSE at 2",
        ),
    ],
)
def test_a_covariate_that_is_missing_unknown_or_implausible_is_named(
    name: str, known: Covariates, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        complete(library()[name], known)


def test_an_inhibitor_multiplies_clearance_and_so_divides_exposure() -> None:
    population = library()[MAO]
    alone, inhibited = (
        steady_state(
            as_chosen(population),
            typical(population),
            complete(population, {"HCT": 38, INTERACTION: factor}),
            Regimen(2.0),
        )
        for factor in (1.0, 0.5)
    )

    assert float(inhibited.auc24[0]) == pytest.approx(2 * float(alone.auc24[0]))


def test_the_model_of_the_examples_is_mao_2024_at_a_haematocrit_of_38() -> None:
    population = library()[MAO]
    covariates = complete(population, {"HCT": 38})
    etas = np.array([[0.0, 0.0], [0.4, -0.3]])
    regimen = Regimen(2.0)
    example = steady_state(ONE_COMPARTMENT, etas, {}, regimen)
    own = steady_state(as_chosen(population), etas, covariates, regimen)
    assert example.trough == pytest.approx(own.trough, rel=1e-12)
    assert example.auc24 == pytest.approx(own.auc24, rel=1e-12)
    spread = as_chosen(population).omega
    assert np.sqrt(np.diag(ONE_COMPARTMENT.omega)) == pytest.approx(
        np.sqrt(np.diag(spread)), abs=5e-4
    )
