"""The diary: a week on one page, and one day on a phone."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from dosing import policy, services
from dosing.diary import REASONS, WEEK_DAYS, Entry, Place, Row, Week, week_of
from dosing.forms.diary import (
    DiaryForm,
    cells,
    day_asked,
    entries,
    monday,
    place_of,
)
from dosing.services import Outcome
from patients import services as people
from patients.models import Patient, Source, Staff, Task
from patients.web import StaffRequest, page, submit, too_many, visible_patient


@permission_required("patients.add_diaryday", raise_exception=True)
@require_http_methods(["GET", "POST"])
def week(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Show a week of `patient` as a grid and save its cells in one request."""
    patient = visible_patient(request, patient_id)
    today = patient.site.today(timezone.now())
    first = monday(day_asked(request.GET.get("on", ""), today))
    return diary_page(request, patient, first, WEEK_DAYS)


@permission_required("patients.add_diaryday", raise_exception=True)
@require_http_methods(["GET", "POST"])
def day(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Show one day of `patient` for a thumb, and save it."""
    patient = visible_patient(request, patient_id)
    today = patient.site.today(timezone.now())
    return diary_page(request, patient, day_asked(request.GET.get("on", ""), today), 1)


def diary_page(
    request: StaffRequest, patient: Patient, first: date, count: int
) -> HttpResponse:
    """Answer with the days as they are now, and with what could not be saved."""
    today = patient.site.today(timezone.now())
    found = week_of(patient, first, today=today, count=count)
    form = DiaryForm(request.POST or None, initial={"source": last_source(found)})
    typed = entries(request.POST.dict(), found)
    outcome = None
    if form.is_bound:
        if too_many(request, "diary"):
            return render(request, "429.html", status=429)
        outcome = save(form, typed, patient, request.user)
        found = week_of(patient, first, today=today, count=count)
    context = {
        "patient": patient,
        "week": found,
        "form": form,
        "grid": cells(found, outcome, typed),
        "outcome": outcome,
        "reasons": REASONS,
        "oldest_fever": today - people.FEVER_MATTERS,
        "oldest": today - policy.LATE_ENTRY,
        "photos": patient.diary_photos.filter(week_on=first).defer("content"),
        "abnormal": list(abnormal(found)),
        "before": first - timedelta(days=count),
        "after": first + timedelta(days=count),
        "here": request.get_full_path(),
        "now": timezone.localtime(timezone.now(), patient.site.zone),
    }
    name = "week" if count > 1 else "day"
    answer = page(
        request,
        f"dosing/diary_{name}.html",
        context,
        partial=f"dosing/_diary_{name}.html",
        refused=form.is_bound and (outcome is None or outcome.unsaved > 0),
    )
    if outcome and outcome.conflicts:
        answer.status_code = 409
    return answer


def save(
    form: DiaryForm, typed: Sequence[Entry], patient: Patient, actor: Staff
) -> Outcome | None:
    """Hand the cells to the service; None where nothing was saved at all."""
    return submit(
        form, services.save_diary, patient=patient, entries=typed, actor=actor
    )


def last_source(found: Week) -> str:
    told = [found.told[day] for day in sorted(found.told)]
    return told[-1].source if told else Source.PHONE.value


def abnormal(found: Week) -> Iterable[tuple[Place, Row, str]]:
    """Yield the cells whose value calls for a look."""
    for row in found.rows:
        for on in found.days:
            place = Place(on, row.name, row.slot)
            if found.is_abnormal(place):
                yield place, row, found.current(place)


@permission_required("patients.add_diaryday", raise_exception=True)
@require_POST
def raise_value_task(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Make a task of an abnormal value of the diary, named by its cell."""
    patient = visible_patient(request, patient_id)
    place = place_of(f"now:{request.POST.get('cell', '')}")
    today = patient.site.today(timezone.now())
    if place is None:
        raise Http404
    with translation.override("en"):
        found = week_of(patient, place.day, today=today, count=1)
        labels = {row.name: row.label for row in found.rows}
    values = {each: text for each, _row, text in abnormal(found)}
    if place not in values:
        raise Http404
    people.raise_task(
        patient=patient,
        kind=Task.Kind.VALUE,
        key=f"{place.key} {values[place]}",
        text=gettext_noop("%(what)s %(value)s on %(day)s: look into it."),
        facts={
            "what": labels[place.row],
            "value": values[place],
            "day": f"{place.day:%Y-%m-%d}",
        },
        actor=request.user,
    )
    messages.success(request, _("The task is on the worklist."))
    return redirect(f"{reverse('diary', args=[patient.pk])}?on={place.day}")
