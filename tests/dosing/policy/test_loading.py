"""A loading dose: only for a rise, never more than 40 mg a day."""

from datetime import date
from decimal import Decimal

import pytest

from dosing.policy import Regimen, loading

MONDAY = date(2026, 3, 2)


def daily(amount: str) -> Regimen:
    return Regimen(Decimal(amount), 24)


def test_from_2_to_3_mg_is_3_mg_extra_once_and_a_level_after_3_to_4_days() -> None:
    found = loading(daily("2"), daily("3"), MONDAY)

    assert found is not None
    assert found.extra_mg_by_day == (Decimal(3),)
    assert (found.first_level_on.day, found.last_level_on.day) == (5, 6)


@pytest.mark.parametrize("new", ["2", "1.5", "0"])
def test_a_dose_that_does_not_rise_needs_none(new: str) -> None:
    assert loading(daily("2"), daily(new), MONDAY) is None


@pytest.mark.parametrize(("new", "days"), [("11.5", 1), ("11.6", 2), ("17.2", 2)])
def test_more_than_40_mg_goes_over_two_days(new: str, days: int) -> None:
    found = loading(daily("2"), daily(new), MONDAY)

    assert found is not None
    assert len(found.extra_mg_by_day) == days
    assert max(found.extra_mg_by_day) + Decimal(new) <= 40


def test_without_a_dose_there_is_nothing_to_load() -> None:
    assert loading(daily("0"), daily("2"), MONDAY) is None


def test_what_two_days_cannot_hold_is_not_loaded() -> None:
    assert loading(daily("2"), daily("17.3"), MONDAY) is None
