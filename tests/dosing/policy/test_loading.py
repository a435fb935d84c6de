"""A loading dose: only for a rise, never more than 40 mg a day."""

from datetime import date
from decimal import Decimal

import pytest

from dosing.policy import Regimen, loading

MONDAY = date(2026, 3, 2)


def daily(amount: str) -> Regimen:
    return Regimen(Decimal(amount), 24)


def test_from_2_to_3_mg_is_3_mg_once_and_a_level_after_3_to_4_days() -> None:
    found = loading(daily("2"), daily("3"), MONDAY)

    assert found is not None
    assert found.mg_by_day == (Decimal(3),)
    assert (found.first_level_on.day, found.last_level_on.day) == (5, 6)


@pytest.mark.parametrize("new", ["2", "1.5", "0"])
def test_a_dose_that_does_not_rise_needs_none(new: str) -> None:
    assert loading(daily("2"), daily(new), MONDAY) is None


@pytest.mark.parametrize(("new", "days"), [("15.33", 1), ("15.34", 2), ("20", 2)])
def test_more_than_40_mg_goes_over_two_days(new: str, days: int) -> None:
    found = loading(daily("2"), daily(new), MONDAY)

    assert found is not None
    assert len(found.mg_by_day) == days
    assert max(found.mg_by_day) <= 40


def test_without_a_dose_there_is_nothing_to_load() -> None:
    assert loading(daily("0"), daily("2"), MONDAY) is None
