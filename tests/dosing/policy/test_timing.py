"""When a sample was drawn, and how near the dose is to steady state."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing.policy import Timing, percent_of_steady_state, timing_of


@pytest.mark.parametrize(
    ("hours", "interval_h", "timing"),
    [
        ("11.9", 24, Timing.NOT_A_TROUGH),
        ("12", 24, Timing.EARLY),
        ("19.9", 24, Timing.EARLY),
        ("20", 24, Timing.TROUGH),
        ("28", 24, Timing.TROUGH),
        ("28.1", 24, Timing.LATE),
        ("5.9", 12, Timing.NOT_A_TROUGH),
        ("6", 12, Timing.EARLY),
        ("9.9", 12, Timing.EARLY),
        ("10", 12, Timing.TROUGH),
        ("14", 12, Timing.TROUGH),
        ("14.1", 12, Timing.LATE),
        ("43.9", 48, Timing.EARLY),
        ("44", 48, Timing.TROUGH),
        ("52", 48, Timing.TROUGH),
        ("52.1", 48, Timing.LATE),
    ],
)
def test_a_sample_is_placed_in_its_dosing_interval(
    hours: str, interval_h: int, timing: Timing
) -> None:
    assert timing_of(Decimal(hours), interval_h) is timing


@pytest.mark.parametrize(("days", "percent"), [(0, 0), (7, 85), (14, 98), (28, 100)])
def test_the_share_of_steady_state_follows_a_half_life_of_62_h(
    days: int, percent: int
) -> None:
    assert percent_of_steady_state(days) == percent


@given(st.integers(0, 400))
def test_steady_state_only_comes_nearer(days: int) -> None:
    now, later = percent_of_steady_state(days), percent_of_steady_state(days + 1)

    assert 0 <= now <= later <= 100
