"""When a resource last changed, and which rows stand for one.

The database keeps every version of a row with the instant of its transaction.
"""

from datetime import timedelta
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
    When,
    Window,
)
from django.db.models.functions import Greatest, Now

from tdm.fhir.codes import PRESSURES

Rows = QuerySet[Any]


def last_version(rows: Rows) -> Subquery:
    """Return when the last version of a row was written: the database keeps it."""
    versions = rows.model.pgh_event_model._default_manager
    mine = versions.filter(pgh_obj=OuterRef("pk")).order_by("-pgh_created_at")
    return Subquery(mine.values("pgh_created_at")[:1])


def changed(rows: Rows) -> Rows:
    found: Rows = rows.annotate(changed_at=last_version(rows))
    return found


def changed_as_days_pass(rows: Rows) -> Rows:
    """Say when a regimen was last written, began or stopped, whichever came last."""
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


def every_row(rows: Rows) -> Rows:
    return rows


def single_measurements(rows: Rows) -> Rows:
    return rows.exclude(quantity__in=PRESSURES)


def days_with_pressures(versions: Rows) -> Rows:
    """Keep the first version of any blood pressure that was ever dated to each day.

    It stands for the panel of the day: a later version, or one that moves to another
    day, leaves it where it is. `first` is its number among all versions of its day,
    and `changed_at` is when any pressure that was ever of this day was last written.
    """
    same = versions.model._default_manager.filter(pgh_obj=OuterRef("pgh_obj"))
    last = same.order_by("-pgh_created_at").values("pgh_created_at")[:1]
    day = F("measured_on")
    found: Rows = versions.filter(quantity__in=PRESSURES).annotate(
        first=Window(Min("pk"), partition_by=day),
        changed_at=Window(Max(Subquery(last)), partition_by=day),
    )
    return found.filter(first=F("pk"))
