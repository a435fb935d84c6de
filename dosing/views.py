"""Pages about the drug: a level, its correction, a prescription, a decision."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dosing import forecast, policy, services
from dosing.advice import Advice, StaleAdviceError, advise
from dosing.forms import (
    AssignProtocolForm,
    ComedicationForm,
    CorrectAssignmentForm,
    CorrectComedicationForm,
    CorrectDoseForm,
    CorrectTroughForm,
    DecideForm,
    IntakeForm,
    NewTroughForm,
    PrescribeForm,
    SetAsideForm,
    StopForm,
    TroughForm,
    seal,
    starting_values,
    values_of,
)
from dosing.history import history_of
from dosing.models import (
    Comedication,
    Decision,
    Dose,
    ProtocolAssignment,
    Reason,
    TroughLevel,
)
from dosing.units import NotANumberError, Unit, parse_reported, to_ng_per_ml
from dosing.words import percents, plain, say
from patients.models import Patient
from patients.services import note_reading
from patients.web import (
    StaffRequest,
    added_or_asked,
    corrected_or_asked,
    done,
    page,
    submit,
    visible_patient,
)


@permission_required("dosing.add_troughlevel", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_level(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Log a level of `patient` by `form`; "Save and decide" goes on to the decision."""
    patient = visible_patient(request, patient_id)
    advice = advise(patient, at=timezone.now())
    form = NewTroughForm(
        request.POST or None,
        patient=patient,
        initial=starting_values(patient, at=timezone.now(), advice=advice),
    )
    level = submit(form, services.record_trough, patient=patient, actor=request.user)
    if level is None:
        return level_page(request, form, patient)
    messages.success(request, _("%(level)s is saved.") % {"level": level})
    if request.POST.get("then") == "decide" and request.user.has_perm(
        "dosing.add_decision"
    ):
        return decision_page(request, patient)
    return done(request, reverse("patient", args=[patient.pk]))


def level_page(
    request: StaffRequest,
    form: TroughForm,
    patient: Patient,
    level: TroughLevel | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "patient": patient,
        "level": level,
        "can_decide": request.user.has_perm("dosing.add_decision"),
    }
    return page(
        request,
        "dosing/level.html",
        context,
        partial="dosing/_level_form.html",
        refused=form.is_bound,
    )


def visible_level(request: StaffRequest, level_id: int) -> TroughLevel:
    levels = TroughLevel.objects.select_related("laboratory", "patient__site")
    visible = Patient.objects.visible_to(request.user)
    return get_object_or_404(levels.filter(patient__in=visible), pk=level_id)


@permission_required("dosing.change_troughlevel", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_level(request: StaffRequest, level_id: int) -> HttpResponse:
    """Correct `level` by the same `form`, with a reason."""
    level = visible_level(request, level_id)
    form = CorrectTroughForm(
        request.POST or None, patient=level.patient, initial=values_of(level)
    )
    if submit(form, services.correct_trough, level=level, actor=request.user) is None:
        return level_page(request, form, level.patient, level)
    messages.success(request, _("The correction is saved. The advice is new."))
    return done(request, reverse("patient", args=[level.patient_id]))


@permission_required("dosing.change_troughlevel", raise_exception=True)
@require_http_methods(["GET", "POST"])
def set_aside_level(request: StaffRequest, level_id: int) -> HttpResponse:
    """Set `level` aside by `form`, with a reason."""
    level = visible_level(request, level_id)
    form = SetAsideForm(request.POST or None, initial={"version": level.version})
    if submit(form, services.set_aside_trough, level=level, actor=request.user) is None:
        return page(
            request,
            "dosing/set_aside.html",
            {"form": form, "level": level, "patient": level.patient},
            partial="dosing/_set_aside_form.html",
            refused=form.is_bound,
        )
    messages.success(request, _("The level is set aside."))
    return done(request, reverse("patient", args=[level.patient_id]))


@permission_required("dosing.add_troughlevel", raise_exception=True)
@require_POST
def level_hint(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Read a level while it is typed: `reading` or None; nothing is saved."""
    patient = visible_patient(request, patient_id)
    form = NewTroughForm(request.POST, patient=patient)
    reading = provisional_reading(form, patient)
    said = policy.in_words(reading) if reading else ()
    return render(
        request,
        "dosing/_level_hint.html",
        {"reading": reading, "said": said, "patient": patient},
    )


def provisional_reading(form: TroughForm, patient: Patient) -> policy.Reading | None:
    try:
        reported = parse_reported(str(form.data.get("level", "")))
        unit = Unit(str(form.data.get("unit", "")))
    except (NotANumberError, ValueError):
        return None
    form.is_valid()
    drawn_at = form.cleaned_data.get("drawn_at")
    laboratory = form.cleaned_data.get("laboratory")
    if drawn_at is None or laboratory is None:
        return None
    last_dose_at = form.cleaned_data.get("last_dose_at")
    if last_dose_at is not None and last_dose_at >= drawn_at:
        return None
    level = TroughLevel(
        patient=patient,
        laboratory=laboratory,
        comparator=reported.comparator.value,
        ng_per_ml=to_ng_per_ml(reported.value, unit),
        drawn_at=drawn_at,
        last_dose_at=last_dose_at,
    )
    return history_of(patient).read(level)


@permission_required("dosing.add_dose", raise_exception=True)
@require_http_methods(["GET", "POST"])
def prescribe(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Begin or change treatment of `patient` by `form`, outside a decision."""
    patient = visible_patient(request, patient_id)
    form = PrescribeForm(request.POST or None, initial=first_regimen(patient))
    dose = submit(form, services.prescribe_dose, patient=patient, actor=request.user)
    if dose is None:
        return page(
            request,
            "dosing/prescribe.html",
            {"form": form, "patient": patient},
            partial="dosing/_prescribe_form.html",
            refused=form.is_bound,
        )
    messages.success(request, _("%(dose)s is prescribed.") % {"dose": dose})
    return done(request, reverse("patient", args=[patient.pk]))


@permission_required("dosing.add_dose", raise_exception=True)
@require_http_methods(["GET", "POST"])
def stop(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Stop the dose of `patient` by `form`, outside a decision on a level."""
    patient = visible_patient(request, patient_id)
    today = patient.site.today(timezone.now())
    form = StopForm(request.POST or None, initial={"on": today})
    ended = submit(form, services.stop_dose, patient=patient, actor=request.user)
    if ended is None:
        return page(
            request,
            "dosing/stop.html",
            {"form": form, "patient": patient},
            partial="dosing/_stop_form.html",
            refused=form.is_bound,
        )
    messages.success(request, _("Sirolimus is stopped."))
    return done(request, reverse("patient", args=[patient.pk]))


@permission_required("dosing.add_dose", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_dose(request: StaffRequest, dose_id: int) -> HttpResponse:
    """Correct a regimen that was entered wrongly, with a reason."""
    visible = Patient.objects.visible_to(request.user)
    dose = get_object_or_404(
        Dose.objects.filter(patient__in=visible).select_related("patient__site"),
        pk=dose_id,
    )
    names = (
        "version",
        "amount_mg",
        "interval_h",
        "usual_time",
        "starts_on",
        "stops_on",
    )
    form = CorrectDoseForm(
        request.POST or None, initial={name: getattr(dose, name) for name in names}
    )
    corrected = submit(form, services.correct_dose, dose=dose, actor=request.user)
    return corrected_or_asked(request, form, dose, dose.patient, done_with=corrected)


@permission_required("dosing.add_dose", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_assignment(request: StaffRequest, assignment_id: int) -> HttpResponse:
    """Correct which protocol a patient followed from which day, with a reason."""
    visible = Patient.objects.visible_to(request.user)
    assignment = get_object_or_404(
        ProtocolAssignment.objects.filter(patient__in=visible).select_related(
            "patient__site", "protocol"
        ),
        pk=assignment_id,
    )
    names = ("version", "protocol", "starts_on")
    form = CorrectAssignmentForm(
        request.POST or None,
        initial={name: getattr(assignment, name) for name in names},
    )
    corrected = submit(
        form, services.correct_assignment, assignment=assignment, actor=request.user
    )
    return corrected_or_asked(
        request, form, assignment, assignment.patient, done_with=corrected
    )


@permission_required("dosing.add_protocolassignment", raise_exception=True)
@require_http_methods(["GET", "POST"])
def assign_protocol(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Let `patient` follow another protocol by `form`; old levels keep theirs."""
    patient = visible_patient(request, patient_id)
    today = patient.site.today(timezone.now())
    form = AssignProtocolForm(request.POST or None, initial={"starts_on": today})
    chosen = submit(form, services.assign_protocol, patient=patient, actor=request.user)
    return added_or_asked(
        request, form, patient, title=_("Change the range"), done_with=chosen
    )


@permission_required("dosing.add_intake", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_intake(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Say by `form` what is known of one dose of `patient`."""
    patient = visible_patient(request, patient_id)
    yesterday = patient.site.today(timezone.now()) - timedelta(days=1)
    form = IntakeForm(
        request.POST or None, patient=patient, initial={"due_on": yesterday}
    )
    intake = submit(form, services.record_intake, patient=patient, actor=request.user)
    return added_or_asked(
        request, form, patient, title=_("Dose taken or missed"), done_with=intake
    )


@permission_required("dosing.add_comedication", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_comedication(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Note by `form` another drug of `patient` that changes sirolimus."""
    patient = visible_patient(request, patient_id)
    today = patient.site.today(timezone.now())
    form = ComedicationForm(request.POST or None, initial={"starts_on": today})
    drug = submit(
        form, services.record_comedication, patient=patient, actor=request.user
    )
    return added_or_asked(
        request, form, patient, title=_("Add interacting drug"), done_with=drug
    )


@permission_required("dosing.add_comedication", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_comedication(request: StaffRequest, comedication_id: int) -> HttpResponse:
    """Mend or end a course of another drug, with a reason."""
    visible = Patient.objects.visible_to(request.user)
    drug = get_object_or_404(
        Comedication.objects.filter(patient__in=visible).select_related(
            "patient__site"
        ),
        pk=comedication_id,
    )
    names = ("version", "starts_on", "stops_on")
    form = CorrectComedicationForm(
        request.POST or None, initial={name: getattr(drug, name) for name in names}
    )
    corrected = submit(
        form, services.correct_comedication, comedication=drug, actor=request.user
    )
    return corrected_or_asked(request, form, drug, drug.patient, done_with=corrected)


def first_regimen(patient: Patient) -> dict[str, object]:
    """Pre-fill what is planned from tomorrow; a new patient starts with no answers."""
    today = patient.site.today(timezone.now())
    history = history_of(patient)
    dose = history.planned(today)
    return {
        "protocol": history.protocol_on(today),
        "amount_mg": plain(dose.amount_mg) if dose else None,
        "interval_h": dose.interval_h if dose else None,
        "usual_time": dose.usual_time if dose else services.USUAL_TIME,
        "starts_on": today + timedelta(days=1) if dose else today,
    }


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

    Never with an interacting drug on board, and never where advice is withheld.
    """
    current = advice.current_regimen
    if not advice.protocol.loading_view or current is None or advice.withheld:
        return None
    today = advice.today
    if any(
        c.stops_on is None or c.stops_on > today for c in advice.beside.comedications
    ):
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
