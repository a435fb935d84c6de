"""What is wrong with a file, told with what its cells say and whose rows they are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dosing.imports.columns import FIELDS, Kind
from dosing.imports.sheets import Sheet

PARTS: Mapping[str, tuple[str, ...]] = {"drawn_at": ("drawn_at", "drawn_time")}
"""Fields that may be told in two cells."""

LONGEST_QUOTE = 60
MOST_QUOTES = 3


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence about rows: which, how many, whose, and what their cells say.

    `cells` are the names of the fields, each with some of what stands there.
    """

    said: str
    spans: Sequence[tuple[int, int]]
    rows: int
    whose: Sequence[str]
    cells: Sequence[tuple[str, Sequence[str]]]


class Quotes:
    """The cells of a sheet by the number of their row and the field they tell."""

    def __init__(
        self, kind: Kind, sheet: Sheet | None, columns: Mapping[str, int]
    ) -> None:
        lines = sheet.lines if sheet else []
        self.labels = {each.name: str(each.label) for each in FIELDS[kind]}
        self.rows = {line.number: line.cells for line in lines}
        self.columns = columns

    def told(self, faults: Iterable[Mapping[str, Any]]) -> list[Told]:
        """Tell each fault of a report; one of the same rows in other cells with it."""
        alike: dict[tuple[object, ...], list[str]] = {}
        for fault in faults:
            line = fault["line"]
            spans = tuple(map(tuple, fault.get("spans", [(line, line)])))
            key = (fault["said"], spans, fault.get("rows", 1))
            alike.setdefault(key, []).append(fault["field"])
        return [self.one(names, *key) for key, names in alike.items()]

    def one(self, names: Iterable[str], said: Any, spans: Any, rows: Any) -> Told:
        cells = [
            (self.labels[name], self.some(spans, name))
            for name in names
            if name in self.labels
        ]
        return Told(said, spans, rows, self.some(spans, "identifier"), cells)

    def some(self, spans: Iterable[tuple[int, int]], field: str) -> list[str]:
        """Return what rows say of a field, each thing once; more is an ellipsis."""
        lines = (n for first, last in spans for n in range(first, last + 1))
        said = once(text for n in lines if (text := self.of(n, field)))
        few = list(islice(said, MOST_QUOTES + 1))
        return [*few[:MOST_QUOTES], "…"] if len(few) > MOST_QUOTES else few

    def of(self, number: int, field: str) -> str:
        """Return what a row says of a field, shortened; nothing where it is silent."""
        cells = self.rows.get(number, [])
        places = [self.columns.get(name) for name in PARTS.get(field, (field,))]
        told = [cells[n] for n in places if n is not None and n < len(cells)]
        text = " ".join(filter(None, told))
        return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def once(texts: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for text in texts:
        if text not in seen:
            seen.add(text)
            yield text
