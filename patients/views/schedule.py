"""Pages of what is planned: of one patient, of a week, and what people do about it."""

from collections.abc import Callable
from datetime import date, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from patients import services
from patients.forms import BookForm, MoveForm, ReopenForm, SkipForm, day_or
from patients.models import ItemKind, Patient, ScheduleItem
from patients.web import (
    ServiceForm,
    StaffRequest,
    done,
    page,
    submit,
    visible_patient,
)

DAYS_OF_A_WEEK = 7


@permission_required("patients.view_patient", raise_exception=True)
@require_GET
def schedule(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Show what is planned for `patient`: what is open first, then what was."""
    patient = visible_patient(request, patient_id)
    services.note_reading(patient=patient, by="schedule", actor=request.user)
    items = list(ScheduleItem.objects.of(patient).standing())
    context = {
        "patient": patient,
        "open": [item for item in items if item.is_open],
        "past": [item for item in items if not item.is_open][::-1],
        "today": patient.site.today(timezone.now()),
    }
    return render(request, "patients/schedule/schedule.html", context)


@permission_required("patients.view_patient", raise_exception=True)
@require_GET
def week(request: StaffRequest) -> HttpResponse:
    """Show the `days` of a week at the asker's clinics, with who is expected."""
    today = timezone.localdate()
    asked = day_or(request.GET.get("on", ""), today)
    first = asked - timedelta(days=asked.weekday())
    days = [first + timedelta(days=n) for n in range(DAYS_OF_A_WEEK)]
    items = list(
        ScheduleItem.objects.at_clinics_of(request.user).expected(first, days[-1])
    )
    context = {
        "days": [(day, [item for item in items if item.day == day]) for day in days],
        "today": today,
        "before": first - timedelta(days=DAYS_OF_A_WEEK),
        "after": first + timedelta(days=DAYS_OF_A_WEEK),
        "count": len(items),
    }
    return render(request, "patients/schedule/week.html", context)


def visible_item(request: StaffRequest, item_id: int) -> ScheduleItem:
    visible = Patient.objects.visible_to(request.user)
    items = ScheduleItem.objects.filter(patient__in=visible)
    return get_object_or_404(items.select_related("patient__site"), pk=item_id)


@permission_required("patients.change_scheduleitem", raise_exception=True)
@require_http_methods(["GET", "POST"])
def book_item(request: StaffRequest, item_id: int) -> HttpResponse:
    """Book by `form` the day of something planned: the best day is offered."""
    item = visible_item(request, item_id)
    today = item.patient.site.today(timezone.now())
    offered = item.booked_on or max(item.best_on, next_clinic_day(item.patient, today))
    form = BookForm(
        request.POST or None, initial={"version": item.version, "booked_on": offered}
    )
    if item.kind != ItemKind.LEVEL:
        del form.fields["reason"]
    return answered(request, form, item, services.book_item, title=_("Book a day"))


def next_clinic_day(patient: Patient, day: date) -> date:
    return patient.site.calendar().next_open(day)


@permission_required("patients.change_scheduleitem", raise_exception=True)
@require_http_methods(["GET", "POST"])
def move_item(request: StaffRequest, item_id: int) -> HttpResponse:
    """Move by `form` this, or this and what comes later."""
    item = visible_item(request, item_id)
    initial = {"version": item.version, "best_on": item.best_on}
    form = MoveForm(request.POST or None, initial=initial)
    return answered(request, form, item, services.move_item, title=_("Move"))


@permission_required("patients.change_scheduleitem", raise_exception=True)
@require_http_methods(["GET", "POST"])
def skip_item(request: StaffRequest, item_id: int) -> HttpResponse:
    """Say by `form` why something planned is not done."""
    item = visible_item(request, item_id)
    form = SkipForm(request.POST or None, initial={"version": item.version})
    return answered(request, form, item, services.skip_item, title=_("Not done"))


@permission_required("patients.change_scheduleitem", raise_exception=True)
@require_http_methods(["GET", "POST"])
def reopen_item(request: StaffRequest, item_id: int) -> HttpResponse:
    """Ask again by `form` for what was said not to be done."""
    item = visible_item(request, item_id)
    form = ReopenForm(request.POST or None, initial={"version": item.version})
    return answered(request, form, item, services.reopen_item, title=_("Ask again"))


def answered(
    request: StaffRequest,
    form: ServiceForm,
    item: ScheduleItem,
    service: Callable[..., object],
    *,
    title: str,
) -> HttpResponse:
    """Answer a form about something planned: the form again, or the schedule."""
    if submit(form, service, item=item, actor=request.user) is not None:
        messages.success(request, _("%(what)s is saved.") % {"what": item})
        return done(request, reverse("schedule", args=[item.patient_id]))
    return page(
        request,
        "patients/schedule/form.html",
        {
            "form": form,
            "item": item,
            "title": title,
            "patient": item.patient,
            "here": request.path,
        },
        partial="patients/schedule/_form.html",
        refused=form.is_bound,
    )
