"""An Excel workbook read row by row, never as a whole, and never calculated."""

from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from itertools import zip_longest
from typing import Any
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from dosing.imports.sheets import LONGEST_CELL, Encoding, FileError, Sheet

MOST_UNPACKED_BYTES = 200_000_000
"""A file of 10 MB that unpacks to more is made to do harm."""

PIECE = 1 << 16
FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")
BROKEN = (BadZipFile, InvalidFileException, KeyError, ValueError, OSError)


def read_workbook(content: bytes) -> Sheet:
    """Read the first sheet; formulas, merged cells and macros are refused."""
    try:
        look_through(content)
        book = load_workbook(BytesIO(content), read_only=True)
        try:
            return read_rows(book.worksheets[0].iter_rows())
        finally:
            book.close()
    except FileError:
        raise
    except (*BROKEN, IndexError, SyntaxError, EOFError) as problem:
        raise FileError(
            _("This workbook cannot be opened. Save it again, or as CSV UTF-8.")
        ) from problem


def look_through(content: bytes) -> None:
    """Refuse what is too large, has macros, merged cells, or entities in its XML."""
    with ZipFile(BytesIO(content)) as packed:
        members = packed.infolist()
        if sum(each.file_size for each in members) > MOST_UNPACKED_BYTES:
            raise FileError(_("This workbook is too large. Split it."))
        if any(each.filename.lower().endswith("vbaproject.bin") for each in members):
            raise FileError(_("This workbook holds macros. Save it as .xlsx."))
        for each in members:
            if each.filename.endswith((".xml", ".rels")):
                look_into(packed, each.filename)


def look_into(packed: ZipFile, name: str) -> None:
    """Search a part of the workbook piece by piece, so that memory stays flat."""
    is_sheet = name.startswith("xl/worksheets/")
    with packed.open(name) as part:
        rest = b""
        while piece := part.read(PIECE):
            seen = rest + piece
            if any(word in seen for word in FORBIDDEN):
                raise FileError(_("This workbook cannot be trusted: it has entities."))
            if is_sheet and b"<mergeCell " in seen:
                raise FileError(
                    _("Cells are merged. Give every cell its own value, then save.")
                )
            rest = piece[-16:]


def read_rows(rows: Iterable[tuple[Any, ...]]) -> Sheet:
    sheet = Sheet(Encoding.XLSX)
    for number, row in enumerate(rows, start=1):
        cells = [text_of(cell.value) for cell in row]
        problem = next((said for cell in row if (said := wrong_with(cell))), "")
        if sheet.headers:
            cells = as_wide(cells, len(sheet.headers))
        else:
            while cells and not cells[-1]:
                cells.pop()
        sheet.take(number, cells, problem)
    return sheet


def as_wide(cells: list[str], width: int) -> list[str]:
    """Drop empty cells beyond the header, and add those that are not stored."""
    while len(cells) > width and not cells[-1]:
        cells.pop()
    return [cell or "" for cell, _n in zip_longest(cells, range(width))]


def wrong_with(cell: Any) -> str:
    if getattr(cell, "data_type", "") == "f":
        return _("Cell %(cell)s is a formula. Paste the value in its place.") % {
            "cell": cell.coordinate
        }
    if isinstance(cell.value, str) and len(cell.value) > LONGEST_CELL:
        return _("Cell %(cell)s is longer than %(most)s characters.") % {
            "cell": cell.coordinate,
            "most": LONGEST_CELL,
        }
    return ""


def text_of(value: object) -> str:
    """Write a cell as a person would type it: 13.3, 2026-03-01, 08:00."""
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, datetime):
        return value.replace(microsecond=0).isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return f"{Decimal(f'{value:.15g}'):f}"
    return "" if value is None else str(value).strip()
