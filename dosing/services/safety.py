"""The safety questions of a prescription: asked, judged, kept with what was lifted."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from dosing import policy
from dosing.models import Dose, DrugEvent, SafetyCheck
from dosing.words import say
from patients import audit
from patients.models import Patient, Staff
from patients.revision import hold_still, store

Lifted = Mapping[str, str]
"""Rule -> why it is lifted."""


class PreventedError(ValidationError):
    """Rules stand against a prescription; carries which, and which are lifted."""

    def __init__(self, standing: list[policy.Prevention], where: str = "") -> None:
        said = (
            f"{say(each.sentence)} {gettext(each.source)}. {say(each.lifted_by)}"
            for each in standing
        )
        super().__init__([*said, *([where] if where else [])])
        self.standing = standing


def keep_answers(
    *,
    patient: Patient,
    answers: policy.Answers,
    lifted: Lifted,
    regimen: policy.Regimen,
    starts_on: date,
    actor: Staff,
) -> SafetyCheck:
    """Store the answers with the rules that were lifted, in the caller's transaction.

    Raises
    ------
    PreventedError
        Where a rule stands that was not lifted with a reason.
    """
    asked_on = patient.site.today(timezone.now())
    plan = plan_of(patient, regimen, starts_on, asked_on)
    found = policy.preventions(answers, plan)
    standing = policy.standing(found, lifted)
    if standing:
        raise PreventedError(standing)
    reasons = {each.rule: lifted[each.rule].strip() for each in found}
    return record_answers(patient=patient, answers=answers, lifted=reasons, actor=actor)


@transaction.atomic
def record_answers(
    *,
    patient: Patient,
    answers: policy.Answers,
    actor: Staff,
    lifted: Lifted | None = None,
) -> SafetyCheck:
    """Store the answers, be a dose prescribed with them or prevented by them.

    Without rules that were lifted, what was answered today already is not repeated.
    """
    hold_still(patient)
    asked_on = patient.site.today(timezone.now())
    last = SafetyCheck.objects.latest_of(patient)
    known = last and last.asked_on == asked_on and last.answers == answers
    if last is not None and known and lifted is None:
        return last
    reasons = dict(lifted or {})
    check = SafetyCheck(
        patient=patient,
        asked_on=asked_on,
        pregnancy=answers.pregnancy,
        breastfeeding=answers.breastfeeding,
        live_vaccine=answers.live_vaccine,
        liver=answers.liver,
        surgery_on=answers.surgery_on,
        lifted=[{"rule": rule, "reason": why} for rule, why in reasons.items()],
    )
    store(check)
    audit.record(
        "ask_safety",
        check,
        patient=patient,
        actor=actor,
        reason="; ".join(f"{rule}: {why}" for rule, why in reasons.items())[:500],
        details={"lifted": reasons},
    )
    return check


def check_decided(patient: Patient, regimen: policy.Regimen, starts_on: date) -> None:
    """Refuse a decided dose that the last answers, a drug or an event stand against."""
    if regimen.amount_mg == 0:
        return
    check = SafetyCheck.objects.latest_of(patient)
    answers = check.answers if check else policy.NOTHING_ANSWERED
    today = patient.site.today(timezone.now())
    plan = plan_of(patient, regimen, starts_on, today)
    lifted = {each["rule"]: each["reason"] for each in check.lifted} if check else {}
    standing = policy.standing(policy.preventions(answers, plan), lifted)
    if standing:
        raise PreventedError(
            standing, gettext("The questions are answered on the Prescribe page.")
        )


def plan_of(
    patient: Patient, regimen: policy.Regimen, starts_on: date, asked_on: date
) -> policy.Prescribing:
    """Put what is about to be prescribed beside what is taken already."""
    doses = Dose.objects.of(patient)
    before = doses.exclude(stops_on__lte=asked_on).order_by("starts_on").first()
    courses = patient.comedications.filter(withdrawn_at=None)
    return policy.Prescribing(
        sex=patient.sex,
        age_years=patient.age_on(asked_on),
        is_first=not doses.exists(),
        mg_per_day=regimen.mg_per_day,
        now_mg_per_day=before.mg_per_day if before else Decimal(0),
        starts_on=max(starts_on, asked_on),
        drugs=[course.course for course in courses],
        events=[each.event for each in DrugEvent.objects.of(patient)],
    )
