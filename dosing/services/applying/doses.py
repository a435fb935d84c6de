"""Regimens of the past handed to the service that prescribes."""

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from dosing.history import covers
from dosing.imports import DoseRow, RowError
from dosing.models import Dose, Protocol, ProtocolAssignment
from dosing.services.applying.found import Fault, is_twice
from dosing.services.applying.work import Work
from dosing.services.doses import prescribe_dose, stop_dose
from patients.models import Patient
from patients.models.rules import refusal_of


def apply_doses(work: Work, rows: Sequence[DoseRow]) -> None:
    """Prescribe in the order of days; what runs before each of them ends there.

    What is planned, and may be signed, no file cancels; of what it would end it asks.
    """
    before = snapshot(work.patient)
    today = work.patient.site.today(timezone.now())
    planned = next((d for d in before.values() if d.starts_on > today), None)
    standing = list(before.values())
    followed = protocols_of(work.patient)
    seen: dict[object, int] = {}
    for row in sorted(rows, key=lambda each: each.starts_on):
        if is_twice(work.found, row, row.starts_on, seen, "starts_on"):
            continue
        begun = before.get(row.starts_on)
        if begun is None and planned is not None:
            said = _(
                "%(dose)s is planned from %(day)s and would be cancelled. Leave this"
                " row out, or cancel that dose on the patient's page first."
            )
            day = date_format(planned.starts_on, "DATE_FORMAT")
            work.found.wrong(row, "starts_on", said % {"dose": planned, "day": day})
        elif begun is None:
            ask_about_ended(work, row, standing)
            prescribe_row(work, row)
        elif (field := contradicted(begun, row)) is None:
            work.found.unchanged += 1
        else:
            said = _("%(dose)s begins on that day already. Correct it there.")
            work.found.wrong(row, field, said % {"dose": begun})
    note_doses(work, before, followed)


def ask_about_ended(work: Work, row: DoseRow, standing: list[Dose]) -> None:
    """Ask of a dose on the record that would end where a row begins; each once."""
    ended = next((dose for dose in standing if covers(dose, row.starts_on)), None)
    if ended is None:
        return
    standing.remove(ended)
    if not work.checked:
        day = date_format(ended.starts_on, "DATE_FORMAT")
        said = _("%(dose)s, taken since %(day)s, would end on this day.")
        said %= {"dose": ended, "day": day}
        work.found.questions.append(Fault(row.number, "starts_on", said))


def contradicted(begun: Dose, row: DoseRow) -> str | None:
    """Name what a row says otherwise than the regimen that begins on its day."""
    if (begun.amount_mg, begun.interval_h) != (row.amount_mg, row.interval_h):
        return "amount_mg"
    ends = row.stops_on not in {None, begun.stops_on}
    return "stops_on" if ends else None


def snapshot(patient: Patient) -> dict[date, Dose]:
    return {dose.starts_on: dose for dose in Dose.objects.of(patient)}


def protocols_of(patient: Patient) -> dict[int, int]:
    """Return which protocols a patient follows: the version of each by its key."""
    standing = ProtocolAssignment.objects.standing().filter(patient=patient)
    return dict(standing.values_list("pk", "version"))


def prescribe_row(work: Work, row: DoseRow) -> None:
    if row.starts_on > work.patient.site.today(timezone.now()):
        said = _(
            "A dose that starts after today is prescribed on its page, where the"
            " questions of safety are asked."
        )
        work.found.wrong(row, "starts_on", said)
        return
    reason = row.reason or _("Import %(number)s") % {"number": work.file.pk}
    try:
        with transaction.atomic():
            prescribe_dose(
                patient=work.patient,
                amount_mg=row.amount_mg,
                interval_h=row.interval_h,
                starts_on=row.starts_on,
                usual_time=row.usual_time,
                protocol=protocol_of(work, row),
                reason=reason,
                actor=work.actor,
            )
            if row.stops_on is not None:
                stop_dose(
                    patient=work.patient,
                    on=row.stops_on,
                    reason=reason,
                    actor=work.actor,
                )
    except RowError as problem:
        work.found.wrong(row, problem.field, str(problem))
    except ValidationError as refusal:
        work.found.refused(row, refusal)
    except IntegrityError as broken:
        work.found.refused(row, refusal_of(broken))


def protocol_of(work: Work, row: DoseRow) -> Protocol | None:
    """Return the newest version of the protocol that a row names; none is needed
    where the patient follows one on that day.
    """
    if row.protocol:
        found = Protocol.objects.filter(name=row.protocol).order_by("-version").first()
        if found is None:
            said = _("There is no protocol of this name. Known are: %(names)s.")
            raise RowError("protocol", said % {"names": known_protocols()})
        return found
    followed = ProtocolAssignment.objects.filter(patient=work.patient)
    if not followed.in_force(row.starts_on).exists():
        said = _(
            "The patient follows no protocol on that day. Name one (%(names)s) in the"
            " column Protocol."
        )
        raise RowError("protocol", said % {"names": known_protocols()})
    return None


def known_protocols() -> str:
    names = Protocol.objects.order_by("name").values_list("name", flat=True).distinct()
    return ", ".join(names)


def note_doses(work: Work, before: dict[date, Dose], followed: dict[int, int]) -> None:
    """Note which regimens and protocols began, and which regimens ended otherwise."""
    known = {dose.pk: dose for dose in before.values()}
    begun, ended = {}, {}
    for dose in Dose.objects.of(work.patient):
        old = known.get(dose.pk)
        if old is None:
            begun[dose.pk] = dose.version
        elif old.version != dose.version:
            ended[dose.pk] = [dose.version, old.stops_on and str(old.stops_on)]
    if not begun:
        return
    chosen = {
        key: version
        for key, version in protocols_of(work.patient).items()
        if key not in followed
    }
    work.found.made.append(
        {
            "patient": work.patient.pk,
            "doses": begun,
            "ended": ended,
            "protocols": chosen,
        }
    )
