"""Who is written to, what they would read, and what was sent."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from patients import services
from patients.messages import message_for
from patients.models import (
    AuditEvent,
    Contact,
    DeliveryAttempt,
    Patient,
    Reminder,
    Staff,
)
from tests.builders import a_planned_item


@pytest.fixture
def desk(client: Client, nurse: Staff) -> Client:
    client.force_login(nurse, backend="tdm.roles.RoleBackend")
    return client


def reachable(patient: Patient, actor: Staff, **facts: str) -> Contact:
    known = {"channel": "email", "address": "hana@example.org", "language": "en"}
    return services.add_contact(patient=patient, actor=actor, **{**known, **facts})


def page_of(desk: Client, patient: Patient) -> str:
    return desk.get(f"/patients/{patient.pk}/reminders/").content.decode()


def test_a_contact_is_added_corrected_and_its_history_told(
    desk: Client, patient: Patient
) -> None:
    typed = {"channel": "sms", "address": "+81 (0)90-1234-5678", "language": "ja"}
    answer = desk.post(f"/patients/{patient.pk}/contacts/new/", typed)
    contact = Contact.objects.get()
    mended = {"address": "０９０－８７６５－４３２１", "language": "en"}
    desk.post(
        f"/contacts/{contact.pk}/correct/",
        {**mended, "version": 1, "reason": "New number"},
    )
    contact.refresh_from_db()
    history = desk.get(f"/history/contact/{contact.pk}/").content.decode()

    assert answer["Location"] == f"/patients/{patient.pk}/reminders/"
    assert (contact.address, contact.language, contact.version) == (
        "+819087654321",
        "en",
        2,
    )
    for words in ("Contact for reminders corrected", "+819012345678", "New number"):
        assert words in history


@pytest.mark.parametrize(
    ("channel", "address", "words"),
    [
        ("email", "hana@", "valid email address"),
        ("sms", "123456", "Write it with the code"),
        ("sms", "hana@example.org", "Write it with the code"),
        ("sms", "+0190123456", "Write it with the code"),
    ],
)
def test_an_address_that_cannot_be_written_to_is_refused_in_words(
    desk: Client, patient: Patient, channel: str, address: str, words: str
) -> None:
    typed = {"channel": channel, "address": address, "language": "ja"}

    answer = desk.post(f"/patients/{patient.pk}/contacts/new/", typed)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Contact.objects.exists()


def test_a_contact_is_kept_once_however_it_is_typed(
    patient: Patient, nurse: Staff
) -> None:
    reachable(patient, nurse, channel="sms", address="090-1234-5678")
    reachable(patient, nurse, address="Hana@Example.org")

    for number in ("090 1234 5678", "+81 (0)90 1234 5678", "0081 90 1234 5678"):
        with pytest.raises(ValidationError, match="kept already"):
            reachable(patient, nurse, channel="sms", address=number)
    with pytest.raises(ValidationError, match="kept already"):
        reachable(patient, nurse, address="hana@example.org")


def test_who_opts_out_is_not_written_to_until_they_opt_in(
    desk: Client, patient: Patient, nurse: Staff
) -> None:
    contact = reachable(patient, nurse)
    assert "The exact messages" in page_of(desk, patient)

    desk.post(f"/contacts/{contact.pk}/off/", {"version": 1})
    off = page_of(desk, patient)
    assert not Contact.objects.reachable().exists()
    late = desk.post(f"/contacts/{contact.pk}/on/", {"version": 1}, follow=True)
    assert not Contact.objects.reachable().exists()
    desk.post(f"/contacts/{contact.pk}/on/", {"version": 2})

    assert "nothing is sent" in off
    assert "The exact messages" not in off
    assert "someone was faster" in late.content.decode()
    assert Contact.objects.reachable().get().version == 3
    actions = AuditEvent.objects.about(contact).values_list("action", flat=True)
    assert list(actions) == ["add_contact", "opt_out", "opt_in"]


def test_the_preview_is_the_message_word_for_word(
    desk: Client, patient: Patient, nurse: Staff
) -> None:
    patient.site.phone = "03-1234-5678"
    patient.site.save()
    reachable(patient, nurse)
    reachable(patient, nurse, channel="sms", address="09012345678")

    shown = page_of(desk, patient)

    for kind, stage in [("item", "arrange"), ("item", "late"), ("diary", "")]:
        said = message_for(
            kind, stage, "en", clinic="Tokyo clinic", phone="03-1234-5678"
        )
        parts = said.text.split("\n\n")
        assert [part for part in [said.line, *parts] if part not in shown] == []


def a_reminder(patient: Patient, contact: Contact, **facts: Any) -> Reminder:
    due = timezone.now() - timedelta(days=1)
    return Reminder.objects.create(
        **{
            "key": f"key {Reminder.objects.count()}",
            "kind": "item",
            "stage": "late",
            "channel": contact.channel,
            "patient": patient,
            "item": a_planned_item(patient),
            "contact": contact,
            "wanted_at": due,
            "next_try_at": due,
            **facts,
        }
    )


def test_the_log_tells_each_try_and_what_nobody_got(
    desk: Client, patient: Patient, nurse: Staff
) -> None:
    contact = reachable(patient, nurse)
    dead = a_reminder(patient, contact, state="dead", attempts=2, last_error="no user")
    for number, outcome, code in ((2, "refused", 550), (1, "deferred", 451)):
        DeliveryAttempt.objects.create(
            reminder=dead, number=number, worker="w", outcome=outcome, smtp_code=code
        )
    sent = timezone.now()
    a_reminder(patient, contact, kind="diary", stage="", item=None, state="sent",
               sent_at=sent, attempts=1)  # fmt: skip

    shown = page_of(desk, patient)

    for words in ("could not be sent", "no user", "Visit, late", "Silent diary"):
        assert words in shown
    assert shown.index("put off by the relay (451)") < shown.index("(550)")


def test_the_log_asks_the_database_as_often_for_three_messages_as_for_one(
    desk: Client, patient: Patient, nurse: Staff, django_assert_num_queries: Any
) -> None:
    contact = reachable(patient, nurse)
    for count in (1, 2):
        for _each in range(count):
            reminder = a_reminder(patient, contact)
            DeliveryAttempt.objects.create(
                reminder=reminder, number=1, worker="w", outcome="deferred"
            )

        with django_assert_num_queries(12):
            page_of(desk, patient)
