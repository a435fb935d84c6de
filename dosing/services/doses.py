"""Protocols and regimens: chosen, begun, ended."""

from datetime import date, time
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from dosing.models import Dose, Protocol, ProtocolAssignment
from patients import audit
from patients.models import Patient, Staff
from patients.revision import locked, revise

USUAL_TIME = time(8)


def hold_still(patient: Patient) -> Patient:
    """Let only one change to a patient's treatment happen at a time."""
    return Patient.objects.select_for_update().get(pk=patient.pk)


@transaction.atomic
def assign_protocol(
    *, patient: Patient, protocol: Protocol, starts_on: date, reason: str, actor: Staff
) -> ProtocolAssignment:
    """Let a patient follow a protocol from a day on; earlier levels keep theirs."""
    assignment = ProtocolAssignment(
        patient=patient, protocol=protocol, starts_on=starts_on, reason=reason
    )
    assignment.full_clean()
    assignment.save()
    audit.record(
        "assign_protocol", assignment, patient=patient, actor=actor, reason=reason
    )
    return assignment


@transaction.atomic
def prescribe_dose(
    *,
    patient: Patient,
    amount_mg: Decimal,
    interval_h: int,
    starts_on: date,
    reason: str,
    actor: Staff,
    usual_time: time = USUAL_TIME,
    protocol: Protocol | None = None,
) -> Dose:
    """Begin a regimen on a day; the one that runs stops on that day.

    With a `protocol`, the patient follows it from that day, if not already.
    """
    hold_still(patient)
    if protocol is not None and not follows(patient, protocol, on=starts_on):
        assign_protocol(
            patient=patient,
            protocol=protocol,
            starts_on=starts_on,
            reason=reason,
            actor=actor,
        )
    end_running_dose(patient=patient, on=starts_on, reason=reason, actor=actor)
    dose = Dose(
        patient=patient,
        amount_mg=amount_mg,
        interval_h=interval_h,
        usual_time=usual_time,
        starts_on=starts_on,
        reason=reason,
    )
    dose.full_clean()
    dose.save()
    audit.record("prescribe_dose", dose, patient=patient, actor=actor, reason=reason)
    return dose


@transaction.atomic
def correct_dose(
    *,
    dose: Dose,
    version: int,
    amount_mg: Decimal,
    interval_h: int,
    usual_time: time,
    starts_on: date,
    reason: str,
    actor: Staff,
    stops_on: date | None = None,
) -> Dose:
    """Mend a regimen that was entered wrongly; what was entered stays in the history.

    A change of the dose itself is a new regimen: prescribe_dose().
    """
    hold_still(dose.patient)
    fresh = locked(dose, version)
    fresh.amount_mg, fresh.interval_h = amount_mg, interval_h
    fresh.usual_time, fresh.starts_on, fresh.stops_on = usual_time, starts_on, stops_on
    return revise(
        fresh, action="correct_dose", patient=fresh.patient, actor=actor, reason=reason
    )


@transaction.atomic
def stop_dose(*, patient: Patient, on: date, reason: str, actor: Staff) -> Dose:
    """Stop the regimen that runs; `on` is the first day without it."""
    hold_still(patient)
    stopped = end_running_dose(patient=patient, on=on, reason=reason, actor=actor)
    if stopped is None:
        raise ValidationError({"on": _("No dose is taken on that day or later.")})
    return stopped


def follows(patient: Patient, protocol: Protocol, *, on: date) -> bool:
    assignments = ProtocolAssignment.objects.filter(patient=patient)
    in_force = assignments.in_force(on).first()
    return in_force is not None and in_force.protocol == protocol


def end_running_dose(
    *, patient: Patient, on: date, reason: str, actor: Staff
) -> Dose | None:
    running = Dose.objects.of(patient).open_after(on).first()
    if running is None:
        return None
    if running.starts_on >= on:
        raise ValidationError(
            _("%(dose)s already starts on %(day)s. Choose a later day."),
            params={
                "dose": running,
                "day": date_format(running.starts_on, "DATE_FORMAT"),
            },
        )
    running.stops_on = on
    return revise(
        running, action="stop_dose", patient=patient, actor=actor, reason=reason
    )
