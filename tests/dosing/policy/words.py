"""Words for a course of treatment and a level, without a database."""

from datetime import date, timedelta
from decimal import Decimal

from dosing import policy
from dosing.policy import Course, Level, Limits, Period, Reading, Regimen
from dosing.units import Comparator

START = date(2026, 3, 2)
TWO_MG = Regimen(Decimal(2), 24)
ONE_MG = Regimen(Decimal(1), 24)
ON_TWO_MG = Course((Period(TWO_MG, START),))
STOCK = Limits(
    strengths_mg=(Decimal("0.5"), Decimal(1), Decimal(2)),
    ceiling_mg_per_day=Decimal(4),
    alternate_days=False,
)


def day(number: int) -> date:
    """Return a day of treatment; day 0 is the first dose."""
    return START + timedelta(days=number)


def a_level(ng_per_ml: str, on: int = 28, hours: str | None = "24") -> Level:
    """Return a level, by default a valid trough on day 28."""
    sign, number = ng_per_ml[:1], ng_per_ml.lstrip("<>")
    return Level(
        ng_per_ml=Decimal(number),
        comparator=Comparator(sign if sign in "<>" else ""),
        drawn_on=day(on),
        hours_since_dose=None if hours is None else Decimal(hours),
    )


def a_reading(
    ng_per_ml: str,
    on: int = 28,
    hours: str | None = "24",
    course: Course = ON_TWO_MG,
) -> Reading:
    return policy.read(a_level(ng_per_ml, on, hours), course, policy.DEFAULT_TARGET)
