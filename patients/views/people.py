"""Pages about people and their lesions."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from patients import services
from patients.forms import (
    CorrectLesionForm,
    CorrectPatientForm,
    CorrectTreatmentForm,
    LesionForm,
    RegisterForm,
    TreatmentForm,
    WithdrawForm,
)
from patients.models import (
    Lesion,
    Patient,
    PreviousTreatment,
)
from patients.web import (
    StaffRequest,
    added_or_asked,
    corrected_or_asked,
    done,
    page,
    submit,
    visible_patient,
)


@permission_required("patients.add_patient", raise_exception=True)
@require_http_methods(["GET", "POST"])
def register_patient(request: StaffRequest) -> HttpResponse:
    """Offer `form`; a patient and the first lesion are stored together."""
    form = RegisterForm(request.POST or None, staff=request.user)
    patient = submit(form, services.register_patient, actor=request.user)
    if patient is None:
        return page(
            request,
            "patients/register.html",
            {"form": form},
            partial="patients/_register_form.html",
            refused=form.is_bound,
        )
    return redirect("patient", patient.pk)


@permission_required("patients.add_patient", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_patient(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Correct facts about `patient`, or end or reopen follow-up, with a reason."""
    patient = visible_patient(request, patient_id)
    form = CorrectPatientForm(
        request.POST or None, instance=patient, initial={"version": patient.version}
    )
    known = Patient.objects.get(pk=patient.pk)
    corrected = submit(
        form, services.correct_patient, patient=known, actor=request.user
    )
    return corrected_or_asked(request, form, known, known, done_with=corrected)


@permission_required("patients.add_lesion", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_lesion(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Offer `form` for another lesion of `patient`."""
    patient = visible_patient(request, patient_id)
    form = LesionForm(request.POST or None)
    lesion = submit(form, services.add_lesion, patient=patient, actor=request.user)
    return added_or_asked(
        request, form, patient, title=_("Add lesion"), done_with=lesion
    )


@permission_required("patients.add_lesion", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_lesion(request: StaffRequest, lesion_id: int) -> HttpResponse:
    """Correct a lesion, with a reason."""
    lesion = visible_lesion(request, lesion_id)
    form = CorrectLesionForm(
        request.POST or None, instance=lesion, initial={"version": lesion.version}
    )
    known = visible_lesion(request, lesion_id)
    corrected = submit(form, services.correct_lesion, lesion=known, actor=request.user)
    return corrected_or_asked(request, form, known, known.patient, done_with=corrected)


@permission_required("patients.add_lesion", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_treatment(request: StaffRequest, lesion_id: int) -> HttpResponse:
    """Offer `form` for what was done to a lesion before."""
    lesion = visible_lesion(request, lesion_id)
    form = TreatmentForm(request.POST or None)
    treatment = submit(
        form, services.add_previous_treatment, lesion=lesion, actor=request.user
    )
    return added_or_asked(
        request,
        form,
        lesion.patient,
        title=_("Add previous treatment"),
        done_with=treatment,
    )


@permission_required("patients.add_lesion", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_treatment(request: StaffRequest, treatment_id: int) -> HttpResponse:
    """Correct a previous treatment, with a reason."""
    treatment = visible_treatment(request, treatment_id)
    form = CorrectTreatmentForm(
        request.POST or None, instance=treatment, initial={"version": treatment.version}
    )
    known = visible_treatment(request, treatment_id)
    corrected = submit(
        form,
        services.correct_previous_treatment,
        treatment=known,
        actor=request.user,
    )
    return corrected_or_asked(
        request, form, known, known.lesion.patient, done_with=corrected
    )


@permission_required("patients.add_lesion", raise_exception=True)
@require_http_methods(["GET", "POST"])
def withdraw_treatment(request: StaffRequest, treatment_id: int) -> HttpResponse:
    """Take back by `form` a treatment that was entered in error, with a reason."""
    treatment = visible_treatment(request, treatment_id)
    patient = treatment.lesion.patient
    form = WithdrawForm(request.POST or None, initial={"version": treatment.version})
    withdrawn = submit(
        form,
        services.withdraw_previous_treatment,
        treatment=treatment,
        actor=request.user,
    )
    if withdrawn is not None:
        messages.success(request, _("%(what)s is withdrawn.") % {"what": treatment})
        return done(request, reverse("lesions", args=[patient.pk]))
    title = _("%(what)s: entered in error") % {"what": treatment}
    return added_or_asked(request, form, patient, title=title, done_with=None)


def visible_treatment(request: StaffRequest, treatment_id: int) -> PreviousTreatment:
    found = PreviousTreatment.objects.filter(
        lesion__patient__in=Patient.objects.visible_to(request.user)
    )
    return get_object_or_404(
        found.select_related("lesion__patient__site"), pk=treatment_id
    )


def visible_lesion(request: StaffRequest, lesion_id: int) -> Lesion:
    lesions = Lesion.objects.filter(
        patient__in=Patient.objects.visible_to(request.user)
    )
    return get_object_or_404(lesions.select_related("patient__site"), pk=lesion_id)
