"""Files of a clinic: checked, and imported whole or not at all."""

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from dosing.imports import Kind, Order, Row, Unread, read_rows
from dosing.models import FileImport, Stage
from dosing.services.applying import (
    Fault,
    Found,
    Progress,
    Task,
    apply,
    nobody,
    owners,
)
from dosing.services.uploads import refuse_ended, revised, sheet_in
from patients import audit
from patients.models import Staff
from patients.revision import locked

MOST_SHOWN = 200
"""So many faults are kept of a check; whoever mends them checks again."""


@transaction.atomic
def check_file(
    *, file: FileImport, version: int, actor: Staff, progress: Progress = nobody
) -> FileImport:
    """Try every row as if it were imported, store none of it, and keep the report.

    Levels are judged; doses and diary days of each patient are stored and taken back
    in turn, so nobody waits.
    """
    fresh = locked(file, version)
    refuse_ended(fresh)
    think_longer()
    found = found_by(Task(fresh, actor, progress=progress, dry=True))
    fresh.report, fresh.stage = found.shown(MOST_SHOWN), Stage.CHECKED
    return revised(fresh, "check_file", actor)


@transaction.atomic
def import_file(
    *,
    file: FileImport,
    version: int,
    actor: Staff,
    checked: str = "",
    progress: Progress = nobody,
) -> FileImport:
    """Store every row through the services of the pages, or nothing.

    `checked` says how the unusual rows were checked.
    """
    fresh = locked(file, version)
    refuse_ended(fresh)
    if fresh.stage != Stage.CHECKED:
        raise ValidationError(_("Check the file first."))
    think_longer()
    with audit.written_last():
        found = found_by(Task(fresh, actor, checked, progress))
        refuse_unfit(found)
        fresh.report, fresh.made = found.shown(MOST_SHOWN), found.made
        fresh.stage, fresh.checked_reason = Stage.IMPORTED, checked
        return revised(fresh, "import_file", actor, checked)


LONGEST_THOUGHT = "120s"
"""What is judged of many rows between two statements takes less, on a busy machine."""


def think_longer() -> None:
    """Let the database wait for the next statement of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('idle_in_transaction_session_timeout', %s, true)",
            [LONGEST_THOUGHT],
        )


def refuse_unfit(found: Found) -> None:
    if found.errors:
        raise ValidationError(
            _("Nothing is imported: %(count)s rows cannot be. Check the file again."),
            params={"count": len({each.line for each in found.errors})},
        )
    if found.questions:
        raise ValidationError({"checked": _("Say how the unusual rows were checked.")})


def found_by(task: Task) -> Found:
    """Read the rows and hand them on; of a `dry` task nothing stays."""
    file, found = task.file, task.found
    sheet, kind = sheet_in(file), Kind(file.kind)
    found.rows, found.blank = len(sheet.lines), sheet.blank
    good: list[Row] = []
    for row in read_rows(kind, sheet, file.columns, Order(file.order)):
        if isinstance(row, Unread):
            found.errors += [Fault(row.number, e.field, str(e)) for e in row.errors]
        else:
            good.append(row)
    apply(task, kind, owners(file, good, found))
    return found
