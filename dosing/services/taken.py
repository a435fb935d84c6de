"""What was really taken: doses of the drug, and other drugs that change it."""

from datetime import date

from django.db import transaction

from dosing.models import Comedication
from dosing.services.plan import replan_schedule
from patients import audit
from patients.models import Patient, Staff
from patients.revision import corrected, hold_still, standing, store, withdrawn


@transaction.atomic
def record_comedication(
    *,
    patient: Patient,
    drug: str,
    starts_on: date,
    actor: Staff,
    stops_on: date | None = None,
    note: str = "",
) -> Comedication:
    """Note a drug that changes sirolimus; it counts from its first day on."""
    hold_still(patient)
    taken = Comedication(
        patient=patient, drug=drug, starts_on=starts_on, stops_on=stops_on, note=note
    )
    store(taken)
    audit.record("record_comedication", taken, patient=patient, actor=actor)
    replan_schedule(patient=patient, actor=actor)
    return taken


@transaction.atomic
def correct_comedication(
    *,
    comedication: Comedication,
    version: int,
    starts_on: date,
    stops_on: date | None,
    reason: str,
    actor: Staff,
) -> Comedication:
    """Mend or end a course of another drug; predictions are made anew."""
    hold_still(comedication.patient)
    standing(comedication, version)
    mended = corrected(
        comedication,
        version=version,
        facts={"starts_on": starts_on, "stops_on": stops_on},
        patient=comedication.patient,
        reason=reason,
        actor=actor,
    )
    replan_schedule(patient=comedication.patient, actor=actor)
    return mended


@transaction.atomic
def withdraw_comedication(
    *, comedication: Comedication, version: int, reason: str, actor: Staff
) -> Comedication:
    """Take back a drug that was entered in error; it stays in the history."""
    hold_still(comedication.patient)
    taken_back = withdrawn(
        comedication,
        version=version,
        action="withdraw_comedication",
        patient=comedication.patient,
        reason=reason,
        actor=actor,
    )
    replan_schedule(patient=comedication.patient, actor=actor)
    return taken_back
