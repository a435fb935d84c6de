"""Files of a clinic: uploaded, matched, checked, imported whole, undone whole."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from dosing.diary import Entry, Place
from dosing.imports import (
    Encoding,
    FileError,
    Kind,
    Order,
    Row,
    Sheet,
    Unread,
    guess,
    missing,
    read_file,
    read_rows,
    safe_name,
)
from dosing.models import Dose, FileImport, Laboratory, Stage
from dosing.services.applying import APPLIED, Fault, Found, Work, owners
from dosing.services.batches import set_aside_troughs
from dosing.services.diary import save_diary
from dosing.services.doses import correct_dose
from patients import audit
from patients.models import Patient, Site, Staff
from patients.models.diary import Source
from patients.revision import locked

MOST_SHOWN = 200
"""So many faults are kept of a check; whoever mends them checks again."""

Progress = Callable[[int, int], None]


def nobody(_done: int, _whole: int) -> None:
    """Tell no one how far it is."""


@transaction.atomic
def keep_upload(
    *, site: Site, kind: Kind, name: str, content: bytes, actor: Staff
) -> FileImport:
    """Keep an uploaded file with a guess of its columns; the same file only once."""
    digest = sha256(content).hexdigest()
    same = FileImport.objects.standing().filter(site=site, kind=kind, digest=digest)
    known = same.first()
    if known is not None:
        return known
    name = safe_name(name)
    sheet = sheet_of(content, name)
    file = FileImport(
        site=site,
        kind=kind.value,
        name=name,
        digest=digest,
        content=content,
        encoding=sheet.encoding,
        order=Order.ISO.value,
        columns=guess(kind, sheet.headers),
        laboratory=Laboratory.objects.filter(site=site).order_by("pk").first()
        if kind is Kind.LEVELS
        else None,
        uploaded_by=actor,
    )
    file.full_clean()
    file.save()
    audit.record("upload_file", file, actor=actor, details={"sha256": digest})
    return file


def sheet_of(content: bytes, name: str, encoding: Encoding | None = None) -> Sheet:
    try:
        return read_file(content, name=name, encoding=encoding)
    except FileError as problem:
        raise ValidationError({"file": str(problem)}) from problem


def sheet_in(file: FileImport) -> Sheet:
    """Read a kept file as it was chosen."""
    encoding = Encoding(file.encoding)
    return sheet_of(bytes(file.content), file.name, encoding)


@transaction.atomic
def match_columns(
    *,
    file: FileImport,
    version: int,
    encoding: str,
    order: str,
    columns: Mapping[str, int],
    left_out: Iterable[int],
    laboratory: Laboratory | None,
    actor: Staff,
) -> FileImport:
    """Say how a file is to be read; whatever was checked before is checked anew."""
    fresh = locked(file, version)
    refuse_imported(fresh)
    kind = Kind(fresh.kind)
    names = missing(kind, columns)
    if names:
        raise ValidationError(
            _("No column is chosen for: %(names)s."), params={"names": ", ".join(names)}
        )
    if kind is Kind.LEVELS and laboratory is None:
        raise ValidationError({"laboratory": _("Choose a laboratory of this clinic.")})
    if laboratory is not None and laboratory.site_id != fresh.site_id:
        raise ValidationError({"laboratory": _("Choose a laboratory of this clinic.")})
    fresh.encoding, fresh.order, fresh.laboratory = encoding, order, laboratory
    fresh.columns, fresh.left_out = dict(columns), sorted(left_out)
    sheet = sheet_in(fresh)
    refuse_undecided(sheet, fresh)
    fresh.stage, fresh.report = Stage.READ, {}
    return revised(fresh, "match_columns", actor)


def refuse_undecided(sheet: Sheet, file: FileImport) -> None:
    """Refuse a column of which nobody said that it is left out."""
    decided = {*file.columns.values(), *file.left_out}
    for place, header in enumerate(sheet.headers):
        if place not in decided and header:
            raise ValidationError(
                _("Say what the column “%(name)s” is, or leave it out."),
                params={"name": header[:40]},
            )
    if decided and max(decided) >= len(sheet.headers):
        raise ValidationError(_("The file has fewer columns. Open it again."))


def refuse_imported(file: FileImport) -> None:
    if file.stage in {Stage.IMPORTED, Stage.UNDONE}:
        raise ValidationError(_("This file was imported already."))


def revised(
    file: FileImport, action: str, actor: Staff, reason: str = ""
) -> FileImport:
    file.version += 1
    file.full_clean()
    file.save()
    audit.record(action, file, actor=actor, reason=reason)
    return file


@transaction.atomic
def check_file(
    *, file: FileImport, version: int, actor: Staff, progress: Progress = nobody
) -> FileImport:
    """Try every row as if it were imported, take all of it back, and keep the report.

    The rows of each patient are tried and taken back in turn, so nobody waits.
    """
    fresh = locked(file, version)
    refuse_imported(fresh)
    found = applied(fresh, actor=actor, progress=progress, dry=True)
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
    refuse_imported(fresh)
    if fresh.stage != Stage.CHECKED:
        raise ValidationError(_("Check the file first."))
    found = applied(fresh, actor=actor, checked=checked, progress=progress, dry=False)
    if found.errors:
        raise ValidationError(
            _("Nothing is imported: %(count)s rows cannot be. Check the file again."),
            params={"count": len({each.line for each in found.errors})},
        )
    if found.questions:
        raise ValidationError({"checked": _("Say how the unusual rows were checked.")})
    fresh.report, fresh.made = found.shown(MOST_SHOWN), found.made
    fresh.stage, fresh.checked_reason = Stage.IMPORTED, checked
    return revised(fresh, "import_file", actor, checked)


def applied(
    file: FileImport,
    *,
    actor: Staff,
    progress: Progress,
    dry: bool,
    checked: str = "",
) -> Found:
    """Hand the rows of each patient to their services."""
    sheet = sheet_in(file)
    found = Found(rows=len(sheet.lines), blank=sheet.blank)
    kind = Kind(file.kind)
    good: list[Row] = []
    for row in read_rows(kind, sheet, file.columns, Order(file.order)):
        if isinstance(row, Unread):
            found.errors.append(Fault(row.number, row.error.field, str(row.error)))
        else:
            good.append(row)
    done = found.rows - len(good)
    for patient, rows in owners(file, good, found).items():
        work = Work(file, patient, actor, checked, found)
        with transaction.atomic():
            APPLIED[kind](work, rows)
            transaction.set_rollback(dry)
        done += len(rows)
        progress(done, found.rows)
    return found


@transaction.atomic
def undo_file(
    *,
    file: FileImport,
    version: int,
    reason: str,
    actor: Staff,
    progress: Progress = nobody,
) -> FileImport:
    """Set aside, cancel or empty what an import stored; what was changed since stays.

    The report then says how many of the records stay.
    """
    fresh = locked(file, version)
    if fresh.stage != Stage.IMPORTED:
        raise ValidationError(_("Only what was imported can be undone."))
    fresh.stage, fresh.undone_because = Stage.UNDONE, reason
    fresh.full_clean()
    kept = 0
    for done, made in enumerate(fresh.made, start=1):
        patient = Patient.objects.select_related("site").get(pk=made["patient"])
        if "levels" in made:
            kept += undo_levels(patient, made["levels"], reason, actor)
        elif "doses" in made:
            kept += undo_doses(made, reason, actor)
        else:
            kept += undo_cells(patient, made["cells"], reason, actor)
        progress(done, len(fresh.made))
    fresh.report = {**fresh.report, "kept": kept}
    return revised(fresh, "undo_file", actor, reason)


def undo_levels(
    patient: Patient, levels: Mapping[str, int], reason: str, actor: Staff
) -> int:
    versions = {int(key): version for key, version in levels.items()}
    gone = set_aside_troughs(
        patient=patient, versions=versions, reason=reason, actor=actor
    )
    return len(versions) - len(gone)


def undo_doses(made: Mapping[str, dict], reason: str, actor: Staff) -> int:
    """Cancel the regimens that began, then let those go on that ended for them."""
    kept = 0
    begun = Dose.objects.filter(pk__in=made["doses"]).select_related("patient__site")
    for dose in begun.order_by("-starts_on"):
        if dose.version != made["doses"][str(dose.pk)]:
            kept += 1
        else:
            mend(dose, reason, actor, stops_on=dose.stops_on, never_taken=True)
    ended = Dose.objects.filter(pk__in=made["ended"]).select_related("patient__site")
    for dose in ended.order_by("starts_on") if not kept else ():
        version, stops_on = made["ended"][str(dose.pk)]
        if dose.version == version:
            until = date.fromisoformat(stops_on) if stops_on else None
            mend(dose, reason, actor, stops_on=until, never_taken=False)
        else:
            kept += 1
    return kept


def mend(
    dose: Dose, reason: str, actor: Staff, *, stops_on: date | None, never_taken: bool
) -> None:
    correct_dose(
        dose=dose,
        version=dose.version,
        amount_mg=dose.amount_mg,
        interval_h=dose.interval_h,
        usual_time=dose.usual_time,
        starts_on=dose.starts_on,
        stops_on=stops_on,
        never_taken=never_taken,
        reason=reason,
        actor=actor,
    )


def undo_cells(
    patient: Patient, cells: list[list[str]], reason: str, actor: Staff
) -> int:
    entries = [
        Entry(Place(date.fromisoformat(day), row), text, "") for day, row, text in cells
    ]
    outcome = save_diary(
        patient=patient,
        entries=entries,
        source=Source.PAPER,
        actor=actor,
        reason=reason,
    )
    return outcome.unsaved
