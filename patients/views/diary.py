"""Photos of diaries on paper: attached, and shown to their clinic only."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from patients import services
from patients.forms import PhotoForm
from patients.models import DiaryPhoto, Patient
from patients.web import (
    StaffRequest,
    added_or_asked,
    picture,
    submit,
    visible_patient,
)


@permission_required("patients.add_diaryday", raise_exception=True)
@require_http_methods(["GET", "POST"])
def attach_photo(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Attach by `form` a picture of a week of `patient` on paper."""
    patient = visible_patient(request, patient_id)
    form = PhotoForm(
        request.POST or None,
        request.FILES or None,
        initial={"week_on": request.GET.get("week", "")},
    )
    photo = submit(form, services.attach_photo, patient=patient, actor=request.user)
    return added_or_asked(
        request, form, patient, title=_("Attach a photo"), done_with=photo
    )


@permission_required("patients.view_patient", raise_exception=True)
@require_GET
def photo(request: StaffRequest, photo_id: int) -> HttpResponse:
    """Send a picture to who may see its patient."""
    visible = Patient.objects.visible_to(request.user)
    found = get_object_or_404(
        DiaryPhoto.objects.select_related("patient__site"),
        pk=photo_id,
        patient__in=visible,
    )
    services.note_reading(patient=found.patient, by="photo", actor=request.user)
    return picture(found)
