"""What waits for someone: open items whose window has come, and whose they are.

Nothing is stored: who looks later sees what is open then.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import DateField, DateTimeField, F, Func, Q, QuerySet, Value

from patients.models import Role, ScheduleItem, Staff
from patients.models.schedule import OPEN_FROM, OPEN_UNTIL
from patients.reminders import ESCALATED_AFTER_DAYS


def owner(last_on: date, today: date) -> Role:
    """Return who sees to it: a nurse, and a clinician once it is late for long."""
    late_for = today - last_on
    is_long = late_for >= timedelta(days=ESCALATED_AFTER_DAYS)
    return Role.CLINICIAN if is_long else Role.NURSE


class DayAt(Func):
    """The date on the wall of a place at an instant, by the name of its time zone."""

    function = "timezone"
    output_field = DateField()

    def __init__(self, time_zone: str, at: datetime) -> None:
        super().__init__(time_zone, Value(at, DateTimeField()))

    template = "(%(function)s(%(expressions)s))::date"


def waiting(staff: Staff, *, at: datetime, role: str = "") -> QuerySet[ScheduleItem]:
    """Return what waits at someone's clinics, for one role or for all, oldest first.

    Each clinic has its own date; who left follow-up is not waited for. It is one
    statement, however many clinics and patients there are.
    """
    tomorrow = at.astimezone(UTC).date() + timedelta(days=1)
    long = timedelta(days=ESCALATED_AFTER_DAYS)
    come = (
        ScheduleItem.objects.filter(
            patient__site__in=staff.sites.all(), patient__ended_on=None
        )
        .alias(open_from=OPEN_FROM)
        .annotate(
            until=OPEN_UNTIL,
            today=DayAt("patient__site__time_zone", at),
        )
        .filter(open_from__lte=tomorrow)  # at the latest anywhere, and here:
        .filter(open_from__lte=F("today"))
    )
    late_for_long = Q(until__lte=F("today") - long)
    if role == Role.CLINICIAN:
        come = come.filter(late_for_long, until__lte=tomorrow - long)
    elif role:
        come = come.filter(~late_for_long)
    return come.select_related("patient__site").order_by("until", "pk")


@dataclass(frozen=True, slots=True)
class Line:
    """One open item as the inbox shows it: since when it waits, and for whom."""

    item: ScheduleItem
    since: date
    owner: Role
    is_late: bool

    @property
    def is_escalated(self) -> bool:
        return self.owner is Role.CLINICIAN


def line_of(item: ScheduleItem, *, at: datetime) -> Line:
    """Say since when an item waits: from its window, or from when it became late."""
    today = item.patient.site.today(at)
    last_on, is_late = item.last_on, item.is_late(today)
    since = last_on + timedelta(days=1) if is_late else item.opens_on
    return Line(item, since, owner(last_on, today), is_late)
