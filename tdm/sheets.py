"""Tables as files: CSV, XLSX and DOCX, safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Length, Pt
from docx.table import Table
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from dosing.words import plain

Cell = str | int | Decimal | None

UNPRINTABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")

FORMULA_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
"""What starts a formula, in the full-width forms too that some spreadsheets read."""

FORMULA_STARTS = (*FORMULA_SIGNS, "\t", "\r", "\n", "|")


@dataclass(frozen=True, slots=True)
class Column:
    """A column's full name; over several of one kind stand `group` and `short`."""

    name: str
    group: str = ""
    short: str = ""
    width: int = 1
    """How much room it takes in print, beside the others."""


@dataclass(frozen=True, slots=True)
class Sheet:
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def written(cell: Cell) -> str:
    return (
        plain(cell) if isinstance(cell, Decimal) else str("" if cell is None else cell)
    )


def harmless(cell: Cell) -> str:
    """Put a quote before text that a spreadsheet would take for a formula."""
    words = written(cell)
    if isinstance(cell, int | Decimal) or is_number(words):
        return words
    inner = words.lstrip(" \u00a0\u3000\u200b\ufeff")
    return f"'{words}" if inner.startswith(FORMULA_STARTS) else words


def is_number(words: str) -> bool:
    """Ask whether a text is a plain number: ASCII digits, a sign, a point."""
    return words.isascii() and words.removeprefix("-").replace(".", "", 1).isdigit()


def as_csv(sheet: Sheet) -> str:
    """Write rows, then the notes after an empty line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(map(harmless, sheet.names))
    writer.writerows([harmless(cell) for cell in row] for row in sheet.rows)
    if sheet.notes:
        writer.writerow([])
        writer.writerows([harmless(note)] for note in sheet.notes)
    return out.getvalue()


def as_xlsx(sheets: Iterable[Sheet]) -> bytes:
    """Write one sheet after another without holding the cells; numbers stay numbers."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(sheet.title)
        page.freeze_panes = "B2"
        head = [WriteOnlyCell(page, harmless(name)) for name in sheet.names]
        for cell in head:
            cell.font = Font(bold=True)
        page.append(head)
        for row in sheet.rows:
            page.append([spreadsheet_cell(cell) for cell in row])
        for note in ("", *sheet.notes) if sheet.notes else ():
            page.append([spreadsheet_cell(note)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def spreadsheet_cell(cell: Cell) -> str | int | Decimal | None:
    if isinstance(cell, int | Decimal) or cell is None:
        return cell
    return printable(harmless(cell))


def printable(words: str) -> str:
    """Leave out what neither a spreadsheet nor a document can hold."""
    return UNPRINTABLE.sub("", ILLEGAL_CHARACTERS_RE.sub("", words))


FONT, JAPANESE_FONT = "Arial", "Yu Gothic"
A4_LONG, A4_SHORT, MARGIN = Cm(29.7), Cm(21.0), Cm(1.0)
CELL_PT, NOTE_PT = Pt(6.5), Pt(8)


def as_docx(sheet: Sheet) -> bytes:
    """Write one table on A4 on its side; its head comes again on every page."""
    document = Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = A4_LONG, A4_SHORT
    section.left_margin = section.right_margin = MARGIN
    section.top_margin = section.bottom_margin = MARGIN
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, NOTE_PT
    style.element.rPr.rFonts.set(qn("w:eastAsia"), JAPANESE_FONT)
    title = document.add_paragraph()
    title.add_run(sheet.title).bold = True
    table = document.add_table(rows=2, cols=len(sheet.columns))
    table.style = "Table Grid"
    table.autofit = False
    head(table, sheet.columns)
    for row in sheet.rows:
        fill(table.add_row().cells, [written(cell) for cell in row])
    widths = widths_of(sheet.columns)
    for width, place in zip(widths, table.columns, strict=True):
        place.width = width
    for line in table.rows:
        for cell, width in zip(line.cells, widths, strict=True):
            cell.width = width
    for note in sheet.notes:
        document.add_paragraph(note)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def head(table: Table, columns: Sequence[Column]) -> None:
    """Write two rows of heads: over columns of one kind stands what they share."""
    upper, lower = table.rows[0].cells, table.rows[1].cells
    first = 0
    for place, column in enumerate(columns):
        last = place + 1 == len(columns) or columns[place + 1].group != column.group
        if column.group:
            fill([lower[place]], [column.short], bold=True)
            if last:
                shared = upper[first].merge(upper[place])
                fill([shared], [column.group], bold=True)
        else:
            fill([upper[place].merge(lower[place])], [column.name], bold=True)
        if last or not column.group:
            first = place + 1
    for row in table.rows[:2]:
        repeated = OxmlElement("w:tblHeader")
        repeated.set(qn("w:val"), "true")
        row._tr.get_or_add_trPr().append(repeated)  # noqa: SLF001 - no public name


def fill(cells: Sequence[object], texts: Sequence[str], *, bold: bool = False) -> None:
    for cell, words in zip(cells, texts, strict=True):
        paragraph = cell.paragraphs[0]  # type: ignore[attr-defined]
        paragraph.paragraph_format.space_after = Pt(0)
        run = paragraph.add_run(words)
        run.font.size, run.bold = CELL_PT, bold


def widths_of(columns: Sequence[Column]) -> list[Length]:
    """Share the room between the margins out among the columns."""
    room = A4_LONG - 2 * MARGIN
    parts = sum(column.width for column in columns)
    return [Length(room * column.width // parts) for column in columns]
