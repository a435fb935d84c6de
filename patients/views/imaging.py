"""Pages of imaging studies, their numbers and their key images."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from patients import services
from patients.forms import (
    CorrectImagingForm,
    ImagingForm,
    PictureForm,
    WithdrawForm,
    typed_before,
)
from patients.models import ImagingStudy, KeyImage, Lesion, Measurement, Patient
from patients.views.people import visible_lesion
from patients.web import StaffRequest, added_or_asked, done, page, picture, submit


@permission_required("patients.add_imagingstudy", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_imaging(request: StaffRequest, lesion_id: int) -> HttpResponse:
    """Offer `form` for a study and what was measured of `lesion` on it."""
    lesion = visible_lesion(request, lesion_id)
    form = ImagingForm(
        request.POST or None,
        initial={"done_on": lesion.patient.site.today(timezone.now())},
    )
    study = submit(form, services.record_imaging, lesion=lesion, actor=request.user)
    return saved_or_asked(
        request, form, lesion, title=_("Add imaging"), done_with=study
    )


@permission_required("patients.add_imagingstudy", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_imaging(
    request: StaffRequest, study_id: int, lesion_id: int
) -> HttpResponse:
    """Correct a study and the numbers of `lesion` on it, with a reason."""
    study = visible_study(request, study_id)
    lesion = get_object_or_404(
        study.patient.lesions.select_related("patient__site"), pk=lesion_id
    )
    rows = Measurement.objects.of(study.patient).filter(imaging=study, lesion=lesion)
    form = CorrectImagingForm(
        request.POST or None, initial=typed_before(study, list(rows))
    )
    corrected = submit(
        form, services.correct_imaging, study=study, lesion=lesion, actor=request.user
    )
    title = _("Correct %(record)s") % {"record": study}
    return saved_or_asked(request, form, lesion, title=title, done_with=corrected)


def saved_or_asked(
    request: StaffRequest,
    form: ImagingForm,
    lesion: Lesion,
    *,
    title: str,
    done_with: ImagingStudy | None,
) -> HttpResponse:
    """Answer the form of a study: the form again, or the page of the lesions."""
    patient = lesion.patient
    if done_with is not None:
        messages.success(request, _("%(what)s is saved.") % {"what": done_with})
        return done(request, reverse("lesions", args=[patient.pk]))
    return page(
        request,
        "patients/imaging/form.html",
        {
            "form": form,
            "title": title,
            "lesion": lesion,
            "patient": patient,
            "here": request.path,
        },
        partial="patients/imaging/_form.html",
        refused=form.is_bound,
    )


@permission_required("patients.add_imagingstudy", raise_exception=True)
@require_http_methods(["GET", "POST"])
def withdraw_imaging(request: StaffRequest, study_id: int) -> HttpResponse:
    """Take back by `form` a study that was entered in error, with its numbers."""
    study = visible_study(request, study_id)
    form = WithdrawForm(request.POST or None, initial={"version": study.version})
    withdrawn = submit(form, services.withdraw_imaging, study=study, actor=request.user)
    if withdrawn is not None:
        messages.success(request, _("%(what)s is withdrawn.") % {"what": study})
        return done(request, reverse("lesions", args=[study.patient_id]))
    what = f"{study}, {date_format(study.done_on)}"
    title = _("%(what)s: entered in error, with its numbers") % {"what": what}
    return added_or_asked(request, form, study.patient, title=title, done_with=None)


@permission_required("patients.add_imagingstudy", raise_exception=True)
@require_http_methods(["GET", "POST"])
def attach_key_image(request: StaffRequest, study_id: int) -> HttpResponse:
    """Attach by `form` a picture of a study."""
    study = visible_study(request, study_id)
    form = PictureForm(request.POST or None, request.FILES or None)
    image = submit(form, services.attach_key_image, study=study, actor=request.user)
    if image is not None:
        messages.success(request, _("%(what)s is saved.") % {"what": image})
        return done(request, reverse("lesions", args=[study.patient_id]))
    return added_or_asked(
        request, form, study.patient, title=_("Attach a key image"), done_with=None
    )


@permission_required("patients.view_patient", raise_exception=True)
@require_GET
def key_image(request: StaffRequest, image_id: int) -> HttpResponse:
    """Send a picture to who may see its patient, while its study stands."""
    found = get_object_or_404(
        KeyImage.objects.select_related("study__patient"),
        pk=image_id,
        study__withdrawn_at=None,
        study__patient__in=Patient.objects.visible_to(request.user),
    )
    services.note_reading(
        patient=found.study.patient, by="key_image", actor=request.user
    )
    return picture(found)


def visible_study(request: StaffRequest, study_id: int) -> ImagingStudy:
    studies = ImagingStudy.objects.filter(
        patient__in=Patient.objects.visible_to(request.user)
    )
    return get_object_or_404(studies.select_related("patient__site"), pk=study_id)
