"""Pages that tell a story across both rooms: today, a patient, a record's history."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dosing import policy
from dosing.advice import Advice, advice_on
from dosing.history import (
    Around,
    History,
    around,
    histories_of,
    history_of,
)
from dosing.labs import read_labs
from dosing.ledger import ledger_of, score
from dosing.models import (
    Comedication,
    Decision,
    Dispensing,
    Dose,
    DrugEvent,
    Intake,
    LabReport,
    LabResult,
    Protocol,
    ProtocolAssignment,
    SafetyCheck,
    TroughLevel,
)
from dosing.prognosis import prognosis_of
from dosing.words import percents, plain
from patients import services
from patients.models import (
    AuditEvent,
    Contact,
    DiaryDay,
    ImagingStudy,
    ItemKind,
    Landmark,
    Lesion,
    Measurement,
    Patient,
    PreviousTreatment,
    Reminder,
    ScheduleItem,
    SideEffect,
    Task,
    Visit,
)
from patients.web import StaffRequest, is_fragment, page, visible_patient
from tdm import charts, story, table1
from tdm.besides import besides_of
from tdm.companion import companion_of
from tdm.effects import seen
from tdm.forecasts import expectation
from tdm.labs import lab_cards
from tdm.response import stories_of
from tdm.timeline import Kept, by_day, signed, timeline
from tdm.worklist import Line, worklist


@require_GET
def today(request: StaffRequest) -> HttpResponse:
    """Show the `worklist`: ranked lines, counters and the coming week."""
    if not request.user.has_perm("patients.view_patient"):
        return elsewhere(request)
    found = worklist(request.user, at=timezone.localtime())
    context = {
        "worklist": found,
        "lines": [(line, sparkline_of(line)) for line in found.lines],
        "now": timezone.localtime(),
        "results_waiting": request.user.has_perm("dosing.add_troughlevel")
        and LabReport.objects.visible_to(request.user).open().count(),
    }
    return page(request, "tdm/today.html", context, partial="tdm/_today.html")


def elsewhere(request: StaffRequest) -> HttpResponse:
    """Send those who see no patients to what they came for."""
    if request.user.has_perm("patients.add_apitoken"):
        return redirect("tokens")
    return redirect("cohort")


def sparkline_of(line: Line) -> charts.Sparkline | None:
    history = line.history
    levels = list(story.points(history))[-6:]
    protocol = history.protocol_on(line.since)
    if protocol is None:
        return None
    target = protocol.target
    return charts.sparkline(levels, target.low_ng_per_ml, target.high_ng_per_ml)


@permission_required("patients.view_patient", raise_exception=True)
@require_GET
def patients(request: StaffRequest) -> HttpResponse:
    """List the `patients` of the asker's clinics that match the `query`."""
    query = request.GET.get("q", "").strip()
    found = (
        Patient.objects.visible_to(request.user)
        .search(query)
        .in_kana_order()
        .select_related("site")
        .prefetch_related("lesions")
    )
    shown = Paginator(found, 25).get_page(request.GET.get("page"))
    histories = histories_of(shown.object_list)
    rows = [(p, latest(histories[p.pk])) for p in shown.object_list]
    context = {
        "query": query,
        "patients": shown,
        "rows": rows,
        "count": shown.paginator.count,
    }
    return page(request, "tdm/patients.html", context, partial="tdm/_patients.html")


def latest(
    history: History,
) -> tuple[TroughLevel | None, policy.Reading | None, Dose | None]:
    level = history.used_levels[-1] if history.used_levels else None
    now = timezone.now()
    return (
        level,
        history.read(level) if level else None,
        history.running(history.day(now)),
    )


@permission_required("patients.view_patient", raise_exception=True)
@require_GET
def patient(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Show one patient: state, chart, ledger and timeline; to htmx the chart alone."""
    found = visible_patient(request, patient_id)
    services.note_reading(patient=found, by="page", actor=request.user)
    with timezone.override(found.site.zone):
        now = timezone.localtime(timezone.now(), found.site.zone)
        history = history_of(found)
        if is_fragment(request):
            beside = around(found)
            gap = besides_of(history, beside, history.day(now))["gap"]
            stack = stack_of(request, history, beside, now, gap)
            return render(request, "tdm/_stack.html", stack)
        return render(request, "tdm/patient.html", overview(request, history, now))


def stack_of(
    request: HttpRequest,
    history: History,
    beside: Around,
    now: datetime,
    gap: charts.Gap | None,
) -> dict[str, object]:
    """Return what the chart stack shows of the days that were asked for."""
    window, span = window_of(request), span_of(request, history)
    protocol = history.protocol_on(history.day(now))
    under = policy.CITED_RANGES.get(request.GET.get("under", ""))
    target = policy.under(under, protocol.target) if under and protocol else None
    expected = expectation(history, beside, window, now, span=span)
    told = story.story_of(history, beside, now, expected.curve, target)
    is_drawn = history.course.starts_on() or history.levels
    return {
        "patient": history.patient,
        "figure": charts.figure(replace(told, gap=gap), window, span)
        if is_drawn
        else None,
        "expected": expected,
        "under": under,
        "under_key": request.GET.get("under", "") if under else "",
        "ranges": policy.CITED_RANGES,
        "levels": [(level, history.read(level, target)) for level in history.levels],
        "uncounted": [
            course
            for course in beside.comedications
            if course.interaction.auc_ratio is None
            and course.course.runs(history.day(now))
        ],
    }


def overview(
    request: HttpRequest, history: History, now: datetime
) -> dict[str, object]:
    found = history.patient
    advice = advice_on(history, at=now)
    beside = advice.beside if advice else around(found)
    decisions = list(Decision.objects.of(found))
    today = history.day(now)
    first = history.course.starts_on()
    protocol = history.protocol_on(today)
    besides = besides_of(history, beside, today)
    ledger = ledger_of(history, decisions)
    labs = read_labs(found)
    lesions = list(found.lesions.prefetch_related("previous_treatments"))
    stories = stories_of(history, lesions)
    return {
        **besides,
        **stack_of(request, history, beside, now, besides["gap"]),
        "lesions": lesions,
        "lesion_stories": stories,
        "companion": companion_of(history, stories),
        "age": found.age_on(today),
        "week": (today - first).days // 7 if first else None,
        "dose": history.running(today),
        "planned": [d for d in history.doses if d.starts_on > today],
        "day": day_of_dose(history, today),
        "protocol": protocol,
        "advice": advice,
        "said": policy.in_words(advice.reading) if advice else (),
        "answered": decisions[0]
        if decisions and answers(decisions[0], advice)
        else None,
        **(chance_now(advice) if advice else prior_chance(history, beside, now)),
        **side_effects(history, beside, protocol),
        **comes_next(history, today),
        "decisions": decisions,
        "ledger": ledger,
        "score": score(came for _signed, came in ledger),
        **told_so_far(
            history,
            Kept(beside, labs, decisions, lesions),
            everything="all" in request.GET,
        ),
        "labs": lab_cards(labs),
        "tasks": found.tasks.open().most_urgent_first(),
        "now": now,
    }


def expected_on(item: ScheduleItem) -> tuple[date, int]:
    return item.day, item.pk


def comes_next(history: History, today: date) -> dict[str, object]:
    """Return what is open next of each kind, and the level with what it is worth.

    While the dose is young: from which day on a level is worth drawing, and how much
    of steady state is reached on the planned day.
    """
    planned = ScheduleItem.objects.of(history.patient).open()
    first = {each.kind: each for each in sorted(planned, key=expected_on, reverse=True)}
    level, dose = first.get(ItemKind.LEVEL), history.planned(today)
    worth = {}
    if level is not None and dose is not None and level.day >= dose.starts_on:
        on_dose = (level.day - dose.starts_on).days
        useful = dose.starts_on + timedelta(days=policy.NEARLY_STEADY_AFTER_DAYS)
        if useful > today:
            worth = {
                "useful_from": useful,
                "percent_then": policy.percent_of_steady_state(on_dose),
            }
    return {
        "next_items": sorted(first.values(), key=expected_on),
        "next_level": level,
        "today": today,
        **worth,
    }


SHORTEST_SPAN_DAYS = 7
FURTHEST_AHEAD_DAYS = 366


def span_of(request: HttpRequest, history: History) -> charts.Span | None:
    """Return the days that the address asks for; nonsense asks for none."""
    try:
        first, last = (date.fromisoformat(request.GET[name]) for name in ("from", "to"))
    except (KeyError, ValueError):
        return None
    latest = history.day(timezone.now()) + timedelta(days=FURTHEST_AHEAD_DAYS)
    first, last = max(first, history.patient.born_on), min(last, latest)
    if (last - first).days < SHORTEST_SPAN_DAYS - 1:
        return None
    return charts.Span(first, last)


ENTRIES_AT_ONCE = 60
"""So many entries of a timeline are on the page at first."""


def told_so_far(history: History, kept: Kept, *, everything: bool) -> dict[str, object]:
    entries, more = by_day(
        timeline(history, kept),
        history.patient.site.zone,
        at_once=None if everything else ENTRIES_AT_ONCE,
    )
    return {"entries": signed(history.patient, entries), "more": more}


def side_effects(
    history: History, beside: Around, protocol: Protocol | None
) -> dict[str, object]:
    """Return what is open, what is gone, and whether the open ones withhold advice."""
    gone = [e for e in beside.effects if e.resolved_on and e.withdrawn_at is None]
    return {
        "effects": seen(beside.open_effects, history, protocol),
        "past_effects": seen(gone, history, protocol),
        "severe": any(
            effect.is_severe and not effect.is_unrelated
            for effect in beside.open_effects
        ),
    }


def chance_now(advice: Advice) -> dict[str, object]:
    """Return where the trough of the present dose will lie, if the models say so."""
    current = advice.current_regimen
    choice = advice.choice_of(current) if current else None
    return {"chance": choice, "chances": percents(choice) if choice else None}


def prior_chance(history: History, beside: Around, now: datetime) -> dict[str, object]:
    """Return what is expected of someone like this, before any level."""
    today = history.day(now)
    dose, protocol = history.planned(today), history.protocol_on(today)
    if dose is None or protocol is None:
        return {}
    found = prognosis_of(history, beside, [dose.regimen], protocol.target, at=now)
    choice = found.outlook.choice(dose.regimen) if found.outlook else None
    return {"chance": choice, "chances": percents(choice) if choice else None}


def day_of_dose(history: History, today: date) -> int | None:
    """Count the days since the dose that is taken today last changed."""
    since = history.course.unchanged_since(today) if history.course.on(today) else None
    return (today - since).days if since else None


def answers(decision: Decision, advice: Advice | None) -> bool:
    """Say whether the newest decision speaks for the level now shown."""
    return (
        advice is not None
        and decision.level_id == advice.level.pk
        and decision.level_version == advice.level.version
    )


def window_of(request: HttpRequest) -> charts.Window:
    try:
        return charts.Window(request.GET.get("range", "all"))
    except ValueError:
        return charts.Window.ALL


RECORDS: dict[str, type[models.Model]] = {
    "level": TroughLevel,
    "dose": Dose,
    "protocol": ProtocolAssignment,
    "intake": Intake,
    "diary": DiaryDay,
    "drug": Comedication,
    "event": DrugEvent,
    "supply": Dispensing,
    "safety": SafetyCheck,
    "imaging": ImagingStudy,
    "visit": Visit,
    "landmark": Landmark,
    "measurement": Measurement,
    "decision": Decision,
    "effect": SideEffect,
    "contact": Contact,
    "lab": LabResult,
    "lesion": Lesion,
    "treatment": PreviousTreatment,
    "schedule": ScheduleItem,
    "reminder": Reminder,
    "task": Task,
    "patient": Patient,
}


@permission_required("patients.view_auditevent", raise_exception=True)
@require_GET
def history(request: StaffRequest, kind: str, record_id: int) -> HttpResponse:
    """Show every version of one `record`: who, when, why, before and after."""
    if kind not in RECORDS:
        raise Http404
    record = get_object_or_404(RECORDS[kind], pk=record_id)
    found = visible_patient(request, patient_id_of(record))
    services.note_reading(patient=found, by="history", actor=request.user)
    lines = AuditEvent.objects.about(record).changes()
    context = {
        "record": record,
        "kind": RECORDS[kind]._meta.verbose_name,
        "patient": found,
        "lines": versions(record, lines.select_related("actor")),
    }
    with timezone.override(found.site.zone):
        return render(request, "tdm/history.html", context)


def patient_id_of(record: models.Model) -> int:
    if isinstance(record, Patient):
        return record.pk
    if isinstance(record, PreviousTreatment):
        return record.lesion.patient_id
    return int(record.patient_id)  # type: ignore[attr-defined]


def versions(
    record: models.Model, lines: Iterable[AuditEvent]
) -> list[tuple[AuditEvent, list[tuple[str, str, str]]]]:
    """Pair each line of the audit with what it changed, newest first."""
    kept = getattr(record, "events", None)  # what never changes has no versions
    rows = {each.version: each for each in kept.order_by("pgh_id")} if kept else {}
    told = [
        (
            line,
            changed(
                record,
                rows.get((line.object_version or 0) - 1),
                rows.get(line.object_version),
            ),
        )
        for line in lines
    ]
    return told[::-1]


HIDDEN = {"id", "version", "submission", "patient", "ng_per_ml"}


def changed(
    record: models.Model, before: models.Model | None, after: models.Model | None
) -> list[tuple[str, str, str]]:
    """Return (field, old, new) for each field that differs."""
    found = []
    for field in record._meta.concrete_fields:
        old, new = shown(before, field), shown(after, field)
        if field.name not in HIDDEN and old != new:
            found.append((str(field.verbose_name), old, new))
    return found


def shown(row: models.Model | None, field: models.Field) -> str:
    value = getattr(row, field.name, None)
    if value is None or value in ("", []):
        return "\u2013"
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, list):
        named = dict(field.base_field.flatchoices)  # type: ignore[attr-defined]
        return ", ".join(str(named.get(each, each)) for each in value)
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "DATETIME_FORMAT")
    return plain(value) if isinstance(value, Decimal) else str(value)


@permission_required("patients.view_cohort", raise_exception=True)
@require_GET
def table1_page(request: StaffRequest) -> HttpResponse:
    """Show the case series' Table 1, recomputed, beside what was printed."""
    sites = request.user.sites.all()
    rows = table1.rows(sites)
    if request.GET.get("format") == "csv":
        services.note_export(what="table1", actor=request.user)
        response = HttpResponse(
            table1.as_csv(rows), content_type="text/csv; charset=utf-8"
        )
        response["Content-Disposition"] = 'attachment; filename="table1.csv"'
        return response
    columns = [
        (_(name), [(row[name], _(row[name])) for row in rows])
        for name in table1.COLUMNS
    ]
    return render(request, "tdm/table1.html", {"rows": rows, "columns": columns})
