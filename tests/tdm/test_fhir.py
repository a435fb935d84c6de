"""What a FHIR client reads of a patient: nothing is lost, and all of it is valid."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pyfhircheck import Validator

import dosing.services
from dosing.models import GIVEN, Dose, Intake, Laboratory, LabResult, TroughLevel
from dosing.services.labs import Typed
from dosing.units import Unit
from patients import services
from patients.models import (
    AuditEvent,
    ImagingStudy,
    Lesion,
    Measurement,
    Patient,
    ScheduleItem,
    Scope,
    SideEffect,
    Site,
    Staff,
    Task,
)
from tdm.fhir.rest import as_json
from tests.builders import (
    DAY_0,
    a_lesion,
    a_patient,
    a_planned_item,
    a_site,
    a_trough,
    a_visit,
    an_mri,
    in_diary,
)
from tests.tdm.fhir_validator import a_validator, errors_in

Json = dict[str, Any]
TYPES = {
    "Patient",
    "Condition",
    "BodyStructure",
    "Observation",
    "MedicationRequest",
    "MedicationAdministration",
    "AdverseEvent",
    "ImagingStudy",
    "Task",
}


class FhirClient:
    """A program that reads FHIR with numbers as they were written."""

    def __init__(self, key: str) -> None:
        self.client = Client(headers={"authorization": f"Token {key}"})

    def ask(self, path: str, **headers: str) -> Any:
        where = path if path.startswith("http") else f"/fhir/{path}"
        return self.client.get(where, headers=headers)

    def read(self, path: str) -> Json:
        answer = self.ask(path)
        assert answer.status_code == 200, answer.content
        found: Json = json.loads(answer.content, parse_float=Decimal, parse_int=Decimal)
        return found

    def pages(self, path: str) -> Iterator[Json]:
        """Follow the links from page to page."""
        after: str | None = path
        while after:
            page = self.read(after)
            yield page
            links = {each["relation"]: each["url"] for each in page["link"]}
            after = links.get("next")

    def resources(self, path: str) -> list[Json]:
        return [
            entry["resource"]
            for page in self.pages(path)
            for entry in page.get("entry", [])
        ]


@pytest.fixture
def fhir(site: Site, administrator: Staff) -> FhirClient:
    _token, key = services.issue_token(
        name="registry",
        site=site,
        scopes=[Scope.READ_PATIENTS],
        days=30,
        actor=administrator,
    )
    return FhirClient(key)


@pytest.fixture
def storied(treated: Patient, laboratory: Laboratory, clinician: Staff) -> Patient:
    """Someone of whom every kind of record is kept, some of them in error."""
    who: dict[str, Any] = {"patient": treated, "actor": clinician}
    services.correct_patient(
        version=1,
        reason="from the card",
        family_name_kana="\u30b5\u30c8\u30a6",
        phone="03-1234-5678",
        consented_on=DAY_0,
        **who,
    )
    lesion = a_lesion(
        treated,
        clinician,
        region="forearm",
        gene="tek",
        variant="L914F",
        coagulopathy="yes",
    )
    study = an_mri(lesion, actor=clinician, area="1234.50", sequence="T2 STIR")
    an_mri(lesion, actor=clinician, day=30, area="1000", reader_name="Dr Mori")
    services.withdraw_imaging(
        study=study, version=study.version, reason="other knee", actor=clinician
    )
    a_visit(treated, lesion, calf="31.5", pain="6", actor=clinician)
    for quantity, value in (
        ("weight_kg", "61.50"),
        ("temperature_c", "36.40"),
        ("spo2_percent", "98"),
        ("systolic_mmhg", "121"),
        ("diastolic_mmhg", "79"),
    ):
        services.add_measurement(
            quantity=quantity,
            value=Decimal(value),
            measured_on=DAY_0 + timedelta(days=1),
            **who,
        )
    in_diary(treated, 1, dose="taken", at="08:10", vomited="09:00", actor=clinician)
    in_diary(treated, 2, dose="missed: forgotten", actor=clinician)
    in_diary(treated, 3, dose="taken", amount="1.5", actor=clinician)
    a_trough(treated, "13.30", actor=clinician)
    a_trough(
        treated,
        "<2.0",
        day=20,
        hours_after_dose=None,
        confirmation=dosing.services.levels.Confirmation(["*"], "as reported"),
        actor=clinician,
    )
    dosing.services.record_labs(
        drawn_on=DAY_0,
        results={"alt": Typed(Decimal("30.5"), "U/L")},
        **who,
    )
    mistaken = services.record_effect(term="nausea", grade=1, onset_on=DAY_0, **who)
    services.withdraw_effect(
        effect=mistaken, version=1, reason="other patient", actor=clinician
    )
    services.record_effect(
        term="fever",
        grade=3,
        onset_on=DAY_0,
        resolved_on=DAY_0 + timedelta(days=2),
        treatment="paracetamol",
        **who,
    )
    services.raise_task(kind="other", key="call", text="Call the patient", **who)
    a_planned_item(treated, booked=3)
    return treated


def everything(fhir: FhirClient, patient: Patient, **options: object) -> list[Json]:
    asked = "&".join(f"{name}={value}" for name, value in options.items())
    return fhir.resources(f"Patient/{patient.pk}/$everything?{asked}")


def by_id(resources: list[Json], kind: str, prefix: str = "") -> dict[int, Json]:
    return {
        int(each["id"].removeprefix(prefix)): each
        for each in resources
        if each["resourceType"] == kind and re.fullmatch(prefix + r"\d+", each["id"])
    }


def digits(number: Json) -> str:
    return f"{number.get('comparator', '')}{number['value']} {number['code']}"


def reported(row: TroughLevel | LabResult) -> str:
    return f"{row.comparator}{row.reported_value} {row.reported_unit}"


def extras(resource: Json) -> dict[str, Any]:
    """Read the extensions back into values by their names."""
    return {
        each["url"].rpartition(":")[2]: value
        for each in resource.get("extension", [])
        for name, value in each.items()
        if name != "url"
    }


def test_levels_come_back_with_every_digit_unit_sign_and_time(
    fhir: FhirClient, storied: Patient
) -> None:
    told = by_id(everything(fhir, storied), "Observation", "level-")

    assert set(told) == set(storied.levels.values_list("pk", flat=True))
    for row in TroughLevel.objects.filter(patient=storied):
        level = told[row.pk]
        (report, *dose) = level["component"]
        assert (
            digits(level["valueQuantity"])
            == f"{row.comparator}{row.reported_value} ng/mL"
        )
        assert digits(report["valueQuantity"]) == reported(row)
        assert datetime.fromisoformat(level["effectiveDateTime"]) == row.drawn_at
        assert level["effectiveDateTime"].endswith("+09:00")
        times = [datetime.fromisoformat(each["valueDateTime"]) for each in dose]
        assert times == ([row.last_dose_at] if row.last_dose_at else [])
        assert level["method"]["text"] == "LC-MS/MS"
        (limits,) = level["referenceRange"]
        assert [limits["low"]["value"], limits["high"]["value"]] == [5, 15]
    assert {
        each["interpretation"][0]["coding"][0]["code"] for each in told.values()
    } == {
        "N",
        "L",
    }
    assert b'"value": 13.30,' in fhir.ask(f"Patient/{storied.pk}/$everything").content


def test_a_level_in_another_unit_keeps_its_report_beside_ng_per_ml(
    fhir: FhirClient, treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    laboratory.unit = "nmol/L"
    laboratory.save()
    level = a_trough(treated, "11.0", unit=Unit.NMOL_PER_L, actor=clinician)

    (told,) = fhir.resources(f"Observation?patient={treated.pk}&code=29247-4")

    assert digits(told["valueQuantity"]) == f"{level.ng_per_ml} ng/mL"
    assert digits(told["component"][0]["valueQuantity"]) == "11.00 nmol/L"


def test_what_was_measured_comes_back_with_its_unit_and_day(
    fhir: FhirClient, storied: Patient
) -> None:
    resources = everything(fhir, storied)
    told = by_id(resources, "Observation", "measurement-")
    rows = Measurement.objects.filter(patient=storied)
    single = rows.exclude(quantity__endswith="_mmhg")

    assert {
        key: (
            each["valueQuantity"]["value"],
            each["valueQuantity"]["code"],
            each["effectiveDateTime"],
            each["status"] == "entered-in-error",
        )
        for key, each in told.items()
    } == {
        row.pk: (
            row.value,
            row.unit.replace("0-10", "{score}"),
            str(row.measured_on),
            row.withdrawn_at is not None,
        )
        for row in single
    }
    (panel,) = by_id(resources, "Observation", "pressure-").values()
    assert [digits(each["valueQuantity"]) for each in panel["component"]] == [
        f"{row.value} mm[Hg]"
        for row in rows.filter(quantity__endswith="_mmhg").order_by("-value")
    ]
    (labs,) = by_id(resources, "Observation", "lab-").values()
    row = LabResult.objects.get(patient=storied)
    assert digits(labs["component"][0]["valueQuantity"]) == reported(row)
    assert digits(labs["valueQuantity"]) == f"{row.value} {row.unit}"
    areas = [each for each in told.values() if each["valueQuantity"]["code"] == "mm2"]
    assert {each["derivedFrom"][0]["reference"] for each in areas} == {
        f"ImagingStudy/{study.pk}" for study in storied.imaging_studies.all()
    }


def test_doses_come_back_as_prescribed(fhir: FhirClient, storied: Patient) -> None:
    resources = everything(fhir, storied)

    (plan,) = by_id(resources, "MedicationRequest").values()
    (how,) = plan["dosageInstruction"]
    dose = Dose.objects.get(patient=storied)
    assert (plan["status"], plan["intent"]) == ("draft", "plan")
    assert digits(how["doseAndRate"][0]["doseQuantity"]) == f"{dose.amount_mg} mg"
    assert how["timing"]["repeat"]["boundsPeriod"] == {"start": str(dose.starts_on)}
    assert how["timing"]["repeat"]["timeOfDay"] == [str(dose.usual_time)]


def test_doses_of_the_diary_come_back_as_taken(
    fhir: FhirClient, storied: Patient
) -> None:
    dose = Dose.objects.get(patient=storied)
    resources = everything(fhir, storied, _type="MedicationAdministration")

    taken = by_id(resources, "MedicationAdministration")
    assert set(taken) == set(storied.intakes.values_list("pk", flat=True))
    for row in Intake.objects.filter(patient=storied):
        told = taken[row.pk]
        amount = row.amount_mg or dose.amount_mg
        at = told["effectiveDateTime"]
        vomited = extras(told).get("vomited-at")
        assert told["identifier"][0]["value"] == f"{row.due_on}/{row.slot}"
        assert told["statusReason"][0]["coding"][0]["code"] == row.state
        assert row.reason in {"", told["statusReason"][0]["text"]}
        if row.taken_at:
            assert datetime.fromisoformat(at) == row.taken_at
        else:
            assert at == str(row.due_on)
        assert (datetime.fromisoformat(vomited) if vomited else None) == row.vomited_at
        if row.state in GIVEN:
            assert digits(told["dosage"]["dose"]) == f"{amount} mg"
        else:
            assert told["status"] == "not-done"
            assert "dosage" not in told


def test_side_effects_lesions_studies_and_tasks_come_back_whole(
    fhir: FhirClient, storied: Patient
) -> None:
    resources = everything(fhir, storied)

    effects = by_id(resources, "AdverseEvent")
    for effect in SideEffect.objects.filter(patient=storied):
        told = effects[effect.pk]
        facts = extras(told)
        assert told["event"]["coding"][0]["code"] == effect.term
        assert (facts["ctcae-grade"], told["date"]) == (
            effect.grade,
            str(effect.onset_on),
        )
        assert facts.get("resolved-on") == (
            str(effect.resolved_on) if effect.resolved_on else None
        )
        assert facts.get("treatment", "") == effect.treatment
        assert ("modifierExtension" in told) == (effect.withdrawn_at is not None)
    lesion = Lesion.objects.get(patient=storied)
    where = by_id(resources, "BodyStructure")[lesion.pk]
    what = by_id(resources, "Condition")[lesion.pk]
    assert where["location"]["text"] == lesion.body_site
    assert [each["coding"][0]["code"] for each in where["locationQualifier"]] == [
        lesion.side,
        lesion.compartment,
    ]
    assert [each["code"] for each in what["code"]["coding"]] == ["Q27.8", "common_vm"]
    assert what["evidence"][0]["code"][0]["text"] == "L914F"
    studies = by_id(resources, "ImagingStudy")
    assert {
        key: (each["started"], each["status"], each.get("description", ""))
        for key, each in studies.items()
    } == {
        study.pk: (
            str(study.done_on),
            "entered-in-error" if study.withdrawn_at else "available",
            study.sequence,
        )
        for study in ImagingStudy.objects.filter(patient=storied)
    }
    planned = by_id(resources, "Task", "planned-")
    for item in ScheduleItem.objects.filter(patient=storied):
        told = planned[item.pk]
        assert told["restriction"]["period"] == {
            "start": str(item.opens_on),
            "end": str(item.closes_on),
        }
        days = [each["valueDate"] for each in told["input"]]
        assert days == [str(each) for each in (item.best_on, item.booked_on) if each]
    assert set(by_id(resources, "Task", "raised-")) == set(
        Task.objects.filter(patient=storied).values_list("pk", flat=True)
    )


def test_everything_is_told_page_by_page_as_in_one(
    fhir: FhirClient, storied: Patient
) -> None:
    whole = everything(fhir, storied)
    pages = list(fhir.pages(f"Patient/{storied.pk}/$everything?_count=3"))
    pieces = [entry["resource"] for page in pages for entry in page["entry"]]

    assert {each["resourceType"] for each in whole} == TYPES
    assert pieces == whole
    assert {page["total"] for page in pages} == {len(whole)}
    assert max(len(page["entry"]) for page in pages) == 3


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


def test_days_of_care_and_types_narrow_the_story(
    fhir: FhirClient, storied: Patient
) -> None:
    day = DAY_0 + timedelta(days=1)

    found = everything(
        fhir, storied, start=day, end=day, _type="Observation,MedicationAdministration"
    )

    days = {
        str(each.get("effectiveDateTime", day))[:10]
        for each in found
        if each["resourceType"] != "Patient"
    }
    assert days == {str(day)}
    assert {each["resourceType"] for each in found} == {
        "Patient",
        "Observation",
        "MedicationAdministration",
    }


SEARCHES = [
    ("Observation?patient={me}&code=http://loinc.org|29247-4", 2),
    ("Observation?patient=Patient/{me}&code=29247-4&date=ge2026-03-30", 1),
    ("Observation?subject={me}&code=29247-4&date=lt2026-03-30", 1),
    ("Observation?patient={me}&code=85354-9", 1),
    ("Observation?patient={me}&code=8310-5,29463-7", 2),
    ("Observation?patient={me}&code=http://loinc.org|no-such", 0),
    ("Observation?patient={me}&date=2026-03-03", 4),
    ("Observation?patient={me}&date=1999", 0),
    ("MedicationAdministration?patient={me}&date=2026-03-03", 1),
    ("AdverseEvent?patient={me}&code=fever", 1),
    ("Condition?patient={me}&_lastUpdated=gt2100", 0),
    ("Patient?_id={me}", 1),
    ("Patient?birthdate=1980-05-04", 1),
    ("Patient?identifier=no-such", 0),
]


def test_a_search_finds_what_matches(fhir: FhirClient, storied: Patient) -> None:
    found = [
        (search, len(fhir.resources(search.format(me=storied.pk))))
        for search, _count in SEARCHES
    ]

    assert found == SEARCHES


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


def test_every_reading_is_on_record_once(fhir: FhirClient, storied: Patient) -> None:
    fhir.ask(f"Patient/{storied.pk}/$everything")
    fhir.ask(f"Observation?patient={storied.pk}")
    fhir.ask(f"Patient/{storied.pk}")
    fhir.ask("Patient")

    lines = AuditEvent.objects.filter(action__in=["read_fhir", "export_fhir_patients"])
    assert [line.details for line in lines.order_by("pk")] == [
        {"what": "$everything"},
        {"what": "Observation"},
        {"what": f"Patient/{storied.pk}"},
        {"patients": 1},
    ]


def test_reading_takes_as_many_statements_for_a_long_story_as_for_a_short_one(
    fhir: FhirClient,
    storied: Patient,
    clinician: Staff,
    django_assert_num_queries: Any,
) -> None:
    path = f"Patient/{storied.pk}/$everything"
    with django_assert_num_queries(1000, exact=False) as short:
        fhir.ask(path)
    for day in range(4, 9):
        in_diary(storied, day, dose="taken", pain_vas="4", actor=clinician)
    with django_assert_num_queries(len(short)):
        fhir.ask(path)


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Validator:
    return a_validator(tmp_path_factory.mktemp("r4"))


def test_every_resource_is_valid(
    fhir: FhirClient, storied: Patient, validator: Validator
) -> None:
    page = json.loads(fhir.ask(f"Patient/{storied.pk}/$everything").content)
    refusal = fhir.ask("Patient/0").json()
    resources = [entry["resource"] for entry in page["entry"]]
    page.pop("entry")
    resources += [fhir.ask("metadata").json(), refusal, page]

    wrong = {
        f"{each['resourceType']}/{each.get('id')}": errors_in(validator, each)
        for each in resources
    }

    assert {name: errors for name, errors in wrong.items() if errors} == {}


SLIPS: list[Json] = [
    {"status": "done"},
    {"valueQuantity": {"value": 13.3, "comparator": "~"}},
    {"valueQuantity": {"value": "13.3"}},
    {"dataAbsentReason": {"text": "not done"}},
    {"referenceRange": [{"type": {"text": "of what?"}}]},
    {"effectiveDateTime": "2026-03-30T08:00:00"},
    {"code": {}},
    {"colour": "red"},
    {"extension": [{"url": "urn:troughline:extension:baseline", "valueBoolean": True}]},
    {"extension": [{"url": "urn:other", "valueBoolean": True}]},
]


def test_the_validator_refuses_what_is_wrong(validator: Validator) -> None:
    good = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Sirolimus"},
        "valueQuantity": {"value": 13.3, "unit": "ng/mL"},
    }

    assert errors_in(validator, good) == []
    assert [slip for slip in SLIPS if not errors_in(validator, {**good, **slip})] == []


VITAL_UNITS = {
    "29463-7": "kg",
    "8310-5": "Cel",
    "2708-6": "%",
    "8480-6": "mm[Hg]",
    "8462-4": "mm[Hg]",
}
"""The units that the profiles of vital signs bind, of what is told of here."""


def test_vital_signs_follow_their_profiles(fhir: FhirClient, storied: Patient) -> None:
    vital = [
        each
        for each in everything(fhir, storied, _type="Observation")
        if f"{PROFILES}/vitalsigns" in each.get("meta", {}).get("profile", [])
    ]

    assert len(vital) == 4
    for each in vital:
        assert each["category"][0]["coding"][0]["code"] == "vital-signs"
        assert date.fromisoformat(each["effectiveDateTime"]) >= DAY_0
        parts = each.get("component", [each])
        units = {
            part["code"]["coding"][0]["code"]: part["valueQuantity"]["code"]
            for part in parts
        }
        assert units.items() <= VITAL_UNITS.items()
        assert ("component" in each) == (f"{PROFILES}/bp" in each["meta"]["profile"])


PROFILES = "http://hl7.org/fhir/StructureDefinition"


def test_a_number_keeps_its_digits() -> None:
    assert as_json({"value": Decimal("13.30"), "text": "13.30"}) == (
        '{"value": 13.30, "text": "13.30"}'
    )
