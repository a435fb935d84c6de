"""Each reminder becomes due once, goes out once, and never to whom it should not."""

import threading
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from patients import reminders
from patients.models import (
    DiaryDay,
    Heartbeat,
    ItemKind,
    Patient,
    Reminder,
    ScheduleItem,
    Site,
    Staff,
    Stage,
)
from patients.reminders import Facts
from patients.services.reminders import ONLY_CLOCK, evaluate
from tests.builders import TOKYO, a_patient
from tests.reminding import (
    Post,
    a_contact,
    an_item,
    changed,
    drained,
    scanned,
    states,
    why_cancelled,
)

ROOT = Path(__file__).resolve().parents[2]
PLANNED = datetime(2026, 3, 1, 12, tzinfo=TOKYO)
VISIT = Facts("visit", date(2026, 4, 10), date(2026, 4, 14))


def tokyo(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=TOKYO)


ARRANGE_AT = tokyo(4, 3)
LATE_AT = tokyo(4, 15)
ESCALATED_AT = tokyo(4, 21)


# --- when


@pytest.mark.parametrize(
    ("kind", "asked_on"),
    [
        ("level", date(2026, 4, 7)),
        ("labs", date(2026, 4, 7)),
        ("visit", date(2026, 4, 3)),
        ("mri", date(2026, 3, 27)),
    ],
)
def test_an_item_is_to_be_arranged_its_lead_before_the_window_opens(
    kind: str, asked_on: date
) -> None:
    facts = Facts(kind, VISIT.opens_on, VISIT.closes_on)

    assert reminders.next_stage(facts, None, TOKYO) == (
        Stage.ARRANGE,
        datetime.combine(asked_on, time(9), TOKYO),
    )


def test_every_kind_of_item_has_a_lead() -> None:
    assert set(reminders.ARRANGE_DAYS_BEFORE) == set(ItemKind.values)


def test_what_is_booked_has_an_eve_and_is_not_late_before_its_day() -> None:
    booked = Facts("visit", VISIT.opens_on, VISIT.closes_on, date(2026, 4, 20))

    assert reminders.stages(booked, TOKYO) == [
        (Stage.EVE, tokyo(4, 19)),
        (Stage.LATE, tokyo(4, 21)),
        (Stage.ESCALATED, tokyo(4, 27)),
    ]


def test_a_stage_has_come_at_its_minute_and_not_before() -> None:
    just_before = LATE_AT - timedelta(microseconds=1)

    assert reminders.next_stage(VISIT, just_before, TOKYO) == (Stage.LATE, LATE_AT)
    assert reminders.next_stage(VISIT, LATE_AT, TOKYO) == (
        Stage.ESCALATED,
        ESCALATED_AT,
    )
    assert reminders.next_stage(VISIT, ESCALATED_AT, TOKYO) is None
    assert reminders.stage_due(VISIT, ARRANGE_AT - timedelta(seconds=1), TOKYO) is None
    assert reminders.stage_due(VISIT, LATE_AT, TOKYO) == (Stage.LATE, LATE_AT)


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo"]
"""Three change their clocks, one of them by half an hour; Tokyo never does."""


def hard_days() -> st.SearchStrategy[date]:
    """Days around both DST changes, month ends and leap days, and any others."""
    corners = [
        date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1),
        date(2026, 4, 5), date(2026, 10, 4), date(2028, 2, 29), date(2028, 3, 1),
        date(2026, 12, 31), date(2027, 2, 28),
    ]  # fmt: skip
    near = st.builds(
        lambda corner, off: corner + timedelta(days=off),
        st.sampled_from(corners),
        st.integers(-20, 20),
    )
    return near | st.dates(date(2026, 1, 1), date(2032, 12, 31))


@given(
    starts_on=hard_days(),
    width=st.integers(0, 40),
    booked_after=st.none() | st.integers(0, 60),
    kind=st.sampled_from(ItemKind.values),
    zone=st.sampled_from(ZONES),
    steps=st.lists(st.integers(1, 96), min_size=1, max_size=12),
)
def test_no_stage_doubles_or_vanishes_wherever_the_clock_changes(
    starts_on: date,
    width: int,
    booked_after: int | None,
    kind: str,
    zone: str,
    steps: list[int],
) -> None:
    """Walk a clock past all stages in uneven steps, evaluating at each."""
    where = ZoneInfo(zone)
    booked = None if booked_after is None else starts_on + timedelta(booked_after)
    facts = Facts(kind, starts_on, starts_on + timedelta(width), booked)
    all_of_them = reminders.stages(facts, where)

    assert all_of_them == sorted(all_of_them, key=lambda due: due[1])
    assert {at.astimezone(where).time() for _stage, at in all_of_them} == {time(9)}

    clock = all_of_them[0][1] - timedelta(hours=1)
    following, made, passed = reminders.next_stage(facts, None, where), [], 0
    while following is not None:
        clock += timedelta(hours=steps[passed % len(steps)])
        passed += 1
        if following[1] <= clock:
            due = reminders.stage_due(facts, clock, where)
            assert due is not None
            assert due[1] >= following[1]
            made.append(due)
            following = reminders.next_stage(facts, clock, where)

    assert len(set(made)) == len(made)
    assert made[-1] == all_of_them[-1]
    skipped = set(all_of_them) - set(made)
    assert all(
        any(stage[1] < later[1] <= stage[1] + timedelta(hours=96) for later in made)
        for stage in skipped
    )


@pytest.mark.parametrize(
    ("hour", "goes_at"),
    [
        (7, tokyo(4, 3, 8)),
        (8, tokyo(4, 3, 8)),
        (19, tokyo(4, 3, 19)),
        (20, tokyo(4, 4, 8)),
        (23, tokyo(4, 4, 8)),
    ],
)
def test_quiet_hours_put_a_message_off_to_the_morning(
    hour: int, goes_at: datetime
) -> None:
    site = Site(quiet_from=time(20), quiet_until=time(8))

    assert reminders.awake(tokyo(4, 3, hour), site) == goes_at


def test_quiet_hours_may_lie_within_a_day_or_be_none() -> None:
    noon = Site(quiet_from=time(12), quiet_until=time(13))
    none = Site(quiet_from=time(8), quiet_until=time(8))

    assert reminders.awake(tokyo(4, 3, 12, 30), noon) == tokyo(4, 3, 13)
    assert reminders.awake(tokyo(4, 3, 13), noon) == tokyo(4, 3, 13)
    assert reminders.awake(tokyo(4, 3, 8), none) == tokyo(4, 3, 8)


def test_waiting_doubles_up_to_six_hours_and_luck_shortens_it() -> None:
    waits = [reminders.back_off(tries, 30, 1) for tries in (1, 2, 3, 10, 11, 5000)]

    assert [wait.total_seconds() for wait in waits] == [
        30, 60, 120, 15_360, 21_600, 21_600,
    ]  # fmt: skip
    assert reminders.back_off(8, 30, 0) == timedelta(0)


def test_the_lease_outlives_a_try_and_the_task_that_makes_it(
    settings: Settings,
) -> None:
    assert settings.REMINDER_LEASE_S >= 3 * settings.EMAIL_TIMEOUT
    assert settings.REMINDER_LEASE_S > settings.CELERY_TASK_TIME_LIMIT
    assert settings.REMINDER_DRAIN_S < settings.CELERY_TASK_SOFT_TIME_LIMIT


# --- evaluated


def test_each_stage_is_written_about_once_to_each_contact(patient: Patient) -> None:
    first, second = a_contact(patient), a_contact(patient)
    an_item(patient, at=PLANNED)
    post = Post()

    for day in (32, 33, 34, 44, 45, 46, 51, 52):
        for at in (PLANNED + timedelta(days=day, hours=h) for h in (0, 8, 21)):
            scanned(at)
            drained(post, at)

    assert sorted(post.addresses) == sorted([first.address, second.address] * 2)
    assert states() == [("arrange", "sent")] * 2 + [("late", "sent")] * 2
    assert len({name for _address, name in post.went}) == 4
    item = ScheduleItem.objects.get()
    assert (item.next_stage, item.remind_at) == ("", None)


def test_nothing_is_evaluated_before_its_time(patient: Patient) -> None:
    a_contact(patient)
    an_item(patient, at=PLANNED)

    assert scanned(ARRANGE_AT - timedelta(seconds=1)) == 0
    assert scanned(ARRANGE_AT) == 1
    assert Reminder.objects.get().wanted_at == ARRANGE_AT
    assert Heartbeat.objects.get(name="reminders").beaten_at == ARRANGE_AT


def test_quiet_hours_delay_what_goes_out_and_not_what_is_evaluated(
    patient: Patient,
) -> None:
    a_contact(patient)
    an_item(patient, at=PLANNED)
    late_evening, post = tokyo(4, 3, 22), Post()

    scanned(late_evening)

    assert Reminder.objects.get().wanted_at == ARRANGE_AT
    assert drained(post, tokyo(4, 4, 7, 59)) == 0
    assert drained(post, tokyo(4, 4, 8)) == 1


def test_after_an_outage_of_weeks_the_patient_hears_once(patient: Patient) -> None:
    contact, post = a_contact(patient), Post()
    an_item(patient, at=PLANNED)

    scanned(tokyo(4, 25))
    drained(post, tokyo(4, 25))

    assert post.addresses == [contact.address]
    assert states() == [("late", "sent")]
    assert Reminder.objects.get().wanted_at == LATE_AT


def test_what_is_late_for_a_month_no_longer_troubles_the_patient(
    patient: Patient,
) -> None:
    a_contact(patient)
    an_item(patient, at=tokyo(5, 14))

    assert scanned(tokyo(5, 14, 0)) == 1
    assert states() == []


def test_an_item_planned_in_the_middle_is_reminded_of_at_once(
    patient: Patient,
) -> None:
    a_contact(patient)
    an_item(patient, at=tokyo(4, 6))

    scanned(tokyo(4, 6))

    assert states() == [("arrange", "pending")]


def test_who_opted_out_or_left_is_not_written_to(patient: Patient) -> None:
    a_contact(patient, opted_out_at=PLANNED)
    an_item(patient, at=PLANNED)
    scanned(ARRANGE_AT)
    a_contact(patient)
    Patient.objects.update(ended_on=date(2026, 4, 10), ended_because="completed")
    scanned(LATE_AT)

    assert states() == []


def test_a_patient_being_changed_is_left_for_the_next_tick(
    transactional_db: None, patient: Patient
) -> None:
    a_contact(patient)
    an_item(patient, at=PLANNED)
    looked = []

    def scan() -> None:
        looked.append(scanned(ARRANGE_AT))
        connection.close()

    with transaction.atomic():
        Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
        other = threading.Thread(target=scan)
        other.start()
        other.join()

    assert looked == [0]
    assert scanned(ARRANGE_AT) == 1


def test_two_clocks_at_once_make_each_reminder_once(
    transactional_db: None, site: Site, clinician: Staff
) -> None:
    for _each in range(20):
        patient = a_patient(site, clinician)
        a_contact(patient)
        an_item(patient, at=PLANNED)
    together = threading.Barrier(2)
    looked = []

    def scan() -> None:
        together.wait()
        looked.append(evaluate(at=ARRANGE_AT, at_most=20))
        connection.close()

    clocks = [threading.Thread(target=scan) for _each in range(2)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join()

    assert sum(looked) == 20
    assert states() == [("arrange", "pending")] * 20


def test_while_one_clock_works_another_does_nothing(
    transactional_db: None, patient: Patient
) -> None:
    a_contact(patient)
    an_item(patient, at=PLANNED)
    looked = []

    def scan() -> None:
        looked.append(scanned(ARRANGE_AT))
        connection.close()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONLY_CLOCK])
        other = threading.Thread(target=scan)
        other.start()
        other.join()

    assert looked == [0]
    assert states() == []


# --- diaries and digests


def told(patient: Patient, day: date) -> None:
    DiaryDay.objects.create(patient=patient, day=day, source="phone")


def test_a_silent_diary_is_written_about_once_in_each_gap(patient: Patient) -> None:
    a_contact(patient)
    told(patient, date(2026, 4, 1))
    post = Post()

    for day in (1, 4, 5, 6, 10, 13, 14, 15):
        if day == 10:
            told(patient, date(2026, 4, 10))
        scanned(tokyo(4, day))
        drained(post, tokyo(4, day))

    assert [r.wanted_at for r in Reminder.objects.order_by("pk")] == [
        tokyo(4, 5),
        tokyo(4, 14),
    ]
    assert len(post.went) == 2


def test_an_old_silence_is_let_be(patient: Patient) -> None:
    a_contact(patient)
    told(patient, date(2026, 3, 1))

    scanned(tokyo(4, 1))

    assert states() == []


def test_a_diary_that_goes_on_is_not_written_about(patient: Patient) -> None:
    a_contact(patient)
    told(patient, date(2026, 4, 1))
    post = Post()
    scanned(tokyo(4, 5))
    told(patient, date(2026, 4, 4))

    drained(post, tokyo(4, 5))

    assert (post.went, why_cancelled()) == ([], ["the diary goes on"])


@pytest.fixture
def at_desk(nurse: Staff, clinician: Staff) -> tuple[Staff, Staff]:
    for staff in (nurse, clinician):
        staff.email = f"{staff.username}@clinic.example"
        staff.save()
    return nurse, clinician


def test_what_is_open_is_the_nurses_digest_and_later_the_clinicians(
    patient: Patient, at_desk: tuple[Staff, Staff]
) -> None:
    nurse, clinician = at_desk
    an_item(patient, at=PLANNED)
    told_on: dict[str, list[tuple[int, int]]] = {nurse.email: [], clinician.email: []}

    for day in (9, 10, 11, 20, 21, 22):
        for hour in (7, 8, 11):
            post = Post()
            scanned(tokyo(4, day, hour))
            drained(post, tokyo(4, day, hour))
            for address in post.addresses:
                told_on[address].append((day, hour))

    assert told_on[nurse.email] == [(10, 8), (11, 8), (20, 8)]
    assert told_on[clinician.email] == [(21, 8), (22, 8)]


def test_a_digest_is_not_begun_in_the_afternoon_nor_sent_the_next_day(
    patient: Patient, at_desk: tuple[Staff, Staff]
) -> None:
    an_item(patient, at=PLANNED)
    scanned(tokyo(4, 10, 12))
    assert states() == []

    post = Post()
    scanned(tokyo(4, 11, 8))
    drained(post, tokyo(4, 12, 7))
    assert (post.went, why_cancelled()) == ([], ["too late to be of use"])


def test_who_wants_no_digest_or_has_nothing_open_any_more_gets_none(
    patient: Patient, at_desk: tuple[Staff, Staff]
) -> None:
    item = an_item(patient, at=PLANNED)
    scanned(tokyo(4, 10, 8))
    changed(item, at=tokyo(4, 10, 8), state="done", done_on=date(2026, 4, 10))
    drained(Post(), tokyo(4, 10, 8))
    assert why_cancelled() == ["nothing is open any more"]

    an_item(patient, at=PLANNED)
    scanned(tokyo(4, 11, 8))
    Staff.objects.update(wants_digest=False)
    drained(Post(), tokyo(4, 11, 8))
    scanned(tokyo(4, 12, 8))
    assert why_cancelled()[1:] == ["no longer wanted"]
