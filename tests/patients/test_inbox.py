"""What waits for whom, from the first day of a window until it is done."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from patients.inbox import line_of, owner, waiting
from patients.models import Patient, Role, Site, Staff
from patients.reminders import ESCALATED_AFTER_DAYS
from patients.schedule import last_day
from tests.builders import a_patient, a_planned_item, a_site, a_staff_member

LAST = date(2026, 4, 14)


@pytest.mark.parametrize(
    ("days", "role"),
    [
        (-5, Role.NURSE),
        (ESCALATED_AFTER_DAYS - 1, Role.NURSE),
        (ESCALATED_AFTER_DAYS, Role.CLINICIAN),
    ],
)
def test_what_is_late_for_long_goes_to_the_clinician(days: int, role: Role) -> None:
    assert owner(LAST, LAST + timedelta(days=days)) is role


@pytest.mark.parametrize(
    ("booked", "last"), [(None, 14), (date(2026, 4, 12), 14), (date(2026, 4, 20), 20)]
)
def test_what_is_booked_is_not_late_before_its_day(
    booked: date | None, last: int
) -> None:
    assert last_day(LAST, booked) == date(2026, 4, last)


def test_the_table_and_the_rule_agree_on_every_day_of_a_window(
    patient: Patient, nurse: Staff
) -> None:
    plain = a_planned_item(patient, opens=0, closes=3)
    booked = a_planned_item(patient, opens=0, closes=3, booked=6)
    now = timezone.now()

    for days in range(-1, 16):
        at = now + timedelta(days=days)
        by_table = {
            role: set(waiting(nurse, at=at, role=role))
            for role in (Role.NURSE, Role.CLINICIAN)
        }
        by_rule: dict[Role, set[Any]] = {Role.NURSE: set(), Role.CLINICIAN: set()}
        for item in (plain, booked):
            if days >= 0:
                by_rule[line_of(item, at=at).owner].add(item)
        assert by_table == by_rule
        assert set(waiting(nurse, at=at)) == set.union(*by_rule.values())


def test_each_clinic_has_its_own_date(nurse: Staff, patient: Patient) -> None:
    west = a_site("Honolulu clinic", time_zone="Pacific/Honolulu")
    nurse.sites.add(west)
    theirs = a_patient(west, nurse)
    window: dict[str, Any] = {"best_on": LAST, "opens_on": LAST, "closes_on": LAST}
    here = a_planned_item(patient, **window)
    there = a_planned_item(theirs, **window)
    morning = datetime(2026, 4, 14, 9, tzinfo=ZoneInfo("Asia/Tokyo"))

    assert list(waiting(nurse, at=morning)) == [here]
    assert list(waiting(nurse, at=morning + timedelta(hours=12))) == [here, there]


def test_only_what_is_open_here_and_of_someone_in_follow_up_waits(
    patient: Patient, nurse: Staff, clinician: Staff
) -> None:
    today = patient.site.today(timezone.now())
    mine = a_planned_item(patient)
    a_planned_item(patient, opens=1)
    a_planned_item(patient, state="done", done_on=today)
    a_planned_item(patient, state="cancelled")
    gone = a_patient(
        patient.site, clinician, ended_on=today, ended_because="transferred"
    )
    a_planned_item(gone)
    a_planned_item(a_patient(a_site("Osaka clinic"), clinician))

    assert list(waiting(nurse, at=timezone.now())) == [mine]


@pytest.fixture
def piled(patient: Patient) -> Patient:
    """Three things that wait: two for the nurse, one for the clinician."""
    a_planned_item(patient, kind="level")
    a_planned_item(patient, kind="mri", closes=-1, opens=-9)
    a_planned_item(patient, kind="labs", opens=-30, closes=-20)
    return patient


@pytest.mark.parametrize(
    ("role", "query", "seen"),
    [
        (Role.NURSE, "", {"Trough level", "MRI"}),
        (Role.CLINICIAN, "", {"Safety laboratory"}),
        (Role.CLINICIAN, "?whose=all", {"Trough level", "MRI", "Safety laboratory"}),
        (Role.PHARMACIST, "", {"Trough level", "MRI", "Safety laboratory"}),
    ],
)
def test_everyone_sees_their_own_first_and_all_on_request(
    client: Client, piled: Patient, role: Role, query: str, seen: set[str]
) -> None:
    client.force_login(
        a_staff_member(piled.site, role), backend="tdm.roles.RoleBackend"
    )

    page = client.get(f"/inbox/{query}").content.decode()

    every = {"Trough level", "MRI", "Safety laboratory"}
    assert {kind for kind in every if f"<td><b>{kind}</b>" in page} == seen
    assert ("late since" in page) is bool(seen - {"Trough level"})


def test_the_head_of_every_page_counts_what_waits_for_whoever_asks(
    client: Client, piled: Patient, nurse: Staff, site: Site
) -> None:
    pharmacist = a_staff_member(site, Role.PHARMACIST)
    counted = {}
    for staff in (nurse, pharmacist):
        client.force_login(staff, backend="tdm.roles.RoleBackend")
        page = client.get("/patients/").content.decode()
        counted[staff.role] = '<span class="count">2<' in page

    assert counted == {"nurse": True, "pharmacist": False}


def test_the_inbox_asks_the_database_as_often_for_three_patients_as_for_one(
    client: Client,
    patient: Patient,
    nurse: Staff,
    clinician: Staff,
    django_assert_num_queries: Any,
) -> None:
    client.force_login(nurse, backend="tdm.roles.RoleBackend")
    people = [[patient], [a_patient(patient.site, clinician) for _ in range(2)]]
    for more in people:
        for each in more:
            a_planned_item(each)

        with django_assert_num_queries(9):
            client.get("/inbox/")
