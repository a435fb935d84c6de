"""Where a level lies; both ends of a range belong to it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing.policy import DEFAULT_TARGET, Verdict
from dosing.units import Comparator

EXACTLY, BELOW, ABOVE = Comparator.EXACTLY, Comparator.BELOW, Comparator.ABOVE


@pytest.mark.parametrize(
    ("level", "sign", "verdict"),
    [
        ("4.99", EXACTLY, Verdict.BELOW),
        ("4.9", EXACTLY, Verdict.BELOW),
        ("5.0", EXACTLY, Verdict.IN),
        ("15.0", EXACTLY, Verdict.IN),
        ("15.01", EXACTLY, Verdict.ABOVE),
        ("15.1", EXACTLY, Verdict.ABOVE),
        ("19.99", EXACTLY, Verdict.ABOVE),
        ("20", EXACTLY, Verdict.URGENT),
        ("2.0", BELOW, Verdict.BELOW),
        ("5.0", BELOW, Verdict.BELOW),
        ("5.1", BELOW, Verdict.UNKNOWN),
        ("14.9", ABOVE, Verdict.UNKNOWN),
        ("15.0", ABOVE, Verdict.ABOVE),
        ("20", ABOVE, Verdict.URGENT),
    ],
)
def test_a_level_is_placed_against_5_to_15_with_inclusive_ends(
    level: str, sign: Comparator, verdict: Verdict
) -> None:
    assert DEFAULT_TARGET.judge(Decimal(level), sign) is verdict


@given(st.decimals("0.01", "200", places=2))
def test_exactly_one_verdict_holds_for_every_number(level: Decimal) -> None:
    verdict = DEFAULT_TARGET.judge(level, EXACTLY)

    assert (verdict is Verdict.IN) == (5 <= level <= 15)
    assert (verdict is Verdict.BELOW) == (level < 5)
    assert (verdict is Verdict.URGENT) == (level >= 20)


@pytest.mark.parametrize(
    ("case", "level", "verdict"),
    [
        (1, "13.3", Verdict.IN),
        (1, "14.7", Verdict.IN),
        (2, "13.5", Verdict.IN),
        (2, "16.4", Verdict.ABOVE),
    ],
)
def test_the_published_levels_are_in_in_in_and_above(
    case: int, level: str, verdict: Verdict
) -> None:
    assert DEFAULT_TARGET.judge(Decimal(level), EXACTLY) is verdict
