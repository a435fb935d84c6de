"""Lines of a file read as levels, doses or diary days, each with what is wrong."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import TypeVar

from django.utils.translation import gettext as _

from dosing import units
from dosing.imports import cells
from dosing.imports.cells import Moment, Order, RowError
from dosing.imports.columns import Kind
from dosing.imports.sheets import Line, Sheet

T = TypeVar("T")
Whose = tuple[int, str, date]

USUAL_TIME = time(8)
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """Whose row it is; never found by a name."""

    number: int
    identifier: str
    born_on: date


@dataclass(frozen=True, slots=True)
class LevelRow(Row):
    reported: units.Reported
    unit: units.Unit
    drawn_at: Moment
    last_dose_at: Moment | None
    note: str


@dataclass(frozen=True, slots=True)
class DoseRow(Row):
    amount_mg: Decimal
    interval_h: int
    starts_on: date
    stops_on: date | None
    usual_time: time
    protocol: str
    reason: str


@dataclass(frozen=True, slots=True)
class DiaryRow(Row):
    """A day of a diary as texts of its cells."""

    day: date
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that cannot be used, and why: each of its cells that cannot be read."""

    number: int
    errors: Sequence[RowError]


class Cells:
    """The cells of one line by the fields they belong to, and what is wrong there."""

    def __init__(self, line: Line, columns: Mapping[str, int]) -> None:
        self.line, self.columns = line, columns
        self.errors: list[RowError] = []

    def text(self, name: str) -> str:
        place = self.columns.get(name)
        return "" if place is None else self.line.cells[place].strip()

    def read(self, reader: Callable[..., T], name: str, *how: object) -> T:
        """Read a cell; what is wrong with it is kept, so that the others are read.

        A row with such a cell is never used.
        """
        try:
            return reader(name, self.text(name), *how)
        except RowError as problem:
            self.errors.append(problem)
            return None  # type: ignore[return-value]

    def read_told(self, reader: Callable[..., T], name: str, *how: object) -> T | None:
        """Read a cell that may be left blank."""
        return self.read(reader, name, *how) if self.text(name) else None


def read_rows(
    kind: Kind, sheet: Sheet, columns: Mapping[str, int], order: Order
) -> Iterator[Row | Unread]:
    """Read each line; one that cannot be read says which of its cells are at fault."""
    for line in sheet.lines:
        if line.problem:
            yield Unread(line.number, [RowError("", line.problem)])
            continue
        of = Cells(line, columns)
        try:
            row = READERS[kind](of, whose(of, order), order)
        except RowError as problem:
            yield Unread(line.number, [problem])
        else:
            yield Unread(line.number, of.errors) if of.errors else row


def whose(of: Cells, order: Order) -> Whose:
    """Say whose row it is; of one that names nobody nothing else is read."""
    identifier = cells.identifier_of("identifier", of.text("identifier"))
    if not of.text("born_on"):
        raise RowError("born_on", _("The birth date is missing."))
    return of.line.number, identifier, of.read(cells.day_of, "born_on", order)


def read_level(of: Cells, whose: Whose, order: Order) -> LevelRow:
    return LevelRow(
        *whose,
        reported=of.read(cells.level_of, "value"),
        unit=of.read(cells.unit_of, "unit"),
        drawn_at=of.read(
            cells.moment_of, "drawn_at", order, of.text("drawn_time"), "drawn_time"
        ),
        last_dose_at=of.read_told(cells.moment_of, "last_dose_at", order),
        note=of.read(cells.check_plain, "note"),
    )


def read_dose(of: Cells, whose: Whose, order: Order) -> DoseRow:
    return DoseRow(
        *whose,
        amount_mg=of.read(cells.amount_of, "amount_mg"),
        interval_h=of.read(cells.interval_of, "interval_h"),
        starts_on=of.read(cells.day_of, "starts_on", order),
        stops_on=of.read_told(cells.day_of, "stops_on", order),
        usual_time=of.read_told(cells.clock_of, "usual_time") or USUAL_TIME,
        protocol=of.read(cells.check_plain, "protocol"),
        reason=of.read(cells.check_plain, "reason"),
    )


TEXTS: Mapping[str, Callable[[str, str], str]] = {
    "dose": cells.answer_of,
    "at": cells.written_clock_of,
    "temperature_c": cells.number_of,
    "pulse_per_min": cells.number_of,
    "spo2_percent": cells.number_of,
    "weight_kg": cells.number_of,
    "pain_vas": cells.number_of,
    "amount": cells.number_of,
}
"""Cells of a diary that other programs write in their own way."""


def read_day(of: Cells, whose: Whose, order: Order) -> DiaryRow:
    told = (
        name
        for name in of.columns
        if name not in {"identifier", "born_on", "day"} and of.text(name)
    )
    return DiaryRow(
        *whose,
        day=of.read(cells.day_of, "day", order),
        texts={
            name: of.read(TEXTS.get(name, cells.check_plain), name) for name in told
        },
    )


READERS: Mapping[Kind, Callable[[Cells, Whose, Order], Row]] = {
    Kind.LEVELS: read_level,
    Kind.DOSES: read_dose,
    Kind.DIARY: read_day,
}

DAYS = ("born_on", "drawn_at", "last_dose_at", "starts_on", "stops_on", "day")


def proven_order(sheet: Sheet, columns: Mapping[str, int]) -> Order:
    """Return that days come first where one cell, and no other against it, proves it.

    15/12/1978 does; 01/03/1978 proves nothing, and 12/15/1978 the contrary.
    """
    places = [columns[name] for name in DAYS if name in columns]
    days = [
        parts
        for line in sheet.lines
        for place in places
        if place < len(line.cells)
        and (parts := cells.local_day(line.cells[place])) is not None
    ]
    proven = any(first > MONTHS for first, _second in days)
    contrary = any(second > MONTHS for _first, second in days)
    return Order.DAY_FIRST if proven and not contrary else Order.ISO
