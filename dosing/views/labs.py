"""Pages about safety labs."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dosing import services
from dosing.forms import (
    CorrectLabForm,
    LabsForm,
    WithdrawLabForm,
    first_labs,
    values_of_lab,
)
from dosing.models import LabResult
from patients.models import Patient
from patients.web import (
    StaffRequest,
    corrected_or_asked,
    done,
    page,
    submit,
    visible_patient,
)


@permission_required("dosing.add_labresult", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_labs(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Enter by `form` a whole panel of one day for `patient`."""
    patient = visible_patient(request, patient_id)
    today = patient.site.today(timezone.now())
    first = {} if request.method == "POST" else first_labs(patient, today)
    form = LabsForm(request.POST or None, patient=patient, initial=first)
    saved = submit(form, services.record_labs, patient=patient, actor=request.user)
    if saved is not None:
        messages.success(request, in_words(saved))
        return done(request, reverse("patient", args=[patient.pk]))
    return page(
        request,
        "dosing/labs.html",
        {"form": form, "patient": patient, "here": request.path},
        partial="dosing/_labs_form.html",
        refused=form.is_bound,
    )


def in_words(saved: list[LabResult]) -> str:
    """Say what was saved, and by which factor what was converted."""
    converted = [
        f"{lab.get_analyte_display()} {lab.conversion}"
        for lab in saved
        if lab.conversion
    ]
    said = _("%(count)s laboratory values of %(day)s are saved.") % {
        "count": len(saved),
        "day": date_format(saved[0].drawn_on, "DATE_FORMAT"),
    }
    return " ".join([said, "; ".join(converted)]).strip()


def visible_lab(request: StaffRequest, lab_id: int) -> LabResult:
    visible = Patient.objects.visible_to(request.user)
    labs = LabResult.objects.filter(patient__in=visible)
    found = labs.select_related("patient__site", "laboratory")
    return get_object_or_404(found, pk=lab_id)


@permission_required("dosing.add_labresult", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_lab(request: StaffRequest, lab_id: int) -> HttpResponse:
    """Correct one laboratory value, with a reason."""
    lab = visible_lab(request, lab_id)
    form = CorrectLabForm(request.POST or None, lab=lab, initial=values_of_lab(lab))
    corrected = submit(form, services.correct_lab, lab=lab, actor=request.user)
    return corrected_or_asked(request, form, lab, lab.patient, done_with=corrected)


@permission_required("dosing.add_labresult", raise_exception=True)
@require_http_methods(["GET", "POST"])
def withdraw_lab(request: StaffRequest, lab_id: int) -> HttpResponse:
    """Withdraw a laboratory value that was entered in error, with a reason."""
    lab = visible_lab(request, lab_id)
    form = WithdrawLabForm(request.POST or None, initial={"version": lab.version})
    withdrawn = submit(form, services.withdraw_lab, lab=lab, actor=request.user)
    return corrected_or_asked(request, form, lab, lab.patient, done_with=withdrawn)
