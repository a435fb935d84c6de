"""The page of a patient's lesions: what they are, their studies and their response."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from dosing.history import history_of
from dosing.models import Analyte, LabResult
from patients import services
from patients.forms.body_map import body, shape
from patients.models import KeyImage, Patient
from patients.web import StaffRequest, visible_patient
from tdm.response import stories_of, time_on_drug


@permission_required("patients.view_patient", raise_exception=True)
@require_GET
def lesions(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Show each lesion of `patient` with its studies, changes and verdicts."""
    found = visible_patient(request, patient_id)
    services.note_reading(patient=found, by="lesions", actor=request.user)
    history = history_of(found)
    today = history.day(timezone.now())
    rows = found.lesions.prefetch_related("previous_treatments").order_by("pk")
    images = KeyImage.objects.filter(study__patient=found).defer("content")
    context = {
        "patient": found,
        "stories": [
            (story, shape(story.lesion.region, story.lesion.side))
            if story.lesion.region
            else (story, "")
            for story in stories_of(history, rows)
        ],
        "body": body(),
        "images": images.order_by("pk"),
        "clotting": clotting(found),
        "started_on": history.course.starts_on(),
        "days_on_drug": time_on_drug(history, today),
        "today": today,
    }
    with timezone.override(found.site.zone):
        return render(request, "tdm/lesions.html", context)


def clotting(found: Patient) -> list[LabResult]:
    """Return the last D-dimer and the last fibrinogen, where they were measured."""
    analytes = [Analyte.D_DIMER, Analyte.FIBRINOGEN]
    rows = LabResult.objects.of(found).filter(analyte__in=analytes).in_time_order()
    return list({row.analyte: row for row in rows}.values())
