"""What a program of one clinic may read and write."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from dosing.models import Laboratory, TroughLevel
from patients import services
from patients.models import ApiToken, AuditEvent, Patient, Scope, Site, Staff
from tests.builders import (
    a_dose,
    a_laboratory,
    a_patient,
    a_protocol,
    a_site,
    a_trough,
)
from tests.tdm.programs import Program, a_program


@pytest.fixture
def program(site: Site, administrator: Staff) -> Program:
    return a_program(site, administrator, Scope.READ_PATIENTS, Scope.WRITE_LEVELS)


@pytest.fixture
def body(treated: Patient, laboratory: Laboratory) -> dict[str, object]:
    return {
        "level": "13.3",
        "unit": "ng/mL",
        "drawn_at": "2026-03-30T08:00:00+09:00",
        "last_dose_at": "2026-03-29T08:00:00+09:00",
        "laboratory": laboratory.pk,
    }


def test_a_program_lists_the_patients_of_its_clinic_only(
    program: Program, patient: Patient, clinician: Staff
) -> None:
    a_patient(a_site("Osaka clinic"), clinician)

    assert [row["id"] for row in program.get("patients/").json()["results"]] == [
        patient.pk
    ]


def test_what_a_program_gets_loads_nothing_when_a_browser_opens_it(
    program: Program,
) -> None:
    policy = program.get("patients/")["Content-Security-Policy"]

    assert policy == "default-src 'none'; frame-ancestors 'none'"


def test_another_clinics_patient_is_not_found(
    program: Program, clinician: Staff, body: dict[str, object]
) -> None:
    stranger = a_patient(a_site("Osaka clinic"), clinician)

    answers = [
        program.get(f"patients/{stranger.pk}/"),
        program.get(f"patients/{stranger.pk}/timeline/"),
        program.post(f"patients/{stranger.pk}/troughs/", body),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert {a["Content-Type"] for a in answers} == {"application/problem+json"}


def test_the_advice_is_read_with_its_models_and_where_the_patient_lies_outside(
    program: Program, treated: Patient, clinician: Staff, laboratory: Laboratory
) -> None:
    a_trough(treated, "13.5", day=14, actor=clinician)
    a_trough(treated, "16.4", actor=clinician)

    told = program.get(f"patients/{treated.pk}/advice/").json()

    assert told["verdict"] == "above"
    assert told["recommended"] == "1.5 mg once daily"
    assert told["by_rule"] == "1.5 mg once daily"
    assert told["outside_every_model"] is True
    assert {each["unit"] for each in told["doses"]} == {"ng/mL"}
    assert all(round(sum(each["chances"].values()), 6) == 1 for each in told["doses"])
    assert all(each["outside"] for each in told["models"])


def test_without_a_level_there_is_no_advice(program: Program, treated: Patient) -> None:
    answer = program.get(f"patients/{treated.pk}/advice/")

    assert answer.status_code == 404


def test_reading_a_timeline_leaves_a_line_in_the_audit(
    program: Program, treated: Patient
) -> None:
    program.get(f"patients/{treated.pk}/timeline/")

    assert AuditEvent.objects.filter(action="read_api", patient=treated).exists()


def test_a_program_that_writes_levels_finds_its_laboratories(
    program: Program, laboratory: Laboratory, clinician: Staff
) -> None:
    a_laboratory(a_site("Osaka clinic"))

    rows = program.get("laboratories/").json()

    assert [(row["id"], row["unit"]) for row in rows] == [(laboratory.pk, "ng/mL")]


def test_a_posted_level_goes_through_the_same_service(
    program: Program, treated: Patient, body: dict[str, object]
) -> None:
    answer = program.post(f"patients/{treated.pk}/troughs/", body)

    assert answer.status_code == 201
    assert answer.json()["verdict"] == "in"
    assert str(TroughLevel.objects.get()) == "13.3 ng/mL"


def test_a_posted_level_may_be_a_json_number(
    program: Program, treated: Patient, body: dict[str, object]
) -> None:
    text = json.dumps(body).replace('"13.3"', "13.30")

    assert program.post(f"patients/{treated.pk}/troughs/", text).status_code == 201


def test_the_same_submission_twice_stores_one_level(
    program: Program, treated: Patient, body: dict[str, object]
) -> None:
    body["submission"] = "0e6f9ee0-6a80-4f3a-b3a9-5ef6cb0a0f0a"

    ids = [
        program.post(f"patients/{treated.pk}/troughs/", body).json()["id"]
        for _time in range(2)
    ]

    assert ids[0] == ids[1]


def test_a_unit_slip_is_refused_with_the_key_that_would_confirm_it(
    program: Program, treated: Patient, body: dict[str, object]
) -> None:
    answer = program.post(f"patients/{treated.pk}/troughs/", body | {"unit": "ng/dL"})

    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert (error["code"], error["confirm"]) == ("confirm", "unit:13.3:ng/dL")
    assert "13.3 ng/dL is 0.133 ng/mL" in error["detail"]
    assert not TroughLevel.objects.exists()


@pytest.mark.parametrize("unit", ["ng/ml", "\u00b5g/L", "\u03bcg/L", "mcg/L", "ug/l"])
def test_a_unit_may_be_spelt_in_several_ways(
    program: Program, treated: Patient, body: dict[str, object], unit: str
) -> None:
    answer = program.post(f"patients/{treated.pk}/troughs/", body | {"unit": unit})

    assert answer.status_code == 201


def test_many_patients_come_in_pages_that_stay_in_place(
    program: Program, site: Site, clinician: Staff
) -> None:
    known = [a_patient(site, clinician).pk for _number in range(3)]

    first = program.get("patients/?limit=2").json()
    known.append(a_patient(site, clinician).pk)
    rest = program.client.get(first["next"]).json()

    pages = [[row["id"] for row in page["results"]] for page in (first, rest)]
    assert pages == [known[:2], known[2:]]
    assert rest["next"] is None


def test_another_level_under_the_same_submission_is_not_swallowed(
    program: Program, treated: Patient, body: dict[str, object]
) -> None:
    body["submission"] = "0e6f9ee0-6a80-4f3a-b3a9-5ef6cb0a0f0a"
    program.post(f"patients/{treated.pk}/troughs/", body)

    answer = program.post(f"patients/{treated.pk}/troughs/", body | {"level": "9.1"})

    assert answer.status_code == 422
    assert TroughLevel.objects.get().ng_per_ml == Decimal("13.3")


def test_a_reading_token_may_not_write(
    site: Site, administrator: Staff, treated: Patient, body: dict[str, object]
) -> None:
    reader = a_program(site, administrator, Scope.READ_PATIENTS)

    answer = reader.post(f"patients/{treated.pk}/troughs/", body)
    assert answer.status_code == 403
    assert answer.json()["detail"] == "This token lacks the scope write_levels."
    assert reader.get("patients/").status_code == 200


@pytest.mark.parametrize("key", ["", "wrong", "x" * 500])
def test_a_wrong_key_is_turned_away(db: None, key: str) -> None:
    answer = Program(key).get("patients/")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Token"
    assert answer["Content-Type"] == "application/problem+json"


def test_a_revoked_token_ends_at_once(
    program: Program, administrator: Staff, patient: Patient
) -> None:
    services.revoke_token(token=ApiToken.objects.get(), actor=administrator)

    assert program.get("patients/").status_code == 401


def test_a_key_is_kept_as_a_hash_only(site: Site, administrator: Staff) -> None:
    program = a_program(site, administrator)
    key = program.authorization.removeprefix("Token ")

    stored = ApiToken.objects.values().get()
    assert key not in str(stored)


def test_an_administrator_issues_and_revokes_a_token_by_page(
    client: Client, administrator: Staff, site: Site
) -> None:
    client.force_login(administrator, backend="tdm.roles.RoleBackend")
    osaka = a_site("Osaka clinic")
    administrator.sites.add(osaka)
    form = {
        "name": "Registry",
        "site": site.pk,
        "more_sites": osaka.pk,
        "scopes": ["read_patients", "write_diary"],
        "days": 30,
        "requests_per_minute": 60,
    }

    page = client.post("/tokens/", form)
    token = ApiToken.objects.get()
    assert (token.requests_per_minute, token.user.sites.count()) == (60, 2)
    assert "60 a minute" in page.content.decode()
    client.post(f"/tokens/{token.token_key}/revoke/")

    assert page.context["key"].startswith(token.token_key)
    assert not ApiToken.objects.exists()
    assert list(
        AuditEvent.objects.filter(actor=administrator)
        .order_by("pk")
        .values_list("action", flat=True)
    )[-2:] == ["issue_token", "revoke_token"]


def test_a_name_is_free_again_after_its_token_is_revoked(
    site: Site, administrator: Staff
) -> None:
    first = a_program(site, administrator, Scope.READ_PATIENTS)
    services.revoke_token(token=ApiToken.objects.get(), actor=administrator)
    second = a_program(site, administrator, Scope.READ_PATIENTS)

    assert first.get("patients/").status_code == 401
    assert second.get("patients/").status_code == 200


@pytest.mark.parametrize("days", [0, 367])
def test_a_token_is_not_valid_for_ever(
    site: Site, administrator: Staff, days: int
) -> None:
    with pytest.raises(ValidationError, match="1 to 366 days"):
        services.issue_token(
            name="registry",
            site=site,
            scopes=[Scope.READ_PATIENTS],
            days=days,
            actor=administrator,
        )


def test_a_key_is_not_taken_in_the_clear(
    program: Program, settings: Any, patient: Patient
) -> None:
    settings.SECURE_SSL_REDIRECT = True

    answer = program.get("patients/")

    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"


def test_a_token_needs_a_scope(
    client: Client, administrator: Staff, site: Site
) -> None:
    client.force_login(administrator, backend="tdm.roles.RoleBackend")

    page = client.post("/tokens/", {"name": "Registry", "site": site.pk, "days": 30})

    assert page.status_code == 422
    assert not ApiToken.objects.exists()


def test_two_clinics_with_the_same_identifier_do_not_meet(
    program: Program, treated: Patient, clinician: Staff
) -> None:
    other = a_site("Osaka clinic")
    twin = a_patient(other, clinician, identifier=treated.identifier)
    a_laboratory(other)
    a_dose(twin, "2", protocol=a_protocol(), actor=clinician)

    rows = program.get("patients/").json()["results"]

    assert [row["site"] for row in rows] == ["Tokyo clinic"]


def test_alive_and_ready_are_asked_in_the_clear(
    client: Client, settings: Any, db: None
) -> None:
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").json()["database"] is True


def test_a_key_behind_a_proxy_that_ends_tls_is_taken(
    program: Program, settings: Any, patient: Patient
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    answer = program.client.get(
        "/api/v1/patients/", headers={"x-forwarded-proto": "https"}
    )

    assert answer.status_code == 200


def test_many_tokens_come_in_pages(
    client: Client, administrator: Staff, site: Site
) -> None:
    a_program(site, administrator, name="registry 0")
    first = ApiToken.objects.get()
    for number in range(1, 51):
        first.pk, first.name = f"{number:0128}", f"registry {number}"
        first.save(force_insert=True)
    client.force_login(administrator, backend="tdm.roles.RoleBackend")

    first = client.get("/tokens/").content.decode()
    second = client.get("/tokens/?page=2").content.decode()

    assert ('href="?page=2"' in first, 'href="?page=1"' in first) == (True, False)
    assert ('href="?page=1"' in second, "registry 0<" in second) == (True, True)


def test_what_a_program_did_bears_its_name_after_its_token_is_revoked(
    site: Site, administrator: Staff
) -> None:
    a_program(site, administrator, Scope.READ_PATIENTS)
    token = ApiToken.objects.get()
    account = Staff.objects.get(pk=token.user_id)

    services.revoke_token(token=token, actor=administrator)

    assert str(account) == "registry"
