"""Days on which a clinic is open."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

IsOpen = Callable[[date], bool]
"""Whether the clinic is open on a day."""

LONGEST_CLOSURE_DAYS = 60
"""A clinic closed for longer is not waited for."""


def days(count: int) -> timedelta:
    return timedelta(days=count)


def span(first: date, last: date) -> Iterator[date]:
    for step in range((last - first).days + 1):
        yield first + days(step)


def first_open(day: date, is_open: IsOpen) -> date:
    """Return the first clinic day from a day on; the day itself if there is none."""
    later = span(day, day + days(LONGEST_CLOSURE_DAYS))
    return next((each for each in later if is_open(each)), day)


def nearest_open(best: date, opens: date, closes: date, is_open: IsOpen) -> date:
    """Return the clinic day of the window nearest to the best one, the earlier first.

    Where the window has none, the first clinic day after it.
    """
    inside = [day for day in span(opens, closes) if is_open(day)]
    if inside:
        return min(inside, key=lambda day: (abs((day - best).days), day))
    return first_open(closes, is_open)


def last_open(opens: date, closes: date, is_open: IsOpen) -> date:
    """Return the latest clinic day of a window: the nearest to steady state."""
    return nearest_open(closes, opens, closes, is_open)


def on_clinic_days(
    opens: date, best: date, closes: date, is_open: IsOpen
) -> tuple[date, date, date]:
    """Draw the ends of a window in to clinic days; the best day is one already."""
    inside = [day for day in span(opens, closes) if is_open(day)] or [best]
    return min(inside[0], best), best, max(inside[-1], best)
