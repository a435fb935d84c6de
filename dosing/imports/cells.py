"""Cells as people write them: days, times, numbers, units, answers."""

import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from dosing import units
from dosing.words import say
from patients.models.rules import YEARS, plain_text


class Order(StrEnum):
    """Which dates are understood beside those that begin with the year."""

    ISO = "iso"
    DAY_FIRST = "day_first"


class RowError(ValueError):
    """What a cell says cannot be used; the sentence, and the field it is about."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class Moment(NamedTuple):
    """A wall time, and the offset that was written behind it, if one was."""

    wall: datetime
    offset: str


YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
JAPANESE = re.compile(r"(\d{4}) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?日")
DAY_FIRST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
SERIAL = re.compile(r"\d{5}(\.\d+)?")
CLOCK = re.compile(r"(\d{1,2})(?::|時)(\d{2})分?(?::(\d{2}))?(?:\.0+)?")
ZONE = re.compile(r"(.+?) ?(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)", re.ASCII)
SPREADSHEET = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
AMOUNT = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?(?: ?mg)?", re.IGNORECASE)


def tidy(text: str) -> str:
    """Return text in one width, without outer space."""
    return unicodedata.normalize("NFKC", text).strip()


def check_plain(field: str, text: str) -> str:
    try:
        plain_text(text)
    except ValidationError as problem:
        raise RowError(field, str(problem.message)) from problem
    return text


def day_of(field: str, text: str, order: Order) -> date:
    """Read 2026-03-01, 2026/3/1, 2026年3月1日, and 01/03/2026 only where chosen."""
    typed = tidy(text)
    found = YEAR_FIRST.fullmatch(typed)
    parts = found.group(1, 3, 4) if found else None
    if parts is None and (japanese := JAPANESE.fullmatch(typed)):
        parts = japanese.group(1, 2, 3)
    if parts is None and (local := DAY_FIRST.fullmatch(typed)):
        if order is not Order.DAY_FIRST:
            raise RowError(
                field,
                _(
                    "Day or month first? Write 2026-03-01, or choose below that days"
                    " come first."
                ),
            )
        parts = local.group(4, 3, 1)
    if parts is None:
        raise RowError(field, no_day(typed))
    try:
        day = date(*map(int, parts))
    except ValueError as problem:
        raise RowError(field, _("There is no such day.")) from problem
    if day.year not in YEARS:
        raise RowError(field, _("There is no such day."))
    return day


def no_day(typed: str) -> str:
    if SERIAL.fullmatch(typed):
        return _("This is a spreadsheet's number of a day. Write it as 2026-03-01.")
    return _("This is not a date. Write it as 2026-03-01.")


def clock_of(field: str, text: str) -> time:
    """Read 8:05, 08:05:00, 8時05分."""
    found = CLOCK.fullmatch(tidy(text))
    try:
        if found:
            hour, minute, second = (int(part or 0) for part in found.groups())
            return time(hour, minute, second)
    except ValueError:
        pass
    raise RowError(field, _("Write the time such as 08:05."))


def written_clock_of(field: str, text: str) -> str:
    """Read a time of day and return it as the diary writes it."""
    return f"{clock_of(field, text):%H:%M}"


def moment_of(
    field: str, text: str, order: Order, clock: str = "", clock_field: str = ""
) -> Moment:
    """Read a day and a time.

    The time stands in the same cell, after a space or a T, or in one of its own.
    """
    typed = tidy(text)
    zoned = ZONE.fullmatch(typed) if ":" in typed else None
    offset = zoned[2] if zoned else ""
    written, _sep, rest = split_day(zoned[1] if zoned else typed)
    day = day_of(field, written, order)
    if not rest and not clock:
        raise RowError(field, _("The time of day is missing."))
    if rest and clock:
        raise RowError(field, _("The time stands in two cells."))
    wall = clock_of(clock_field if clock else field, rest or clock)
    return Moment(datetime.combine(day, wall), offset)


def split_day(typed: str) -> tuple[str, str, str]:
    """Part a day from the time after it."""
    for sep in ("T", "日 ", "日", " "):
        head, found, rest = typed.partition(sep)
        if found:
            return head + ("日" if "日" in sep else ""), sep, rest.strip()
    return typed, "", ""


def local_day(text: str) -> tuple[int, int] | None:
    """Return the first two numbers of 15/12/1978, with or without a time after it."""
    found = DAY_FIRST.fullmatch(split_day(tidy(text))[0])
    return (int(found[1]), int(found[3])) if found else None


def level_of(field: str, text: str) -> units.Reported:
    try:
        return units.parse_reported(tidy(text))
    except units.NotANumberError as problem:
        raise RowError(field, say(problem.sentence)) from problem


def unit_of(field: str, text: str) -> units.Unit:
    unit = units.parse_unit(tidy(text))
    if unit is None:
        raise RowError(
            field,
            _("Unknown unit. Known are %(units)s.")
            % {"units": ", ".join(each.sign for each in units.Unit)},
        )
    return unit


def amount_of(field: str, text: str) -> Decimal:
    """Read an amount of mg, such as 1.5, 1,5 or 1.5 mg."""
    found = AMOUNT.fullmatch(tidy(text))
    if found is None:
        raise RowError(field, _("Write the amount in mg, such as 1.5."))
    return Decimal(f"{found[1]}.{found[2] or 0}")


def number_of(field: str, text: str) -> str:
    """Return a number of the diary with its decimal point."""
    return check_plain(field, text).replace(",", ".")


INTERVALS = {
    "once daily|daily|qd|1日1回|毎日|24|24h": 24,
    "twice daily|bid|1日2回|12|12h": 12,
    "on alternate days|alternate days|qod|隔日|48|48h": 48,
}


def interval_of(field: str, text: str) -> int:
    typed = tidy(text).casefold()
    for spellings, hours in INTERVALS.items():
        if typed in spellings.split("|"):
            return hours
    raise RowError(field, _("Write 12, 24 or 48: the hours between doses."))


TAKEN = {
    "taken|yes|y|1|o|true|服用|内服|あり|済|○|〇|はい": "taken",
    "late|遅れ|遅れて服用": "late",
    "missed|no|n|0|x|false|未服用|なし|×|いいえ|忘れ": "missed: not told",
    "unknown|?|不明": "unknown",
}


def answer_of(field: str, text: str) -> str:
    """Read whether a dose was taken, as the diary writes it."""
    typed = tidy(text).casefold()
    for spellings, answer in TAKEN.items():
        if typed in {tidy(each).casefold() for each in spellings.split("|")}:
            return answer
    if typed.startswith("missed: "):
        return check_plain(field, typed)
    raise RowError(field, _("Write taken, late, missed or unknown."))


def identifier_of(field: str, text: str) -> str:
    typed = check_plain(field, tidy(text))
    if not typed:
        raise RowError(field, _("The identifier is missing."))
    if SPREADSHEET.fullmatch(typed):
        raise RowError(
            field,
            _("A spreadsheet has damaged this identifier. Format the column as text."),
        )
    return typed
