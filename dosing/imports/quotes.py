"""What a fault is about, quoted from the file: whose row it is, what its cell says."""

from collections.abc import Mapping

from dosing.imports.sheets import Sheet

PARTS: Mapping[str, tuple[str, ...]] = {"drawn_at": ("drawn_at", "drawn_time")}
"""Fields that may be told in two cells."""

LONGEST_QUOTE = 60


class Quotes:
    """The cells of a sheet by the number of their row and the field they tell."""

    def __init__(self, sheet: Sheet | None, columns: Mapping[str, int]) -> None:
        lines = sheet.lines if sheet else []
        self.rows = {line.number: line.cells for line in lines}
        self.columns = columns

    def of(self, number: int, field: str) -> str:
        """Return what a row says of a field, shortened; nothing where it is silent."""
        cells = self.rows.get(number, [])
        places = [self.columns.get(name) for name in PARTS.get(field, (field,))]
        told = [cells[n] for n in places if n is not None and n < len(cells)]
        text = " ".join(filter(None, told))
        return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"
