"""Administrators set up clinics, people, laboratories and protocols, with a trace."""

from datetime import time

import pytest
from django.test import Client

from dosing.models import Laboratory, Protocol
from patients.models import AuditEvent, ClosedDay, Role, Site, Staff
from tests.builders import DAY_0, PASSWORD, a_site, a_staff_member


@pytest.fixture
def office(client: Client, administrator: Staff) -> Client:
    client.force_login(administrator, backend="tdm.roles.RoleBackend")
    return client


def test_a_new_colleague_can_sign_in(office: Client, site: Site) -> None:
    form = {
        "username": "mori",
        "first_name": "Aiko",
        "last_name": "Mori",
        "role": "nurse",
        "sites": site.pk,
        "usable_password": "true",
        "password1": "seventeen cranes fly",
        "password2": "seventeen cranes fly",
    }

    answer = office.post("/admin/patients/staff/add/", form)

    assert answer.status_code == 302
    colleague = Staff.objects.get(username="mori")
    assert colleague.check_password("seventeen cranes fly")
    assert list(colleague.sites.all()) == [site]
    assert AuditEvent.objects.filter(action="save_configuration").exists()


def test_a_colleague_who_left_is_closed_not_deleted(
    office: Client, nurse: Staff, site: Site
) -> None:
    form = {"username": nurse.username, "role": "nurse", "sites": site.pk}

    office.post(f"/admin/patients/staff/{nurse.pk}/change/", form)
    deletion = office.post(f"/admin/patients/staff/{nurse.pk}/delete/", {"post": "yes"})

    nurse.refresh_from_db()
    assert (nurse.is_active, deletion.status_code) == (False, 403)


def test_a_corrected_laboratory_is_a_new_version(
    office: Client, laboratory: Laboratory
) -> None:
    form = {
        "site": laboratory.site_id,
        "name": laboratory.name,
        "method": "cmia",
        "unit": "ng/mL",
        "lower_limit_ng_per_ml": "2",
        "matrix": "whole_blood",
    }

    office.post(f"/admin/dosing/laboratory/{laboratory.pk}/change/", form)

    laboratory.refresh_from_db()
    assert (laboratory.method, laboratory.version) == ("cmia", 2)


def test_a_protocol_is_never_changed_only_succeeded(
    office: Client, protocol: Protocol
) -> None:
    change = office.post(f"/admin/dosing/protocol/{protocol.pk}/change/", {})

    assert change.status_code == 403


def test_a_clinic_that_is_never_open_is_refused_in_words(
    office: Client, site: Site
) -> None:
    form = {
        "name": "Night clinic",
        "time_zone": "Asia/Tokyo",
        "non_clinic_weekdays": "0,1,2,3,4,5,6",
        "stocked_strengths_mg": "1",
        "silent_after_days": "3",
        "quiet_from": "20:00",
        "quiet_until": "08:00",
    }

    answer = office.post("/admin/patients/site/add/", form)

    assert "open on at least one weekday" in answer.content.decode()
    assert Site.objects.count() == 1


@pytest.mark.parametrize("page", ["site", "staff"])
def test_the_lists_open(office: Client, site: Site, page: str) -> None:
    assert office.get(f"/admin/patients/{page}/").status_code == 200


def test_a_new_right_leaves_what_was_changed_in_the_audit(
    office: Client, nurse: Staff, site: Site
) -> None:
    form = {
        "username": nurse.username,
        "first_name": nurse.first_name,
        "role": "clinician",
        "sites": site.pk,
        "is_active": "on",
    }

    office.post(f"/admin/patients/staff/{nurse.pk}/change/", form)

    line = AuditEvent.objects.filter(action="save_configuration").latest("pk")
    assert line.details == {"role": ["nurse", "clinician"]}


@pytest.mark.parametrize("facts", [{"role": "clinician"}, {"sites": []}])
def test_nobody_changes_their_own_rights(
    office: Client, administrator: Staff, site: Site, facts: dict[str, object]
) -> None:
    form = {
        "username": administrator.username,
        "first_name": administrator.first_name,
        "role": "admin",
        "sites": [site.pk],
        "is_active": "on",
        **facts,
    }

    answer = office.post(f"/admin/patients/staff/{administrator.pk}/change/", form)

    assert answer.status_code == 200
    administrator.refresh_from_db()
    assert (administrator.role, administrator.sites.count()) == ("admin", 1)


def test_an_administrator_sees_the_clinics_and_people_of_their_own(
    office: Client, site: Site
) -> None:
    other = a_site("Osaka clinic")
    stranger = a_staff_member(other, Role.NURSE)

    assert office.get(f"/admin/patients/site/{other.pk}/change/").status_code == 302
    page = office.get(f"/admin/patients/staff/{stranger.pk}/change/")
    assert page.status_code == 302


def test_a_new_clinic_belongs_to_whoever_opened_it(
    office: Client, administrator: Staff
) -> None:
    form = {
        "name": "Osaka clinic",
        "time_zone": "Asia/Tokyo",
        "non_clinic_weekdays": "5,6",
        "stocked_strengths_mg": "1",
        "silent_after_days": "3",
        "quiet_from": "20:00",
        "quiet_until": "08:00",
    }

    office.post("/admin/patients/site/add/", form)

    assert administrator.sites.filter(name="Osaka clinic").exists()


def test_no_person_becomes_a_program(office: Client, nurse: Staff, site: Site) -> None:
    form = {"username": nurse.username, "role": "api_client", "sites": site.pk}

    office.post(f"/admin/patients/staff/{nurse.pk}/change/", form)

    nurse.refresh_from_db()
    assert nurse.role == "nurse"


def test_a_program_cannot_sign_in_by_password(client: Client, site: Site) -> None:
    a_staff_member(site, Role.API_CLIENT, "robot")

    client.post("/sign-in/", {"username": "robot", "password": PASSWORD})

    assert "_auth_user_id" not in client.session


def test_a_password_is_changed_and_noted(client: Client, nurse: Staff) -> None:
    client.force_login(nurse, backend="tdm.roles.RoleBackend")
    words = "nine lanterns over the river"
    form = {"old_password": PASSWORD, "new_password1": words, "new_password2": words}

    answer = client.post("/password/", form)

    nurse.refresh_from_db()
    assert answer.status_code == 302
    assert nurse.check_password(words)
    assert AuditEvent.objects.filter(action="change_password", actor=nurse).exists()


def test_a_colleague_keeps_the_clinics_that_the_administrator_does_not_see(
    office: Client, nurse: Staff, site: Site
) -> None:
    nurse.sites.add(a_site("Osaka clinic"))
    form = {
        "username": nurse.username,
        "first_name": nurse.first_name,
        "role": "nurse",
        "sites": site.pk,
        "is_active": "on",
    }

    office.post(f"/admin/patients/staff/{nurse.pk}/change/", form)

    assert {str(each) for each in nurse.sites.all()} == {"Tokyo clinic", "Osaka clinic"}


def test_a_new_clinic_for_a_colleague_is_in_the_audit(
    office: Client, administrator: Staff, nurse: Staff, site: Site
) -> None:
    other = a_site("Osaka clinic")
    administrator.sites.add(other)
    form = {
        "username": nurse.username,
        "first_name": nurse.first_name,
        "role": "nurse",
        "sites": [site.pk, other.pk],
        "is_active": "on",
    }

    office.post(f"/admin/patients/staff/{nurse.pk}/change/", form)

    line = AuditEvent.objects.filter(action="save_configuration").latest("pk")
    assert line.details == {"sites": ["Tokyo clinic", "Tokyo clinic, Osaka clinic"]}


def test_a_new_account_leaves_no_password_in_the_audit(
    office: Client, site: Site
) -> None:
    form = {
        "username": "mori",
        "role": "nurse",
        "sites": site.pk,
        "password1": "seventeen cranes fly",
        "password2": "seventeen cranes fly",
    }

    office.post("/admin/patients/staff/add/", form)

    line = AuditEvent.objects.filter(action="save_configuration").latest("pk")
    assert line.details["role"] == [None, "nurse"]
    assert "password" not in line.details


def test_whoever_changed_a_password_is_told_so(client: Client, nurse: Staff) -> None:
    client.force_login(nurse, backend="tdm.roles.RoleBackend")
    words = "nine lanterns over the river"
    form = {"old_password": PASSWORD, "new_password1": words, "new_password2": words}

    page = client.post("/password/", form, follow=True).content.decode()

    assert "Your password is changed." in page


def test_the_administrations_own_password_page_leads_to_the_audited_one(
    office: Client,
) -> None:
    answer = office.get("/admin/password_change/")

    assert (answer.status_code, answer.get("Location")) == (302, "/password/")


def test_quiet_hours_and_holidays_of_a_clinic_are_set_with_a_trace(
    office: Client, site: Site
) -> None:
    form = {
        "name": site.name,
        "time_zone": "Asia/Tokyo",
        "non_clinic_weekdays": "5,6",
        "stocked_strengths_mg": "1",
        "silent_after_days": "3",
        "phone": "03-1234-5678",
        "quiet_from": "21:00",
        "quiet_until": "07:30",
    }
    path = f"/admin/patients/site/{site.pk}/change/"

    unknown = office.post(path, {**form, "country": "XX"})
    office.post(path, {**form, "country": "DE"})

    site.refresh_from_db()
    assert "No holidays are known of it" in unknown.content.decode()
    assert (site.country, site.phone, site.quiet_until) == (
        "DE",
        "03-1234-5678",
        time(7, 30),
    )
    line = AuditEvent.objects.filter(action="save_configuration").latest("pk")
    assert line.details["quiet_from"] == ["20:00:00", "21:00:00"]
    assert line.details["country"] == ["JP", "DE"]


def test_a_closed_day_is_added_once_and_removed_with_a_trace(
    office: Client, site: Site
) -> None:
    form = {"site": site.pk, "day": str(DAY_0), "why": "Moving house"}
    path = "/admin/patients/closedday/"

    office.post(f"{path}add/", form)
    again = office.post(f"{path}add/", form)
    closed = ClosedDay.objects.get(site=site, day=DAY_0)
    seen = office.get(path).content.decode()
    office.post(f"{path}{closed.pk}/delete/", {"post": "yes"})

    assert "closed already" in again.content.decode()
    assert "Moving house" in seen
    assert not ClosedDay.objects.exists()
    line = AuditEvent.objects.get(action="remove_closed_day")
    assert (line.details["day"], line.details["why"]) == (str(DAY_0), "Moving house")


def test_a_closed_day_of_another_clinic_is_none_of_ones_business(
    office: Client,
) -> None:
    other = a_site("Osaka clinic")
    theirs = ClosedDay.objects.create(site=other, day=DAY_0)
    path = "/admin/patients/closedday/"

    office.post(f"{path}{theirs.pk}/delete/", {"post": "yes"})
    office.post(f"{path}add/", {"site": other.pk, "day": "2026-05-01"})

    assert list(ClosedDay.objects.all()) == [theirs]
