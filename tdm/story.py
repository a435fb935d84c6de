"""What a patient's chart tells: rows turned into the facts it draws."""

from collections.abc import Iterable
from datetime import datetime
from itertools import zip_longest

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dosing import policy
from dosing.history import History, method_of
from dosing.words import plain, say
from patients.models import Measurement, Patient, Quantity
from tdm import charts


def story_of(history: History, now: datetime) -> charts.Story:
    """Turn a history and the measurements beside it into what the chart draws."""
    today = history.day(now)
    protocol = history.protocol_on(today)
    start = history.course.starts_on() or today
    return charts.Story(
        start_on=start,
        now=now,
        levels=tuple(points(history)),
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
        bands=tuple(bands(history)),
        urgent_ng_per_ml=protocol.urgent_ng_per_ml if protocol else None,
        response=tuple(responses(history.patient)),
    )


def points(history: History) -> Iterable[charts.LevelPoint]:
    zone = history.patient.site.zone
    for level in history.levels:
        reading = history.read(level)
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
)


def responses(found: Patient) -> Iterable[charts.ResponseSeries]:
    rows = list(Measurement.objects.of(found).in_time_order())
    for quantity, name, css in RESPONSES:
        values = [row for row in rows if row.quantity == quantity]
        if values:
            yield charts.ResponseSeries(
                name=str(name),
                unit=values[0].unit,
                css=css,
                points=tuple((row.measured_on, row.value) for row in values),
            )
