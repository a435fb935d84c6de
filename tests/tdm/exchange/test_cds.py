"""What another system shows when someone opens a patient there."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from patients import services
from patients.models import AuditEvent, Patient, Role, Scope, Site, Staff
from tests.builders import (
    a_dose,
    a_patient,
    a_protocol,
    a_site,
    a_staff_member,
    a_trough,
)
from tests.tdm.exchange.conftest import Ward

Json = dict[str, Any]
CARDS = "/cds-services/sirolimus-tdm"


pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Opened:
    """A record system, and what it showed when a patient was opened there."""

    system: Client
    above: Patient
    """Someone whose latest trough lies above the target."""

    answer: Any


@pytest.fixture(scope="module")
def shown(ward: Ward) -> Opened:
    above = a_patient(ward.site, ward.clinician)
    a_dose(above, "2", protocol=a_protocol(), actor=ward.clinician)
    a_trough(above, "16.4", actor=ward.clinician)
    system = a_system(ward.site, a_staff_member(ward.site, Role.ADMIN))
    return Opened(system, above, post(system, CARDS, opened(above)))


@pytest.fixture
def record_system(shown: Opened) -> Client:
    return shown.system


@pytest.fixture
def above(shown: Opened) -> Patient:
    return shown.above


def a_system(site: Site, administrator: Staff) -> Client:
    _token, key = services.issue_token(
        name="record system",
        site=site,
        scopes=[Scope.READ_PATIENTS],
        days=30,
        actor=administrator,
    )
    return Client(headers={"authorization": f"Token {key}"})


def post(system: Client, path: str, body: object) -> Any:
    return system.post(path, json.dumps(body), content_type="application/json")


def opened(patient: Patient) -> Json:
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": str(patient.pk)},
    }


def cards(system: Client, patient: Patient) -> list[Json]:
    answer = post(system, CARDS, opened(patient))
    assert answer.status_code == 200, answer.content
    found: list[Json] = answer.json()["cards"]
    return found


def test_the_service_says_what_it_is_and_when_it_is_asked(client: Client) -> None:
    (service,) = client.get("/cds-services").json()["services"]

    assert (service["id"], service["hook"]) == ("sirolimus-tdm", "patient-view")
    assert {"title", "description"} <= set(service)


def test_a_card_tells_the_reading_and_the_advice_with_their_sources(
    shown: Opened, above: Patient
) -> None:
    (card,) = shown.answer.json()["cards"]

    assert card["summary"] == "Sirolimus: 16.4 ng/mL is above 5\u201315."
    assert card["indicator"] == "warning"
    assert card["source"]["label"] == "Troughline"
    assert "Carolino 2025, methods" in card["detail"]
    assert "US prescribing information" in card["detail"]
    assert "Model: Wu" in card["detail"]
    labels = [each["label"] for each in card["suggestions"]]
    assert "Review 1.5 mg once daily" in labels
    assert card["selectionBehavior"] == "at-most-one"
    assert card["links"][0]["url"].endswith(f"/patients/{above.pk}/")


def test_a_card_names_nobody_and_never_acts(shown: Opened, above: Patient) -> None:
    (card,) = shown.answer.json()["cards"]

    text = shown.answer.content.decode()
    assert len(card["summary"]) < 140
    for name in (above.family_name, above.given_name, above.identifier):
        assert name not in text
    assert "systemActions" not in text
    assert "isRecommended" not in text
    assert all(set(each) == {"label", "uuid"} for each in card["suggestions"])


@pytest.mark.parametrize(
    ("reported", "indicator"), [("9.0", "info"), ("3.0", "warning"), ("25", "critical")]
)
def test_how_urgent_a_card_is_follows_the_reading(
    record_system: Client,
    treated: Patient,
    clinician: Staff,
    reported: str,
    indicator: str,
) -> None:
    a_trough(treated, reported, actor=clinician)

    (card,) = cards(record_system, treated)

    assert card["indicator"] == indicator


def test_a_level_that_cannot_be_used_suggests_no_dose(
    record_system: Client, treated: Patient, clinician: Staff
) -> None:
    a_trough(treated, "16.4", hours_after_dose=3, actor=clinician)

    (card,) = cards(record_system, treated)

    assert "suggestions" not in card
    assert "not a trough" in card["detail"]


def test_where_there_is_no_level_there_is_no_card(
    record_system: Client, treated: Patient
) -> None:
    assert cards(record_system, treated) == []


def test_a_hook_without_its_patient_is_refused(
    record_system: Client, above: Patient, clinician: Staff
) -> None:
    asked = opened(above)
    stranger = a_patient(a_site("Osaka clinic"), clinician)
    refused = [
        post(record_system, CARDS, {**asked, "context": {"userId": "x"}}),
        post(record_system, CARDS, {"hook": "patient-view"}),
        post(record_system, CARDS, {**asked, "hook": "order-sign"}),
        post(record_system, CARDS, {**asked, "context": {"patientId": "no number"}}),
        post(record_system, CARDS, opened(stranger)),
        post(record_system, CARDS, [1]),
        post(Client(), CARDS, asked),
    ]

    assert [each.status_code for each in refused] == [412, 412, 400, 400, 404, 400, 401]


def test_a_reader_without_names_is_shown_no_card(
    site: Site, administrator: Staff, above: Patient
) -> None:
    _token, key = services.issue_token(
        name="cohort",
        site=site,
        scopes=[Scope.READ_COHORT],
        days=30,
        actor=administrator,
    )
    reader = Client(headers={"authorization": f"Token {key}"})

    assert post(reader, CARDS, opened(above)).status_code == 403
    assert (
        AuditEvent.objects.filter(action="read_cds").count() == 1
    )  # when it was shown


def test_what_became_of_a_card_is_kept_with_the_patient(
    record_system: Client, shown: Opened, above: Patient
) -> None:
    (card,) = shown.answer.json()["cards"]
    said = {
        "card": card["uuid"],
        "outcome": "overridden",
        "outcomeTimestamp": "2026-04-01T08:00:00Z",
        "overrideReason": {
            "reason": {"code": "side_effect", "system": "urn:troughline:reason"},
            "userComment": "mouth ulcers",
        },
    }

    answer = post(record_system, f"{CARDS}/feedback", {"feedback": [said]})

    assert answer.status_code == 200
    line = AuditEvent.objects.get(action="cds_feedback")
    assert line.patient == above
    assert (
        line.details["outcome"],
        line.details["reason"],
        line.details["comment"],
    ) == (
        "overridden",
        "side_effect",
        "mouth ulcers",
    )


def test_an_answer_to_a_card_that_was_never_shown_is_refused(
    record_system: Client, above: Patient
) -> None:
    said = {
        "card": "4e0a3a1e-28ae-4510-ab2e-d1a8c1b0c0aa",
        "outcome": "accepted",
        "outcomeTimestamp": "2026-04-01T08:00:00Z",
    }
    answers = [
        post(record_system, f"{CARDS}/feedback", {"feedback": [said]}),
        post(record_system, f"{CARDS}/feedback", {"feedback": []}),
        post(record_system, f"{CARDS}/feedback", [said]),
    ]

    assert [each.status_code for each in answers] == [404, 400, 400]
    assert not AuditEvent.objects.filter(action="cds_feedback").exists()
