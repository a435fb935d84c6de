"""A reminder goes out once, to whom it should, or a human is asked."""

import io
import logging
import re
import threading
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from dosing.models import pseudonym
from patients import reminders, services
from patients.channels import ConsoleSmsWay, EmailWay, LoggingRelay, SilentRelay
from patients.messages import Message
from patients.models import (
    ClosedDay,
    Contact,
    DeliveryAttempt,
    Heartbeat,
    Patient,
    Reminder,
    ScheduleItem,
    Site,
    Staff,
    Stage,
    Waiting,
)
from patients.reminders import Facts
from patients.services.delivery import deliver
from patients.services.eligibility import instead_of_sending
from tests.builders import TOKYO, a_patient
from tests.reminding import (
    Post,
    a_contact,
    an_item,
    changed,
    drained,
    left_by_a_dead_worker,
    put_off,
    refused,
    scanned,
    states,
    tries,
    unreached,
    why_cancelled,
)

ROOT = Path(__file__).resolve().parents[2]
PLANNED = datetime(2026, 3, 1, 12, tzinfo=TOKYO)
VISIT = Facts("visit", date(2026, 4, 10), date(2026, 4, 14))


def tokyo(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=TOKYO)


@pytest.fixture(autouse=True)
def open_every_day(site: Site) -> None:
    site.non_clinic_weekdays = []
    site.save()


ARRANGE_AT = tokyo(4, 3)
LATE_AT = tokyo(4, 15)
ESCALATED_AT = tokyo(4, 21)


# --- still of use when its turn comes


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"state": "done", "done_on": date(2026, 4, 3)}, "done, or no longer planned"),
        ({"state": "skipped", "reason": "abroad"}, "done, or no longer planned"),
        ({"booked_on": date(2026, 4, 12)}, "booked or planned anew"),
        ({"round": 2}, "booked or planned anew"),
    ],
)
def test_what_has_changed_meanwhile_is_not_sent(
    patient: Patient, facts: dict[str, object], why: str
) -> None:
    a_contact(patient)
    item = an_item(patient, at=PLANNED)
    scanned(ARRANGE_AT)
    changed(item, at=ARRANGE_AT, **facts)
    post = Post()

    drained(post, ARRANGE_AT)

    assert (post.went, why_cancelled()) == ([], [why])


def test_who_opts_out_or_leaves_meanwhile_is_not_written_to(
    patient: Patient,
) -> None:
    contact, other, post = a_contact(patient), a_contact(patient), Post()
    an_item(patient, at=PLANNED)
    scanned(ARRANGE_AT)

    contact.opted_out_at = ARRANGE_AT
    contact.save()
    drained(post, ARRANGE_AT)
    assert post.addresses == [other.address]
    assert why_cancelled() == ["opted out"]

    scanned(LATE_AT)
    Patient.objects.update(ended_on=date(2026, 4, 10), ended_because="completed")
    drained(post, LATE_AT)
    assert post.addresses == [other.address]
    assert why_cancelled()[1:] == ["follow-up has ended"]


@pytest.mark.parametrize(
    ("stage", "booked_on", "last_moment"),
    [
        ("arrange", None, tokyo(4, 15, 0)),
        ("eve", date(2026, 4, 12), tokyo(4, 12, 0)),
        ("late", None, tokyo(5, 14, 0)),
    ],
)
def test_a_message_that_would_mislead_by_now_is_not_sent(
    stage: str, booked_on: date | None, last_moment: datetime
) -> None:
    facts = Facts("visit", VISIT.opens_on, VISIT.closes_on, booked_on)

    assert reminders.expires_at(Stage(stage), facts, TOKYO) == last_moment


def test_an_eve_that_could_not_be_sent_in_time_is_given_up(patient: Patient) -> None:
    a_contact(patient)
    an_item(patient, at=PLANNED, booked_on=date(2026, 4, 12))
    post = Post([unreached()])
    scanned(tokyo(4, 11))
    drained(post, tokyo(4, 11))

    drained(post, tokyo(4, 12, 8))

    assert (post.went, why_cancelled()) == ([], ["too late to be of use"])


def test_a_booking_moved_to_another_day_has_an_eve_of_its_own(
    patient: Patient,
) -> None:
    a_contact(patient)
    item, post = an_item(patient, at=PLANNED, booked_on=date(2026, 4, 12)), Post()
    scanned(tokyo(4, 11))
    drained(post, tokyo(4, 11))
    changed(item, at=tokyo(4, 11, 10), booked_on=date(2026, 4, 14))

    scanned(tokyo(4, 13))
    drained(post, tokyo(4, 13))

    assert states() == [("eve", "sent"), ("eve", "sent")]


def test_nobody_is_told_to_come_on_a_day_on_which_the_clinic_is_closed(
    patient: Patient,
) -> None:
    a_contact(patient)
    an_item(patient, at=PLANNED, booked_on=date(2026, 4, 13))
    scanned(tokyo(4, 12))
    ClosedDay.objects.create(site=patient.site, day=date(2026, 4, 13))
    post = Post()

    drained(post, tokyo(4, 12))

    assert (post.went, why_cancelled()) == ([], ["the clinic is closed on that day"])


def test_what_a_worker_takes_in_the_night_waits_for_the_morning(
    patient: Patient,
) -> None:
    a_contact(patient)
    an_item(patient, at=PLANNED)
    scanned(tokyo(4, 3, 19))
    post = Post()

    drained(post, tokyo(4, 3, 23))
    assert post.went == []
    drained(post, tokyo(4, 4, 7, 59))
    assert post.went == []
    drained(post, tokyo(4, 4, 8))
    assert len(post.went) == 1


def test_what_a_dead_worker_left_in_the_night_waits_for_the_morning(
    patient: Patient,
) -> None:
    a_contact(patient)
    an_item(patient, at=PLANNED)
    scanned(tokyo(4, 3, 19))
    left_by_a_dead_worker(tokyo(4, 3, 19))
    post = Post(log=set())

    drained(post, tokyo(4, 3, 23))
    assert post.went == []
    drained(post, tokyo(4, 4, 8))
    assert len(post.went) == 1


def test_an_opting_out_that_came_between_is_seen(patient: Patient) -> None:
    contact = a_contact(patient)
    an_item(patient, at=PLANNED)
    scanned(ARRANGE_AT)
    known = Reminder.objects.select_related("contact", "patient__site", "item").get()
    Contact.objects.filter(pk=contact.pk).update(opted_out_at=ARRANGE_AT)

    assert instead_of_sending(known, ARRANGE_AT)["last_error"] == "opted out"


def test_two_items_that_say_the_same_are_one_message_a_day(patient: Patient) -> None:
    contact, post = a_contact(patient), Post()
    an_item(patient, at=PLANNED)
    an_item(patient, at=PLANNED)

    scanned(ARRANGE_AT)
    drained(post, ARRANGE_AT)

    assert post.addresses == [contact.address]
    assert why_cancelled() == ["told today already"]


def test_what_was_left_over_waits_for_a_day_of_its_own(patient: Patient) -> None:
    a_contact(patient)
    an_item(patient, at=PLANNED)
    an_item(patient, at=PLANNED, booked_on=date(2026, 4, 12))
    after_outage, post = tokyo(4, 11, 10), Post()

    scanned(after_outage)
    drained(post, after_outage)
    assert states() == [("arrange", "pending"), ("eve", "sent")]
    assert Reminder.objects.get(stage="arrange").next_try_at == tokyo(4, 12)

    drained(post, tokyo(4, 12))
    assert states() == [("arrange", "sent"), ("eve", "sent")]


def test_while_a_message_is_on_its_way_the_next_to_the_same_person_waits(
    patient: Patient,
) -> None:
    a_contact(patient)
    an_item(patient, at=PLANNED)
    an_item(patient, at=PLANNED)
    scanned(ARRANGE_AT)
    claim = services.claim_reminder(at=ARRANGE_AT)
    assert claim is not None

    assert services.claim_reminder(at=ARRANGE_AT) is None
    services.finish_reminder(
        claim=claim,
        result=deliver(claim, {"email": Post([refused()])}),
        at=ARRANGE_AT,
        worker="a",
    )
    post = Post()
    drained(post, ARRANGE_AT + timedelta(minutes=1))

    assert len(post.went) == 1
    assert states() == [("arrange", "dead"), ("arrange", "sent")]


# --- tried again, given up, taken over


@pytest.fixture
def waiting(patient: Patient) -> Reminder:
    a_contact(patient)
    an_item(patient, at=PLANNED)
    scanned(ARRANGE_AT)
    return Reminder.objects.get()


def at_each_try(post: Post, upto: int) -> datetime:
    at = ARRANGE_AT
    for _each in range(upto):
        drained(post, at)
        row = Reminder.objects.get()
        at = max(at, row.next_try_at)
    return at


def test_what_the_relay_puts_off_is_tried_again_later(waiting: Reminder) -> None:
    post = Post([put_off(), put_off()])

    at_each_try(post, 3)

    waiting.refresh_from_db()
    assert tries() == [(1, "deferred"), (2, "deferred"), (3, "sent")]
    assert (waiting.state, waiting.last_error) == ("sent", "")
    assert DeliveryAttempt.objects.first().smtp_code == 451  # type: ignore[union-attr]


def test_what_the_relay_refuses_is_given_up_at_once(waiting: Reminder) -> None:
    drained(Post([refused()]), ARRANGE_AT)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.last_error) == ("dead", "no such user")


def test_after_eight_tries_a_human_is_asked(waiting: Reminder) -> None:
    at_each_try(Post([put_off() for _each in range(9)]), 7)
    assert Reminder.objects.get().state == "pending"

    at_each_try(Post([put_off()]), 8)
    assert Reminder.objects.get().state == "dead"
    assert len(tries()) == reminders.MAX_ATTEMPTS


def test_a_relay_that_is_away_is_waited_for_a_day(waiting: Reminder) -> None:
    at = at_each_try(Post([unreached() for _each in range(9)]), 9)
    assert at < ARRANGE_AT + reminders.UNREACHED_FOR
    assert Reminder.objects.get().state == "pending"

    Reminder.objects.update(next_try_at=ARRANGE_AT)
    drained(Post([unreached()]), ARRANGE_AT + reminders.UNREACHED_FOR)
    assert Reminder.objects.get().state == "dead"


def test_a_relay_that_is_away_is_not_asked_for_each_message(
    site: Site, clinician: Staff
) -> None:
    for _each in range(3):
        patient = a_patient(site, clinician)
        a_contact(patient)
        an_item(patient, at=PLANNED)
    scanned(ARRANGE_AT)

    assert drained(Post([unreached()]), ARRANGE_AT) == 1
    assert [state for _stage, state in states()] == ["pending"] * 3


def test_what_a_dead_worker_sent_is_found_and_not_sent_again(
    waiting: Reminder, settings: Settings
) -> None:
    post = Post(log=set())
    left_by_a_dead_worker(ARRANGE_AT, post)
    over = ARRANGE_AT + timedelta(seconds=settings.REMINDER_LEASE_S)

    assert drained(post, over - timedelta(seconds=1)) == 0
    assert drained(post, over) == 1
    assert len(post.went) == 1
    assert (tries(), states()) == ([(2, "found")], [("arrange", "sent")])


def test_what_a_dead_worker_did_not_send_is_sent(waiting: Reminder) -> None:
    post = Post(log=set())
    left_by_a_dead_worker(ARRANGE_AT)

    drained(post, ARRANGE_AT + timedelta(hours=1))

    assert (len(post.went), tries()) == (1, [(2, "sent")])


def test_where_no_log_can_be_read_it_is_sent_again_by_the_same_name(
    waiting: Reminder,
) -> None:
    post = Post()
    left_by_a_dead_worker(ARRANGE_AT, post)

    drained(post, ARRANGE_AT + timedelta(hours=1))

    first, second = post.went
    assert first == second


def test_what_was_left_and_is_of_no_use_any_more_is_looked_up_then_cancelled(
    waiting: Reminder,
) -> None:
    gone, post = left_by_a_dead_worker(ARRANGE_AT), Post(log=set())
    changed(ScheduleItem.objects.get(), at=ARRANGE_AT, state="skipped", reason="abroad")
    later = ARRANGE_AT + timedelta(hours=1)
    drained(post, later)

    assert (post.went, why_cancelled()) == ([], ["done, or no longer planned"])

    assert post.log is not None
    post.log.add(reminders.message_id_of(gone.key))
    Reminder.objects.update(
        state=Waiting.LEASED, lease_until=later, lease_token=gone.lease_token
    )
    drained(post, later)
    assert states() == [("arrange", "sent")]


def test_a_message_that_ends_every_worker_is_given_up(waiting: Reminder) -> None:
    at = ARRANGE_AT
    for _each in range(reminders.MAX_ATTEMPTS):
        left_by_a_dead_worker(at)
        at += timedelta(hours=1)
    post = Post()

    drained(post, at)

    waiting.refresh_from_db()
    assert (waiting.state, post.went) == ("dead", [])
    assert waiting.last_error == "every try ended before its outcome was known"


def test_a_worker_that_lost_its_lease_changes_nothing(waiting: Reminder) -> None:
    slow = services.claim_reminder(at=ARRANGE_AT)
    assert slow is not None
    later = ARRANGE_AT + timedelta(hours=1)
    post = Post()
    drained(post, later, worker="second")
    at_second = Reminder.objects.get()

    mine = services.finish_reminder(
        claim=slow, result=deliver(slow, {"email": Post([refused()])}), at=later,
        worker="first",
    )  # fmt: skip

    assert mine is False
    after = Reminder.objects.get()
    assert (after.state, after.sent_at) == (at_second.state, at_second.sent_at)
    assert sorted(tries()) == [(1, "refused"), (2, "sent")]


def test_two_workers_never_take_the_same(
    transactional_db: None, waiting: Reminder
) -> None:
    together = threading.Barrier(4)
    found: list[object] = []

    def take() -> None:
        together.wait()
        found.append(services.claim_reminder(at=ARRANGE_AT))
        connection.close()

    workers = [threading.Thread(target=take) for _each in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()

    assert len([claim for claim in found if claim]) == 1


# --- the ways


def test_an_email_carries_its_name_and_no_word_about_health(
    waiting: Reminder, settings: Settings
) -> None:
    services.drain_reminders(worker="test", for_s=9, clock=lambda: ARRANGE_AT)

    (sent,) = mail.outbox
    headers = sent.message()
    assert headers["Message-ID"] == reminders.message_id_of(waiting.key)
    assert headers["Auto-Submitted"] == "auto-generated"
    assert "Sato" not in str(headers)
    assert waiting.contact is not None
    assert sent.to == [waiting.contact.address]


def test_the_name_of_a_message_depends_on_its_key_alone() -> None:
    assert reminders.message_id_of("1:2:1:late:email:3") == reminders.message_id_of(
        "1:2:1:late:email:3"
    )
    assert re.fullmatch(r"<[0-9a-f]{40}@[a-z.]+>", reminders.message_id_of("x"))
    assert reminders.message_id_of("x") != reminders.message_id_of("y")


def test_a_text_message_is_only_said_to_go(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        named = ConsoleSmsWay().send(
            "+81901234", Message("a", "b", "Please call us"), "<1@x>"
        )

    assert named == "console"
    assert caplog.messages == ["A text message would go (<1@x>): Please call us"]


def test_a_relay_that_keeps_a_log_is_searched(tmp_path: Path) -> None:
    log = tmp_path / "log"
    relay = LoggingRelay(log)
    assert relay.found("<1@x>") is None

    log.write_text("accepted <2@x>\n")
    assert relay.found("<1@x>") is False
    assert relay.found("<2@x>") is True
    assert EmailWay(SilentRelay()).found("<2@x>") is None


# --- nothing is scheduled ahead


@pytest.mark.parametrize("word", ["eta", "countdown"])
def test_no_task_is_ever_given_a_time(word: str) -> None:
    offenders = [
        path.name
        for room in ("tdm", "patients", "dosing")
        for path in (ROOT / room).rglob("*.py")
        if re.search(rf"(apply_async|\.s|signature)\([^)]*\b{word}=", path.read_text())
    ]

    assert offenders == []


# --- what would go out


def would_go(at: str) -> str:
    said = io.StringIO()
    call_command("reminders", dry_run=True, at=at, stdout=said)
    return said.getvalue()


def test_a_dry_run_says_what_would_go_out_and_changes_nothing(
    patient: Patient,
) -> None:
    a_contact(patient)
    an_item(patient, at=PLANNED)

    said = would_go("2026-04-03T09:00+09:00")

    assert said.splitlines() == [
        f"item arrange\t{pseudonym(patient.pk)}\temail\tdue 2026-04-03T00:00:00+00:00",
        "1 would go out at 2026-04-03T09:00:00+09:00.",
    ]
    assert "Sato" not in said
    assert states() == []
    assert ScheduleItem.objects.get().next_stage == "arrange"
    assert not Heartbeat.objects.exists()
    assert would_go("2026-04-03T08:59+09:00").startswith("0 would go out")


@pytest.mark.parametrize("words", ["tomorrow", "2026-04-03T09:00"])
def test_a_dry_run_asks_for_a_whole_instant(db: None, words: str) -> None:
    with pytest.raises(CommandError, match=r"2026-03-01T09:00\+09:00"):
        would_go(words)


def test_the_command_itself_never_sends(db: None) -> None:
    with pytest.raises(CommandError, match="the workers do the sending"):
        call_command("reminders")
