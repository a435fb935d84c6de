"""The decision: what was offered, what was chosen, signed once and kept for good."""

from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dosing import forecast, policy
from dosing.advice import Advice, Basis, StaleAdviceError, advise, changes_between
from dosing.models import Decision, Dose, Reason
from dosing.prognosis import foretold, library_digest
from dosing.services.doses import (
    USUAL_TIME,
    clear_from,
    prescribe_dose,
)
from dosing.services.plan import replan_schedule
from dosing.services.safety import check_decided
from dosing.words import as_data, plain
from patients import audit
from patients.models import Patient, Staff
from patients.revision import hold_in_follow_up, store

LATEST_RECHECK = timedelta(days=366)
"""A next level further away than this is a slip of the year."""


@transaction.atomic
def sign_decision(
    *,
    patient: Patient,
    basis: Basis,
    amount_mg: Decimal,
    interval_h: int,
    reason: str,
    actor: Staff,
    reason_text: str = "",
    next_level_on: date | None = None,
    new_dose_from: date | None = None,
) -> Decision:
    """Sign one of the offered doses, or another; 0 mg pauses the drug.

    Days that are not given are the proposed ones. Raises StaleAdviceError where a
    level, dose, protocol or decision came since the advice was shown: nobody signs
    what they did not see.
    """
    advice = advise(hold_in_follow_up(patient), at=timezone.now())
    if advice is None or dict(advice.basis) != dict(basis):
        raise StaleAdviceError(changes_between(basis, advice.basis if advice else {}))
    choice = policy.Regimen(amount_mg, interval_h)
    first_day = new_dose_from or advice.new_dose_from
    starts_on = None if advice.goes_on(choice, first_day) else first_day
    next_level_on = next_level_on or advice.next_level_on(new_dose_from=starts_on)
    check_choice(advice, choice, reason, next_level_on, starts_on)
    if starts_on is not None:
        check_decided(patient, choice, starts_on)
    shown = as_shown(advice, choice, starts_on)
    dose = carry_out(advice, choice, starts_on, actor) if starts_on else None
    check_words(advice, choice, reason_text)
    decision = Decision(
        patient=patient,
        level=advice.level,
        level_version=advice.level.version,
        protocol=advice.protocol,
        chosen_amount_mg=amount_mg,
        chosen_interval_h=interval_h,
        reason=reason,
        reason_text=reason_text,
        dose=dose,
        next_level_on=next_level_on,
        engine_version=f"{policy.ENGINE_VERSION}, {forecast.CORE_VERSION}",
        signed_by=actor,
        signed_at=timezone.now(),
        **shown,
    )
    store(decision)
    audit.record("sign_decision", decision, patient=patient, actor=actor)
    replan_schedule(patient=patient, actor=actor)
    return decision


def check_choice(
    advice: Advice,
    choice: policy.Regimen,
    reason: str,
    next_level_on: date,
    starts_on: date | None,
) -> None:
    as_suggested = choice == advice.recommended
    if reason == Reason.AS_SUGGESTED and not as_suggested:
        raise ValidationError(
            {"reason": _("This is not the suggested dose. Choose a reason.")}
        )
    if not advice.today < next_level_on <= advice.today + LATEST_RECHECK:
        raise ValidationError(
            {"next_level_on": _("The next level lies between tomorrow and a year.")}
        )
    if not advice.calendar.is_open(next_level_on):
        raise ValidationError({"next_level_on": _("The clinic is closed on that day.")})
    if starts_on is None:
        return
    if starts_on < advice.today:
        raise ValidationError({"new_dose_from": _("A new dose cannot start earlier.")})
    if next_level_on <= starts_on:
        raise ValidationError(
            {"next_level_on": _("The next level comes after the new dose has begun.")}
        )


def check_words(advice: Advice, choice: policy.Regimen, reason_text: str) -> None:
    """Ask for words where a choice goes against what is known.

    That is a rise on a level above the range or where advice is withheld, and a dose
    whose trough is expected at the urgent limit.
    """
    current, verdict = advice.current_regimen, advice.reading.verdict
    rises = current is not None and choice.mg_per_day > current.mg_per_day
    high = verdict in {policy.Verdict.ABOVE, policy.Verdict.URGENT}
    expected = advice.choice_of(choice)
    urgent = float(advice.protocol.urgent_ng_per_ml)
    reaches = expected is not None and expected.trough_ng_per_ml[1] >= urgent
    if reason_text.strip() or not (reaches or (rises and (high or advice.withheld))):
        return
    words = _("This raises the dose against the advice. Say in words why.")
    if reaches and expected is not None:
        words = _(
            "This dose is expected to reach %(trough)s ng/mL; urgent is from"
            " %(urgent)s. Say in words why."
        ) % {"trough": f"{expected.trough_ng_per_ml[1]:.1f}", "urgent": f"{urgent:g}"}
    raise ValidationError({"reason_text": words})


def carry_out(
    advice: Advice, choice: policy.Regimen, starts_on: date, actor: Staff
) -> Dose | None:
    """End the running regimen and begin the chosen one; a hold only ends."""
    why = _("Decision on %(level)s") % {"level": advice.level}
    if choice.amount_mg == 0:
        clear_from(patient=advice.patient, on=starts_on, reason=why, actor=actor)
        return None
    return prescribe_dose(
        patient=advice.patient,
        amount_mg=choice.amount_mg,
        interval_h=choice.interval_h,
        starts_on=starts_on,
        reason=why,
        actor=actor,
        usual_time=advice.current.usual_time if advice.current else USUAL_TIME,
    )


def as_shown(
    advice: Advice, choice: policy.Regimen, starts_on: date | None
) -> dict[str, object]:
    """Return everything the signer saw, as it is kept, and what it foretells."""
    suggestion, reading = advice.suggestion, advice.reading
    return {
        "basis": dict(advice.basis),
        "inputs": {
            "level": as_text(asdict(reading.level)),
            "target": as_text(asdict(reading.target)),
            "verdict": reading.verdict.value,
            "timing": reading.timing.value,
            "days_on_dose": reading.days_on_dose,
            "current": regimen_as_text(advice.current_regimen),
            "said": [as_data(sentence) for sentence in policy.in_words(reading)],
        },
        "findings": [
            {
                "rule": finding.rule,
                "kind": finding.kind.value,
                "source": finding.source,
                "sentence": as_data(finding.sentence),
            }
            for finding in suggestion.findings
        ],
        "forecast": forecast_as_data(advice, choice, starts_on),
        "offered": {
            "recommended": regimen_as_text(advice.recommended),
            "by_rule": regimen_as_text(suggestion.recommended),
            "exact_mg_per_day": text_or_none(suggestion.exact_mg_per_day),
            "formula": as_data(suggestion.formula) if suggestion.formula else None,
            "doses": [
                {
                    **(regimen_as_text(offer.regimen) or {}),
                    "predicted_ng_per_ml": text_or_none(
                        offer.candidate.predicted_ng_per_ml
                    ),
                    "step_percent": offer.candidate.step_percent,
                    "models": choice_as_data(offer.choice) if offer.choice else None,
                }
                for offer in advice.offers
            ],
        },
    }


def forecast_as_data(
    advice: Advice, choice: policy.Regimen, starts_on: date | None
) -> dict[str, object] | None:
    """Return the question, the answer and what it foretells; None without models."""
    prognosis = advice.prognosis
    if prognosis.asked is None or prognosis.outlook is None:
        return None
    asked, outlook = prognosis.asked, prognosis.outlook
    usual_time = advice.current.usual_time if advice.current else USUAL_TIME
    try:
        ahead = foretold(
            advice.history,
            asked,
            choice if starts_on else None,
            at=advice.at,
            from_on=starts_on,
            usual_time=usual_time,
        )
    except forecast.NoForecast:
        ahead = None
    return {
        "question": asked.question.as_data(),
        "origin": asked.origin.isoformat(),
        "target": as_text(asdict(advice.protocol.target)),
        "regimens": [regimen_as_text(each) for each in advice.takeable],
        "library": library_digest(),
        "models": {view.id: view.weight for view in outlook.views},
        "disagree": outlook.disagree,
        "choices": [choice_as_data(each) for each in outlook.choices],
        "foretold": ahead,
    }


def choice_as_data(choice: forecast.Choice) -> dict[str, object]:
    return {
        **(regimen_as_text(choice.regimen) or {}),
        "trough_ng_per_ml": [round(each, 3) for each in choice.trough_ng_per_ml],
        "below": round(choice.below, 4),
        "inside": round(choice.inside, 4),
        "above": round(choice.above, 4),
        "auc24_ng_h_per_ml": round(choice.auc24_ng_h_per_ml, 2),
    }


def as_text(facts: dict[str, object]) -> dict[str, str]:
    return {
        name: plain(fact) if isinstance(fact, Decimal) else str(fact)
        for name, fact in facts.items()
    }


def text_or_none(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def regimen_as_text(regimen: policy.Regimen | None) -> dict[str, str | int] | None:
    if regimen is None:
        return None
    return {"amount_mg": plain(regimen.amount_mg), "interval_h": regimen.interval_h}
