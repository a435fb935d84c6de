"""How FHIR is asked and answered: changes, refusals, versions, who may read."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

import dosing.services
from dosing.models import Laboratory
from dosing.units import Unit
from patients.models import Patient, Site, Staff
from tdm.fhir.rest import as_json
from tests.builders import a_lesion, a_patient, a_site, a_trough
from tests.tdm.fhir_world import FhirClient, a_reader, digits, everything


@pytest.fixture
def fhir(site: Site) -> FhirClient:
    return a_reader(site)


def test_a_level_in_another_unit_keeps_its_report_beside_ng_per_ml(
    fhir: FhirClient, treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    laboratory.unit = "nmol/L"
    laboratory.save()
    level = a_trough(treated, "11.0", unit=Unit.NMOL_PER_L, actor=clinician)

    (told,) = fhir.resources(f"Observation?patient={treated.pk}&code=29247-4")

    assert digits(told["valueQuantity"]) == f"{level.ng_per_ml} ng/mL"
    assert digits(told["component"][0]["valueQuantity"]) == "11.00 nmol/L"


@pytest.mark.django_db(transaction=True)
def test_a_second_poll_brings_what_changed_and_what_was_taken_back(
    fhir: FhirClient, treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    level = a_trough(treated, "13.3", actor=clinician)
    a_trough(treated, "12.9", day=40, actor=clinician)
    since = max(each["meta"]["lastUpdated"] for each in everything(fhir, treated))
    dosing.services.set_aside_trough(
        level=level, version=1, reason="another patient's tube", actor=clinician
    )

    after = (datetime.fromisoformat(since) + timedelta(microseconds=1)).isoformat()
    since = after.replace("+", "%2B")
    changed = everything(fhir, treated, _since=since, _type="Observation")

    (me, told) = changed
    assert me["resourceType"] == "Patient"
    assert (told["id"], told["status"]) == (f"level-{level.pk}", "entered-in-error")
    assert told["meta"]["versionId"] == "2"


REFUSALS = [
    ("Patient/{stranger}", 404, "not-found"),
    ("Patient/{stranger}/$everything", 404, "not-found"),
    ("Observation?patient={stranger}", 404, "not-found"),
    ("Condition/{lesion}", 404, "not-found"),
    ("Observation/measurement-1x", 404, "not-found"),
    ("Encounter?patient={me}", 404, "not-found"),
    ("a/b/c", 404, "not-found"),
    ("Observation", 400, "invalid"),
    ("Observation?patient={me}&date=yesterday", 400, "invalid"),
    ("Observation?patient={me}&date=2026-03-30T08:00:00", 400, "invalid"),
    ("Observation?patient={me}&value-quantity=5", 400, "invalid"),
    ("Observation?patient={me}&_count=0", 400, "invalid"),
    ("Observation?patient={me}&_page=99.1", 400, "invalid"),
    ("Patient/{me}/$everything?_type=Encounter", 400, "invalid"),
    ("Patient/{me}/$everything?_since=2026-13-01", 400, "invalid"),
    ("Patient/{me}?_format=xml", 406, "not-supported"),
]


def test_every_refusal_is_an_operation_outcome(
    fhir: FhirClient, patient: Patient, clinician: Staff
) -> None:
    stranger = a_patient(a_site("Osaka clinic"), clinician)
    lesion = a_lesion(stranger, clinician)
    found = []
    for path, _status, _code in REFUSALS:
        where = path.format(me=patient.pk, stranger=stranger.pk, lesion=lesion.pk)
        answer = fhir.ask(where)
        body = answer.json()
        assert answer["Content-Type"] == "application/fhir+json; charset=utf-8"
        assert body["resourceType"] == "OperationOutcome"
        found.append((path, answer.status_code, body["issue"][0]["code"]))

    assert found == REFUSALS


def test_a_stranger_is_told_to_sign_in_and_nothing_may_be_written(
    fhir: FhirClient, client: Client, patient: Patient
) -> None:
    stranger = client.get(f"/fhir/Patient/{patient.pk}")
    writer = fhir.client.post("/fhir/Patient", "{}", content_type="application/json")

    assert (stranger.status_code, writer.status_code) == (401, 405)
    assert stranger.json()["issue"][0]["code"] == "login"
    assert writer.json()["issue"][0]["code"] == "not-supported"


def test_a_resource_has_its_version_as_a_tag(
    fhir: FhirClient, treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    level = a_trough(treated, "13.3", actor=clinician)
    path = f"Observation/level-{level.pk}"
    first = fhir.ask(path)
    again = fhir.ask(path, **{"If-None-Match": first["ETag"]})
    dosing.services.set_aside_trough(
        level=level, version=1, reason="wrong tube", actor=clinician
    )
    after = fhir.ask(path, **{"If-None-Match": first["ETag"]})

    assert (first["ETag"], again.status_code, again.content) == ('W/"1"', 304, b"")
    assert first["Last-Modified"].endswith("GMT")
    assert (after.status_code, after["ETag"]) == (200, 'W/"2"')
    assert after.json()["status"] == "entered-in-error"


def test_a_number_keeps_its_digits() -> None:
    assert as_json({"value": Decimal("13.30"), "text": "13.30"}) == (
        '{"value": 13.30, "text": "13.30"}'
    )
