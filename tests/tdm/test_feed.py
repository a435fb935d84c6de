"""Someone's own calendar reads which days are planned, and nothing about health."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from patients import services
from patients.models import AuditEvent, CalendarFeed, Patient, Role, Site, Staff
from tests.builders import a_patient, a_planned_item, a_site, a_staff_member


@pytest.fixture
def desk(client: Client, nurse: Staff) -> Client:
    client.force_login(nurse, backend="tdm.roles.RoleBackend")
    return client


def address_made_by(desk: Client) -> str:
    page = desk.post("/notifications/calendar/new/").content.decode()
    found = re.search(r"http://testserver(/calendar/[\w-]{43}\.ics)", page)
    assert found is not None
    return found[1]


def events_at(address: str) -> list[dict[str, object]]:
    answer = Client().get(address)
    assert answer.status_code == 200
    calendar = Calendar.from_ical(answer.content)
    return [
        {
            "uid": str(event["uid"]),
            "day": event.decoded("dtstart"),
            "summary": str(event["summary"]),
            "sequence": event["sequence"],
        }
        for event in calendar.walk("VEVENT")
    ]


def test_a_feed_is_shown_once_read_without_signing_in_and_ended(
    desk: Client, nurse: Staff, patient: Patient
) -> None:
    a_planned_item(patient)
    address = address_made_by(desk)
    feed = CalendarFeed.objects.get()
    later = desk.get("/notifications/").content.decode()
    second = desk.post("/notifications/calendar/new/", follow=True).content.decode()
    assert len(events_at(address)) == 1

    desk.post(f"/notifications/calendar/{feed.pk}/end/")

    assert address not in later
    assert "There is a feed already" in second
    assert address.split("/")[2].removesuffix(".ics") not in feed.secret_hash
    assert Client().get(address).status_code == 404
    assert Client().get("/calendar/nobody-knows.ics").status_code == 404
    actions = AuditEvent.objects.about(feed).values_list("action", flat=True)
    assert list(actions) == ["make_feed", "end_feed"]


def test_a_feed_holds_days_and_pseudonyms_and_no_health(
    desk: Client, patient: Patient
) -> None:
    today = patient.site.today(timezone.now())
    item = a_planned_item(patient, kind="mri", text="MRI of the forearm", booked=3)
    address = address_made_by(desk)

    (event,) = events_at(address)
    answer = Client().get(address)
    raw = answer.content.decode().replace("\r\n ", "")

    assert event == {
        "uid": f"item-{item.pk}@testserver",
        "day": today + timedelta(days=3),
        "summary": f"Troughline P{patient.pk:04}",
        "sequence": 0,
    }
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"].startswith("private")
    assert f"http://testserver/patients/{patient.pk}/schedule/" in raw
    for unsaid in ("MRI", "forearm", patient.family_name, patient.identifier):
        assert unsaid not in raw


def test_a_day_that_moves_keeps_its_name_in_the_calendar(
    desk: Client, patient: Patient
) -> None:
    item = a_planned_item(patient, closes=5)
    address = address_made_by(desk)
    (before,) = events_at(address)
    item.booked_on, item.version = item.best_on - timedelta(days=1), 2
    item.save()

    (after,) = events_at(address)

    assert after["uid"] == before["uid"]
    assert (after["day"], after["sequence"]) == (item.booked_on, 1)
    assert isinstance(after["day"], date)


def test_a_feed_looks_90_days_ahead_at_what_is_open_at_ones_own_clinics(
    desk: Client, patient: Patient, clinician: Staff
) -> None:
    today = patient.site.today(timezone.now())
    inside = {a_planned_item(patient, closes=days).pk for days in (0, 90)}
    a_planned_item(patient, opens=-9, closes=-1)
    a_planned_item(patient, closes=91)
    a_planned_item(patient, state="done", done_on=today)
    a_planned_item(a_patient(a_site("Osaka clinic"), clinician))

    found = {event["uid"] for event in events_at(address_made_by(desk))}

    assert found == {f"item-{pk}@testserver" for pk in inside}


@pytest.mark.parametrize(
    "facts", [{"is_active": False}, {"role": Role.RESEARCH_READER}]
)
def test_the_feed_of_someone_who_left_or_may_see_no_patients_is_gone(
    nurse: Staff, desk: Client, facts: dict[str, object]
) -> None:
    address = address_made_by(desk)
    assert Client().get(address).status_code == 200

    Staff.objects.filter(pk=nurse.pk).update(**facts)

    assert Client().get(address).status_code == 404


def test_nobody_ends_the_feed_of_someone_else(desk: Client, site: Site) -> None:
    other = a_staff_member(site, Role.CLINICIAN)
    feed, _secret = services.make_feed(actor=other)

    answer = desk.post(f"/notifications/calendar/{feed.pk}/end/")

    feed.refresh_from_db()
    assert (answer.status_code, feed.ended_at) == (404, None)


def test_everyone_chooses_where_their_digest_goes(desk: Client, nurse: Staff) -> None:
    wrong = desk.post("/notifications/", {"email": "mori@"})
    desk.post("/notifications/", {"email": "mori@example.org"})

    nurse.refresh_from_db()
    assert wrong.status_code == 422
    assert (nurse.email, nurse.wants_digest) == ("mori@example.org", False)
    line = AuditEvent.objects.get(action="choose_notifications")
    assert line.details["wants_digest"] == [True, False]
