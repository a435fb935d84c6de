"""What a patient's chart tells: rows turned into the facts it draws."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from itertools import zip_longest

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dosing import policy
from dosing.history import Around, History, method_of
from dosing.models import Intake
from dosing.words import plain, say
from patients import sources
from patients.models import Measurement, Quantity
from patients.response import AREA_RESPONSE_PERCENT, VOLUME_RESPONSE_PERCENT
from tdm import charts
from tdm.response import Alike, chosen_baseline, measured_alike


def story_of(
    history: History,
    beside: Around,
    now: datetime,
    curve: charts.ExpectedCurve | None = None,
    target: policy.Target | None = None,
) -> charts.Story:
    """Turn a history and what lies beside it into what the chart draws.

    With a `target` levels are judged against it instead of the protocol's.
    """
    today = history.day(now)
    protocol = history.protocol_on(today)
    drawn = [history.day(level.drawn_at) for level in history.levels]
    start = history.course.starts_on() or min(drawn, default=today)
    return charts.Story(
        start_on=start,
        now=now,
        levels=tuple(points(history, target)),
        doses=tuple(
            charts.DosePeriod(
                starts_on=dose.starts_on,
                stops_on=dose.stops_on,
                amount_mg=dose.amount_mg,
                interval_h=dose.interval_h,
                label=str(dose),
            )
            for dose in history.doses
        ),
        bands=tuple(bands(history) if target is None else alternative(start, target)),
        urgent_ng_per_ml=protocol.urgent_ng_per_ml if protocol else None,
        response=tuple(responses(history)),
        curve=curve,
        drugs=tuple(
            charts.DrugCourse(course.starts_on, course.stops_on, str(course))
            for course in beside.comedications
        ),
        effects=tuple(
            charts.EffectBar(
                effect.onset_on, effect.resolved_on, effect.grade, str(effect)
            )
            for effect in beside.effects
            if effect.withdrawn_at is None
        ),
        events=tuple(
            charts.Happening(each.happens_on, each.lasts_until, str(each))
            for each in beside.standing_events
        ),
        diary={(each.due_on, each.slot): told_of(each) for each in beside.intakes},
    )


def on_choice(
    told: charts.Story, regimen: policy.Regimen, from_on: date
) -> charts.Story:
    """Return the story as it would go on with another regimen from a day on."""
    kept = [each for each in told.doses if each.starts_on < from_on]
    ended = [
        replace(each, stops_on=min(each.stops_on or from_on, from_on)) for each in kept
    ]
    chosen = charts.DosePeriod(
        starts_on=from_on,
        stops_on=None,
        amount_mg=regimen.amount_mg,
        interval_h=regimen.interval_h,
        label=say(policy.regimen_in_words(regimen)),
    )
    begun = [chosen] if regimen.amount_mg else []
    return replace(told, doses=(*ended, *begun))


def told_of(intake: Intake) -> charts.ToldDose:
    """Return what the diary says of a dose; one soon vomited is not told as taken."""
    known = charts.Known(intake.state)
    if is_vomited(intake):
        known = charts.Known.VOMITED
    elif intake.amount_mg is not None:
        known = charts.Known.OTHER
    return charts.ToldDose(known, intake.amount_mg)


def is_vomited(intake: Intake) -> bool:
    """Say whether a dose was vomited so soon that it may not have been taken."""
    if intake.vomited_at is None or intake.taken_at is None:
        return intake.vomited_at is not None
    return intake.vomited_at - intake.taken_at < policy.VOMITED_SOON


def alternative(start: date, target: policy.Target) -> Iterable[charts.TargetBand]:
    facts = {"low": plain(target.low_ng_per_ml), "high": plain(target.high_ng_per_ml)}
    yield charts.TargetBand(
        from_on=start,
        to_on=None,
        low_ng_per_ml=target.low_ng_per_ml,
        high_ng_per_ml=target.high_ng_per_ml,
        label=_("under %(low)s\u2013%(high)s") % facts,
    )


def points(
    history: History, target: policy.Target | None = None
) -> Iterable[charts.LevelPoint]:
    zone = history.patient.site.zone
    for level in history.levels:
        reading = history.read(level, target)
        drawn_at = level.drawn_at.astimezone(zone)
        said = say(policy.in_words(reading)[0]) if reading else str(level)
        yield charts.LevelPoint(
            at=drawn_at,
            ng_per_ml=level.ng_per_ml,
            verdict=reading.verdict.value if reading else "unknown",
            label=f"{level.comparator}{plain(level.ng_per_ml)}",
            title=f"{said} {date_format(drawn_at, 'DATETIME_FORMAT')}",
            method=method_of(level),
            set_aside=level.set_aside_at is not None,
            censored=level.comparator == "<",
        )


def bands(history: History) -> Iterable[charts.TargetBand]:
    following = history.assignments[1:]
    for assignment, after in zip_longest(history.assignments, following):
        target = assignment.protocol.target
        label = _("target %(low)s\u2013%(high)s (%(protocol)s)") % {
            "low": plain(target.low_ng_per_ml),
            "high": plain(target.high_ng_per_ml),
            "protocol": assignment.protocol,
        }
        yield charts.TargetBand(
            from_on=assignment.starts_on,
            to_on=after.starts_on if after else None,
            low_ng_per_ml=target.low_ng_per_ml,
            high_ng_per_ml=target.high_ng_per_ml,
            label=label,
        )


RESPONSES = (
    (Quantity.PAIN_VAS, gettext_lazy("pain"), "pain"),
    (Quantity.CIRCUMFERENCE_CM, gettext_lazy("circumference"), "circumference"),
    (Quantity.MRI_MAX_AREA_MM2, gettext_lazy("MRI area"), "area"),
    (Quantity.MRI_VOLUME_CM3, gettext_lazy("MRI volume"), "volume"),
)
GOALS = {
    Quantity.MRI_MAX_AREA_MM2: charts.Goal(
        int(AREA_RESPONSE_PERCENT), sources.AREA_CITATION
    ),
    Quantity.MRI_VOLUME_CM3: charts.Goal(
        int(VOLUME_RESPONSE_PERCENT), sources.VOLUME_CITATION
    ),
}


def responses(history: History) -> Iterable[charts.ResponseSeries]:
    """Yield a series for each quantity, and for each place and way of measuring."""
    patient, start = history.patient, history.course.starts_on()
    chosen = chosen_baseline(patient)
    drawn = [quantity for quantity, _name, _css in RESPONSES]
    kept = Measurement.objects.of(patient).filter(quantity__in=drawn)
    rows = list(kept.select_related("landmark", "lesion").in_time_order())
    for quantity, name, css in RESPONSES:
        wanted = (row for row in rows if row.quantity == quantity)
        found = list(measured_alike(wanted, start, chosen))
        for alike in found:
            base = alike.baseline
            yield charts.ResponseSeries(
                name=named(str(name), alike, several=len(found) > 1),
                unit=alike.first.unit,
                css=css,
                points=tuple((row.measured_on, row.value) for row in alike.values),
                baseline_on=(base or alike.first).measured_on,
                goal=GOALS.get(quantity) if base else None,
            )


def named(name: str, alike: Alike, *, several: bool) -> str:
    """Name a series; where there are several, by its place and its method.

    Without a baseline it says that it is drawn against its first value.
    """
    first = alike.first
    where = first.landmark or first.lesion
    method = first.get_method_display() if first.method else ""
    beside = [str(where or ""), str(method)] if several else []
    since = "" if alike.baseline else _("since the first value")
    return ", ".join(filter(None, [name, *beside, since]))
