"""What is taken: an amount at an interval, over periods that follow each other."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from dosing.units import Sentence


@dataclass(frozen=True, slots=True)
class Regimen:
    """An amount at an interval: 1 mg every 48 h is 0.5 mg/day on alternate days."""

    amount_mg: Decimal
    interval_h: int

    @property
    def mg_per_day(self) -> Decimal:
        return self.amount_mg * 24 / self.interval_h


ALTERNATE_DAYS_H = 48

REGIMEN_TEXTS = {
    12: "%(amount)s mg twice daily",
    24: "%(amount)s mg once daily",
    48: "%(amount)s mg on alternate days",
}


def regimen_in_words(regimen: Regimen) -> Sentence:
    return Sentence(REGIMEN_TEXTS[regimen.interval_h], {"amount": regimen.amount_mg})


@dataclass(frozen=True, slots=True)
class Period:
    """A regimen from its first day up to, not including, the day it stops."""

    regimen: Regimen
    starts_on: date
    stops_on: date | None = None

    def covers(self, day: date) -> bool:
        return self.starts_on <= day and (self.stops_on is None or day < self.stops_on)


@dataclass(frozen=True, slots=True)
class Course:
    """The regimens of one patient in order; days between them are dose-free."""

    periods: tuple[Period, ...] = ()

    def on(self, day: date) -> Period | None:
        return next((p for p in self.periods if p.covers(day)), None)

    def behind(self, day: date) -> Period | None:
        """Return the regimen a sample of that day speaks of: the day before's dose."""
        return self.on(day - timedelta(days=1)) or self.on(day)

    def starts_on(self) -> date | None:
        return self.periods[0].starts_on if self.periods else None

    def planned(self, today: date) -> Period | None:
        """Return the last regimen that runs or will, unless all have stopped."""
        going = [p for p in self.periods if p.stops_on is None or p.stops_on > today]
        return going[-1] if going else None

    def unchanged_since(self, day: date) -> date | None:
        """Return the first day of the unbroken stretch of one regimen behind a day."""
        current = self.behind(day)
        return None if current is None else self.stretch_start(current)

    def stretch_start(self, period: Period) -> date:
        """Return the first day of the regimen that a period carries on."""
        first = period.starts_on
        for earlier in reversed(self.periods):
            joined = earlier.stops_on == first and earlier.regimen == period.regimen
            first = earlier.starts_on if joined else first
        return first

    def dose_free_days_before(self, day: date) -> int:
        """Count the days since the last regimen stopped."""
        stops = [p.stops_on for p in self.periods if p.stops_on and p.stops_on <= day]
        return (day - max(stops)).days if stops else 0
