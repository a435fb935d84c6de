"""What is due becomes rows of the queue: evaluated by the clock, each row once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from patients import reminders
from patients.inbox import waiting
from patients.models import (
    Channel,
    Contact,
    DiaryDay,
    Heartbeat,
    Patient,
    Reminder,
    Role,
    ScheduleItem,
    Site,
    Staff,
)
from patients.services.accounts import beat

BATCH = 500
"""So many items are evaluated in one transaction."""
AT_MOST = 10_000
"""So many items are evaluated at one tick; the rest at the next."""
ONLY_CLOCK = 0x726D696E64
"""The number of the lock that one clock holds while it evaluates."""


def scan_reminders(*, at: datetime, at_most: int = AT_MOST) -> int:
    """Turn what is due into reminders and return how many items were looked at.

    Of two clocks started by mistake only one works at a time, and what it did the
    other finds done.
    """
    looked = 0
    while looked < at_most:
        with transaction.atomic():
            found = evaluate(at=at, at_most=BATCH) if is_only_clock() else 0
        looked += found
        if found < BATCH:
            break
    beat(name="reminders", at=at)
    return looked


def is_only_clock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONLY_CLOCK])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def evaluate(*, at: datetime, at_most: int) -> int:
    """Evaluate some of what is due; return how many items that were.

    Doing it twice changes nothing: a reminder's key is unique.
    """
    evaluate_daily(at)
    return evaluate_items(at, at_most)


def evaluate_items(at: datetime, at_most: int) -> int:
    """Make the reminders of items whose next stage has come, and set the one after.

    A patient whose record is being changed is left for the next tick.
    """
    due = list(
        ScheduleItem.objects.due(at)
        .select_related("patient__site")
        .select_for_update(skip_locked=True, of=("self", "patient"), no_key=True)[
            :at_most
        ]
    )
    reachable = contacts_of({item.patient_id for item in due})
    made = [
        reminder
        for item in due
        for reminder in reminders_of(item, reachable[item.patient_id], at)
    ]
    for item in due:
        reminders.advance(item, at=at)
    Reminder.objects.bulk_create(made, ignore_conflicts=True)
    store_next(due)
    return len(due)


def store_next(items: Sequence[ScheduleItem]) -> None:
    """Write the next stages of many items in one statement that does not grow."""
    if not items:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE patients_scheduleitem AS item"
            " SET next_stage = new.stage, remind_at = new.remind_at"
            " FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[])"
            " AS new (id, stage, remind_at) WHERE item.id = new.id",
            [
                [item.pk for item in items],
                [str(item.next_stage) for item in items],
                [item.remind_at for item in items],
            ],
        )


def contacts_of(patients: Iterable[int]) -> dict[int, list[Contact]]:
    """Return whom to write to, by patient; nobody whose follow-up has ended."""
    found: dict[int, list[Contact]] = defaultdict(list)
    followed = Contact.objects.reachable().filter(patient__ended_on=None)
    for contact in followed.filter(patient__in=patients).order_by("pk"):
        found[contact.patient_id].append(contact)
    return found


def reminders_of(
    item: ScheduleItem, contacts: Iterable[Contact], at: datetime
) -> Iterator[Reminder]:
    facts, site = reminders.facts_of(item), item.patient.site
    due = reminders.stage_due(facts, at, site.zone)
    if due is None:  # it was moved since, and its row is behind
        return
    stage, wanted_at = reminders.told_to_patient(due, facts, site.zone)
    if reminders.expires_at(stage, facts, site.zone) <= at:
        return
    for contact in contacts:
        yield Reminder(
            key=reminders.item_key(item, stage, contact),
            kind=Reminder.Kind.ITEM,
            stage=stage,
            channel=contact.channel,
            patient=item.patient,
            item=item,
            contact=contact,
            wanted_at=wanted_at,
            next_try_at=reminders.awake(at, site),
        )


def evaluate_daily(at: datetime) -> None:
    """Once a day for each clinic: diaries that fell silent, digests of the staff."""
    marks = dict(Heartbeat.objects.values_list("name", "beaten_at"))
    daily = {
        "diaries": (reminders.DUE_AT, remind_of_diaries),
        "digests": (reminders.DIGEST_AT, make_digests),
    }
    for site in Site.objects.order_by("pk"):
        for name, (clock, work) in daily.items():
            due = reminders.on_clock(site.today(at), clock, site.zone)
            mark = f"{name} {site.pk}"
            if due <= at and (mark not in marks or marks[mark] < due):
                work(site, due, at)
                beat(name=mark, at=at)


def remind_of_diaries(site: Site, due: datetime, at: datetime) -> None:
    """Write once about each gap, while it is young."""
    today = site.today(at)
    longest = timedelta(days=site.silent_after_days + reminders.DIARY_FOR_DAYS)
    silent = list(
        DiaryDay.objects.filter(day__gte=today - longest)
        .last_before_silence(Patient.objects.filter(site=site), today)
        .select_related("patient")
    )
    reachable = contacts_of({last.patient_id for last in silent})
    made = [
        Reminder(
            key=reminders.diary_key(last.patient, last.day, contact),
            kind=Reminder.Kind.DIARY,
            channel=contact.channel,
            patient=last.patient,
            contact=contact,
            wanted_at=due,
            next_try_at=reminders.awake(at, site),
        )
        for last in silent
        for contact in reachable[last.patient_id]
    ]
    Reminder.objects.bulk_create(made, ignore_conflicts=True)


def make_digests(site: Site, due: datetime, at: datetime) -> None:
    """Tell everyone who wants it what is open, by the clock of their first clinic."""
    today = site.today(at)
    if at >= reminders.on_clock(today, reminders.DIGEST_UNTIL, site.zone):
        return
    made = [
        Reminder(
            key=reminders.digest_key(staff, today),
            kind=Reminder.Kind.DIGEST,
            channel=Channel.EMAIL,
            staff=staff,
            wanted_at=due,
            next_try_at=at,
        )
        for staff in Staff.objects.filter(sites=site).order_by("pk")
        if wants_digest(staff) and clock_of(staff) == site and open_for(staff, at)
    ]
    Reminder.objects.bulk_create(made, ignore_conflicts=True)


OWNERS = {Role.NURSE, Role.CLINICIAN}
"""Who has an inbox of their own, and so a digest of it."""


def wants_digest(staff: Staff) -> bool:
    return staff.is_active and staff.wants_digest and bool(staff.email)


def clock_of(staff: Staff) -> Site | None:
    return staff.sites.order_by("pk").first()


def open_for(staff: Staff, at: datetime) -> int:
    """Count what waits in someone's inbox; a role that owns nothing has none."""
    if staff.role not in OWNERS:
        return 0
    return waiting(staff, at=at, role=staff.role).count()
