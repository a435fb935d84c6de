"""What a FHIR client reads of a patient: nothing is lost, and all of it is valid."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pyfhircheck import Validator
from pytest_django import DjangoDbBlocker

from dosing.models import GIVEN, Dose, Intake, LabResult, TroughLevel
from patients.models import (
    AuditEvent,
    ImagingStudy,
    Lesion,
    Measurement,
    Patient,
    Role,
    ScheduleItem,
    SideEffect,
    Staff,
    Task,
)
from tests.builders import DAY_0, a_site, a_staff_member
from tests.tdm.fhir_validator import a_validator, errors_in
from tests.tdm.fhir_world import (
    FhirClient,
    Json,
    a_reader,
    a_storied_patient,
    digits,
    everything,
    in_diary_daily,
    kept_for_a_module,
)

TYPES = {
    "Patient",
    "Condition",
    "BodyStructure",
    "Observation",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "AdverseEvent",
    "ImagingStudy",
    "Task",
}


pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class World:
    patient: Patient
    clinician: Staff
    fhir: FhirClient
    told: list[Json]
    """All that is told of the patient."""


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Tell one story to all tests of this module."""
    with kept_for_a_module(django_db_blocker):
        site = a_site()
        clinician = a_staff_member(site, Role.CLINICIAN)
        patient = a_storied_patient(site, clinician)
        fhir = a_reader(site)
        yield World(patient, clinician, fhir, everything(fhir, patient))


@pytest.fixture
def storied(world: World) -> Patient:
    return world.patient


@pytest.fixture
def fhir(world: World) -> FhirClient:
    return world.fhir


@pytest.fixture
def told(world: World) -> list[Json]:
    return world.told


def by_id(resources: list[Json], kind: str, prefix: str = "") -> dict[int, Json]:
    return {
        int(each["id"].removeprefix(prefix)): each
        for each in resources
        if each["resourceType"] == kind and re.fullmatch(prefix + r"\d+", each["id"])
    }


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
    fhir: FhirClient, storied: Patient, told: list[Json]
) -> None:
    levels = by_id(told, "Observation", "level-")

    assert set(levels) == set(storied.levels.values_list("pk", flat=True))
    for row in TroughLevel.objects.filter(patient=storied):
        level = levels[row.pk]
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
        each["interpretation"][0]["coding"][0]["code"] for each in levels.values()
    } == {
        "N",
        "L",
    }
    assert b'"value": 13.30,' in fhir.ask(f"Patient/{storied.pk}/$everything").content


def test_what_was_measured_comes_back_with_its_unit_and_day(
    storied: Patient, told: list[Json]
) -> None:
    measured = by_id(told, "Observation", "measurement-")
    rows = Measurement.objects.filter(patient=storied)
    single = rows.exclude(quantity__endswith="_mmhg")

    assert {
        key: (
            each["valueQuantity"]["value"],
            each["valueQuantity"]["code"],
            each["effectiveDateTime"],
            each["status"] == "entered-in-error",
        )
        for key, each in measured.items()
    } == {
        row.pk: (
            row.value,
            row.unit.replace("0-10", "{score}"),
            str(row.measured_on),
            row.withdrawn_at is not None,
        )
        for row in single
    }
    (panel,) = by_id(told, "Observation", "pressure-").values()
    assert [digits(each["valueQuantity"]) for each in panel["component"]] == [
        f"{row.value} mm[Hg]"
        for row in rows.filter(quantity__endswith="_mmhg").order_by("-value")
    ]
    labs = by_id(told, "Observation", "lab-")
    for row in LabResult.objects.filter(patient=storied):
        lab = labs[row.pk]
        report, kept = lab["component"][0]["valueQuantity"], lab["valueQuantity"]
        assert (report["value"], report["unit"]) == (
            row.reported_value,
            row.reported_unit,
        )
        assert (kept["value"], kept["unit"]) == (row.value, row.unit)
    assert {each["valueQuantity"]["code"] for each in labs.values()} == {
        "U/L",
        "ug/mL{FEU}",
    }
    areas = [
        each for each in measured.values() if each["valueQuantity"]["code"] == "mm2"
    ]
    assert {each["derivedFrom"][0]["reference"] for each in areas} == {
        f"ImagingStudy/{study.pk}" for study in storied.imaging_studies.all()
    }


def test_doses_come_back_as_prescribed(storied: Patient, told: list[Json]) -> None:
    (plan,) = by_id(told, "MedicationRequest").values()
    (how,) = plan["dosageInstruction"]
    dose = Dose.objects.get(patient=storied)
    assert (plan["status"], plan["intent"]) == ("draft", "plan")
    assert digits(how["doseAndRate"][0]["doseQuantity"]) == f"{dose.amount_mg} mg"
    assert how["timing"]["repeat"]["boundsPeriod"] == {"start": str(dose.starts_on)}
    assert how["timing"]["repeat"]["timeOfDay"] == [str(dose.usual_time)]
    (taking,) = by_id(told, "MedicationStatement").values()
    assert (taking["status"], taking["dosage"]) == ("active", [how])
    assert taking["effectivePeriod"] == {"start": str(dose.starts_on)}


def test_doses_of_the_diary_come_back_as_taken(
    storied: Patient, told: list[Json]
) -> None:
    dose = Dose.objects.get(patient=storied)
    taken = by_id(told, "MedicationAdministration")

    assert set(taken) == set(storied.intakes.values_list("pk", flat=True))
    for row in Intake.objects.filter(patient=storied):
        intake = taken[row.pk]
        amount = row.amount_mg or dose.amount_mg
        at = intake["effectiveDateTime"]
        vomited = extras(intake).get("vomited-at")
        assert intake["identifier"][0]["value"] == f"{row.due_on}/{row.slot}"
        assert intake["statusReason"][0]["coding"][0]["code"] == row.state
        assert row.reason in {"", intake["statusReason"][0]["text"]}
        if row.taken_at:
            assert datetime.fromisoformat(at) == row.taken_at
        else:
            assert at == str(row.due_on)
        assert (datetime.fromisoformat(vomited) if vomited else None) == row.vomited_at
        if row.state in GIVEN:
            assert digits(intake["dosage"]["dose"]) == f"{amount} mg"
        else:
            assert intake["status"] == "not-done"
            assert "dosage" not in intake


def test_side_effects_lesions_studies_and_tasks_come_back_whole(
    storied: Patient, told: list[Json]
) -> None:
    effects = by_id(told, "AdverseEvent")
    for effect in SideEffect.objects.filter(patient=storied):
        event = effects[effect.pk]
        facts = extras(event)
        assert event["event"]["coding"][0]["code"] == effect.term
        assert (facts["ctcae-grade"], event["date"]) == (
            effect.grade,
            str(effect.onset_on),
        )
        assert facts.get("resolved-on") == (
            str(effect.resolved_on) if effect.resolved_on else None
        )
        assert facts.get("treatment", "") == effect.treatment
        assert ("modifierExtension" in event) == (effect.withdrawn_at is not None)
    lesion = Lesion.objects.get(patient=storied)
    where = by_id(told, "BodyStructure")[lesion.pk]
    what = by_id(told, "Condition")[lesion.pk]
    assert where["location"]["text"] == lesion.body_site
    assert [each["coding"][0]["code"] for each in where["locationQualifier"]] == [
        lesion.side,
        lesion.compartment,
    ]
    assert [each["code"] for each in what["code"]["coding"]] == ["Q27.8", "common_vm"]
    assert what["evidence"][0]["code"][0]["text"] == "L914F"
    studies = by_id(told, "ImagingStudy")
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
    planned = by_id(told, "Task", "planned-")
    for item in ScheduleItem.objects.filter(patient=storied):
        task = planned[item.pk]
        assert task["restriction"]["period"] == {
            "start": str(item.opens_on),
            "end": str(item.closes_on),
        }
        days = [each["valueDate"] for each in task["input"]]
        assert days == [str(each) for each in (item.best_on, item.booked_on) if each]
    assert set(by_id(told, "Task", "raised-")) == set(
        Task.objects.filter(patient=storied).values_list("pk", flat=True)
    )


def test_everything_is_told_page_by_page_as_in_one(
    fhir: FhirClient, storied: Patient, told: list[Json]
) -> None:
    pages = list(fhir.pages(f"Patient/{storied.pk}/$everything?_count=8"))
    pieces = [entry["resource"] for page in pages for entry in page["entry"]]

    assert {each["resourceType"] for each in told} == TYPES
    assert pieces == told
    assert {page["total"] for page in pages} == {len(told)}
    assert max(len(page["entry"]) for page in pages) == 8
    counted = fhir.read(f"Patient/{storied.pk}/$everything?_count=0")
    assert (counted["total"], "entry" in counted) == (len(told), False)
    assert [each["relation"] for each in counted["link"]] == ["self"]


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
    ("Observation?patient={me}&date=2026-03-03", 7),
    ("Observation?patient={me}&date=1999", 0),
    ("MedicationAdministration?patient={me}&effective-time=2026-03-03", 1),
    ("AdverseEvent?patient={me}&event=fever", 1),
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


def test_every_reading_is_on_record_once(fhir: FhirClient, storied: Patient) -> None:
    before = AuditEvent.objects.latest("pk")

    fhir.ask(f"Patient/{storied.pk}/$everything")
    fhir.ask(f"Observation?patient={storied.pk}")
    fhir.ask(f"Patient/{storied.pk}")
    fhir.ask("Patient")

    lines = AuditEvent.objects.filter(pk__gt=before.pk).order_by("pk")
    assert [(line.action, line.details) for line in lines] == [
        ("read_fhir", {"what": "$everything"}),
        ("read_fhir", {"what": "Observation"}),
        ("read_fhir", {"what": f"Patient/{storied.pk}"}),
        ("export_fhir_patients", {"patients": 1}),
    ]


READINGS = [
    "Patient/{me}/$everything?_count=1000",
    "Patient?_id={me}",
    *(f"{kind}?patient={{me}}&_count=1000" for kind in sorted(TYPES - {"Patient"})),
]


def statements(fhir: FhirClient, patient: Patient) -> dict[str, int]:
    """Count the statements of each kind of reading."""
    found = {}
    for reading in READINGS:
        with CaptureQueriesContext(connection) as asked:
            fhir.read(reading.format(me=patient.pk))
        found[reading] = len(asked)
    return found


def test_a_long_story_takes_as_many_statements_as_a_short_one(
    world: World, storied: Patient
) -> None:
    short = statements(world.fhir, storied)
    daily = {"dose": "taken", "temperature_c": "36.8", "pressure": "120/80"}
    in_diary_daily(storied, range(4, 61), actor=world.clinician, **daily)

    assert storied.intakes.count() == 60
    assert statements(world.fhir, storied) == short


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Validator:
    return a_validator(tmp_path_factory.mktemp("r4"))


def test_every_resource_is_valid(
    fhir: FhirClient, storied: Patient, validator: Validator
) -> None:
    page = fhir.ask(f"Patient/{storied.pk}/$everything").json()
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
    "8302-2": "cm",
    "8867-4": "/min",
    "9279-1": "/min",
    "8310-5": "Cel",
    "2708-6": "%",
    "8480-6": "mm[Hg]",
    "8462-4": "mm[Hg]",
}
"""The units that the profiles of vital signs bind, of what is told of here."""


def test_vital_signs_follow_their_profiles(told: list[Json]) -> None:
    vital = [
        each
        for each in told
        if f"{PROFILES}/vitalsigns" in each.get("meta", {}).get("profile", [])
    ]

    assert len(vital) == 7
    for each in vital:
        assert each["category"][0]["coding"][0]["code"] == "vital-signs"
        assert date.fromisoformat(each["effectiveDateTime"]) >= DAY_0
        parts = each.get("component", [each])
        units = {
            part["code"]["coding"][0]["code"]: part["valueQuantity"]["code"]
            for part in parts
        }
        assert units == {code: VITAL_UNITS[code] for code in units}
        assert ("component" in each) == (f"{PROFILES}/bp" in each["meta"]["profile"])


PROFILES = "http://hl7.org/fhir/StructureDefinition"
