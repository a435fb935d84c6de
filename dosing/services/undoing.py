"""An import taken back: set aside, cancelled or emptied, never deleted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dosing.diary import Entry, Place
from dosing.history import History, histories_of
from dosing.imports import Kind
from dosing.models import Decision, Dose, FileImport, ProtocolAssignment, Stage
from dosing.services.applying import Progress, nobody
from dosing.services.batches import AT_ONCE, set_aside_troughs
from dosing.services.diary import save_diary
from dosing.services.plan import plan_later, replan_schedule
from dosing.services.uploads import revised
from patients import audit
from patients.models import Patient, Staff
from patients.models.diary import Source
from patients.models.rules import refusal_of
from patients.revision import hold_many, locked


@dataclass(frozen=True, slots=True)
class Undoing:
    """What an import made, by patient, and for whom and why it is taken back."""

    made: Sequence[Mapping]
    reason: str
    at: datetime
    actor: Staff
    progress: Progress


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

    The report then says when, how many of the records are `undone`, and how many are
    `kept`. Plans come after it; where the clock is first, without a line of the audit.
    """
    at = timezone.now()
    fresh = locked(file, version)
    if fresh.stage != Stage.IMPORTED:
        raise ValidationError(_("Only what was imported can be undone."))
    fresh.stage, fresh.undone_because = Stage.UNDONE, reason
    fresh.full_clean()
    with audit.written_last():
        take_back = TAKES_BACK[Kind(fresh.kind)]
        undone, kept = take_back(Undoing(fresh.made, reason, at, actor, progress))
        found = {"undone_at": at.isoformat(), "undone": undone, "kept": kept}
        fresh.report = {**fresh.report, **found}
        return revised(fresh, "undo_file", actor, reason)


def undo_levels(undoing: Undoing) -> tuple[int, int]:
    """Set aside the levels of all patients at once."""
    versions = {
        int(key): version
        for made in undoing.made
        for key, version in made["levels"].items()
    }
    gone = set_aside_troughs(
        versions=versions, reason=undoing.reason, at=undoing.at, actor=undoing.actor
    )
    return gone, len(versions) - gone


def undo_doses(undoing: Undoing) -> tuple[int, int]:
    """Cancel the regimens that began, then let those go on that ended for them.

    Of a patient with a regimen that was changed since, none goes on. A protocol that
    the import chose ends with them where nothing else rests on it.
    """
    patients = hold_many([made["patient"] for made in undoing.made])
    keys = [key for made in undoing.made for key in (*made["doses"], *made["ended"])]
    doses = Dose.objects.select_related("patient__site").in_bulk(map(int, keys))
    gone: list[Dose] = []
    again: list[Dose] = []
    kept = 0
    for made in undoing.made:
        begun = untouched(doses, made["doses"])
        gone += begun
        kept += len(made["doses"]) - len(begun)
        if len(begun) == len(made["doses"]):
            ended = untouched(doses, {k: v for k, (v, _on) in made["ended"].items()})
            again += [until(dose, made["ended"][str(dose.pk)][1]) for dose in ended]
            kept += len(made["ended"]) - len(ended)
    mend(gone, again, undoing.at)
    audit.record_many(
        [(dose, "correct_dose") for dose in (*gone, *again)],
        actor=undoing.actor,
        reason=undoing.reason,
    )
    kept += withdraw_protocols(undoing, patients.values())
    plan_later(Patient.objects.filter(pk__in=patients), undoing.actor)
    return len(gone), kept


def withdraw_protocols(undoing: Undoing, patients: Iterable[Patient]) -> int:
    """Withdraw the protocols that were chosen and are not needed; return how many stay.

    No clock plans for who then follows none: what was planned for them ends at once.
    """
    versions = {
        int(key): version
        for made in undoing.made
        for key, version in made.get("protocols", {}).items()
    }
    if not versions:
        return 0
    histories = histories_of(patients)
    signed = Decision.objects.filter(patient__in=histories)
    decided = set(signed.values_list("patient", flat=True))
    gone = [
        each
        for history in histories.values()
        for each in history.assignments
        if versions.get(each.pk) == each.version
        and history.patient.pk not in decided
        and not is_needed(each, history)
    ]
    for each in gone:
        each.withdrawn_at = undoing.at
        each.version += 1
    ProtocolAssignment.objects.bulk_update(gone, ["withdrawn_at", "version"], AT_ONCE)
    audit.record_many(
        [(each, "withdraw_assignment") for each in gone],
        actor=undoing.actor,
        reason=undoing.reason,
    )
    left = {each.patient_id for each in gone}
    for key in left:
        if all(each in gone for each in histories[key].assignments):
            replan_schedule(patient=histories[key].patient, actor=undoing.actor)
    return len(versions) - len(gone)


def is_needed(assignment: ProtocolAssignment, history: History) -> bool:
    """Say whether a dose or a level of these days rests on a protocol."""
    days = [
        *(dose.starts_on for dose in history.doses),
        *(history.day(level.drawn_at) for level in history.used_levels),
    ]
    return any(day >= assignment.starts_on for day in days)


def untouched(doses: Mapping[int, Dose], versions: Mapping[str, int]) -> list[Dose]:
    """Return the doses of these keys that nobody changed since these versions."""
    found = [(doses[int(key)], version) for key, version in versions.items()]
    return [dose for dose, version in found if dose.version == version]


def until(dose: Dose, stops_on: str | None) -> Dose:
    """Let a dose end as it did before the import, if it may still be taken."""
    dose.stops_on = date.fromisoformat(stops_on) if stops_on else None
    dose.check_prescribable()
    return dose


def mend(gone: Sequence[Dose], again: Sequence[Dose], at: datetime) -> None:
    """Store which doses never began and which go on, as their next versions."""
    for dose in gone:
        dose.cancelled_at = at
    for dose in (*gone, *again):
        dose.version += 1
    try:
        Dose.objects.bulk_update(gone, ["cancelled_at", "version"], AT_ONCE)
        Dose.objects.bulk_update(again, ["stops_on", "version"], AT_ONCE)
    except IntegrityError as broken:
        raise refusal_of(broken) from broken


def undo_cells(undoing: Undoing) -> tuple[int, int]:
    """Empty the cells of the diary, patient by patient, in the order of the locks."""
    undone = kept = 0
    keys = [made["patient"] for made in undoing.made]
    patients = Patient.objects.select_related("site").in_bulk(keys)
    in_order = sorted(undoing.made, key=itemgetter("patient"))
    for done, made in enumerate(in_order, start=1):
        entries = [
            Entry(Place(date.fromisoformat(day), row), text, "")
            for day, row, text in made["cells"]
        ]
        outcome = save_diary(
            patient=patients[made["patient"]],
            entries=entries,
            source=Source.PAPER,
            actor=undoing.actor,
            reason=undoing.reason,
        )
        kept += outcome.unsaved
        undone += len(entries) - outcome.unsaved
        undoing.progress(done, len(undoing.made))
    return undone, kept


TAKES_BACK: Mapping[Kind, Callable[[Undoing], tuple[int, int]]] = {
    Kind.LEVELS: undo_levels,
    Kind.DOSES: undo_doses,
    Kind.DIARY: undo_cells,
}
