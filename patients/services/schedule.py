"""What is planned: written anew when facts change, met by records, moved by people."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from patients import audit
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
from patients.reminders import set_next
from patients.revision import hold_still, locked
from patients.schedule import Calendar, Window, closing

NOT_PLANNED_FOR = {VisitKind.UNSCHEDULED, VisitKind.TELEPHONE}
"""Visits that no window waits for."""

LATEST_BOOKING = timedelta(days=366)
"""A booking further ahead is a slip of the year."""

Happened = Mapping[str, Collection[date]]
"""The days of the records by kind of item; a kind that is absent is left as it is."""


NOTHING_ELSE: Happened = {}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What ought to be planned; `key` finds it again. `text` is an English template."""

    kind: str
    key: str
    text: str
    source: str
    opens_on: date
    best_on: date
    closes_on: date
    facts: Mapping[str, str] = field(default_factory=dict)


def plan_anew(patients: QuerySet[Patient]) -> None:
    """Let the clock plan anew for some patients: what their plans rest on changed."""
    SchedulePlan.objects.filter(patient__in=patients).delete()


@transaction.atomic
def replan(
    *,
    patient: Patient,
    wanted: Sequence[Wanted],
    happened: Happened,
    since: date,
    actor: Staff | None,
) -> list[ScheduleItem]:
    """Let what is open be what is wanted; what is done or not done stays as it is.

    What people moved keeps its distance. A window that closed before `since` is not
    asked for anew, unless a record meets it. Returns what changed.
    """
    hold_still(patient)
    SchedulePlan.objects.update_or_create(
        patient=patient, defaults={"planned_on": patient.site.today(timezone.now())}
    )
    calendar = patient.site.calendar()
    known = {(each.kind, each.key): each for each in ScheduleItem.objects.of(patient)}
    asked = {(each.kind, each.key): each for each in wanted}
    changed = [
        item for place, item in known.items() if fit(item, asked.get(place), calendar)
    ]
    happened = {**held_and_imaged(patient), **happened}
    met = closing_days(
        [(n, each.kind, each.opens_on) for n, each in enumerate(wanted)],
        happened,
        calendar,
    )
    fresh = [
        planned(patient, each)
        for n, each in enumerate(wanted)
        if (each.kind, each.key) not in known and (each.closes_on >= since or n in met)
    ]
    keep(patient, fresh, changed, actor)
    return [*fresh, *changed, *settle(patient=patient, happened=happened, actor=actor)]


def fit(item: ScheduleItem, wanted: Wanted | None, calendar: Calendar) -> bool:
    """Bring one item in line with what is wanted; say whether it changed."""
    if item.state not in {ItemState.OPEN, ItemState.CANCELLED}:
        return False
    if wanted is None:
        changed = item.state != ItemState.CANCELLED
        item.state, item.booked_on = ItemState.CANCELLED, None
        return changed
    before = (item.state, *window_of(item))
    window = moved(wanted, item.moved_days, calendar)
    if item.is_open and window[0] > item.closes_on:
        item.round += 1
        item.booked_on = None
    item.state = ItemState.OPEN
    item.opens_on, item.best_on, item.closes_on = window
    item.text, item.facts, item.source = wanted.text, dict(wanted.facts), wanted.source
    return before != (item.state, *window)


def window_of(item: ScheduleItem) -> tuple[date, date, date]:
    return item.opens_on, item.best_on, item.closes_on


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
def settle(
    *, patient: Patient, actor: Staff | None, happened: Happened = NOTHING_ELSE
) -> list[ScheduleItem]:
    """Close the windows that a record meets; open those whose record was taken back.

    Visits and MRI are read here; what else happened is said by whoever keeps it.
    """
    happened = {**held_and_imaged(patient), **happened}
    calendar = patient.site.calendar()
    waiting = {
        each.pk: each
        for each in ScheduleItem.objects.of(patient).filter(
            kind__in=list(happened), state__in=[ItemState.OPEN, ItemState.DONE]
        )
    }
    met = closing_days(
        [(key, each.kind, each.opens_on) for key, each in waiting.items()],
        happened,
        calendar,
    )
    changed = []
    for key, item in waiting.items():
        if met.get(key) != item.done_on:
            item.done_on = met.get(key)
            item.state = ItemState.DONE if item.done_on else ItemState.OPEN
            changed.append(item)
    keep(patient, [], changed, actor)
    return changed


def closing_days(
    windows: Iterable[tuple[int, str, date]], happened: Happened, calendar: Calendar
) -> dict[int, date]:
    found: dict[int, date] = {}
    listed = list(windows)
    for kind, days in happened.items():
        asked = [Window(key, opens) for key, each, opens in listed if each == kind]
        found |= closing(asked, days, calendar)
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
        set_next(item, at=now)
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


def held_and_imaged(patient: Patient) -> Happened:
    """Return the days of visits and MRI, which close what was planned of them."""
    visits = Visit.objects.of(patient).exclude(kind__in=NOT_PLANNED_FOR)
    pictures = ImagingStudy.objects.of(patient).filter(modality=Modality.MRI)
    return {
        ItemKind.VISIT: list(visits.values_list("held_on", flat=True)),
        ItemKind.MRI: list(pictures.values_list("done_on", flat=True)),
    }


@transaction.atomic
def book_item(
    *,
    item: ScheduleItem,
    version: int,
    booked_on: date,
    actor: Staff,
    reason: str = "",
) -> ScheduleItem:
    """Book a day for what is planned; it may lie outside the window, which says so.

    A level before its window is not at steady state yet: that takes a reason.
    """
    hold_still(item.patient)
    fresh = still_open(item, version)
    today = fresh.patient.site.today(timezone.now())
    if not today <= booked_on <= today + LATEST_BOOKING:
        raise ValidationError(
            {"booked_on": _("Choose a day between today and a year from now.")}
        )
    if not fresh.patient.site.calendar().is_open(booked_on):
        raise ValidationError({"booked_on": _("The clinic is closed on that day.")})
    early = fresh.kind == ItemKind.LEVEL and booked_on < fresh.opens_on
    if early and not reason.strip():
        raise ValidationError(
            {"reason": _("Say why the level is drawn before its window.")}
        )
    fresh.booked_on, fresh.reason = booked_on, reason.strip() or fresh.reason
    return written(fresh, "book_item", actor)


@transaction.atomic
def move_item(
    *,
    item: ScheduleItem,
    version: int,
    best_on: date,
    reason: str,
    actor: Staff,
    later_too: bool = False,
) -> list[ScheduleItem]:
    """Move what is planned, or it and everything of its kind that comes later.

    Each keeps the width of its window; planning anew keeps the distance.
    """
    patient = hold_still(item.patient)
    fresh = still_open(item, version)
    calendar = patient.site.calendar()
    if not reason.strip():
        raise ValidationError({"reason": _("Say why it is moved.")})
    if not calendar.is_open(best_on):
        raise ValidationError({"best_on": _("The clinic is closed on that day.")})
    by = best_on - fresh.best_on
    if not by:
        raise ValidationError({"best_on": _("It is planned for that day already.")})
    if abs(by) > LATEST_BOOKING or best_on < patient.site.today(timezone.now()):
        raise ValidationError(
            {"best_on": _("Choose a day between today and a year from now.")}
        )
    later = (
        ScheduleItem.objects.of(patient)
        .open()
        .filter(kind=fresh.kind, best_on__gt=fresh.best_on)
    )
    return [
        shift(each, by, calendar, reason, actor)
        for each in (fresh, *(later if later_too else ()))
    ]


def shift(
    item: ScheduleItem, by: timedelta, calendar: Calendar, reason: str, actor: Staff
) -> ScheduleItem:
    beyond = item.opens_on + by > item.closes_on or item.closes_on + by < item.opens_on
    item.moved_days += by.days
    item.opens_on += by
    item.best_on = calendar.next_open(item.best_on + by)
    item.closes_on = max(item.closes_on + by, item.best_on)
    item.booked_on, item.reason = None, reason
    item.round += beyond
    return written(item, "move_item", actor)


@transaction.atomic
def skip_item(
    *, item: ScheduleItem, version: int, reason: str, actor: Staff
) -> ScheduleItem:
    """Say that something planned will not be done, and why."""
    hold_still(item.patient)
    fresh = still_open(item, version)
    fresh.state, fresh.reason = ItemState.SKIPPED, reason.strip()
    fresh.booked_on = None
    return written(fresh, "skip_item", actor)


@transaction.atomic
def reopen_item(*, item: ScheduleItem, version: int, actor: Staff) -> ScheduleItem:
    """Ask again for what was said not to be done."""
    hold_still(item.patient)
    fresh = locked(item, version)
    if fresh.state != ItemState.SKIPPED:
        raise ValidationError(_("Only what is marked as not done can be asked again."))
    fresh.state, fresh.reason = ItemState.OPEN, ""
    return written(fresh, "reopen_item", actor)


def still_open(item: ScheduleItem, version: int) -> ScheduleItem:
    fresh = locked(item, version)
    if not fresh.is_open:
        raise ValidationError(
            _("This is no longer open: it is %(state)s."),
            params={"state": fresh.get_state_display()},
        )
    return fresh


def written(item: ScheduleItem, action: str, actor: Staff) -> ScheduleItem:
    """Store an item that people changed as its next version."""
    item.version += 1
    set_next(item, at=timezone.now())
    item.full_clean()
    item.save()
    audit.record(action, item, patient=item.patient, actor=actor, reason=item.reason)
    return item
