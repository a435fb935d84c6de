"""Pages on what the models expect: the curve ahead, a planned pause, the models."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dosing import forecast, pk, policy, prognosis
from dosing.forms import PauseForm
from dosing.history import (
    Around,
    History,
    around,
    histories_of,
    history_of,
    question_of,
)
from dosing.ledger import ledger_of, overrides, score
from dosing.models import INTERVALS, Decision
from dosing.services import USUAL_TIME
from dosing.units import Sentence
from dosing.words import say
from patients.models import Patient
from patients.services import note_reading
from patients.web import StaffRequest, visible_patient
from tdm import charts, story


@dataclass(frozen=True)
class Expectation:
    """The curve of a patient with what must stand beside it, or why there is none."""

    curve: charts.ExpectedCurve | None
    silence: Sentence | None
    from_levels: bool = False
    outside: bool = True
    models: tuple[str, ...] = ()


AHEAD = timedelta(days=28)
NOTHING_THERE = Sentence("The days shown lie outside those of the curve.")


def expectation(
    history: History,
    beside: Around,
    window: charts.Window,
    now: datetime,
    *,
    choice: tuple[policy.Regimen, date] | None = None,
    span: charts.Span | None = None,
) -> Expectation:
    """Ask the models for the curve of a window or a span, and four weeks ahead.

    The doses to come are those planned, or a choice from a day on.
    """
    asked = question_of(history, beside, at=now)
    if asked is None:
        return Expectation(None, prognosis.NOTHING_TAKEN)
    today = history.day(now)
    midnight = time(0, tzinfo=history.patient.site.zone)
    last = datetime.combine(today + AHEAD, midnight)
    first = asked.origin
    if window in charts.DAYS_BACK:
        back = today - timedelta(days=charts.DAYS_BACK[window])
        first = max(first, datetime.combine(back, midnight))
    if span is not None:
        first = max(asked.origin, datetime.combine(span.first, midnight))
        last = min(last, datetime.combine(span.last + timedelta(days=1), midnight))
        if last <= first:
            return Expectation(None, NOTHING_THERE)
    regimen, from_on = choice or (None, None)
    running = history.planned(today)
    doses = prognosis.coming(
        history,
        asked,
        at=now,
        until=last,
        choice=regimen,
        from_on=from_on,
        usual_time=running.usual_time if running else USUAL_TIME,
    )
    try:
        curve, speakers = prognosis.curve_of(asked, doses, first, last)
    except forecast.NoForecast as silent:
        return Expectation(None, silent.why)
    from_levels = bool(asked.question.levels)
    label = _("curve of this person, 50 and 90 % credible bands")
    if not from_levels:
        label = _("expected for someone like this, 50 and 90 % credible bands")
    drawn = charts.ExpectedCurve(curve.at, curve.values, label)
    return Expectation(drawn, None, from_levels, speakers.outside, speakers.names)


@permission_required("dosing.add_decision", raise_exception=True)
@require_GET
def future(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Draw the next four weeks of a patient on a `choice` of the decision's form."""
    found = visible_patient(request, patient_id)
    note_reading(patient=found, by="forecast", actor=request.user)
    with timezone.override(found.site.zone):
        now = timezone.localtime()
        history = history_of(found)
        beside = around(found)
        choice = choice_of(request, history, now)
        expected = expectation(history, beside, charts.Window.AHEAD, now, choice=choice)
        told = story.story_of(history, beside, now, expected.curve)
        if choice is not None:
            told = story.on_choice(told, *choice)
        context = {
            "figure": charts.figure(told, charts.Window.AHEAD)
            if expected.curve
            else None,
            "silence": say(expected.silence) if expected.silence else "",
        }
        return render(request, "tdm/_future.html", context)


HOLD_DAYS = 21
"""How many days of a planned pause are told."""


@permission_required("dosing.add_decision", raise_exception=True)
@require_GET
def hold(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Show by day what a planned pause of `patient` would leave; nothing is saved."""
    found = visible_patient(request, patient_id)
    note_reading(patient=found, by="forecast", actor=request.user)
    with timezone.override(found.site.zone):
        now = timezone.localtime()
        history = history_of(found)
        protocol = history.protocol_on(history.day(now))
        if protocol is None or not protocol.hold_view:
            raise Http404
        starting = {"stop_on": history.day(now) + timedelta(days=1), "limit": 5}
        form = PauseForm(request.GET or starting)
        context = {"patient": found, "form": form, **paused(form, history, now)}
        return render(request, "tdm/hold.html", context)


def paused(form: PauseForm, history: History, now: datetime) -> dict[str, object]:
    """Return what would be left by day, and each model's time under the limit."""
    today = history.day(now)
    if not form.is_valid():
        return {}
    stop_on = form.cleaned_data["stop_on"]
    if not today <= stop_on <= today + timedelta(days=365):
        form.add_error(
            "stop_on", _("A pause begins between today and a year from now.")
        )
        return {}
    asked = question_of(history, around(history.patient), at=now)
    if asked is None:
        return {"silence": prognosis.NOTHING_TAKEN}
    midnight = datetime.combine(stop_on, time(0, tzinfo=history.patient.site.zone))
    stop = max(midnight, now)
    doses = prognosis.coming(
        history, asked, at=now, until=stop, choice=NO_DOSE, from_on=stop_on
    )
    later = [midnight + timedelta(days=n) for n in range(1, HOLD_DAYS + 1)]
    days = [stop, *later]
    try:
        left = forecast.curve_at(asked.question, doses, [asked.hour(d) for d in days])
        fading = forecast.fading(
            asked.question, doses, asked.hour(stop), float(form.cleaned_data["limit"])
        )
    except forecast.NoForecast as silent:
        return {"silence": silent.why}
    return {
        "rows": list(zip(days, *left.values, strict=True)),
        "fading": [(each.model, [h / 24 for h in each.hours]) for each in fading],
    }


NO_DOSE = policy.Regimen(Decimal(0), 24)


def choice_of(
    request: HttpRequest, history: History, now: datetime
) -> tuple[policy.Regimen, date] | None:
    """Read the dose and its first day off the form; None to go on as planned."""
    written = request.GET.get("choice", "")
    if written == "other":
        written = request.GET.get("other", "")
    amount, _sep, interval = written.partition("@")
    try:
        regimen = policy.Regimen(Decimal(amount), int(interval))
        from_on = date.fromisoformat(request.GET.get("new_dose_from", ""))
    except (InvalidOperation, ValueError):
        return None
    finite = regimen.amount_mg.is_finite()
    possible = finite and 0 <= regimen.amount_mg <= policy.ABSOLUTE_CEILING_MG_PER_DAY
    running = history.planned(history.day(now))
    goes_on = running is not None and running.regimen == regimen
    if goes_on or not possible or regimen.interval_h not in dict(INTERVALS):
        return None
    return regimen, max(from_on, history.day(now))


MOST_DECISIONS = 500


@permission_required("dosing.view_protocol", raise_exception=True)
@require_GET
def models_page(request: StaffRequest) -> HttpResponse:
    """Show every model: source, people, numbers, checks of this build and its use."""
    checks = list(forecast.selfcheck())
    library = sorted(pk.library().values(), key=lambda each: not each.executable)
    cards = [
        {
            "population": population,
            **numbers_of(population),
            "checks": [check for check in checks if check.model == population.id],
            "used": Decision.objects.filter(
                forecast__models__has_key=population.id
            ).count(),
        }
        for population in library
    ]
    context: dict[str, object] = {"cards": cards, "engine": policy.ENGINE_VERSION}
    if request.user.has_perm("patients.view_patient"):
        context |= clinic_ledger(request)
    return render(request, "tdm/models.html", context)


def numbers_of(population: pk.Population) -> dict[str, object]:
    """Return the parameters of a model as rules, its variability and its residual."""
    model = population.model
    if model is None:
        return {}
    residual = model.residual[model.observed]
    variances = zip(model.etas, model.omega.diagonal().tolist(), strict=True)
    return {
        "parameters": [(name, rule.text) for name, rule in model.parameters],
        "variability": list(variances),
        "residual": (residual.proportional**0.5, residual.additive**0.5),
    }


def clinic_ledger(request: StaffRequest) -> dict[str, object]:
    """Sum up the newest decisions of the asker's clinics."""
    visible = Patient.objects.visible_to(request.user).select_related("site")
    newest = Decision.objects.filter(patient__in=visible).order_by("-signed_at")
    decisions = list(newest[:MOST_DECISIONS])
    signed: defaultdict[int, list[Decision]] = defaultdict(list)
    for each in decisions:
        signed[each.patient_id].append(each)
    histories = histories_of(visible.filter(pk__in=signed))
    found = [
        came
        for key, history in histories.items()
        for _decision, came in ledger_of(history, signed[key])
    ]
    return {"score": score(found), "overrides": overrides(decisions)}
