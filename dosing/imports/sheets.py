"""What a CSV file and a workbook have in common: a header and rows of text cells."""

from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext as _

MOST_ROWS = 20_000
LONGEST_CELL = 2_000


class Encoding(StrEnum):
    UTF_8 = "utf-8"
    UTF_8_BOM = "utf-8-sig"
    CP932 = "cp932"
    XLSX = "xlsx"


class FileError(ValueError):
    """The file cannot be read; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number as a spreadsheet counts it, its cells, what is wrong."""

    number: int
    cells: list[str]
    problem: str = ""


@dataclass
class Sheet:
    """The rows below a header; `blank` counts the empty ones that were skipped."""

    encoding: Encoding
    delimiter: str = ""
    headers: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    blank: int = 0

    def take(self, number: int, cells: list[str], problem: str = "") -> None:
        """Add a row: the first is the header, an empty one is counted only."""
        if not any(cells):
            self.blank += 1
        elif not self.headers:
            self.headers = [" ".join(cell.split()) for cell in cells]
        elif len(self.lines) == MOST_ROWS:
            raise FileError(
                _("More than %(count)s rows. Split the file.") % {"count": MOST_ROWS}
            )
        else:
            self.lines.append(Line(number, cells, problem or self.miscounted(cells)))

    def miscounted(self, cells: list[str]) -> str:
        if len(cells) == len(self.headers):
            return ""
        return _("%(count)s cells, where the header has %(due)s.") % {
            "count": len(cells),
            "due": len(self.headers),
        }

    def checked(self) -> "Sheet":
        """Return itself, unless the header or the rows cannot be used."""
        if not self.lines:
            raise FileError(_("There are no rows in this file."))
        named = [header.casefold() for header in self.headers]
        for header in self.headers:
            if header and named.count(header.casefold()) > 1:
                raise FileError(
                    _("Two columns are named “%(name)s”. Name each once.")
                    % {"name": header[:40]}
                )
        return self
