"""When a reminder is due, what it is called, and when it is tried again: no rows."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from patients.models import Contact, ItemKind, Patient, ScheduleItem, Site, Staff, Stage
from patients.schedule import last_day

DUE_AT = time(9)
"""Reminders become due at this time on the clinic's clock. Design default [NV]."""
DIGEST_AT = time(8)
"""The digest of the staff becomes due at this time. Design default [NV]."""
DIGEST_UNTIL = time(12)
"""Later than this a digest of the day is not begun. Design default [NV]."""
ARRANGE_DAYS_BEFORE = {
    ItemKind.LEVEL.value: 3,
    ItemKind.LABS.value: 3,
    ItemKind.VISIT.value: 7,
    ItemKind.MRI.value: 14,
}
"""So many days before its window opens something is to be arranged. Default [NV]."""
ESCALATED_AFTER_DAYS = 7
"""So long after its window what is late goes to the clinician. Default [NV]."""
LATE_FOR_DAYS = 30
"""Longer than this no patient is told that something is late. Default [NV]."""
DIARY_FOR_DAYS = 14
"""Longer than this no patient is told that the diary is silent. Default [NV]."""

MAX_ATTEMPTS = 8
"""After so many tries a reminder is put aside for a human."""
UNREACHED_FOR = timedelta(hours=24)
"""A relay that does not answer at all is waited for at least this long."""
LONGEST_BACK_OFF = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the stages of an item depend on."""

    kind: str
    opens_on: date
    closes_on: date
    booked_on: date | None = None

    @property
    def last_on(self) -> date:
        return last_day(self.closes_on, self.booked_on)


Due = tuple[Stage, datetime]


def facts_of(item: ScheduleItem) -> Facts:
    return Facts(item.kind, item.opens_on, item.closes_on, item.booked_on)


def on_clock(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant at which a clinic's clock shows a time on a day."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def stages(facts: Facts, zone: ZoneInfo) -> list[Due]:
    """Return the stages of an item in the order of time.

    What is booked needs no arranging, and what is not booked has no eve.
    """
    if facts.booked_on is None:
        lead = timedelta(days=ARRANGE_DAYS_BEFORE[facts.kind])
        first = (Stage.ARRANGE, facts.opens_on - lead)
    else:
        first = (Stage.EVE, facts.booked_on - timedelta(days=1))
    days = [
        first,
        (Stage.LATE, facts.last_on + timedelta(days=1)),
        (Stage.ESCALATED, facts.last_on + timedelta(days=ESCALATED_AFTER_DAYS)),
    ]
    return [(stage, on_clock(day, DUE_AT, zone)) for stage, day in days]


def next_stage(facts: Facts, after: datetime | None, zone: ZoneInfo) -> Due | None:
    """Return the first stage later than an instant; without one, the first of all."""
    for stage, at in stages(facts, zone):
        if after is None or at > after:
            return stage, at
    return None


def stage_due(facts: Facts, at: datetime, zone: ZoneInfo) -> Due | None:
    """Return the latest stage that has come: after an outage one, never a pile."""
    come = [due for due in stages(facts, zone) if due[1] <= at]
    return come[-1] if come else None


def set_next(item: ScheduleItem, *, at: datetime) -> None:
    """Set which reminder of an item is the next, without saving it.

    A stage that has come already is evaluated at once; who was told of it is not told
    again, because its key is the same.
    """
    found = None
    if item.is_open:
        facts, zone = facts_of(item), item.patient.site.zone
        found = stage_due(facts, at, zone) or next_stage(facts, at, zone)
    item.next_stage, item.remind_at = found or ("", None)


def rezone(item: ScheduleItem) -> bool:
    """Set the next reminder by the clinic's clock; say whether that changed it."""
    instants = dict(stages(facts_of(item), item.patient.site.zone))
    at = instants.get(Stage(item.next_stage)) if item.next_stage else None
    if at is None or at == item.remind_at:
        return False
    item.remind_at = at
    return True


def advance(item: ScheduleItem, *, at: datetime) -> None:
    """Set the reminder after those that have come, without saving the item."""
    found = next_stage(facts_of(item), at, item.patient.site.zone)
    item.next_stage, item.remind_at = found or ("", None)


def told_to_patient(due: Due, facts: Facts, zone: ZoneInfo) -> Due:
    """Return what the patient hears at a stage.

    That something is escalated concerns the staff; a patient who was not told that it
    is late, because nothing was sent for days, is told then.
    """
    if due[0] is not Stage.ESCALATED:
        return due
    return Stage.LATE, dict(stages(facts, zone))[Stage.LATE]


def expires_at(stage: Stage, facts: Facts, zone: ZoneInfo) -> datetime:
    """Return from when on a message would only mislead."""
    ends_on = {
        Stage.ARRANGE: facts.closes_on + timedelta(days=1),
        Stage.EVE: facts.booked_on or facts.opens_on,
    }.get(stage, facts.last_on + timedelta(days=LATE_FOR_DAYS))
    return on_clock(ends_on, time(), zone)


def item_key(item: ScheduleItem, stage: str, contact: Contact) -> str:
    """Name one message about an item: booked anew or moved, it is another."""
    booked = f"@{item.booked_on}" if item.booked_on else ""
    return (
        f"{item.patient_id}:{item.pk}:{item.round}:{stage}{booked}"
        f":{contact.channel}:{contact.pk}"
    )


def diary_key(patient: Patient, last_on: date, contact: Contact) -> str:
    return f"diary:{patient.pk}:{last_on}:{contact.pk}"


def digest_key(staff: Staff, today: date) -> str:
    return f"digest:{staff.pk}:{today}"


def message_id_of(key: str) -> str:
    """Return the Message-ID that every try at sending a reminder carries."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@troughline.invalid>"


def awake(at: datetime, site: Site) -> datetime:
    """Return the first instant from `at` on outside a clinic's quiet hours."""
    local = at.astimezone(site.zone)
    start, end, now = site.quiet_from, site.quiet_until, local.time()
    over_night = start > end
    quiet = (now >= start or now < end) if over_night else start <= now < end
    if not quiet:
        return at
    tomorrow = over_night and now >= start
    return on_clock(local.date() + timedelta(days=tomorrow), end, site.zone)


def back_off(tries: int, base_s: float, luck: float) -> timedelta:
    """Return how long to wait after so many tries; `luck` lies between 0 and 1."""
    longest = timedelta(seconds=base_s * float(2 ** min(tries - 1, 20)))
    return min(LONGEST_BACK_OFF, longest) * luck


def is_spent(tries: int, waited: timedelta, *, reached: bool) -> bool:
    """Say whether a human is asked: not while nobody could have been reached."""
    return tries >= MAX_ATTEMPTS and (reached or waited >= UNREACHED_FOR)
