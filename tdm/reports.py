"""Pages about the one-page report: its language, its making, its picture, the PDF."""

from hashlib import sha256
from time import monotonic, sleep

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from patients.models import Patient
from patients.services import note_reading
from patients.web import StaffRequest, page, visible_patient
from tdm.report import Made, Shelf, Stage, made
from tdm.tasks import make_report

AT_ONCE_S = 1.0
"""What takes no longer needs no progress to be shown."""

LOOK_AGAIN_S = 0.05


class ReportForm(forms.Form):
    """In which language the page is printed."""

    language = forms.ChoiceField(
        label=_("Language of the page"),
        choices=settings.LANGUAGES,
        widget=forms.RadioSelect,
    )


@permission_required("patients.view_patient", raise_exception=True)
@require_http_methods(["GET", "POST"])
def report(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Ask in which language, then send the making to a worker."""
    found = visible_patient(request, patient_id)
    form = ReportForm(
        request.POST or None, initial={"language": translation.get_language()}
    )
    if not form.is_valid():
        return asked(request, found, form)
    language = form.cleaned_data["language"]
    try:
        shelf = Shelf.new(request.user.pk, found.pk)
        wanted = (shelf.asker_id, found.pk, shelf.key, language)
        make_report.apply_async(wanted, retry=False)
        wait_a_moment(shelf)
    except (OperationalError, RedisError):
        return asked(request, found, form, alone=language)
    return redirect("report_made", found.pk, shelf.key, language)


def asked(
    request: HttpRequest, found: Patient, form: ReportForm, alone: str = ""
) -> HttpResponse:
    """Show the form; `alone` is the language of a report that no worker will make."""
    context = {"patient": found, "form": form, "alone": alone}
    refused = form.is_bound and not form.is_valid()
    return render(request, "tdm/report.html", context, status=422 if refused else 200)


def wait_a_moment(shelf: Shelf) -> None:
    until = monotonic() + AT_ONCE_S
    while monotonic() < until and isinstance(shelf.look(), Stage):
        sleep(LOOK_AGAIN_S)


@permission_required("patients.view_patient", raise_exception=True)
@require_GET
def report_made(
    request: StaffRequest, patient_id: int, key: str, language: str
) -> HttpResponse:
    """Show how far a report is, then its picture and the way to the PDF."""
    found = visible_patient(request, patient_id)
    if language not in dict(settings.LANGUAGES):
        raise Http404
    there = looked(request, found, key)
    context = {
        "patient": found,
        "key": key,
        "language": language,
        "made": there if isinstance(there, Made) else None,
        "failed": there is Stage.FAILED,
        "stage": there if isinstance(there, Stage) else None,
    }
    return page(
        request, "tdm/report_made.html", context, partial="tdm/_report_made.html"
    )


def looked(request: StaffRequest, found: Patient, key: str) -> Made | Stage | None:
    """Look at the asker's own shelf; nobody reaches another's."""
    try:
        return Shelf(request.user.pk, found.pk, key).look()
    except RedisError:
        return None


FILES = {"pdf": "application/pdf", "png": "image/png"}


@permission_required("patients.view_patient", raise_exception=True)
@require_GET
def report_file(
    request: StaffRequest, patient_id: int, key: str, kind: str
) -> HttpResponse:
    """Hand out a finished report; every time leaves a line in the audit."""
    found = visible_patient(request, patient_id)
    there = looked(request, found, key)
    if not isinstance(there, Made) or kind not in FILES:
        raise Http404
    return handed(request, found, there, kind)


@permission_required("patients.view_patient", raise_exception=True)
@require_GET
def report_now(request: StaffRequest, patient_id: int, language: str) -> HttpResponse:
    """Make the PDF in the request itself, for when no worker answers."""
    found = visible_patient(request, patient_id)
    if language not in dict(settings.LANGUAGES):
        raise Http404
    return handed(
        request, found, made(found, at=timezone.now(), language=language), "pdf"
    )


def handed(
    request: StaffRequest, found: Patient, there: Made, kind: str
) -> HttpResponse:
    content = there.pdf if kind == "pdf" else there.png
    note_reading(
        patient=found,
        by="report",
        actor=request.user,
        details={
            "file": kind,
            "language": there.language,
            "signed": there.signed,
            "sha256": sha256(content).hexdigest(),
        },
    )
    answer = HttpResponse(content, content_type=FILES[kind])
    answer["Cache-Control"] = "private, no-store"
    if kind == "pdf":
        day = timezone.localdate(timezone.now(), found.site.zone)
        name = f"report-{found.pk}-{day}-{there.language}.pdf"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
