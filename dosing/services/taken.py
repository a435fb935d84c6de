"""What was really taken: doses of the drug, and other drugs that change it."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from dosing.models import Comedication, Intake
from dosing.services.doses import hold_still
from patients import audit
from patients.models import Patient, Staff
from patients.revision import corrected, locked, revise


@transaction.atomic
def record_intake(
    *,
    patient: Patient,
    due_on: date,
    state: str,
    actor: Staff,
    slot: int = 0,
    taken_at: datetime | None = None,
    reason: str = "",
    version: int | None = None,
) -> Intake:
    """Say what is known of one dose.

    Where something else is known already it is replaced only by who names its
    `version`; others are told what it says.
    """
    hold_still(patient)
    known = Intake.objects.filter(patient=patient, due_on=due_on, slot=slot).first()
    facts = {"state": state, "taken_at": taken_at, "reason": reason}
    if known is None:
        intake = Intake(patient=patient, due_on=due_on, slot=slot, **facts)
        intake.full_clean()
        check_prescribed(intake)
        intake.save()
        audit.record("record_intake", intake, patient=patient, actor=actor)
        return intake
    fresh = locked(known, 0 if version is None else version)
    for name, fact in facts.items():
        setattr(fresh, name, fact)
    return revise(
        fresh,
        action="correct_intake",
        patient=patient,
        actor=actor,
        reason=_("Entered again"),
    )


def check_prescribed(intake: Intake) -> None:
    """Refuse a dose that was not prescribed for that day."""
    doses = intake.patient.doses.filter(cancelled_at=None)
    if not any(dose.is_due(intake.due_on, intake.slot) for dose in doses):
        raise ValidationError({"due_on": _("No such dose was prescribed that day.")})


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
    taken.full_clean()
    taken.save()
    audit.record("record_comedication", taken, patient=patient, actor=actor)
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
    return corrected(
        comedication,
        version=version,
        facts={"starts_on": starts_on, "stops_on": stops_on},
        patient=comedication.patient,
        reason=reason,
        actor=actor,
    )
