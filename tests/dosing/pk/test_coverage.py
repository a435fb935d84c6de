"""Bands hold the people they are drawn for; `benchmarks.coverage` counts 1,000 each."""

import pytest

from benchmarks.coverage import coverage
from dosing.pk.population import library

PATIENTS = 60


@pytest.mark.parametrize("name", ["mao_2024_liver_adult", "fan_2024_va_children"])
def test_nine_of_ten_simulated_people_keep_to_their_90_percent_bands(name: str) -> None:
    found = coverage(library()[name], PATIENTS, seed=1)

    assert found.failed == 0
    assert 0.82 <= found.credible.mean() <= 0.98
    assert 0.82 <= found.predictive.mean() <= 0.98


def test_a_model_that_cannot_be_run_cannot_be_simulated() -> None:
    with pytest.raises(ValueError, match="cannot be run"):
        coverage(library()["zhang_2022_liver_adult"], PATIENTS, seed=1)
