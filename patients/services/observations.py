"""What was measured on a patient."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from patients import audit
from patients.models import (
    Lesion,
    Measurement,
    Patient,
    Staff,
)
from patients.revision import locked, revise


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
    measurement = Measurement(
        patient=patient,
        lesion=lesion,
        quantity=quantity,
        value=value,
        measured_on=measured_on,
        note=note,
    )
    measurement.full_clean()
    measurement.save()
    audit.record("add_measurement", measurement, patient=patient, actor=actor)
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
    fresh = locked(measurement, version)
    fresh.value, fresh.measured_on, fresh.note = value, measured_on, note
    return revise(
        fresh,
        action="correct_measurement",
        patient=fresh.patient,
        actor=actor,
        reason=reason,
    )
