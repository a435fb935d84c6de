"""Pages about what is prescribed: begun, stopped, mended."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dosing import policy, services
from dosing.forms import (
    AssignProtocolForm,
    CorrectAssignmentForm,
    CorrectDoseForm,
    PrescribeForm,
    StopForm,
    answers_before,
)
from dosing.history import history_of
from dosing.models import (
    Dose,
    ProtocolAssignment,
)
from dosing.words import plain
from patients.models import Patient
from patients.web import (
    StaffRequest,
    added_or_asked,
    corrected_or_asked,
    done,
    page,
    submit,
    visible_patient,
)


@permission_required("dosing.add_dose", raise_exception=True)
@require_http_methods(["GET", "POST"])
def prescribe(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Begin or change treatment of `patient` by `form`, outside a decision."""
    patient = visible_patient(request, patient_id)
    form = PrescribeForm(request.POST or None, initial=first_regimen(patient))
    dose = submit(form, services.prescribe_dose, patient=patient, actor=request.user)
    if form.prevented:
        services.record_answers(
            patient=patient, answers=form.answers, actor=request.user
        )
    if dose is None:
        return page(
            request,
            "dosing/prescribe.html",
            {
                "form": form,
                "patient": patient,
                "counsel": policy.counsel(patient.sex),
            },
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
        ProtocolAssignment.objects.standing()
        .filter(patient__in=visible)
        .select_related("patient__site", "protocol"),
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


def first_regimen(patient: Patient) -> dict[str, object]:
    """Pre-fill what is planned from tomorrow; a new patient starts with no answers."""
    today = patient.site.today(timezone.now())
    history = history_of(patient)
    dose = history.planned(today)
    return {
        "protocol": history.protocol_on(today),
        "amount_mg": plain(dose.amount_mg) if dose else None,
        "interval_h": dose.interval_h if dose else 24,
        "usual_time": dose.usual_time if dose else services.USUAL_TIME,
        "starts_on": today + timedelta(days=1) if dose else today,
        **answers_before(patient, today),
    }
