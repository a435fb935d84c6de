"""What people do about something planned: book a day, move it, say it is not done."""

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients import audit, reminders
from patients.models import ItemKind, ItemState, ScheduleItem, Staff
from patients.revision import hold_in_follow_up, locked, store
from patients.schedule import Calendar

LATEST_BOOKING = timedelta(days=366)
"""A booking further ahead is a slip of the year."""


@transaction.atomic
def book_item(
    *,
    item: ScheduleItem,
    version: int,
    booked_on: date | None,
    actor: Staff,
    reason: str = "",
) -> ScheduleItem:
    """Book a day for what is planned, or none any more; it may lie outside the window.

    A level before its window is not at steady state yet: that takes a reason.
    """
    hold_in_follow_up(item.patient)
    fresh = still_open(item, version)
    if booked_on is None:
        fresh.booked_on = None
        return written(fresh, "unbook_item", actor, reason.strip())
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
    return written(fresh, "book_item", actor, reason.strip())


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

    Each keeps the width of its window; planning anew keeps the distance. The day booked
    for this one is given up; what is booked of the later ones stays so.
    """
    patient = hold_in_follow_up(item.patient)
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
    fresh.booked_on = None
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
    item.reason = reason
    item.round += beyond
    return written(item, "move_item", actor)


@transaction.atomic
def skip_item(
    *, item: ScheduleItem, version: int, reason: str, actor: Staff
) -> ScheduleItem:
    """Say that something planned will not be done, and why."""
    hold_in_follow_up(item.patient)
    fresh = still_open(item, version)
    fresh.state, fresh.reason = ItemState.SKIPPED, reason.strip()
    fresh.booked_on = None
    return written(fresh, "skip_item", actor)


@transaction.atomic
def reopen_item(*, item: ScheduleItem, version: int, actor: Staff) -> ScheduleItem:
    """Ask again for what was said not to be done."""
    hold_in_follow_up(item.patient)
    fresh = locked(item, version)
    if fresh.state != ItemState.SKIPPED:
        raise ValidationError(_("Only what is marked as not done can be asked again."))
    fresh.state, fresh.reason = ItemState.OPEN, ""
    fresh.round += 1
    return written(fresh, "reopen_item", actor)


def still_open(item: ScheduleItem, version: int) -> ScheduleItem:
    fresh = locked(item, version)
    if not fresh.is_open:
        raise ValidationError(
            _("This is no longer open: it is %(state)s."),
            params={"state": fresh.get_state_display()},
        )
    return fresh


def written(
    item: ScheduleItem, action: str, actor: Staff, reason: str | None = None
) -> ScheduleItem:
    """Store an item that people changed as its next version, and why."""
    item.version += 1
    reminders.set_next(item, at=timezone.now())
    store(item)
    why = item.reason if reason is None else reason
    audit.record(action, item, patient=item.patient, actor=actor, reason=why)
    return item
