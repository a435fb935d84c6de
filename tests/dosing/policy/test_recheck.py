"""When the next level is worth drawing, on a day the clinic is open."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing.policy import Reading, next_level_on
from tests.dosing.policy.words import a_reading, day

WEEKEND = {5, 6}
DECIDED = day(28)
"""A Monday."""


def open_but(closed: set[int]) -> Callable[[date], bool]:
    return lambda each: each.weekday() not in closed


def proposed(reading: Reading, decided_on: date = DECIDED) -> int:
    """Return how many days later the next level is proposed, without a change."""
    found = next_level_on(
        reading,
        decided_on=decided_on,
        new_dose_from=None,
        is_open=lambda each: each.weekday() not in WEEKEND,
    )
    return (found - decided_on).days


@given(
    st.dates(date(2020, 1, 1), date(2040, 12, 31)),
    st.sets(st.integers(0, 6), max_size=6),
    st.sampled_from(["4", "12", "16.4", "23"]),
)
def test_after_a_change_it_falls_7_to_14_days_later_on_an_open_day(
    start: date, closed: set[int], level: str
) -> None:
    found = next_level_on(
        a_reading(level),
        decided_on=start,
        new_dose_from=start,
        is_open=lambda each: each.weekday() not in closed,
    )

    assert 7 <= (found - start).days <= 14
    assert found.weekday() not in closed


@pytest.mark.parametrize(
    ("level", "days"), [("12", 28), ("16.4", 14), ("4", 14), ("23", 1)]
)
def test_on_the_same_dose_the_level_decides_how_soon(level: str, days: int) -> None:
    assert proposed(a_reading(level)) == days


@pytest.mark.parametrize("hours", ["3", "14", "40", None])
def test_what_is_no_trough_is_repeated_at_the_next_clinic(hours: str | None) -> None:
    assert proposed(a_reading("12", hours=hours)) == 1


def test_a_level_drawn_too_early_is_repeated_at_steady_state() -> None:
    assert proposed(a_reading("12", on=7), decided_on=day(8)) == 6


def test_what_should_have_been_repeated_long_ago_is_repeated_at_the_next_clinic() -> (
    None
):
    assert proposed(a_reading("12", on=7), decided_on=day(35)) == 1


def test_a_closed_day_moves_it_to_the_next_open_one() -> None:
    saturday = DECIDED + timedelta(days=5)

    assert proposed(a_reading("12"), decided_on=saturday) == 30


def test_a_holiday_on_the_proposed_day_moves_it_back_into_the_window() -> None:
    holiday = DECIDED + timedelta(days=14)

    found = next_level_on(
        a_reading("16.4"),
        decided_on=DECIDED,
        new_dose_from=DECIDED,
        is_open=lambda each: each != holiday,
    )

    assert found == holiday - timedelta(days=1)
