"""Which record meets which window, and which windows a later one overtook."""

from datetime import date, timedelta

import pytest

from patients.schedule import Calendar, Window, closing

DAY_0 = date(2026, 3, 2)


def on(day: int) -> date:
    return DAY_0 + timedelta(days=day)


def found(*days: int) -> tuple[dict[int, int], dict[int, int]]:
    """Let records of some days meet a window of days 7-20 and one of days 14-28."""
    windows = [Window(1, on(7), on(20)), Window(2, on(14), on(28))]
    said = closing(windows, {on(day) for day in days}, Calendar())
    return (
        {key: (day - DAY_0).days for key, day in said.met.items()},
        {key: (day - DAY_0).days for key, day in said.overtaken.items()},
    )


@pytest.mark.parametrize(
    ("days", "met", "overtaken"),
    [
        ((), {}, {}),
        ((6,), {}, {}),
        ((7,), {1: 7}, {}),
        ((13,), {1: 13}, {}),
        ((14,), {1: 14, 2: 14}, {}),
        ((20,), {1: 20, 2: 20}, {}),
        ((21,), {2: 21}, {1: 21}),
        ((40,), {2: 40}, {1: 40}),
        ((8, 40), {1: 8, 2: 40}, {}),
    ],
)
def test_a_record_meets_the_windows_it_lies_in_and_the_last_that_had_opened(
    days: tuple[int, ...], met: dict[int, int], overtaken: dict[int, int]
) -> None:
    assert found(*days) == (met, overtaken)
