"""Our answers against those of a reference implementation and of NONMEM 7.4.4.

The NONMEM files are read in place: beside the repository, or where PK_REFERENCE says.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from dosing.pk.cases import Case, read
from dosing.pk.solving import solve
from dosing.pk.verification import BARS, Comparison, table, verify

BESIDE = Path(__file__).parents[4] / "shared" / "reference" / "pk"
REFERENCE = Path(os.environ.get("PK_REFERENCE", BESIDE))
OPEN = Path(__file__).parent / "data" / "sirolimus_cases_open.json"
RUNS = ("001", "003", "101", "301", "403", "501", "511", "951")

PATIENTS = 25
"""Of each run; `python -m dosing.pk verify` takes them all."""


BEFORE_THE_LAG = {"9", "41", "61"}
"""Patients measured where nothing has arrived: a prediction of zero counts as one."""


def checked(cases: tuple[Case, ...]) -> Comparison:
    return verify(solve(case) for case in cases)


def test_the_seven_open_cases_stay_within_every_bar() -> None:
    comparison = checked(read(OPEN))

    assert comparison.passed, table(comparison)
    assert len(comparison.rows) == len(BARS) - 2


@pytest.mark.parametrize("run", RUNS)
def test_nonmems_patients_stay_within_every_bar(run: str) -> None:
    path = REFERENCE / "nonmem" / f"run{run}.json"
    if not path.exists():
        pytest.skip("The NONMEM runs are not beside the repository; see PK_REFERENCE.")

    comparison = checked(spread(read(path)))

    assert comparison.passed, table(comparison)


def spread(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """Take patients from the whole file, so that every sampling design occurs."""
    places = np.linspace(0, len(cases) - 1, PATIENTS).astype(int)
    named = [place for place, case in enumerate(cases) if case.id in BEFORE_THE_LAG]
    return tuple(cases[place] for place in sorted({*places.tolist(), *named}))


@pytest.mark.parametrize(
    "quantity", ["objective above the reference's", "etas, absolute"]
)
def test_an_error_past_its_bar_is_said(quantity: str) -> None:
    comparison = Comparison()

    comparison.add([(quantity, 1.0)])

    assert not comparison.passed
    assert "PAST THE BAR" in table(comparison)


def test_a_median_past_its_bar_is_said_although_no_error_is() -> None:
    comparison = Comparison()

    comparison.add([("etas, absolute", 1e-6)])

    assert not comparison.passed


def test_a_case_without_a_solution_fails_the_comparison() -> None:
    comparison = verify(["S01: no parameters explain these levels"])

    assert not comparison.passed
    assert table(comparison).endswith("failed: S01: no parameters explain these levels")
