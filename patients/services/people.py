"""Patients, their lesions and what was done to them before."""

from collections.abc import Mapping

from django.db import transaction

from patients import audit
from patients.models import (
    Lesion,
    Patient,
    PreviousTreatment,
    Site,
    Staff,
)
from patients.revision import corrected, hold_still, standing, store, withdrawn
from patients.services.schedule import plan_anew


@transaction.atomic
def register_patient(
    *,
    site: Site,
    actor: Staff,
    lesion: Mapping[str, object] | None = None,
    **facts: object,
) -> Patient:
    """Add a patient, with the first lesion if it is known; both or neither."""
    patient = Patient(site=site, **facts)
    store(patient)
    audit.record("register_patient", patient, patient=patient, actor=actor)
    if lesion:
        add_lesion(patient=patient, actor=actor, **lesion)
    return patient


@transaction.atomic
def correct_patient(
    *, patient: Patient, version: int, reason: str, actor: Staff, **facts: object
) -> Patient:
    """Change facts about a patient; the old ones stay in the history."""
    fresh = corrected(
        patient,
        version=version,
        facts=facts,
        patient=patient,
        reason=reason,
        actor=actor,
    )
    plan_anew(Patient.objects.filter(pk=patient.pk))
    return fresh


@transaction.atomic
def add_lesion(*, patient: Patient, actor: Staff, **facts: object) -> Lesion:
    lesion = Lesion(patient=patient, **facts)
    store(lesion)
    audit.record("add_lesion", lesion, patient=patient, actor=actor)
    return lesion


@transaction.atomic
def correct_lesion(
    *, lesion: Lesion, version: int, reason: str, actor: Staff, **facts: object
) -> Lesion:
    """Change what is recorded about a lesion; the old facts stay in the history."""
    return corrected(
        lesion,
        version=version,
        facts=facts,
        patient=lesion.patient,
        reason=reason,
        actor=actor,
    )


@transaction.atomic
def correct_previous_treatment(
    *,
    treatment: PreviousTreatment,
    version: int,
    reason: str,
    actor: Staff,
    **facts: object,
) -> PreviousTreatment:
    """Change what is known of a treatment, unless it was entered in error."""
    patient = hold_still(treatment.lesion.patient)
    standing(treatment, version)
    return corrected(
        treatment,
        version=version,
        facts=facts,
        patient=patient,
        reason=reason,
        actor=actor,
    )


@transaction.atomic
def withdraw_previous_treatment(
    *, treatment: PreviousTreatment, version: int, reason: str, actor: Staff
) -> PreviousTreatment:
    """Take back what was entered in error; it stays in the history."""
    patient = hold_still(treatment.lesion.patient)
    return withdrawn(
        treatment,
        version=version,
        action="withdraw_previous_treatment",
        patient=patient,
        actor=actor,
        reason=reason,
    )


@transaction.atomic
def add_previous_treatment(
    *, lesion: Lesion, actor: Staff, **facts: object
) -> PreviousTreatment:
    treatment = PreviousTreatment(lesion=lesion, **facts)
    store(treatment)
    audit.record(
        "add_previous_treatment", treatment, patient=lesion.patient, actor=actor
    )
    return treatment
