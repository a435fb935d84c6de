"""Files of levels, doses and diary days, read: what stands in them, not what it means.

Nothing here asks the database; sentences are said in the reader's language.
"""

from dosing.imports.cells import Moment, Order, RowError
from dosing.imports.columns import (
    FIELDS,
    Kind,
    guess,
    missing,
)
from dosing.imports.files import MOST_BYTES, read_file, safe_name
from dosing.imports.quotes import Quotes, Told
from dosing.imports.rows import (
    DiaryRow,
    DoseRow,
    LevelRow,
    Row,
    Unread,
    proven_order,
    read_rows,
)
from dosing.imports.sheets import MOST_ROWS, Encoding, FileError, Line, Sheet

__all__ = [
    "FIELDS",
    "MOST_BYTES",
    "MOST_ROWS",
    "DiaryRow",
    "DoseRow",
    "Encoding",
    "FileError",
    "Kind",
    "LevelRow",
    "Line",
    "Moment",
    "Order",
    "Quotes",
    "Row",
    "RowError",
    "Sheet",
    "Told",
    "Unread",
    "guess",
    "missing",
    "proven_order",
    "read_file",
    "read_rows",
    "safe_name",
]
