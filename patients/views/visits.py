"""Pages that take a visit back, and those of the landmarks of circumferences."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from patients import services
from patients.forms import AddLandmarkForm, CorrectLandmarkForm, WithdrawForm
from patients.models import Landmark, Patient, Visit
from patients.web import (
    StaffRequest,
    added_or_asked,
    done,
    page,
    submit,
    visible_patient,
)


@permission_required("patients.add_visit", raise_exception=True)
@require_http_methods(["GET", "POST"])
def withdraw_visit(request: StaffRequest, visit_id: int) -> HttpResponse:
    """Take back by `form` a visit that was entered in error, with its numbers."""
    visit = visible_visit(request, visit_id)
    form = WithdrawForm(request.POST or None, initial={"version": visit.version})
    taken_back = submit(form, services.withdraw_visit, visit=visit, actor=request.user)
    if taken_back is not None:
        messages.success(request, _("%(what)s is withdrawn.") % {"what": visit})
        return done(request, reverse("visits", args=[visit.patient_id]))
    title = _("%(what)s: entered in error, with its numbers") % {"what": visit}
    return added_or_asked(request, form, visit.patient, title=title, done_with=None)


@permission_required("patients.add_visit", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_landmark(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Keep by `form` where a limb of `patient` is measured."""
    patient = visible_patient(request, patient_id)
    form = AddLandmarkForm(request.POST or None, patient=patient)
    landmark = submit(form, services.add_landmark, actor=request.user)
    if landmark is not None:
        messages.success(request, _("%(what)s is saved.") % {"what": landmark})
        return done(request, reverse("visits", args=[patient.pk]))
    return added_or_asked(
        request, form, patient, title=_("Add landmark"), done_with=None
    )


@permission_required("patients.add_visit", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_landmark(request: StaffRequest, landmark_id: int) -> HttpResponse:
    """Correct by `form` the words of a landmark, or retire it."""
    landmark = get_object_or_404(
        Landmark.objects.filter(
            patient__in=Patient.objects.visible_to(request.user)
        ).select_related("patient__site"),
        pk=landmark_id,
    )
    names = ("version", "limb", "side", "place", "instrument", "is_retired")
    form = CorrectLandmarkForm(
        request.POST or None, initial={name: getattr(landmark, name) for name in names}
    )
    mended = submit(
        form, services.correct_landmark, landmark=landmark, actor=request.user
    )
    if mended is not None:
        messages.success(request, _("The correction is saved."))
        return done(request, reverse("visits", args=[landmark.patient_id]))
    return page(
        request,
        "patients/correct.html",
        {
            "form": form,
            "record": landmark,
            "patient": landmark.patient,
            "here": request.path,
        },
        partial="patients/_correct_form.html",
        refused=form.is_bound,
    )


def visible_visit(request: StaffRequest, visit_id: int) -> Visit:
    visits = Visit.objects.filter(patient__in=Patient.objects.visible_to(request.user))
    return get_object_or_404(visits.select_related("patient__site"), pk=visit_id)
