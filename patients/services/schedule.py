"""What is planned: written anew when facts change, met by records, moved by people."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple, Self

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from patients import audit, reminders
from patients.models import (
    ImagingStudy,
    ItemKind,
    ItemState,
    Modality,
    Patient,
    ScheduleItem,
    SchedulePlan,
    Staff,
    Visit,
    VisitKind,
)
from patients.models.people import days_closed
from patients.schedule import Calendar, Closing, Window, closing
from patients.statements import Asked, Given, at_once, compiled, run

NOT_PLANNED_FOR = {VisitKind.UNSCHEDULED, VisitKind.TELEPHONE}
"""Visits that no window waits for."""

Happened = Mapping[str, Collection[date]]
"""The days of the records by kind of item; a kind that is absent is left as it is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What ought to be planned; `key` finds it again. `text` is an English template.

    What is `lasting` is asked for however long ago its window closed.
    """

    kind: str
    key: str
    text: str
    source: str
    opens_on: date
    best_on: date
    closes_on: date
    facts: Mapping[str, str] = field(default_factory=dict)
    lasting: bool = False

    @property
    def first_on(self) -> date:
        return self.opens_on


def plan_anew(patients: QuerySet[Patient]) -> None:
    """Let the clock plan anew for some patients: what their plans rest on changed."""
    SchedulePlan.objects.filter(patient__in=patients).delete()


def note_planned(patient: Patient) -> None:
    """Note that a patient is planned for today, before what it rests on is read.

    Whoever changes the clinic's days meanwhile waits, and has it planned once more.
    """
    today = patient.site.today(timezone.now())
    run(NOTED, {"patient": patient.pk, "today": today})


NOTED = f"""
INSERT INTO {SchedulePlan._meta.db_table} (patient_id, planned_on)
VALUES (%(patient)s, %(today)s)
ON CONFLICT (patient_id) DO UPDATE SET planned_on = excluded.planned_on
"""  # noqa: S608 - of our own words


class Questions(NamedTuple):
    """What a schedule rests on, to be asked at once, perhaps with more."""

    items: Asked[ScheduleItem]
    visits: Asked[date]
    mri: Asked[date]
    closed: Asked[date]


@dataclass(frozen=True, slots=True)
class Kept:
    """What was ever planned for a patient, what closes it, and the clinic's days."""

    items: Sequence[ScheduleItem]
    happened: Happened
    calendar: Calendar

    @staticmethod
    def asked_of(patient: Patient) -> Questions:
        return Questions(
            items=every_item.given(patient=patient.pk),
            visits=days_of_visits.given(patient=patient.pk),
            mri=days_of_mri.given(patient=patient.pk),
            closed=days_closed.given(site=patient.site_id),
        )

    @classmethod
    def told(cls, patient: Patient, asked: Questions) -> Self:
        """Return what was found; the patient is not read again for each item."""
        for item in asked.items.found:
            item.patient = patient
        return cls(
            items=asked.items.found,
            happened={
                ItemKind.VISIT: asked.visits.found,
                ItemKind.MRI: asked.mri.found,
            },
            calendar=patient.site.calendar_closed_on(asked.closed.found),
        )


@transaction.atomic(savepoint=False)
def replan(
    *,
    patient: Patient,
    kept: Kept,
    wanted: Sequence[Wanted],
    happened: Happened,
    since: date,
    actor: Staff | None,
) -> list[ScheduleItem]:
    """Let what is open be what is wanted; what is done or not done stays as it is.

    What people moved keeps its distance, and what they booked stays booked. A window
    that closed before `since` is not asked for anew, unless a record meets it. Returns
    what changed. The caller holds the patient still since before `kept` was read.
    """
    happened = {**kept.happened, **happened}
    known, calendar = kept.items, kept.calendar
    settled = settled_by(known, happened, calendar)
    keep(patient, [], settled, actor)
    asked = {(each.kind, each.key): each for each in wanted}
    span = Span(since, patient.site.today(timezone.now()))
    changed = [
        item
        for item in known
        if fit(item, asked.pop((item.kind, item.key), None), calendar, span)
    ]
    rezone(known)
    new = still_asked([*asked.values()], known, happened, calendar, since)
    fresh = [planned(patient, each) for each in new]
    keep(patient, fresh, changed, actor)
    by_day = sorted([*known, *fresh], key=lambda each: (each.best_on, each.pk))
    again = settled_by(by_day, happened, calendar)
    keep(patient, [], again, actor)
    return [*settled, *fresh, *changed, *again]


def still_asked(
    new: Sequence[Wanted],
    known: Sequence[ScheduleItem],
    happened: Happened,
    calendar: Calendar,
    since: date,
) -> list[Wanted]:
    """Leave out what closed before `since`, unless a record meets it or it lasts."""
    found = closing_days(
        [
            *((n, each.kind, each) for n, each in enumerate(new)),
            *((-each.pk, each.kind, each) for each in known if counts(each)),
        ],
        happened,
        calendar,
    )
    return [
        each
        for n, each in enumerate(new)
        if each.closes_on >= since
        or n in found.met
        or (each.lasting and n not in found.overtaken)
    ]


@dataclass(frozen=True, slots=True)
class Span:
    """From which day on windows are asked for, and today."""

    since: date
    today: date


def counts(item: ScheduleItem) -> bool:
    return item.state in {ItemState.OPEN, ItemState.DONE}


def rezone(items: Iterable[ScheduleItem]) -> None:
    """Bring the reminders in line with the clinic's clock, which may have changed."""
    moved = [item for item in items if item.is_open and reminders.rezone(item)]
    ScheduleItem.objects.bulk_update(moved, ["remind_at"])


def fit(
    item: ScheduleItem, wanted: Wanted | None, calendar: Calendar, span: Span
) -> bool:
    """Bring one item in line with what is wanted; say whether it changed."""
    if item.state not in {ItemState.OPEN, ItemState.CANCELLED}:
        return False
    if wanted is None:
        if not item.is_open or (item.booked_on and item.booked_on >= span.today):
            return False
        item.state, item.booked_on = ItemState.CANCELLED, None
        return True
    before = said_by(item)
    window = moved(wanted, item.moved_days, calendar)
    if not item.is_open and window[2] < span.since:
        return False
    beyond = window[0] > item.closes_on or window[2] < item.opens_on
    item.round += item.is_open and beyond
    item.state = ItemState.OPEN
    item.opens_on, item.best_on, item.closes_on = window
    item.text, item.facts, item.source = wanted.text, dict(wanted.facts), wanted.source
    return before != said_by(item)


def said_by(item: ScheduleItem) -> tuple[object, ...]:
    window = item.opens_on, item.best_on, item.closes_on
    return (item.state, *window, item.text, item.facts, item.source)


def moved(wanted: Wanted, days: int, calendar: Calendar) -> tuple[date, date, date]:
    """Return a window moved by days, its best day on a clinic day again."""
    by = timedelta(days=days)
    opens, best = wanted.opens_on + by, wanted.best_on + by
    if days:
        best = calendar.next_open(best)
    return opens, best, max(wanted.closes_on + by, best)


def planned(patient: Patient, wanted: Wanted) -> ScheduleItem:
    return ScheduleItem(
        patient=patient,
        kind=wanted.kind,
        key=wanted.key,
        text=wanted.text,
        facts=dict(wanted.facts),
        source=wanted.source,
        opens_on=wanted.opens_on,
        best_on=wanted.best_on,
        closes_on=wanted.closes_on,
    )


@transaction.atomic
def settle(*, patient: Patient, actor: Staff | None) -> list[ScheduleItem]:
    """Read anew which visits and MRI close what was planned of them."""
    asked = Kept.asked_of(patient)
    at_once(*asked)
    kept = Kept.told(patient, asked)
    return settle_kept(patient=patient, kept=kept, happened={}, actor=actor)


@transaction.atomic(savepoint=False)
def settle_kept(
    *, patient: Patient, kept: Kept, happened: Happened, actor: Staff | None
) -> list[ScheduleItem]:
    """Close the windows that a record meets; open those whose record was taken back.

    What `happened` besides visits and MRI is said by whoever keeps it.
    """
    changed = settled_by(kept.items, {**kept.happened, **happened}, kept.calendar)
    keep(patient, [], changed, actor)
    return changed


@compiled
def every_item() -> QuerySet[ScheduleItem]:
    items = ScheduleItem.objects.filter(patient=Given("patient"))
    return items.order_by("best_on", "pk")


def settled_by(
    items: Iterable[ScheduleItem], happened: Happened, calendar: Calendar
) -> list[ScheduleItem]:
    """Bring the windows to what the records ask for; return what changed, unsaved."""
    waiting = {
        each.pk: each
        for each in items
        if each.kind in happened and (counts(each) or each.reason == OVERTAKEN)
    }
    found = closing_days(
        [(key, each.kind, each) for key, each in waiting.items()], happened, calendar
    )
    return [
        item
        for key, item in waiting.items()
        if brought_to(item, found.met.get(key), found.overtaken.get(key))
    ]


OVERTAKEN = gettext_noop("A later one was done instead")


def brought_to(item: ScheduleItem, met: date | None, overtaken: date | None) -> bool:
    """Set the state that the records ask for; say whether it changed.

    What is booked for later still waits, also when another was done in between.
    """
    waits = item.booked_on is not None and (not overtaken or item.booked_on > overtaken)
    if met:
        state, reason = ItemState.DONE, without_ours(item.reason)
    elif overtaken and not waits:
        state, reason = ItemState.SKIPPED, OVERTAKEN
    else:
        state, reason = ItemState.OPEN, without_ours(item.reason)
    if (state, met) == (item.state, item.done_on):
        return False
    item.round += state == ItemState.OPEN
    item.state, item.done_on, item.reason = state, met, reason
    return True


def without_ours(reason: str) -> str:
    return "" if reason == OVERTAKEN else reason


def closing_days(
    windows: Iterable[tuple[int, str, ScheduleItem | Wanted]],
    happened: Happened,
    calendar: Calendar,
) -> Closing:
    found = Closing({}, {})
    listed = list(windows)
    for kind, days in happened.items():
        asked = [
            Window(key, each.first_on, each.closes_on)
            for key, each_kind, each in listed
            if each_kind == kind
        ]
        of_kind = closing(asked, days, calendar)
        found.met.update(of_kind.met)
        found.overtaken.update(of_kind.overtaken)
    return found


def keep(
    patient: Patient,
    fresh: Sequence[ScheduleItem],
    changed: Sequence[ScheduleItem],
    actor: Staff | None,
) -> None:
    """Store items, their next reminders and a line of the audit for each.

    What the clock plans on has no actor and leaves none; each version is kept.
    """
    now = timezone.now()
    for item in (*fresh, *changed):
        reminders.set_next(item, at=now)
    ScheduleItem.objects.bulk_create(fresh)
    for item in changed:
        item.version += 1
        item.save()
    if actor is not None and (fresh or changed):
        lines = [
            *((item, "plan_item") for item in fresh),
            *((item, f"{item.state}_item") for item in changed),
        ]
        audit.record_many(lines, patient=patient, actor=actor)


@compiled
def days_of_visits() -> QuerySet[Visit, date]:
    visits = Visit.objects.standing().filter(patient=Given("patient"))
    planned_for = visits.exclude(kind__in=NOT_PLANNED_FOR)
    return planned_for.values_list("held_on", flat=True)


@compiled
def days_of_mri() -> QuerySet[ImagingStudy, date]:
    pictures = ImagingStudy.objects.standing().filter(patient=Given("patient"))
    return pictures.filter(modality=Modality.MRI).values_list("done_on", flat=True)


def tell_anew(patient: Patient) -> None:
    """Evaluate again what has come: whoever is reachable only now is told as well."""
    items = list(ScheduleItem.objects.of(patient).open())
    for item in items:
        reminders.set_next(item, at=timezone.now())
    ScheduleItem.objects.bulk_update(items, ["next_stage", "remind_at"])
