"""Time in range, worked out by hand."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest

from dosing.policy import (
    CITED_RANGES,
    DEFAULT_TARGET,
    LONGEST_INTERPOLATED_DAYS,
    Drawn,
    Target,
    days_to_range,
    is_in_range,
    time_in_range,
    under,
)
from dosing.units import Comparator

START = date(2026, 3, 2)
NARROW = under(CITED_RANGES["10-15"], DEFAULT_TARGET)


def levels(*told: tuple[int, str]) -> Sequence[Drawn]:
    return [
        Drawn(
            START + timedelta(days=day),
            Decimal(value.lstrip("<>")),
            Comparator(value[0] if value[0] in "<>" else ""),
        )
        for day, value in told
    ]


def wide(_day: date) -> Target:
    return DEFAULT_TARGET


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([(14, "4"), (24, "14")], (10, 10, 0)),  # 5 on day 15 belongs to the range
        ([(24, "14"), (28, "18")], (1, 4, 0)),  # 15 on day 25 does, 16 does not
        ([(14, "4"), (24, "14"), (28, "18")], (11, 14, 0)),
        ([(0, "10"), (LONGEST_INTERPOLATED_DAYS, "10")], (91, 91, 0)),
        ([(0, "10"), (LONGEST_INTERPOLATED_DAYS + 1, "10")], (0, 0, 92)),
        ([(0, "<2"), (7, "10"), (14, "10")], (7, 7, 7)),
        ([(7, "10"), (7, "20"), (8, "20")], (0, 1, 0)),
        ([(7, "10")], (0, 0, 0)),
        ([], (0, 0, 0)),
    ],
)
def test_each_day_between_two_levels_is_judged_on_the_line_between_them(
    told: list[tuple[int, str]], expected: tuple[int, int, int]
) -> None:
    found = time_in_range(levels(*told), wide)

    assert (found.in_range, found.judged, found.left_out) == expected


def test_a_day_is_judged_by_the_range_in_force_on_it() -> None:
    changed = START + timedelta(days=5)

    def target_on(day: date) -> Target | None:
        return NARROW if day >= changed else DEFAULT_TARGET

    found = time_in_range(levels((0, "8"), (10, "8")), target_on)

    assert (found.in_range, found.judged) == (4, 10)


def test_the_first_level_in_range_says_how_soon_it_was_reached() -> None:
    told = levels((7, "<9"), (14, "4"), (28, "5"), (35, "12"))

    assert [is_in_range(each, wide) for each in told] == [None, False, True, True]
    assert days_to_range(told, START, wide) == 28
    assert days_to_range(told[:2], START, wide) is None
    assert is_in_range(told[2], lambda _day: None) is None
