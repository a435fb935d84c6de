"""Administrators set up clinics, people, laboratories and protocols, with a trace."""

import pytest
from django.test import Client

from dosing.models import Laboratory, Protocol
from patients.models import AuditEvent, Site, Staff


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
    }

    answer = office.post("/admin/patients/site/add/", form)

    assert "open on at least one weekday" in answer.content.decode()
    assert Site.objects.count() == 1


@pytest.mark.parametrize("page", ["site", "staff"])
def test_the_lists_open(office: Client, site: Site, page: str) -> None:
    assert office.get(f"/admin/patients/{page}/").status_code == 200
