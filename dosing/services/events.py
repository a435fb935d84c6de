"""Events that change the drug: noted, mended, withdrawn."""

from datetime import date

from django.db import transaction

from dosing.models import DrugEvent
from patients import audit
from patients.models import Patient, Staff
from patients.revision import corrected, hold_still, standing, store, withdrawn


@transaction.atomic
def record_event(
    *,
    patient: Patient,
    kind: str,
    happens_on: date,
    actor: Staff,
    lasts_until: date | None = None,
    child_pugh: str = "",
    detail: str = "",
) -> DrugEvent:
    """Note something that changes the drug, or that it makes dangerous."""
    hold_still(patient)
    event = DrugEvent(
        patient=patient,
        kind=kind,
        happens_on=happens_on,
        lasts_until=lasts_until,
        child_pugh=child_pugh,
        detail=detail,
    )
    store(event)
    audit.record("record_event", event, patient=patient, actor=actor)
    return event


@transaction.atomic
def correct_event(
    *,
    event: DrugEvent,
    version: int,
    happens_on: date,
    reason: str,
    actor: Staff,
    lasts_until: date | None = None,
    child_pugh: str = "",
    detail: str = "",
) -> DrugEvent:
    """Mend or end an event; levels are read anew."""
    hold_still(event.patient)
    standing(event, version)
    return corrected(
        event,
        version=version,
        facts={
            "happens_on": happens_on,
            "lasts_until": lasts_until,
            "child_pugh": child_pugh,
            "detail": detail,
        },
        patient=event.patient,
        reason=reason,
        actor=actor,
    )


@transaction.atomic
def withdraw_event(
    *, event: DrugEvent, version: int, reason: str, actor: Staff
) -> DrugEvent:
    """Take back an event that never was; it stays in the history."""
    hold_still(event.patient)
    return withdrawn(
        event,
        version=version,
        action="withdraw_event",
        patient=event.patient,
        actor=actor,
        reason=reason,
    )
