"""What was measured on a patient."""

from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from patients import audit
from patients.models import (
    OF_IMAGING,
    Lesion,
    Measurement,
    Patient,
    Quantity,
    Staff,
)
from patients.revision import hold_still, locked, revise, store
from patients.services.effects import heed_temperatures


@transaction.atomic
def add_measurement(
    *,
    patient: Patient,
    quantity: str,
    value: Decimal,
    measured_on: date,
    actor: Staff,
    lesion: Lesion | None = None,
    note: str = "",
) -> Measurement:
    """Keep one dated number; those of an image or a visit are kept with it."""
    if quantity in OF_IMAGING:
        raise ValidationError(
            {"quantity": _("Record an imaging study, and this number with it.")}
        )
    if quantity == Quantity.CIRCUMFERENCE_CM:
        raise ValidationError(
            {"quantity": _("Record a visit, and the circumference with its landmark.")}
        )
    measurement = Measurement(
        patient=hold_still(patient),
        lesion=lesion,
        quantity=quantity,
        value=value,
        measured_on=measured_on,
        note=note,
    )
    store(measurement)
    audit.record("add_measurement", measurement, patient=patient, actor=actor)
    heed_temperatures(patient=patient, measurements=[measurement], actor=actor)
    return measurement


@transaction.atomic
def correct_measurement(
    *,
    measurement: Measurement,
    version: int,
    value: Decimal,
    measured_on: date,
    reason: str,
    actor: Staff,
    note: str = "",
) -> Measurement:
    """Replace a number or its day; the old ones stay in the history."""
    hold_still(measurement.patient)
    fresh = locked(measurement, version)
    if fresh.withdrawn_at is not None:
        raise ValidationError(_("This was entered in error. Enter the number anew."))
    if fresh.imaging_id is not None:
        raise ValidationError(_("Correct the imaging study it was measured on."))
    if fresh.visit_id is not None:
        raise ValidationError(_("Correct the visit at which it was measured."))
    fresh.value, fresh.measured_on, fresh.note = value, measured_on, note
    revise(
        fresh,
        action="correct_measurement",
        patient=fresh.patient,
        actor=actor,
        reason=reason,
    )
    heed_temperatures(patient=fresh.patient, measurements=[fresh], actor=actor)
    return fresh
