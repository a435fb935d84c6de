"""The page on which a dose is decided and signed, and what was signed."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from dosing import forecast, policy, services
from dosing.advice import Advice, StaleAdviceError, advise
from dosing.forms import (
    DecideForm,
    seal,
)
from dosing.models import (
    Decision,
    Reason,
    SafetyCheck,
)
from dosing.words import percents, plain, say
from patients.models import Patient
from patients.services import note_reading
from patients.web import (
    StaffRequest,
    done,
    page,
    submit,
    visible_patient,
)


@permission_required("dosing.add_decision", raise_exception=True)
@require_http_methods(["GET", "POST"])
def decide(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Show the `advice` on `patient` and sign one of its doses by `form`."""
    patient = visible_patient(request, patient_id)
    note_reading(patient=patient, by="decision", actor=request.user)
    form = DecideForm(request.POST or None)
    try:
        decision = submit(
            form, services.sign_decision, patient=patient, actor=request.user
        )
    except StaleAdviceError as stale:
        return decision_page(request, patient, form, changes=stale.changes)
    if decision is None:
        return decision_page(request, patient, form)
    messages.success(request, in_words(decision))
    return done(request, reverse("patient", args=[patient.pk]))


def decision_page(
    request: StaffRequest,
    patient: Patient,
    form: DecideForm | None = None,
    changes: tuple[object, ...] = (),
) -> HttpResponse:
    """Render the advice as it is now; 409 where it changed since it was shown."""
    advice = advise(patient, at=timezone.now())
    if form is None or not form.is_bound or changes:
        form = DecideForm(initial=proposal(advice))
    context = {
        "advice": advice,
        "changed_level_on": advice.next_level_on(new_dose_from=advice.new_dose_from)
        if advice
        else None,
        "said": policy.in_words(advice.reading) if advice else (),
        "rows": rows(advice) if advice else [],
        "others": [
            (
                value_of(regimen),
                say(policy.regimen_in_words(regimen)),
                known.choice_of(regimen),
            )
            for known in filter(None, [advice])
            for regimen in known.others
        ],
        **(reasons_of(advice) if advice else {}),
        **alarms_of(patient, advice),
        "answers_last": policy.ANSWERS_LAST_DAYS,
        "safety": recent_answers(advice),
        "patient": patient,
        "form": form,
        "basis": seal(advice) if advice else "",
        "changes": changes,
        "reasons": Reason.choices,
    }
    response = page(
        request,
        "dosing/decide.html",
        context,
        partial="dosing/_decide.html",
        refused=form.is_bound,
    )
    response.status_code = 409 if changes else response.status_code
    return response


def alarms_of(patient: Patient, advice: Advice | None) -> dict[str, object]:
    """Return what stands above every dose: alarms, and proposals at severe grades."""
    findings = advice.suggestion.findings if advice else ()
    return {
        "urgent": patient.tasks.open().filter(is_urgent=True).most_urgent_first(),
        "holds": [each for each in findings if policy.is_severe_proposal(each)],
    }


def recent_answers(advice: Advice | None) -> SafetyCheck | None:
    """Return the last answers to the safety questions, if they are not too old."""
    check = advice.beside.check if advice else None
    return check if check and advice and check.is_recent(advice.today) else None


def proposal(advice: Advice | None) -> dict[str, object]:
    if advice is None:
        return {}
    return {
        "reason": Reason.AS_SUGGESTED if advice.recommended else "",
        "new_dose_from": advice.new_dose_from,
        "next_level_on": advice.proposed_level_on(advice.recommended),
    }


def value_of(regimen: policy.Regimen) -> str:
    """Write a regimen as the form sends it: 1.5@24."""
    return f"{plain(regimen.amount_mg)}@{regimen.interval_h}"


def reasons_of(advice: Advice) -> dict[str, object]:
    """Return what "why" is made of: levels and doses used and not used."""
    asked = advice.prognosis.asked
    unused = asked.unused if asked else ()
    left_out = {level.pk for level, _why in unused}
    return {
        "used": [
            level for level in advice.history.used_levels if level.pk not in left_out
        ],
        "unused": unused,
        "aside": [v for v in advice.history.levels if v.set_aside_at is not None],
        "doses_used": asked.doses if asked else None,
        "compared": compared(advice),
        "present": advice.choice_of(advice.current_regimen)
        if advice.current_regimen
        else None,
    }


def compared(
    advice: Advice,
) -> tuple[forecast.Choice, forecast.Choice] | None:
    """Return the present dose's trough without and with the levels set aside."""
    prognosis, current = advice.prognosis, advice.current_regimen
    if prognosis.outlook is None or prognosis.with_aside is None or current is None:
        return None
    without, together = (
        outlook.choice(current) for outlook in (prognosis.outlook, prognosis.with_aside)
    )
    return (without, together) if without and together else None


def rows(advice: Advice) -> list[dict[str, object]]:
    """Return the doses in the order shown: the present one first."""
    return [
        {
            "offer": offer,
            "candidate": offer.candidate,
            "choice": offer.choice,
            "chances": percents(offer.choice) if offer.choice else None,
            "value": value_of(offer.regimen),
            "words": policy.regimen_in_words(offer.regimen),
            "keeps": offer.regimen == advice.current_regimen,
            "recommended": offer.regimen == advice.recommended,
            "next_level_on": advice.proposed_level_on(offer.regimen),
            "loading": loading_of(advice, offer.regimen),
        }
        for offer in advice.offers
    ]


def loading_of(advice: Advice, regimen: policy.Regimen) -> policy.Loading | None:
    """Return the loading dose of a rise, where the protocol shows it.

    Never with an interacting drug on board, an impaired liver, or where advice is
    withheld.
    """
    current = advice.current_regimen
    if not advice.protocol.loading_view or current is None or advice.withheld:
        return None
    today = advice.today
    if any(
        c.stops_on is None or c.stops_on > today for c in advice.beside.comedications
    ):
        return None
    if policy.liver_is_impaired(advice.beside.happenings, today):
        return None
    return policy.loading(current, regimen, advice.new_dose_from)


def in_words(decision: Decision) -> str:
    """Say what was signed, in one sentence."""
    facts = {
        "dose": decision.dose or _("no change"),
        "day": date_format(decision.next_level_on, "DATE_FORMAT"),
    }
    if decision.holds:
        return _("Signed: sirolimus is paused. Next level %(day)s.") % facts
    return _("Signed: %(dose)s. Next level %(day)s.") % facts


@permission_required("dosing.view_troughlevel", raise_exception=True)
@require_GET
def decision(request: StaffRequest, decision_id: int) -> HttpResponse:
    """Show a signed `decision` as it was: what was known, offered, chosen and why."""
    visible = Patient.objects.visible_to(request.user)
    found = get_object_or_404(
        Decision.objects.select_related(
            "patient__site", "level", "protocol", "dose", "signed_by"
        ),
        pk=decision_id,
        patient__in=visible,
    )
    note_reading(patient=found.patient, by="decision", actor=request.user)
    context = {"decision": found, "patient": found.patient, "words": in_words(found)}
    return render(request, "dosing/decision.html", context)
