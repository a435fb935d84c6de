"""Lines of a file read as levels, doses or diary days, each with what is wrong."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

from dosing import units
from dosing.imports import cells
from dosing.imports.cells import Order, RowError
from dosing.imports.columns import Kind
from dosing.imports.sheets import Line, Sheet

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
    """A level; times are wall times, `offsets` what was written behind them."""

    reported: units.Reported
    unit: units.Unit
    drawn_at: datetime
    last_dose_at: datetime | None
    note: str
    offsets: tuple[str, str]


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
    """A row that cannot be used, and why."""

    number: int
    error: RowError


class Cells:
    """The cells of one line by the fields they belong to."""

    def __init__(self, line: Line, columns: Mapping[str, int]) -> None:
        self.line, self.columns = line, columns

    def text(self, name: str) -> str:
        place = self.columns.get(name)
        return "" if place is None else self.line.cells[place].strip()

    def plain(self, name: str) -> str:
        return cells.check_plain(name, self.text(name))


def read_rows(
    kind: Kind, sheet: Sheet, columns: Mapping[str, int], order: Order
) -> Iterator[Row | Unread]:
    """Read each line; one that cannot be read says which cell is at fault."""
    for line in sheet.lines:
        if line.problem:
            yield Unread(line.number, RowError("", line.problem))
            continue
        try:
            yield READERS[kind](Cells(line, columns), order)
        except RowError as problem:
            yield Unread(line.number, problem)


def whose(of: Cells, order: Order) -> tuple[int, str, date]:
    return (
        of.line.number,
        cells.identifier_of("identifier", of.text("identifier")),
        cells.day_of("born_on", of.text("born_on"), order),
    )


def read_level(of: Cells, order: Order) -> LevelRow:
    cells.identifier_of("identifier", of.text("identifier"))  # whose it is, first
    drawn, offset = cells.moment_of(
        "drawn_at", of.text("drawn_at"), order, of.text("drawn_time")
    )
    last, last_offset = None, ""
    if of.text("last_dose_at"):
        last, last_offset = cells.moment_of(
            "last_dose_at", of.text("last_dose_at"), order
        )
    return LevelRow(
        *whose(of, order),
        reported=cells.level_of("value", of.text("value")),
        unit=cells.unit_of("unit", of.text("unit")),
        drawn_at=drawn,
        last_dose_at=last,
        note=of.plain("note"),
        offsets=(offset, last_offset),
    )


def read_dose(of: Cells, order: Order) -> DoseRow:
    stops, usual = of.text("stops_on"), of.text("usual_time")
    return DoseRow(
        *whose(of, order),
        amount_mg=cells.amount_of("amount_mg", of.text("amount_mg")),
        interval_h=cells.interval_of("interval_h", of.text("interval_h")),
        starts_on=cells.day_of("starts_on", of.text("starts_on"), order),
        stops_on=cells.day_of("stops_on", stops, order) if stops else None,
        usual_time=cells.clock_of("usual_time", usual) if usual else USUAL_TIME,
        protocol=of.plain("protocol"),
        reason=of.plain("reason"),
    )


NUMBERS = {
    "temperature_c",
    "pulse_per_min",
    "spo2_percent",
    "weight_kg",
    "pain_vas",
    "amount",
}


def read_day(of: Cells, order: Order) -> DiaryRow:
    texts = {}
    for name in of.columns:
        text = of.plain(name)
        if name in {"identifier", "born_on", "day"} or not text:
            continue
        texts[name] = text.replace(",", ".") if name in NUMBERS else text
    if "dose" in texts:
        texts["dose"] = cells.answer_of("dose", texts["dose"])
    if "at" in texts:
        texts["at"] = f"{cells.clock_of('at', texts['at']):%H:%M}"
    return DiaryRow(
        *whose(of, order),
        day=cells.day_of("day", of.text("day"), order),
        texts=texts,
    )


READERS: Mapping[Kind, Callable[[Cells, Order], Row]] = {
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
