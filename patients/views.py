"""Pages about people: find one, add one, measure one; keys for programs."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from patients import services
from patients.forms import (
    CorrectLesionForm,
    CorrectMeasurementForm,
    CorrectPatientForm,
    CorrectTreatmentForm,
    LesionForm,
    MeasurementForm,
    RegisterForm,
    TokenForm,
    TreatmentForm,
)
from patients.models import (
    ApiToken,
    Lesion,
    Measurement,
    Patient,
    PreviousTreatment,
)
from patients.web import (
    StaffRequest,
    added_or_asked,
    corrected_or_asked,
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


@permission_required("patients.add_measurement", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_measurement(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Offer `form` for one dated number about `patient`."""
    patient = visible_patient(request, patient_id)
    form = MeasurementForm(
        request.POST or None,
        patient=patient,
        initial={"measured_on": patient.site.today(timezone.now())},
    )
    measurement = submit(
        form, services.add_measurement, patient=patient, actor=request.user
    )
    return added_or_asked(
        request, form, patient, title=_("Add measurement"), done_with=measurement
    )


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


@permission_required("patients.add_measurement", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_measurement(request: StaffRequest, measurement_id: int) -> HttpResponse:
    """Correct a measurement, with a reason."""
    visible = Patient.objects.visible_to(request.user)
    measurement = get_object_or_404(
        Measurement.objects.filter(patient__in=visible).select_related("patient"),
        pk=measurement_id,
    )
    names = ("version", "value", "measured_on", "note")
    form = CorrectMeasurementForm(
        request.POST or None, initial={n: getattr(measurement, n) for n in names}
    )
    corrected = submit(
        form,
        services.correct_measurement,
        measurement=measurement,
        actor=request.user,
    )
    return corrected_or_asked(
        request, form, measurement, measurement.patient, done_with=corrected
    )


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
    found = PreviousTreatment.objects.filter(
        lesion__patient__in=Patient.objects.visible_to(request.user)
    ).select_related("lesion__patient__site")
    treatment = get_object_or_404(found, pk=treatment_id)
    form = CorrectTreatmentForm(
        request.POST or None, instance=treatment, initial={"version": treatment.version}
    )
    known = get_object_or_404(found, pk=treatment_id)
    corrected = submit(
        form,
        services.correct_previous_treatment,
        treatment=known,
        actor=request.user,
    )
    return corrected_or_asked(
        request, form, known, known.lesion.patient, done_with=corrected
    )


def visible_lesion(request: StaffRequest, lesion_id: int) -> Lesion:
    lesions = Lesion.objects.filter(
        patient__in=Patient.objects.visible_to(request.user)
    )
    return get_object_or_404(lesions.select_related("patient__site"), pk=lesion_id)


@permission_required("patients.add_apitoken", raise_exception=True)
@require_http_methods(["GET", "POST"])
def tokens(request: StaffRequest) -> HttpResponse:
    """List the `tokens` of the asker's clinics; show a new `key` once."""
    form = TokenForm(request.POST or None, staff=request.user)
    issued = submit(form, services.issue_token, actor=request.user)
    rows = (
        ApiToken.objects.filter(user__sites__in=request.user.sites.all())
        .select_related("user")
        .prefetch_related("user__sites")
        .order_by("-created")
    )
    context = {
        "form": TokenForm(staff=request.user) if issued else form,
        "tokens": Paginator(rows, 50).get_page(request.GET.get("page")),
        "key": issued[1] if issued else "",
    }
    refused = form.is_bound and issued is None
    return render(
        request, "patients/tokens.html", context, status=422 if refused else 200
    )


@permission_required("patients.add_apitoken", raise_exception=True)
@require_POST
def revoke_token(request: StaffRequest, key: str) -> HttpResponse:
    mine = ApiToken.objects.filter(user__sites__in=request.user.sites.all())
    token = get_object_or_404(mine, token_key=key)
    services.revoke_token(token=token, actor=request.user)
    messages.success(request, _("The token is revoked."))
    return redirect("tokens")
