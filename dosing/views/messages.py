"""Pages about laboratory messages: what waits for someone, accepted or refused."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dosing import services
from dosing.forms.messages import AcceptForm, RefuseForm
from dosing.models import LabReport, TroughLevel
from dosing.models.messages import OPEN_FATES
from patients.models import Patient
from patients.web import ServiceForm, StaffRequest, submit

LISTED = 100
EARLIER = 3


def visible_report(request: StaffRequest, report_id: int) -> LabReport:
    visible = LabReport.objects.visible_to(request.user)
    found = visible.select_related("message__site", "level__patient", "decided_by")
    return get_object_or_404(found, pk=report_id)


@permission_required("dosing.change_troughlevel", raise_exception=True)
@require_GET
def lab_reports(request: StaffRequest) -> HttpResponse:
    """Show what waits for someone, then what came in last."""
    visible = LabReport.objects.visible_to(request.user).select_related(
        "message__site", "level__patient"
    )
    context = {
        "waiting": visible.open()[:LISTED],
        "latest": visible.exclude(fate__in=OPEN_FATES).order_by("-pk")[:LISTED],
    }
    return render(request, "dosing/lab_reports.html", context)


@permission_required("dosing.change_troughlevel", raise_exception=True)
@require_http_methods(["GET", "POST"])
def lab_report(request: StaffRequest, report_id: int) -> HttpResponse:
    """Show a report with its message, and take it in as a level."""
    report = visible_report(request, report_id)
    form = AcceptForm(request.POST or None, report=report)
    accepted = submit(form, services.accept_report, report=report, actor=request.user)
    if accepted is not None and accepted.level is not None:
        messages.success(request, _("%(what)s is saved.") % {"what": accepted.level})
        return redirect("patient", accepted.level.patient_id)
    return shown(request, report, accept=form)


def named_patient(report: LabReport) -> Patient | None:
    """Return the patient of the clinic whom the message was found to mean."""
    known = Patient.objects.filter(
        site=report.message.site, pk=report.facts.get("patient")
    )
    return known.first()


def shown(
    request: StaffRequest, report: LabReport, **forms: ServiceForm
) -> HttpResponse:
    first = {"version": report.version}
    patient = named_patient(report)
    context = {
        "report": report,
        "named": patient,
        "levels": TroughLevel.objects.newest_of(patient)[:EARLIER] if patient else [],
        "accept": AcceptForm(None, report=report),
        "refuse": RefuseForm(initial=first),
        **forms,
    }
    bound = any(form.is_bound for form in forms.values())
    return render(
        request, "dosing/lab_report.html", context, status=422 if bound else 200
    )


@permission_required("dosing.change_troughlevel", raise_exception=True)
@require_POST
def refuse_report(request: StaffRequest, report_id: int) -> HttpResponse:
    """Close a report that is not to become a level, with a reason."""
    report = visible_report(request, report_id)
    form = RefuseForm(request.POST)
    refused = submit(form, services.refuse_report, report=report, actor=request.user)
    if refused is None:
        return shown(request, report, refuse=form)
    messages.success(request, _("The report is refused. It stays with its message."))
    return redirect("lab_reports")
