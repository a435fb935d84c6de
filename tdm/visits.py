"""Visits and outcome: how a person fares from visit to visit, beside the treatment."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from dosing.history import History, history_of
from dosing.policy import MONTH_WINDOW, months
from dosing.words import plain
from patients import services
from patients.change import percent_change
from patients.forms import CorrectVisitForm, VisitForm, typed_at
from patients.models import (
    Landmark,
    Measurement,
    Patient,
    Quantity,
    Visit,
    VisitKind,
)
from patients.views.visits import visible_visit
from patients.web import StaffRequest, done, page, submit, visible_patient
from tdm.response import formula, in_percent
from tdm.teaching import VISITS


def windows(started_on: date | None) -> Mapping[str, tuple[date, date]]:
    """Return the days each visit of the case series is meant for."""
    if started_on is None:
        return {}
    return {
        kind: (
            started_on + months(mark) - MONTH_WINDOW,
            started_on + months(mark) + MONTH_WINDOW,
        )
        for mark, kind in VISITS.items()
    }


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of one day; `percent` and `formula` where it is compared."""

    text: str = ""
    percent: str = ""
    formula: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity over all days."""

    name: str
    cells: tuple[Cell, ...]

    @property
    def is_empty(self) -> bool:
        return not any(cell.text for cell in self.cells)


@permission_required("patients.view_patient", raise_exception=True)
@require_GET
def visits(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Show each visit of `patient`, and how what was measured went on."""
    patient = visible_patient(request, patient_id)
    services.note_reading(patient=patient, by="visits", actor=request.user)
    history = history_of(patient)
    held = list(Visit.objects.of(patient).in_time_order())
    wanted = [Quantity.PAIN_VAS, Quantity.CIRCUMFERENCE_CM]
    measured = list(
        Measurement.objects.of(patient)
        .filter(quantity__in=wanted)
        .select_related("landmark")
        .in_time_order()
    )
    days = days_of(held, measured)
    context = {
        "patient": patient,
        "visits": held[::-1],
        "days": [(day, week_of(history, day)) for day in days],
        "rows": [row for row in rows(days, held, measured) if not row.is_empty],
        "landmarks": patient.landmarks.select_related("lesion").order_by("pk"),
    }
    return render(request, "tdm/visits.html", context)


def days_of(held: Sequence[Visit], measured: Sequence[Measurement]) -> list[date]:
    """Return the days of visits, and those on which a limb was measured."""
    girths = [
        row.measured_on for row in measured if row.quantity == Quantity.CIRCUMFERENCE_CM
    ]
    return sorted({*(visit.held_on for visit in held), *girths})


def week_of(history: History, day: date) -> int | None:
    start = history.course.starts_on()
    return None if start is None else (day - start).days // 7


def rows(
    days: Sequence[date], held: Sequence[Visit], measured: Sequence[Measurement]
) -> Iterable[Row]:
    pain = [row for row in measured if row.quantity == Quantity.PAIN_VAS]
    yield series(str(Quantity.PAIN_VAS.label), days, pain, compared=False)
    girths = [row for row in measured if row.quantity == Quantity.CIRCUMFERENCE_CM]
    for landmark in dict.fromkeys(row.landmark for row in girths):
        at = [row for row in girths if row.landmark == landmark]
        yield series(named(landmark), days, at, compared=True)
    for name in (
        "function_grade",
        "daily_life",
        "work",
        "appearance",
        "satisfaction",
        "bleeding",
        "severity",
    ):
        label = str(Visit._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        told = [(visit.held_on, said(visit, name)) for visit in held]
        yield Row(label, tuple(by_day(days, told)))
    for scale in dict.fromkeys(scale_of(visit) for visit in held if visit.qol_name):
        scores = [
            (visit.held_on, plain(visit.qol_score))
            for visit in held
            if visit.qol_score is not None and scale_of(visit) == scale
        ]
        yield Row(scale, tuple(by_day(days, scores)))


def by_day(days: Sequence[date], told: Iterable[tuple[date, str]]) -> Iterable[Cell]:
    """Yield a cell for each day; what two visits of one day said stands together."""
    found: defaultdict[date, list[str]] = defaultdict(list)
    for day, text in told:
        if text:
            found[day].append(text)
    for day in days:
        yield Cell(" / ".join(dict.fromkeys(found[day])))


def scale_of(visit: Visit) -> str:
    """Name a quality-of-life score by its scale, with the range where it is known."""
    if visit.qol_low is None or visit.qol_high is None:
        return visit.qol_name
    return _("%(scale)s (%(low)s to %(high)s)") % {
        "scale": visit.qol_name,
        "low": plain(visit.qol_low),
        "high": plain(visit.qol_high),
    }


def named(landmark: Landmark | None) -> str:
    if landmark is None:
        return _("Limb circumference (cm), landmark not recorded")
    return _("%(landmark)s (cm)") % {"landmark": landmark}


def said(visit: Visit, name: str) -> str:
    """Write an answer in words; nothing where it was not asked."""
    value = getattr(visit, name)
    if value in {None, ""}:
        return ""
    words = getattr(visit, f"get_{name}_display", None)
    return str(words() if words else value)


def series(
    name: str, days: Sequence[date], points: Sequence[Measurement], *, compared: bool
) -> Row:
    """Write the numbers of one quantity, each beside its change from the first."""
    by_day = {row.measured_on: row for row in points}
    first = points[0] if points else None
    cells = []
    for day in days:
        row = by_day.get(day)
        if row is None or first is None:
            cells.append(Cell())
        elif not compared or row is first or not first.value:
            cells.append(Cell(plain(row.value)))
        else:
            change = in_percent(percent_change(first.value, row.value))
            how = formula(first.value, row.value)
            cells.append(Cell(plain(row.value), change, how))
    return Row(name, tuple(cells))


@permission_required("patients.add_visit", raise_exception=True)
@require_http_methods(["GET", "POST"])
def record_visit(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Offer `form` for a visit of `patient`: two minutes on one page."""
    patient = visible_patient(request, patient_id)
    meant = windows(history_of(patient).course.starts_on())
    today = patient.site.today(timezone.now())
    held = set(Visit.objects.of(patient).values_list("kind", flat=True))
    due = [
        kind
        for kind, (first, last) in meant.items()
        if first <= today <= last and kind not in held
    ]
    form = VisitForm(
        request.POST or None,
        patient=patient,
        windows=meant,
        initial={"held_on": today, "kind": due[0] if due else VisitKind.FOLLOW_UP},
    )
    visit = submit(form, services.record_visit, patient=patient, actor=request.user)
    return saved_or_asked(
        request, form, patient, title=_("Record a visit"), done_with=visit
    )


@permission_required("patients.add_visit", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_visit(request: StaffRequest, visit_id: int) -> HttpResponse:
    """Correct by `form` a visit and what was measured at it, with a reason."""
    visit = visible_visit(request, visit_id)
    patient = visit.patient
    form = CorrectVisitForm(
        request.POST or None,
        patient=patient,
        windows=windows(history_of(patient).course.starts_on()),
        visit=visit,
        initial=typed_at(visit),
    )
    mended = submit(form, services.correct_visit, visit=visit, actor=request.user)
    title = _("Correct %(record)s") % {"record": visit}
    return saved_or_asked(request, form, patient, title=title, done_with=mended)


def saved_or_asked(
    request: StaffRequest,
    form: VisitForm,
    patient: Patient,
    *,
    title: str,
    done_with: Visit | None,
) -> HttpResponse:
    """Answer the form of a visit: the form again, or the page of the visits."""
    if done_with is not None:
        messages.success(request, _("%(what)s is saved.") % {"what": done_with})
        return done(request, reverse("visits", args=[patient.pk]))
    return page(
        request,
        "patients/visits/form.html",
        {"form": form, "title": title, "patient": patient, "here": request.path},
        partial="patients/visits/_form.html",
        refused=form.is_bound,
    )
