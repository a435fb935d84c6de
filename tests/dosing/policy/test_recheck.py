"""When the next level is worth drawing, on a day the clinic is open."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing.policy import Verdict, next_level_on

WEEKEND = [5, 6]


@given(
    st.dates(date(2020, 1, 1), date(2040, 12, 31)),
    st.sets(st.integers(0, 6), max_size=6),
    st.sampled_from(list(Verdict)),
)
def test_after_a_change_it_falls_7_to_14_days_later_on_an_open_day(
    day: date, closed: set[int], verdict: Verdict
) -> None:
    start = day + timedelta(days=1)

    found = next_level_on(
        decided_on=day, new_dose_from=start, verdict=verdict, closed=closed
    )

    assert 7 <= (found - start).days <= 14
    assert found.weekday() not in closed


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict.IN, date(2026, 3, 30)),
        (Verdict.ABOVE, date(2026, 3, 16)),
        (Verdict.BELOW, date(2026, 3, 16)),
    ],
)
def test_without_a_change_it_comes_in_four_weeks_or_in_two_while_out_of_range(
    verdict: Verdict, expected: date
) -> None:
    monday = date(2026, 3, 2)

    found = next_level_on(
        decided_on=monday, new_dose_from=None, verdict=verdict, closed=WEEKEND
    )

    assert found == expected


def test_a_closed_day_moves_it_to_the_next_open_one() -> None:
    saturday = date(2026, 3, 7)

    found = next_level_on(
        decided_on=saturday, new_dose_from=None, verdict=Verdict.IN, closed=WEEKEND
    )

    assert found == date(2026, 4, 6)
