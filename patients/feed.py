"""The calendar that someone's own program reads: days, and no health details."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Coalesce
from icalendar import Calendar, Event

from patients.models import CalendarFeed, ScheduleItem, Staff

AHEAD = timedelta(days=90)
"""So far ahead a feed looks."""


def hash_of(secret: str) -> str:
    """Return what is kept of a secret; it has 256 bits, so it needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def reader_of(secret: str) -> Staff | None:
    """Return whose feed a secret opens: someone active who still sees patients."""
    rows = CalendarFeed.objects.running().select_related("staff")
    feed = rows.filter(secret_hash=hash_of(secret)).first()
    may = feed is not None and feed.staff.has_perm("patients.view_patient")
    return feed.staff if feed and may else None


def ahead(staff: Staff, *, at: datetime) -> list[ScheduleItem]:
    """Return what is open at someone's clinics within the next days, soonest first."""
    soon = Q(pk__in=[])
    for site in staff.sites.all():
        today = site.today(at)
        soon |= Q(patient__site=site, on__range=(today, today + AHEAD))
    rows = ScheduleItem.objects.open().alias(on=Coalesce("booked_on", "best_on"))
    return list(rows.filter(soon, patient__ended_on=None).order_by("on", "pk"))


@dataclass(frozen=True, slots=True)
class Line:
    """One day in a calendar: which item, how often it changed, and where it is seen.

    `name` stands for the patient, without saying who it is.
    """

    item_id: int
    version: int
    name: str
    day: date
    link: str


def calendar(lines: Iterable[Line], *, host: str, at: datetime) -> bytes:
    """Write a calendar of whole days that make nobody busy (RFC 5545).

    A day that is moved keeps its UID and has a higher SEQUENCE.
    """
    written = Calendar()
    written.add("prodid", "-//Troughline//Schedule//EN")
    written.add("version", "2.0")
    written.add("method", "PUBLISH")
    written.add("x-wr-calname", "Troughline")
    for line in lines:
        event = Event()
        event.add("uid", f"item-{line.item_id}@{host}")
        event.add("dtstamp", at.astimezone(UTC))
        event.add("sequence", line.version - 1)
        event.add("dtstart", line.day)
        event.add("dtend", line.day + timedelta(days=1))
        event.add("summary", f"Troughline {line.name}")
        event.add("description", line.link)
        event.add("url", line.link)
        event.add("class", "PRIVATE")
        event.add("transp", "TRANSPARENT")
        written.add_component(event)
    return bytes(written.to_ical())
