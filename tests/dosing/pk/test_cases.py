"""Files of cases: what is read, what is refused, and what the commands print."""

import json
from copy import deepcopy
from math import inf
from pathlib import Path
from typing import Any

import pytest

from dosing.pk.__main__ import main
from dosing.pk.cases import AskedRegimen, Case, read
from dosing.pk.solving import as_json, solve
from dosing.pk.types import MODELLED, Period

Data = dict[str, Any]

SIROLIMUS: Data = json.loads(
    (Path(__file__).parent / "data" / "sirolimus_cases_open.json").read_text()
)
RUN: Data = {
    "id": "run000",
    "model": {
        "etas": ["CL", "VC", "D"],
        "omega": [[0.2, 0.05, 0], [0.05, 0.2, 0], [0, 0, 0.1]],
        "theta": {"TVCL": 4, "TVVC": 70.0, "BW_CL": -0.5},
        "params": [
            ["CL", "TVCL*exp(eta_CL)*(BW/75)**BW_CL*0.75**SEX"],
            ["VC", "TVVC*exp(eta_VC)"],
            ["D1", "2*exp(eta_D)"],
        ],
        "compartments": ["CENTRAL", "PERIPH"],
        "K": [["-CL/VC-0.1", "0.2"], ["0.1", "-0.2"]],
        "scale": {"1": "VC"},
        "F": {"1": "expit(0.3)"},
        "lag": {},
        "dur": {"1": "D1"},
        "residual": {"1": {"type": "logadd", "var": 0.04}},
    },
    "patients": [
        {
            "id": 7,
            "doses": [
                {"t": 0, "amt": 1000, "cmt": 1, "rate": -2, "ii": 24, "addl": 3},
                {"t": 200, "amt": 1000, "cmt": 1, "rate": -2, "reset": True},
            ],
            "obs": [{"t": 25.0, "cmt": 1, "y": 4.1}, {"t": 210, "cmt": 1, "y": 6.0}],
            "cov": [[25, {"BW": 80, "SEX": 0}], [210, {"BW": 90, "SEX": 0}]],
        }
    ],
}


DRIP = {"t": 0, "amt": 20000, "rate": 80}


def written(folder: Path, data: Any) -> Path:
    path = folder / "cases.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def a_run(**changes: Any) -> Data:
    """A NONMEM run with some entries changed, named by their way in."""
    data = deepcopy(RUN)
    for way, value in changes.items():
        change(data, way.split("__"), value)
    return data


def change(data: Any, way: list[str], value: Any) -> None:
    *above, last = way
    for step in above:
        data = data[int(step) if isinstance(data, list) else step]
    place = int(last) if isinstance(data, list) else last
    if value is None:
        del data[place]
    else:
        data[place] = value


def only(path: Path) -> Case:
    (case,) = read(path)
    return case


def test_a_nonmem_run_is_read_with_its_repeats_resets_and_covariates(
    tmp_path: Path,
) -> None:
    case = only(written(tmp_path, RUN))

    first, second = case.history.doses
    assert first.times_h == [0, 24, 48, 72]
    assert first.rate == MODELLED
    assert second.resets
    assert case.history.periods == (
        Period(25, {"BW": 80, "SEX": 0}),
        Period(inf, {"BW": 90, "SEX": 0}),
    )
    assert case.model.omega[0, 1] == 0.05
    assert case.model.residual[0].on_log
    assert case.posterior_of.amount == 1000
    assert case.posterior_of.interval_h == 128


def test_constant_covariates_hold_for_ever(tmp_path: Path) -> None:
    data = a_run(patients__0__cov={"BW": 80, "SEX": 1})

    case = only(written(tmp_path, data))

    assert case.history.periods == (Period(inf, {"BW": 80, "SEX": 1}),)


def test_a_factor_that_begins_late_is_one_before(tmp_path: Path) -> None:
    data = deepcopy(SIROLIMUS)
    data["cases"] = data["cases"][:1]
    data["cases"][0]["inputs"]["cl_factor_periods"] = [{"start_h": 48, "factor": 0.5}]

    case = only(written(tmp_path, data))

    assert case.history.periods == (Period(48, {"CLF": 1}), Period(inf, {"CLF": 0.5}))


def test_a_case_without_expectations_is_answered_all_the_same(tmp_path: Path) -> None:
    data = deepcopy(SIROLIMUS)
    del data["cases"][0]["expected"]
    data["cases"] = data["cases"][:1]

    case = only(written(tmp_path, data))
    answer = as_json(solve(case))

    assert [row.amount for row in case.regimens] == [1.0, 1.5, 2.0, 3.0]
    assert len(answer["curve"]["t_h"]) == len(answer["curve"]["individual"])
    assert answer["posterior"]["ss_trough_2mg"][2] == pytest.approx(3.99, abs=0.02)


def test_infusions_are_answered_without_a_steady_state(tmp_path: Path) -> None:
    data = a_run(model__dur={}, patients__0__doses=[DRIP])

    answer = as_json(solve(only(written(tmp_path, data))))

    assert answer["steady_state"] == []
    assert set(answer["posterior"]) >= {"CL", "VC", "effective_size"}


def test_a_run_without_levels_gives_the_prior(tmp_path: Path) -> None:
    answer = as_json(solve(only(written(tmp_path, a_run(patients__0__obs=[])))))

    assert answer["individual_predictions"] == []
    assert list(answer["etas"].values()) == [0, 0, 0]
    assert answer["shrinkage"] == pytest.approx([1, 1, 1], abs=1e-9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"patients__0__doses__0__amt": "x"},
            "patient 7: dose 1: amt must be a number",
        ),
        ({"patients__0__doses__0__amt": -1}, "patient 7: dose 1: a dose cannot be neg"),
        ({"patients__0__doses__1__t": None}, "patient 7: dose 2: 't' is missing"),
        ({"patients__0__doses__0__rate": -1}, "dose 1: rate: -1 is neither"),
        ({"patients__0__doses__0__cmt": 3}, "dose 1: there is no compartment 3"),
        ({"patients__0__doses__0__cmt": 1.5}, "dose 1: cmt must be a whole number"),
        ({"patients__0__doses__0__ii": 0}, "dose 1: repeated doses need"),
        ({"patients__0__doses__0__ss": 1}, "dose 1: ss"),
        ({"patients__0__doses__0": 5}, "dose 1: must be an object, not 5"),
        (
            {"patients__0__doses__0__cov": {"BW": "x"}},
            "dose 1: cov: BW must be a number",
        ),
        (
            {"patients__0__obs__1__y": float("nan")},
            "patient 7: obs 2: y must be finite",
        ),
        ({"patients__0__obs__1__y": True}, "obs 2: y must be a number"),
        ({"patients__0__obs__1__cmt": None}, "obs 2: 'cmt' is missing"),
        ({"patients__0__cov__0__0": 300}, "patient 7: cov: the ends"),
        ({"patients__0__cov__0": [1]}, "patient 7"),
        ({"patients__0": 5}, "patient 1"),
        ({"model__K__0": ["-1"]}, "model: K must be square, row 1 is not"),
        (
            {"model__K__0__0": "-CL/"},
            "model: K row 1 column 1: '-CL/' is no arithmetic",
        ),
        ({"model__omega__0__1": 9.0}, "model: omega must be symmetric"),
        ({"model__params__0__1": "import os"}, "model: params CL"),
        ({"model__theta__TVCL": "x"}, "model: theta: TVCL must be a number"),
        ({"model__residual__1__type": "odd"}, "residual of compartment 1: type 'odd'"),
        ({"model__residual__1__var": 0}, "residual of compartment 1: a residual error"),
        ({"model__scale": {"4": "VC"}}, "scale of compartment 4: there is no compart"),
        ({"model__etas": None}, "model: 'etas' is missing"),
        ({"model": None}, "neither"),
    ],
)
def test_a_slip_in_a_run_is_named_with_its_file_patient_and_field(
    tmp_path: Path, change: Data, said: str
) -> None:
    path = written(tmp_path, a_run(**change))

    with pytest.raises(ValueError, match=r"cases\.json") as refusal:
        read(path)

    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        (
            "inputs__doses__0__amount_mg",
            None,
            "case S01: dose 1: 'amount_mg' is missing",
        ),
        ("inputs__levels__0__conc_ng_ml", -1, "case S01: level 1: a concentration"),
        (
            "inputs__cl_factor_periods__0__factor",
            "x",
            "case S01: factor must be a number",
        ),
        (
            "inputs__cl_factor_periods__0__factor",
            None,
            "case S01: 'factor' is missing",
        ),
        ("inputs", None, "case S01: 'inputs' is missing"),
    ],
)
def test_a_slip_in_a_sirolimus_case_is_named(
    tmp_path: Path, way: str, value: Any, said: str
) -> None:
    data = deepcopy(SIROLIMUS)
    change(data["cases"][0], way.split("__"), value)

    with pytest.raises(ValueError, match=r"cases\.json") as refusal:
        read(written(tmp_path, data))

    assert said in str(refusal.value)


@pytest.mark.parametrize("text", ["", "[]", "5", "{}", '{"format": "another"}'])
def test_a_file_of_neither_format_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"cases\.json"):
        read(written(tmp_path, text))


def test_solve_prints_one_object_for_each_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = a_run(patients=[*RUN["patients"], *RUN["patients"]])

    code = main(["solve", str(written(tmp_path, data)), "--first", "1"])

    (answer,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert code == 0
    assert answer["id"] == "7"
    assert answer["fit_seconds"] > 0
    assert len(answer["steady_state"]) == 1
    assert len(answer["posterior"]["CL"]) == len(answer["posterior"]["quantile_levels"])


def test_a_case_that_cannot_be_solved_says_why_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = a_run(patients__0__cov={"SEX": 0})
    data["patients"].append({**RUN["patients"][0], "id": 8})

    code = main(["solve", str(written(tmp_path, data))])

    failed, solved = map(json.loads, capsys.readouterr().out.splitlines())
    assert code == 2
    assert failed == {"id": "7", "error": "7: run000 needs the covariate 'BW'"}
    assert solved["id"] == "8"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"patients__0__doses__0__amt": 10**400}, "amt must be finite"),
        ({"patients__0__doses__0__addl": 10**9}, "at most 100000 doses"),
        ({"patients__0__obs__1__y": "x"}, "obs 2: y must be a number"),
        ({"patients__0__cov": {"BW": -80, "SEX": 0}}, "cannot run on BW = -80"),
        ({"model__K__0__0": "-CL/VX"}, "needs the covariate 'VX'"),
        ({"model__lag": {"1": "LATE"}}, "needs the covariate 'LATE'"),
        ({"model__scale__1": "1/0"}, "the scale of compartment 0 would be inf"),
        ({"model__scale__1": "1e300**2"}, "the scale of compartment 0 would be inf"),
        ({"model__scale__1": "9**9**9"}, "the scale of compartment 0 would be inf"),
        ({"model__scale__1": "(-8)**0.5"}, "the scale of compartment 0 would be nan"),
    ],
)
def test_a_person_who_cannot_be_answered_is_named_on_a_line_and_the_command_goes_on(
    tmp_path: Path, change: Data, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = a_run(**change)
    data["patients"].append({**RUN["patients"][0], "id": 8})
    path = str(written(tmp_path, data))

    assert main(["solve", path]) == 2
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["id"] == "7"
    assert said in first["error"]
    assert second["id"] == "8"
    assert ("error" in second) == ("model" in next(iter(change)))
    assert main(["verify", path]) == 2
    assert f"cannot be read: {first['error']}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model__scale__1": "-" * 900 + "1"}, "scale of compartment 1"),
        ({"model__scale__1": "1" + "+1" * 5000}, "at most 1000 characters"),
        ({"model__scale__1": "9" * 400}, "no arithmetic expression"),
        ({"model__params__0__0": 5}, "a name must be text, not 5"),
        ({"model__etas__0": 5}, "a name must be text, not 5"),
        ({"model__params__0__0": "eta_CL"}, "eta_CL is a random effect"),
        ({"model__omega__0__0": 10**400}, "model: omega"),
        ({"patients": []}, "there is nobody in it"),
    ],
)
def test_a_model_that_cannot_be_read_ends_the_command_with_a_sentence(
    tmp_path: Path, change: Data, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", str(written(tmp_path, a_run(**change)))]) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_nests_without_end_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", str(written(tmp_path, "[" * 100_000))]) == 2
    assert "nests too deep" in capsys.readouterr().err


def test_a_fit_that_fails_is_no_fault_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(written(tmp_path, a_run(patients__0__obs__1__y=1e200)))

    assert main(["solve", path]) == 1
    (answer,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert "check their values and units" in answer["error"]
    assert main(["verify", path]) == 1


def test_an_answer_that_is_no_number_is_an_error_and_no_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    still = {"model__K": [["0", "0"], ["0", "0"]], "patients__0__obs": []}

    assert main(["solve", str(written(tmp_path, a_run(**still)))]) == 2
    (answer,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert set(answer) == {"id", "error"}


@pytest.mark.parametrize("name", ["nonmem", "reference"])
def test_a_run_may_say_that_nothing_is_known(tmp_path: Path, name: str) -> None:
    data = deepcopy(RUN)
    data["patients"][0][name] = None

    assert main(["verify", str(written(tmp_path, data))]) == 0


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        ("map", None, "'map' is missing"),
        ("typical_curve__conc_ng_ml", None, "'conc_ng_ml' is missing"),
        ("exact_posterior__quantile_levels", None, "'quantile_levels' is missing"),
        ("steady_state__0__trough", None, "'trough' is missing"),
        ("steady_state__0__trough", "x", "S01: "),
        ("laplace_cov_eta", [[1]], "1 numbers are expected, not 2"),
    ],
)
def test_reference_numbers_that_do_not_fit_are_named_and_the_others_compared(
    tmp_path: Path,
    way: str,
    value: Any,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = {**SIROLIMUS, "cases": deepcopy(SIROLIMUS["cases"][:2])}
    change(data["cases"][0]["expected"], way.split("__"), value)

    assert main(["verify", str(written(tmp_path, data))]) == 2
    out = capsys.readouterr().out
    assert f"cannot be read: S01: {said.removeprefix('S01: ')}" in out
    assert "PAST THE BAR" not in out
    assert "etas, absolute" in out


@pytest.mark.parametrize("factor", [0, -1])
def test_clearance_is_multiplied_by_something_above_0(
    tmp_path: Path, factor: float
) -> None:
    data = {**SIROLIMUS, "cases": deepcopy(SIROLIMUS["cases"][:1])}
    data["cases"][0]["inputs"]["cl_factor_periods"][0]["factor"] = factor

    with pytest.raises(ValueError, match="factor must be above 0"):
        read(written(tmp_path, data))


@pytest.mark.parametrize("first", ["0", "-1", "x", "1.5"])
def test_so_many_cases_must_be_at_least_one(tmp_path: Path, first: str) -> None:
    with pytest.raises(SystemExit) as refusal:
        main(["verify", str(written(tmp_path, RUN)), f"--first={first}"])

    assert refusal.value.code == 2


def test_verify_passes_on_a_file_that_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = {**SIROLIMUS, "cases": SIROLIMUS["cases"][:1]}

    assert main(["verify", str(written(tmp_path, data))]) == 0
    assert "PAST THE BAR" not in capsys.readouterr().out


def test_verify_fails_on_a_reference_that_is_lower(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = {**SIROLIMUS, "cases": deepcopy(SIROLIMUS["cases"][:1])}
    data["cases"][0]["expected"]["map"]["ofv"] -= 1e-5

    assert main(["verify", str(written(tmp_path, data))]) == 1
    assert "PAST THE BAR" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["absent.json", "cases.json"])
def test_a_file_that_cannot_be_read_ends_the_command_with_a_sentence(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, "{")

    assert main(["verify", str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.strip()


def test_a_regimen_is_named_in_the_words_of_its_file(tmp_path: Path) -> None:
    case = only(written(tmp_path, {**SIROLIMUS, "cases": SIROLIMUS["cases"][:1]}))

    assert case.regimens[0] == AskedRegimen(
        1.0, 24.0, {"CLF": 1.0}, {"dose_mg_per_day": 1.0, "cl_factor": 1.0}
    )
