"""A file as it was uploaded, read into lines of text cells, or refused in words."""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath, PureWindowsPath

from django.utils.translation import gettext as _

from dosing.imports.sheets import LONGEST_CELL, Encoding, FileError, Sheet
from dosing.imports.workbooks import read_workbook

MOST_BYTES = 10_000_000
LONGEST_NAME = 80
LONGEST_LINE = 60_000

ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
BOM = b"\xef\xbb\xbf"
JAPANESE = re.compile("[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]")
DELIMITERS = (",", ";", "\t")


def safe_name(name: str) -> str:
    """Return the last part of a file's name, for showing; it is never a path."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    kept = "".join(letter for letter in last if letter.isprintable())
    return kept[-LONGEST_NAME:] or "file"


def read_file(content: bytes, *, name: str, encoding: Encoding | None = None) -> Sheet:
    """Read a CSV file or a workbook, by what it is and not by its name alone.

    Raises
    ------
    FileError
        With a sentence that says what is wrong and what to do.
    """
    is_zip = content.startswith(ZIP)
    if content.startswith(OLD_EXCEL):
        raise FileError(_("This is an old Excel file. Save it as .xlsx or CSV UTF-8."))
    if name.lower().endswith((".xlsm", ".xltm", ".xlsb")):
        raise FileError(_("This workbook may hold macros. Save it as .xlsx."))
    if is_zip != name.lower().endswith(".xlsx"):
        raise FileError(_("The file's name and its content are of different types."))
    sheet = read_workbook(content) if is_zip else read_text(content, encoding)
    return sheet.checked()


def read_text(content: bytes, chosen: Encoding | None) -> Sheet:
    """Read comma-, semicolon- or tab-separated text."""
    text, encoding = decoded(content, chosen)
    if "\r" in text.replace("\r\n", ""):
        raise FileError(_("The lines end in an old way (CR). Save it as CSV UTF-8."))
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    sheet = Sheet(encoding, delimiter)
    for number, cells in records(Tape(lines), delimiter):
        if any(len(cell) > LONGEST_CELL for cell in cells):
            raise FileError(too_long(number))
        sheet.take(number, [cell.strip() for cell in cells])
    return sheet


def records(tape: "Tape", delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the number of its first line."""
    quoted = whole_record(delimiter)
    rows = csv.reader(tape, delimiter=delimiter, strict=True)
    while True:
        number = tape.begin()
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as problem:
            raise FileError(misquoted(number)) from problem
        if '"' in tape.record and not quoted.fullmatch(tape.record):
            raise FileError(misquoted(number))
        yield number, cells


def too_long(number: int) -> str:
    return _("Row %(row)s: a cell is longer than %(most)s characters.") % {
        "row": number,
        "most": LONGEST_CELL,
    }


def misquoted(number: int) -> str:
    return _(
        "Row %(row)s: a quotation mark is not closed, or stands inside a cell."
    ) % {"row": number}


class Tape(Iterable[str]):
    """Physical lines that remembers which of them make up the present record."""

    def __init__(self, lines: list[str]) -> None:
        self.lines, self.place, self.start = lines, 0, 0

    def begin(self) -> int:
        """Begin a record; return the number of its first line."""
        self.start = self.place
        return self.start + 1

    @property
    def record(self) -> str:
        return "\n".join(self.lines[self.start : self.place])

    def __iter__(self) -> Iterator[str]:
        while self.place < len(self.lines):
            self.place += 1
            if len(self.lines[self.place - 1]) > LONGEST_LINE:
                raise FileError(too_long(self.place))
            yield self.lines[self.place - 1] + "\n"


def whole_record(delimiter: str) -> re.Pattern[str]:
    """Match a record whose quotation marks stand around whole cells only."""
    d = re.escape(delimiter)
    cell = f'(?:"(?:[^"]|"")*"|[^"{d}\n]*)'
    return re.compile(f"{cell}(?:{d}{cell})*")


def decoded(content: bytes, chosen: Encoding | None) -> tuple[str, Encoding]:
    """Decode as chosen, else as UTF-8, else as Shift-JIS if that reads as Japanese."""
    if content.startswith(UTF_16):
        raise FileError(_("The file is UTF-16. Save it as CSV UTF-8."))
    if b"\x00" in content:
        raise FileError(_("The file holds NUL characters: it is no text."))
    if chosen in {Encoding.UTF_8, Encoding.CP932}:
        return strictly(content, chosen), chosen
    if content.startswith(BOM):
        return strictly(content, Encoding.UTF_8_BOM), Encoding.UTF_8_BOM
    try:
        return content.decode("utf-8"), Encoding.UTF_8
    except UnicodeDecodeError:
        text = content.decode("cp932", errors="ignore")
        if JAPANESE.search(text) and text.encode("cp932", "ignore") == content:
            return text, Encoding.CP932
        return strictly(content, Encoding.UTF_8), Encoding.UTF_8


def strictly(content: bytes, encoding: Encoding) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as problem:
        row = content.count(b"\n", 0, problem.start) + 1
        place = problem.start - content.rfind(b"\n", 0, problem.start)
        raise FileError(
            _(
                "Row %(row)s, byte %(place)s is not %(encoding)s. Save the file as"
                " CSV UTF-8, or choose another encoding."
            )
            % {"row": row, "place": place, "encoding": encoding.value}
        ) from problem
