"""How the chart writes dates, numbers and verdicts."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"


def day_text(on: date | datetime) -> str:
    return _day_text(date(on.year, on.month, on.day), get_language())


@lru_cache(maxsize=4096)
def _day_text(on: date, _language: str | None) -> str:
    """A chart names the same days at every width and again in its table."""
    return str(date_format(on, "DATE_FORMAT"))


def short_day_text(on: date) -> str:
    # Translators: a Django date format: day and month, as short as possible
    return str(date_format(on, _("j M")))


def month_text(on: date) -> str:
    return str(date_format(on, "YEAR_MONTH_FORMAT"))


def week_text(week: int) -> str:
    if week == 0:
        return _("start")
    number = f"{MINUS}{-week}" if week < 0 else str(week)
    return _("week %(number)s") % {"number": number}


def number_text(value: Decimal) -> str:
    return str(number_format(f"{value.normalize():f}"))


def percent_text(percent: Decimal) -> str:
    whole = int(percent.to_integral_value(ROUND_HALF_UP))
    sign = MINUS if whole < 0 else "+" if whole else ""
    return f"{sign}{abs(whole)}{NO_BREAK}%"


def axis_percent_text(percent: int) -> str:
    sign = MINUS if percent < 0 else ""
    return f"{sign}{abs(percent)}{NO_BREAK}%"


def verdict_text(verdict: str) -> str:
    words = {
        "below": _("below the target"),
        "in": _("in the target range"),
        "above": _("above the target"),
        "urgent": _("urgent"),
    }
    return words.get(verdict, _("not judged"))
