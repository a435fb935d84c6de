"""Tablets that were handed out: noted, mended, withdrawn."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from dosing.models import Dispensing
from patients import audit
from patients.models import Patient, Staff
from patients.revision import corrected, hold_still, standing, store, withdrawn


@transaction.atomic
def record_dispensing(
    *,
    patient: Patient,
    dispensed_on: date,
    strength_mg: Decimal,
    tablets: int,
    actor: Staff,
) -> Dispensing:
    """Note tablets that were handed out; how long they last is worked out anew."""
    hold_still(patient)
    dispensed = Dispensing(
        patient=patient,
        dispensed_on=dispensed_on,
        strength_mg=strength_mg,
        tablets=tablets,
    )
    store(dispensed)
    audit.record("record_dispensing", dispensed, patient=patient, actor=actor)
    return dispensed


@transaction.atomic
def correct_dispensing(
    *,
    dispensing: Dispensing,
    version: int,
    dispensed_on: date,
    strength_mg: Decimal,
    tablets: int,
    reason: str,
    actor: Staff,
) -> Dispensing:
    """Mend what was noted as handed out."""
    hold_still(dispensing.patient)
    standing(dispensing, version)
    return corrected(
        dispensing,
        version=version,
        facts={
            "dispensed_on": dispensed_on,
            "strength_mg": strength_mg,
            "tablets": tablets,
        },
        patient=dispensing.patient,
        reason=reason,
        actor=actor,
    )


@transaction.atomic
def withdraw_dispensing(
    *, dispensing: Dispensing, version: int, reason: str, actor: Staff
) -> Dispensing:
    """Take back tablets that were never handed out; they stay in the history."""
    hold_still(dispensing.patient)
    return withdrawn(
        dispensing,
        version=version,
        action="withdraw_dispensing",
        patient=dispensing.patient,
        actor=actor,
        reason=reason,
    )
