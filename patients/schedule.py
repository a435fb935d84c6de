"""Which days a clinic is open, and which record closes a window: days alone.

Nothing here knows a database.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

import holidays

ONE_DAY = timedelta(days=1)


@cache
def holidays_of(country: str, year: int) -> frozenset[date]:
    """Return the public holidays of a country; none where it is not named."""
    if not country:
        return frozenset()
    return frozenset(holidays.country_holidays(country, years=year))


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of one clinic: weekdays without a clinic, holidays, its own closures."""

    closed_weekdays: Collection[int] = ()
    country: str = ""
    closed_days: Collection[date] = field(default_factory=frozenset)

    def is_open(self, day: date) -> bool:
        return not (
            day.weekday() in self.closed_weekdays
            or day in self.closed_days
            or day in holidays_of(self.country, day.year)
        )

    def next_open(self, day: date) -> date:
        """Return the first clinic day from a day on."""
        for ahead in range(LONGEST_CLOSURE):
            if self.is_open(day + timedelta(days=ahead)):
                return day + timedelta(days=ahead)
        return day

    def counts_from(self, opens_on: date) -> date:
        """Return the first day whose record still belongs to a window.

        Those are the closed days right before it: its end was drawn in to clinic days,
        but a sample taken elsewhere on a Saturday counts.
        """
        day = opens_on
        while not self.is_open(day - ONE_DAY) and (opens_on - day).days < LONGEST_BREAK:
            day -= ONE_DAY
        return day


LONGEST_CLOSURE = 60
"""Days; a clinic closed for longer has no next day."""

LONGEST_BREAK = 4
"""No more than so many closed days before a window count as part of it [NV]."""


def last_day(closes_on: date, booked_on: date | None) -> date:
    """Return the last day on which it is not late: what is booked waits for its day."""
    return max(closes_on, booked_on or closes_on)


@dataclass(frozen=True, slots=True)
class Window:
    """A window as it is kept: what closes it is counted from the day it opens."""

    key: int
    opens_on: date
    closes_on: date


@dataclass(frozen=True, slots=True)
class Closing:
    """By key: when a window was met, and when a later one overtook it."""

    met: dict[int, date]
    overtaken: dict[int, date]


def closing(
    windows: Sequence[Window], happened: Collection[date], calendar: Calendar
) -> Closing:
    """Return which windows were met and which were overtaken; the rest are open.

    A record belongs to each window it lies in, and to the last that had opened: late
    is late, but it is done. Of several the first counts. A window without a record is
    overtaken by the first that belongs to a later one.
    """
    found = Closing({}, {})
    starts = sorted({calendar.counts_from(each.opens_on) for each in windows})
    for window in windows:
        first = calendar.counts_from(window.opens_on)
        later = next((day for day in starts if day > first), date.max)
        since = [day for day in happened if day >= first]
        met = [day for day in since if day < later or day <= window.closes_on]
        if met:
            found.met[window.key] = min(met)
        elif since:
            found.overtaken[window.key] = min(since)
    return found
