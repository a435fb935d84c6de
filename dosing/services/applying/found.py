"""What the rows of a file come to: counts, faults, questions, what was made."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from dosing.imports import Row
from dosing.services.batches import NEVER_AT_ONCE
from dosing.services.levels import UnconfirmedError
from patients.models.rules import errors_by_field


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell of a row, or asked about it."""

    line: int
    field: str
    said: str


@dataclass
class Found:
    """What the rows of a file come to; `made` names what undoing would take back.

    Each row is one of four: wrong, unusual, unchanged, or new.
    """

    rows: int = 0
    blank: int = 0
    unchanged: int = 0
    converted: int = 0
    errors: list[Fault] = field(default_factory=list)
    questions: list[Fault] = field(default_factory=list)
    made: list[dict[str, object]] = field(default_factory=list)

    @property
    def lines_wrong(self) -> set[int]:
        return {fault.line for fault in self.errors}

    @property
    def lines_unusual(self) -> set[int]:
        return {fault.line for fault in self.questions} - self.lines_wrong

    @property
    def new(self) -> int:
        told = len(self.lines_wrong) + len(self.lines_unusual) + self.unchanged
        return self.rows - told

    def wrong(self, row: Row, name: str, said: str) -> None:
        self.errors.append(Fault(row.number, name, said))

    def refused(self, row: Row, refusal: ValidationError) -> None:
        """Take what a service said: a question that may be answered, or an error."""
        if isinstance(refusal, UnconfirmedError):
            for question, said in zip(refusal.questions, refusal.messages, strict=True):
                if question.key.startswith(NEVER_AT_ONCE):
                    self.wrong(row, "value", f"{said} {_('Correct it in the file.')}")
                else:
                    self.questions.append(Fault(row.number, "value", said))
            return
        for name, errors in errors_by_field(refusal).items():
            for error in errors:
                shown = FIELDS.get(name, name)
                self.wrong(row, shown, " ".join(error.messages))

    def shown(self, most: int) -> dict[str, object]:
        """Return the report for keeping, with so many of the faults.

        What is counted is rows, however many faults one of them has.
        """
        return {
            "rows": self.rows,
            "blank": self.blank,
            "new": self.new,
            "unchanged": self.unchanged,
            "converted": self.converted,
            "errors_in_all": len(self.lines_wrong),
            "questions_in_all": len(self.lines_unusual),
            "errors": together(self.errors)[:most],
            "questions": together(self.questions)[:most],
        }


MOST_SPANS = 20
"""So many stretches of rows are kept of what is said again and again."""


def together(faults: Iterable[Fault]) -> list[dict[str, object]]:
    """Tell once what is said of one field in many rows, in the order of the rows.

    `spans` are the first and the last of rows that follow each other, `rows` how many
    there are in all.
    """
    lines: dict[tuple[str, str], dict[int, None]] = defaultdict(dict)
    for fault in sorted(faults, key=lambda each: each.line):
        lines[fault.field, fault.said][fault.line] = None
    return [
        {
            "line": next(iter(of_it)),
            "field": name,
            "said": said,
            "spans": spans(of_it)[:MOST_SPANS],
            "rows": len(of_it),
        }
        for (name, said), of_it in lines.items()
    ]


def spans(lines: Iterable[int]) -> list[list[int]]:
    """Return the first and the last of each stretch of rising numbers."""
    found: list[list[int]] = []
    for line in lines:
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return found


FIELDS = {"reported_value": "value", "ng_per_ml": "value", "reported_unit": "unit"}
"""Where a record's field has another name among the columns."""


def is_twice(
    found: Found, row: Row, key: object, seen: dict[object, int], name: str
) -> bool:
    """Say of a row that another one of the file tells the same thing."""
    if key not in seen:
        seen[key] = row.number
        return False
    found.wrong(
        row, name, _("Row %(row)s tells the same already.") % {"row": seen[key]}
    )
    return True
