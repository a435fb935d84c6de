"""When a resource last changed, and which rows stand for one.

The database keeps every version of a row with the instant of its transaction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.db import models
from django.db.models import (
    Case,
    F,
    Func,
    Max,
    Min,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Greatest, Now

from dosing.models import Dose, ProtocolAssignment
from patients.models import Patient
from tdm.fhir.codes import PRESSURES

Rows = QuerySet[Any]


def last_version(rows: Rows) -> Subquery:
    """Return when the last version of a row was written: the database keeps it."""
    versions = rows.model.pgh_event_model._default_manager
    mine = versions.filter(pgh_obj=OuterRef("pk")).order_by("-pgh_created_at")
    return Subquery(mine.values("pgh_created_at")[:1])


def changed(rows: Rows, patient: Patient) -> Rows:
    del patient
    found: Rows = rows.annotate(changed_at=last_version(rows))
    return found


def changed_as_days_pass(rows: Rows, patient: Patient) -> Rows:
    """Say when a regimen was last written, began or stopped, whichever came last."""
    del patient
    found: Rows = rows.annotate(
        begins_at=midnight("starts_on"),
        ends_at=midnight("stops_on"),
        changed_at=Greatest(
            last_version(rows),
            Case(When(begins_at__lte=Now(), then=F("begins_at"))),
            Case(When(ends_at__lte=Now(), then=F("ends_at"))),
        ),
    )
    return found


def midnight(day: str) -> Func:
    """Return when a day of a patient begins at their clinic."""
    return Func(
        F("patient__site__time_zone"),
        F(day) + timedelta(0),
        function="timezone",
        output_field=models.DateTimeField(),
    )


@dataclass(frozen=True, slots=True)
class Change:
    """When what is prescribed from `first` up to, not including, `after` changed."""

    at: datetime
    first: date
    after: date


def with_its_regimen(rows: Rows, patient: Patient) -> Rows:
    """Say when a dose of the diary, or what was prescribed for its day, was written."""
    written = (
        When(due_on__gte=each.first, due_on__lt=each.after, then=Value(each.at))
        for each in regimen_changes(patient)
    )
    return latest_of(rows, written)


def with_its_reading(rows: Rows, patient: Patient) -> Rows:
    """Say when a level, or a regimen or protocol that it is read by, was written."""
    versions = ProtocolAssignment.pgh_event_model._default_manager  # type: ignore[attr-defined]
    followed = versions.filter(patient=patient)
    changes = [
        *((each.at, each.first) for each in regimen_changes(patient)),
        *followed.values_list("pgh_created_at", "starts_on"),
    ]
    zone = patient.site.zone
    written = (
        When(drawn_at__gte=datetime.combine(first, time(), zone), then=Value(at))
        for at, first in sorted(changes, reverse=True)
    )
    return latest_of(rows, written)


def latest_of(rows: Rows, written: Iterable[When]) -> Rows:
    """Date rows by their own last version or what was written later; latest first."""
    beside = Case(*written, output_field=models.DateTimeField())
    found: Rows = rows.annotate(changed_at=Greatest(last_version(rows), beside))
    return found


def regimen_changes(patient: Patient) -> list[Change]:
    """Return every change of what was prescribed, latest first: one statement."""
    versions = Dose.pgh_event_model._default_manager  # type: ignore[attr-defined]
    found = []
    for _dose, each in groupby(
        versions.filter(patient=patient).order_by("pgh_obj", "pk"),
        key=lambda version: version.pgh_obj_id,
    ):
        before = None
        for version in each:
            found += [
                Change(version.pgh_created_at, first, after)
                for first, after in days_between(before, version)
                if first < after
            ]
            before = version
    return sorted(found, key=lambda change: change.at, reverse=True)


def days_between(before: Any, now: Any) -> Iterable[tuple[date, date]]:
    """Yield the days for which two versions of a regimen say different things."""
    if before is not None and prescribed(before) == prescribed(now):
        starts = sorted([before.starts_on, now.starts_on])
        stops = sorted([before.stops_on or date.max, now.stops_on or date.max])
        yield starts[0], starts[1]
        yield stops[0], stops[1]
        return
    for version in (before, now):
        if version is not None and version.cancelled_at is None:
            yield version.starts_on, version.stops_on or date.max


def prescribed(version: Any) -> tuple[object, ...]:
    cancelled = version.cancelled_at is not None
    return version.amount_mg, version.interval_h, version.usual_time, cancelled


def every_row(rows: Rows) -> Rows:
    return rows


def single_measurements(rows: Rows) -> Rows:
    return rows.exclude(quantity__in=PRESSURES)


def days_with_pressures(versions: Rows, patient: Patient) -> Rows:
    """Keep the first version of any blood pressure that was ever dated to each day.

    It stands for the panel of the day: a later version, or one that moves to another
    day, leaves it where it is. `first` is its number among all versions of its day,
    and `changed_at` is when any pressure that was ever of this day was last written.
    """
    del patient
    same = versions.model._default_manager.filter(pgh_obj=OuterRef("pgh_obj"))
    last = same.order_by("-pgh_created_at").values("pgh_created_at")[:1]
    day = F("measured_on")
    found: Rows = versions.filter(quantity__in=PRESSURES).annotate(
        first=Window(Min("pk"), partition_by=day),
        changed_at=Window(Max(Subquery(last)), partition_by=day),
    )
    return found.filter(first=F("pk"))
