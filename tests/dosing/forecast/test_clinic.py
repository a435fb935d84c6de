"""A simulated clinic of 200 patients, three laboratories and doses missed at random."""

import pytest

from benchmarks.clinic import Summary, follow, patients, summary

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def clinic() -> Summary:
    return summary([follow(each) for each in patients(200, seed=2026)])


def test_the_90_percent_interval_holds_85_to_95_percent_of_next_levels(
    clinic: Summary,
) -> None:
    assert 85 <= clinic.covered <= 95


def test_the_advice_reaches_the_range_more_often_than_the_rule_alone(
    clinic: Summary,
) -> None:
    assert clinic.in_by_models > clinic.in_by_rule


def test_the_advice_does_not_exceed_the_range_more_often(clinic: Summary) -> None:
    assert clinic.above_by_models <= clinic.above_by_rule
