"""An import taken back: set aside, cancelled or emptied, never deleted."""

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from dosing.diary import Entry, Place
from dosing.models import Dose, FileImport, Stage
from dosing.services.applying import Progress, nobody
from dosing.services.batches import set_aside_troughs
from dosing.services.diary import save_diary
from dosing.services.doses import correct_dose
from dosing.services.uploads import revised
from patients import audit
from patients.models import Patient, Staff
from patients.models.diary import Source
from patients.revision import locked


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
    with audit.written_last():
        kept = taken_back(fresh.made, reason=reason, actor=actor, progress=progress)
        fresh.report = {**fresh.report, "kept": kept}
        return revised(fresh, "undo_file", actor, reason)


def taken_back(
    made: list[dict], *, reason: str, actor: Staff, progress: Progress
) -> int:
    """Take back what was made, patient by patient; say how many records stay."""
    kept = 0
    for done, each in enumerate(made, start=1):
        patient = Patient.objects.select_related("site").get(pk=each["patient"])
        if "levels" in each:
            kept += undo_levels(patient, each["levels"], reason, actor)
        elif "doses" in each:
            kept += undo_doses(each, reason, actor)
        else:
            kept += undo_cells(patient, each["cells"], reason, actor)
        progress(done, len(made))
    return kept


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
