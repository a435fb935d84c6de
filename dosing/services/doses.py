"""Protocols and regimens: chosen, begun, ended."""

from datetime import date, time
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from dosing import policy
from dosing.models import Dose, Protocol, ProtocolAssignment
from dosing.services.plan import replan_schedule
from dosing.services.safety import Lifted, keep_answers
from patients import audit
from patients.models import Patient, Staff
from patients.revision import (
    corrected,
    hold_in_follow_up,
    hold_still,
    locked,
    revise,
    standing,
    store,
)

USUAL_TIME = time(8)


@transaction.atomic
def assign_protocol(
    *, patient: Patient, protocol: Protocol, starts_on: date, reason: str, actor: Staff
) -> ProtocolAssignment:
    """Let a patient follow a protocol from a day on; earlier levels keep theirs.

    Another range does not begin before a level that was judged already.
    """
    hold_still(patient)
    check_judged(patient, starts_on)
    assignment = ProtocolAssignment(
        patient=patient, protocol=protocol, starts_on=starts_on, reason=reason
    )
    store(assignment)
    audit.record(
        "assign_protocol", assignment, patient=patient, actor=actor, reason=reason
    )
    replan_schedule(patient=patient, actor=actor)
    return assignment


def check_judged(patient: Patient, starts_on: date) -> None:
    """Refuse a day that would rewrite the flags of levels."""
    if not ProtocolAssignment.objects.standing().filter(patient=patient).exists():
        return
    latest = patient.levels.order_by("drawn_at").last()
    drawn_on = latest and timezone.localdate(latest.drawn_at, patient.site.zone)
    if drawn_on and starts_on <= drawn_on:
        raise ValidationError(
            {
                "starts_on": _(
                    "A level of %(day)s is judged already. Let it begin after that day."
                )
                % {"day": date_format(drawn_on, "DATE_FORMAT")}
            }
        )


@transaction.atomic
def correct_assignment(
    *,
    assignment: ProtocolAssignment,
    version: int,
    protocol: Protocol,
    starts_on: date,
    reason: str,
    actor: Staff,
) -> ProtocolAssignment:
    """Mend which protocol was followed from which day; levels are judged anew."""
    hold_still(assignment.patient)
    standing(assignment, version)
    facts = {"protocol": protocol, "starts_on": starts_on}
    mended = corrected(
        assignment,
        version=version,
        facts=facts,
        patient=assignment.patient,
        reason=reason,
        actor=actor,
    )
    replan_schedule(patient=assignment.patient, actor=actor)
    return mended


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
    safety: policy.Answers | None = None,
    lifted: Lifted | None = None,
) -> Dose:
    """Begin a regimen on a day; the one that runs stops, a later one is cancelled.

    With a `protocol`, the patient follows it from that day, if not already. `safety`
    are the answers to the questions of the page, and `lifted` the rules that are set
    aside with a reason; a signed decision rests on its advice and brings none.
    """
    hold_in_follow_up(patient)
    if safety is not None:
        keep_answers(
            patient=patient,
            answers=safety,
            lifted=lifted or {},
            regimen=policy.Regimen(amount_mg, interval_h),
            starts_on=starts_on,
            actor=actor,
        )
    if protocol is not None and not follows(patient, protocol, on=starts_on):
        assign_protocol(
            patient=patient,
            protocol=protocol,
            starts_on=starts_on,
            reason=reason,
            actor=actor,
        )
    clear_from(patient=patient, on=starts_on, reason=reason, actor=actor)
    dose = Dose(
        patient=patient,
        amount_mg=amount_mg,
        interval_h=interval_h,
        usual_time=usual_time,
        starts_on=starts_on,
        reason=reason,
    )
    store(dose)
    dose.check_prescribable()
    audit.record("prescribe_dose", dose, patient=patient, actor=actor, reason=reason)
    replan_schedule(patient=patient, actor=actor)
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
    never_taken: bool = False,
) -> Dose:
    """Mend a regimen that was entered wrongly; what was entered stays in the history.

    A change of the dose itself is a new regimen: prescribe_dose().
    """
    hold_still(dose.patient)
    fresh = locked(dose, version)
    fresh.amount_mg, fresh.interval_h = amount_mg, interval_h
    fresh.usual_time, fresh.starts_on, fresh.stops_on = usual_time, starts_on, stops_on
    if never_taken:
        fresh.cancelled_at = timezone.now()
    else:
        fresh.check_prescribable()
    mended = revise(
        fresh, action="correct_dose", patient=fresh.patient, actor=actor, reason=reason
    )
    replan_schedule(patient=fresh.patient, actor=actor)
    return mended


@transaction.atomic
def stop_dose(*, patient: Patient, on: date, reason: str, actor: Staff) -> list[Dose]:
    """Stop the drug; `on` is the first day without it. What was planned is cancelled.

    Returns the regimens that end or never begin.
    """
    hold_still(patient)
    ended = clear_from(patient=patient, on=on, reason=reason, actor=actor)
    if not ended:
        raise ValidationError({"on": _("No dose is taken on that day or later.")})
    replan_schedule(patient=patient, actor=actor)
    return ended


def follows(patient: Patient, protocol: Protocol, *, on: date) -> bool:
    assignments = ProtocolAssignment.objects.filter(patient=patient)
    in_force = assignments.in_force(on).first()
    return in_force is not None and in_force.protocol == protocol


def clear_from(*, patient: Patient, on: date, reason: str, actor: Staff) -> list[Dose]:
    """End what runs on a day and cancel what would begin on it or later."""
    today = patient.site.today(timezone.now())
    ended = []
    for dose in Dose.objects.of(patient).open_after(on):
        dose.patient = patient
        if dose.starts_on < on:
            dose.stops_on, action = on, "stop_dose"
        elif dose.starts_on > today:
            dose.cancelled_at, action = timezone.now(), "cancel_dose"
        else:
            raise ValidationError(
                _(
                    "%(dose)s has been taken since %(day)s. Choose a later day, or"
                    " correct that dose."
                ),
                params={
                    "dose": dose,
                    "day": date_format(dose.starts_on, "DATE_FORMAT"),
                },
            )
        ended.append(
            revise(dose, action=action, patient=patient, actor=actor, reason=reason)
        )
    return ended
