"""Who needs someone today, ranked: a fixed number of statements for any clinic."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Protocol

from django.db.models import Q, QuerySet

from dosing import policy
from dosing.history import histories_of
from dosing.models import Dose, Latest, TroughLevel
from patients.models import (
    DiaryDay,
    Patient,
    Reminder,
    ScheduleItem,
    Staff,
    Task,
)
from patients.schedule import Calendar
from tdm.worklist.besides import (
    running_out,
    silent_diaries,
    to_see_to,
    undelivered,
)
from tdm.worklist.levels import (
    long_silent,
    never_measured,
    not_repeated,
    unanswered,
)
from tdm.worklist.lines import OVERDUE, Due, Line, Worklist
from tdm.worklist.planned import (
    WAIT,
    booked_when_closed,
    late_levels,
    late_otherwise,
    levels_after_drugs,
)

WEEK = 7


class OfPatient(Protocol):
    """A record of a patient, or one that may be of none."""

    @property
    def patient_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Records:
    """What may ask for someone, each kind read at once for all patients."""

    levels: Sequence[TroughLevel]
    unmeasured: Sequence[Dose]
    silent: Sequence[TroughLevel]
    discarded: Sequence[TroughLevel]
    low: Sequence[Latest]
    tasks: Sequence[Task]
    untold: Sequence[DiaryDay]
    given_up: Sequence[Reminder]
    late: Sequence[ScheduleItem]
    asked: Sequence[ScheduleItem]
    coming: Sequence[ScheduleItem]
    closed: Sequence[ScheduleItem]

    @property
    def patients(self) -> set[int]:
        """The keys of everyone of whom there is a record."""
        named: Iterable[OfPatient] = chain(
            self.levels,
            self.unmeasured,
            self.silent,
            self.discarded,
            self.low,
            self.tasks,
            self.untold,
            self.given_up,
            self.late,
            self.asked,
            self.coming,
            self.closed,
        )
        return {each.patient_id for each in named if each.patient_id is not None}


def worklist(staff: Staff, *, at: datetime) -> Worklist:
    """Rank what is open in the clinics of one person.

    The clinics are named, so that the database foresees how many patients they have.
    """
    clinics = list(staff.sites.values_list("pk", flat=True))
    patients = (
        Patient.objects.filter(site__in=clinics)
        .in_follow_up()
        .select_related("site")
        .prefetch_related("lesions")
    )
    found = records_of(patients, at)
    keys = found.patients
    named = {p.pk: p for p in patients.filter(pk__in=keys)} if keys else {}
    histories = histories_of(named.values()) if named else {}
    after_drugs = list(levels_after_drugs(found.asked, histories, at))
    lines = [
        *unanswered(found.levels, histories),
        *not_repeated(found.discarded, histories),
        *late_levels(found.late, histories, at),
        *long_silent(found.silent, histories, at),
        *never_measured(found.unmeasured, histories),
    ]
    shown = [
        *most_urgent_of_each(lines),
        *after_drugs,
        *late_otherwise(found.late, histories, at),
        *booked_when_closed(found.closed, histories),
        *to_see_to(found.tasks, histories),
        *silent_diaries(found.untold, histories, at),
        *undelivered(found.given_up, histories),
        *running_out([each.patient_id for each in found.low], histories, at),
    ]
    late = [line for line in (*lines, *after_drugs) if line.urgency in OVERDUE]
    return Worklist(
        lines=tuple(sorted(shown, key=most_urgent_first)),
        week=week([(each.day, named[each.patient_id]) for each in found.coming], at),
        overdue=len({line.patient.pk for line in late}),
    )


def records_of(patients: QuerySet[Patient], at: datetime) -> Records:
    today = at.date()
    levels = TroughLevel.objects.filter(patient__in=patients)
    on_drug = Q(patient__in=Dose.objects.on(today).values("patient"))
    treated = patients.filter(pk__in=Dose.objects.on(today).values("patient"))
    latest = Latest.objects.filter(patient__in=patients)
    items = ScheduleItem.objects.filter(patient__in=patients)
    last = today + timedelta(days=WEEK - 1)
    tomorrow = today + timedelta(days=1)
    asked = items.levels().filter(
        key__startswith=policy.DRUG_TURN, opens_on__lte=tomorrow + WAIT
    )
    return Records(
        levels=list(
            levels.select_related("laboratory")
            .latest_unanswered()
            .perhaps_outside_target()
            .order_by("drawn_at", "pk")
        ),
        unmeasured=list(
            Dose.objects.filter(patient__in=patients).never_measured(today)
        ),
        silent=list(levels.filter(on_drug).long_ago(at)),
        discarded=list(levels.filter(on_drug).set_aside_last()),
        low=list(latest.filter(on_drug).perhaps_running_out(today)),
        tasks=list(
            Task.objects.open().filter(patient__in=patients).most_urgent_first()
        ),
        untold=list(DiaryDay.objects.last_before_silence(treated, today)),
        given_up=list(Reminder.objects.filter(patient__in=patients).undelivered()),
        late=list(items.late(tomorrow).order_by("closes_on", "pk")),
        asked=list(asked.order_by("closes_on", "pk")),
        closed=list(on_closed_days(items.open().filter(booked_on__gte=today))),
        coming=list(items.levels().expected(today, last)),
    )


def on_closed_days(booked: QuerySet[ScheduleItem]) -> Iterable[ScheduleItem]:
    """Keep what is booked for a day on which its clinic is closed."""
    calendars: dict[int, Calendar] = {}
    for item in booked.select_related("patient__site"):
        site = item.patient.site
        if site.pk not in calendars:
            calendars[site.pk] = site.calendar()
        if not calendars[site.pk].is_open(item.day):
            yield item


def most_urgent_of_each(lines: Iterable[Line]) -> Iterable[Line]:
    """Keep the most urgent line of each patient; of equal ones the first."""
    found: dict[int, Line] = {}
    for line in sorted(lines, key=lambda each: each.urgency):
        found.setdefault(line.patient.pk, line)
    return found.values()


def most_urgent_first(line: Line) -> tuple[int, date, int]:
    return (line.urgency, line.since, line.patient.pk)


def week(expected: Sequence[tuple[date, Patient]], at: datetime) -> tuple[Due, ...]:
    """Sort the patients expected into the coming days, each once a day."""
    today = at.date()
    return tuple(
        Due(day, tuple(dict.fromkeys(who for on, who in expected if on == day)))
        for day in (today + timedelta(days=n) for n in range(WEEK))
    )
