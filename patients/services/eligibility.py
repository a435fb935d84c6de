"""Whether a reminder is still of use when its turn comes, and to whom it goes."""

from datetime import datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext_noop

from patients import reminders
from patients.models import (
    Contact,
    DiaryDay,
    Patient,
    Reminder,
    Site,
    Staff,
    Stage,
    Waiting,
)
from patients.services.reminders import clock_of, open_for, wants_digest

ENDED = gettext_noop("follow-up has ended")
OPTED_OUT = gettext_noop("opted out")
CLOSED = gettext_noop("done, or no longer planned")
PLANNED_ANEW = gettext_noop("booked or planned anew")
CLINIC_CLOSED = gettext_noop("the clinic is closed on that day")
TOO_LATE = gettext_noop("too late to be of use")
DIARY_GOES_ON = gettext_noop("the diary goes on")
TOLD_TODAY = gettext_noop("told today already")
NOT_WANTED = gettext_noop("no longer wanted")
NOTHING_OPEN = gettext_noop("nothing is open any more")
ONE_AT_A_TIME = timedelta(minutes=1)
"""So long a message waits while another is on its way to the same contact."""


def why_not_sent(reminder: Reminder, at: datetime) -> str:
    """Say why a reminder is of no use any more; nothing where it is."""
    if reminder.staff is not None:
        return why_no_digest(reminder, reminder.staff, at)
    patient, contact = person_of(reminder)
    if patient.ended_on is not None:
        return ENDED
    if contact.opted_out_at is not None:
        return OPTED_OUT
    if reminder.item is None:
        return why_not_about_diary(reminder, patient, contact, at)
    return why_not_about_item(reminder, contact, patient.site, at)


def person_of(reminder: Reminder) -> tuple[Patient, Contact]:
    """Return whom it is about and where it goes, which the table demands."""
    if reminder.patient is None or reminder.contact is None:
        raise TypeError(reminder)
    return reminder.patient, reminder.contact


def why_no_digest(reminder: Reminder, staff: Staff, at: datetime) -> str:
    site = clock_of(staff)
    if site is None or not wants_digest(staff):
        return NOT_WANTED
    today = site.today(at)
    if reminder.key != reminders.digest_key(staff, today):
        return TOO_LATE
    return "" if open_for(staff, at) else NOTHING_OPEN


def why_not_about_diary(
    reminder: Reminder, patient: Patient, contact: Contact, at: datetime
) -> str:
    last = DiaryDay.objects.of(patient).last()
    if last is None or reminder.key != reminders.diary_key(patient, last.day, contact):
        return DIARY_GOES_ON
    late = reminder.wanted_at + timedelta(days=reminders.DIARY_FOR_DAYS) <= at
    return TOO_LATE if late else ""


def why_not_about_item(
    reminder: Reminder, contact: Contact, site: Site, at: datetime
) -> str:
    item = reminder.item
    if item is None or not item.is_open:
        return CLOSED
    if reminder.key != reminders.item_key(item, reminder.stage, contact):
        return PLANNED_ANEW
    stage, facts = Stage(reminder.stage), reminders.facts_of(item)
    if stage is Stage.EVE and not site.calendar().is_open(item.day):
        return CLINIC_CLOSED
    return TOO_LATE if reminders.expires_at(stage, facts, site.zone) <= at else ""


def instead_of_sending(reminder: Reminder, at: datetime) -> dict[str, Any]:
    """Return what becomes of a reminder that is not sent now; nothing if it is.

    The contact is read under a lock, so that nobody opts out unseen.
    """
    if reminder.contact is not None:
        held = Contact.objects.select_for_update(no_key=True)
        reminder.contact = held.get(pk=reminder.contact.pk)
    if why_not := why_not_sent(reminder, at):
        return {"state": Waiting.CANCELLED, "last_error": why_not}
    if reminder.patient is None:
        return {}
    site = reminder.patient.site
    wakes = reminders.awake(at, site)
    return {"next_try_at": wakes} if wakes > at else beside_others(reminder, site, at)


def beside_others(reminder: Reminder, site: Site, at: datetime) -> dict[str, Any]:
    """Keep anyone from finding a pile of messages after an outage.

    What says the same as a message of today is cancelled, and what is left from an
    earlier day waits for a day of its own. While one message is on its way to someone,
    the next waits, since the first may fail.
    """
    today = site.today(at)
    midnight = reminders.on_clock(today, time(), site.zone)
    others = Reminder.objects.beside(reminder)
    sent = others.sent_since(midnight)
    if sent.filter(kind=reminder.kind, stage=reminder.stage).exists():
        return {"state": Waiting.CANCELLED, "last_error": TOLD_TODAY}
    if others.on_their_way().exists():
        return {"next_try_at": at + ONE_AT_A_TIME}
    is_left_over = reminder.wanted_at < midnight
    if is_left_over and (sent.exists() or others.wanted_since(midnight).exists()):
        tomorrow = today + timedelta(days=1)
        morning = reminders.on_clock(tomorrow, reminders.DUE_AT, site.zone)
        return {"next_try_at": reminders.awake(morning, site)}
    return {}
