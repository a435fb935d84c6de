"""The worker's page tells an administrator whether reminders go out."""

from datetime import datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from patients.models import Patient, Reminder, ScheduleItem, Site, Staff, Waiting
from patients.services import beat
from tests.reminding import Post, a_contact, an_item, changed, drained, refused, scanned


def page(client: Client, administrator: Staff) -> str:
    client.force_login(administrator, backend="tdm.roles.RoleBackend")
    return " ".join(client.get("/worker/").content.decode().split())


@pytest.fixture
def soon(patient: Patient) -> datetime:
    """Return an instant at which something is due, at a clinic without quiet hours."""
    Site.objects.update(quiet_from=time(0), quiet_until=time(0))
    patient.site.refresh_from_db()
    a_contact(patient)
    today = patient.site.today(timezone.now())
    item = an_item(
        patient,
        at=timezone.now() - timedelta(days=30),
        opens_on=today + timedelta(days=1),
        closes_on=today + timedelta(days=3),
    )
    assert item.next_stage == "arrange"
    return timezone.now()


def test_what_failed_is_shown_with_its_error_and_without_any_name(
    client: Client, administrator: Staff, soon: datetime, settings: Settings
) -> None:
    settings.EMAIL_HOST = "relay.example"
    scanned(soon)
    Reminder.objects.update(next_try_at=soon)
    drained(Post([refused()]), soon)

    seen = page(client, administrator)

    assert "<b>1</b>could not be sent" in seen
    assert "no such user" in seen
    assert "to arrange" in seen
    assert 'class="notice bad" role' not in seen
    assert "Sato" not in seen
    assert "example.org" not in seen


def test_what_failed_is_a_line_of_today_until_it_no_longer_matters(
    client: Client, nurse: Staff, soon: datetime
) -> None:
    scanned(soon)
    Reminder.objects.update(next_try_at=soon)
    drained(Post([refused()]), soon)
    client.force_login(nurse, backend="tdm.roles.RoleBackend")
    said = "A reminder could not be sent (no such user). Telephone: –."

    assert said in client.get("/").content.decode()

    item = ScheduleItem.objects.get()
    changed(item, at=soon, state="done", done_on=item.opens_on)
    assert said not in client.get("/").content.decode()


def test_what_waits_and_since_when_is_counted(
    client: Client, administrator: Staff, soon: datetime
) -> None:
    scanned(soon)
    Reminder.objects.update(next_try_at=soon)
    assert "<b>1</b>due now" in page(client, administrator)

    Reminder.objects.update(next_try_at=soon + timedelta(hours=9))
    assert "<b>0</b>due now" in page(client, administrator)

    Reminder.objects.update(state=Waiting.SENT, sent_at=soon)
    assert "<dt>Sent in 24 hours</dt><dd>1</dd>" in page(client, administrator)


def test_a_clock_that_stands_still_and_a_missing_relay_are_said(
    client: Client, administrator: Staff, settings: Settings
) -> None:
    settings.EMAIL_HOST = ""
    assert "looked for due reminders yet" in page(client, administrator)

    beat(name="reminders", at=timezone.now() - timedelta(hours=2))
    seen = page(client, administrator)
    assert "for 2 hours" in seen
    assert "reach nobody" in seen
