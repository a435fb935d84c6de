"""How FHIR is asked and answered: pages, refusals, versions, who may read."""

import re
from datetime import datetime, time, timedelta
from decimal import Decimal

import pgtrigger
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

import dosing.services
from dosing.models import Dose, Laboratory
from dosing.policy.labs import UNITS as LABS_IN
from dosing.services.labs import Typed
from dosing.units import Unit
from patients import services
from patients.models import AuditEvent, Measurement, Patient, Scope, Site, Staff
from patients.models.observations import UNITS as MEASURED_IN
from tdm.fhir import bundles
from tdm.fhir.codes import SCORE
from tdm.fhir.measurements import ucum
from tdm.fhir.rest import as_json
from tests.builders import (
    DAY_0,
    a_dose,
    a_laboratory,
    a_lesion,
    a_patient,
    a_site,
    a_trough,
    on_day,
)
from tests.tdm.exchange.conftest import Ward
from tests.tdm.fhir_world import (
    FhirClient,
    a_reader,
    blood_pressure,
    digits,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def fhir(ward: Ward) -> FhirClient:
    return a_reader(ward.site)


def test_a_level_in_another_unit_keeps_its_report_beside_ng_per_ml(
    fhir: FhirClient, treated: Patient, clinician: Staff
) -> None:
    elsewhere = a_laboratory(treated.site, name="University", unit="nmol/L")
    level = a_trough(
        treated,
        "11.0",
        laboratory=elsewhere,
        unit=Unit.NMOL_PER_L,
        actor=clinician,
    )

    (told,) = fhir.resources(f"Observation?patient={treated.pk}&code=29247-4")

    assert digits(told["valueQuantity"]) == f"{level.ng_per_ml} ng/mL"
    assert digits(told["component"][0]["valueQuantity"]) == "11.00 nmol/L"


def test_a_level_and_a_lab_beyond_what_is_measured_keep_their_bound(
    fhir: FhirClient, treated: Patient, clinician: Staff
) -> None:
    a_trough(treated, "<2.0", unit=Unit.UG_PER_L, actor=clinician)
    dosing.services.record_labs(
        patient=treated,
        drawn_on=DAY_0,
        results={"d_dimer": Typed(Decimal(500), "ng/mL FEU", "<")},
        actor=clinician,
    )

    told = {
        each["id"].partition("-")[0]: [
            digits(each["valueQuantity"]),
            digits(each["component"][0]["valueQuantity"]),
        ]
        for each in fhir.resources(f"Observation?patient={treated.pk}")
    }

    assert told == {
        "level": ["<2.00 ng/mL", "<2.00 ug/L"],
        "lab": ["<0.5000 ug/mL{FEU}", "<500.0000 ng/mL{FEU}"],
    }


def test_a_day_whose_pressures_belong_to_another_is_taken_back(
    fhir: FhirClient, treated: Patient, clinician: Staff
) -> None:
    pressures = blood_pressure(treated, clinician)
    (first,) = fhir.resources(f"Observation?patient={treated.pk}&code=85354-9")
    for each in pressures:
        services.correct_measurement(
            measurement=each,
            version=1,
            value=each.value,
            measured_on=DAY_0,
            reason="the day before",
            actor=clinician,
        )

    told = fhir.resources(f"Observation?patient={treated.pk}&code=85354-9")

    assert [(each["effectiveDateTime"], each["status"]) for each in told] == [
        ("2026-03-03", "entered-in-error"),
        ("2026-03-02", "corrected"),
    ]
    assert told[0]["id"] == first["id"]
    assert all("valueQuantity" not in each for each in told[0]["component"])


def test_nothing_that_is_entered_meanwhile_moves_or_hides_another(
    fhir: FhirClient, treated: Patient, clinician: Staff
) -> None:
    for day in (5, 3, 9):
        weighed(treated, clinician, day)
    path = f"Patient/{treated.pk}/$everything"
    told = {each["id"] for each in fhir.resources(f"{path}?_type=Observation")}
    seen = []
    for number, page in enumerate(fhir.pages(f"{path}?_type=Observation&_count=1")):
        seen += [entry["resource"]["id"] for entry in page["entry"]]
        weighed(treated, clinician, day=10 - number)
        if number == 6:
            break

    assert len(seen) == len(set(seen))
    assert told <= set(seen)


def weighed(patient: Patient, clinician: Staff, day: int) -> None:
    """Enter a weight of a day, or correct the one that is there."""
    on = DAY_0 + timedelta(days=day)
    known = Measurement.objects.filter(patient=patient, measured_on=on).first()
    if known is None:
        services.add_measurement(
            patient=patient,
            quantity="weight_kg",
            value=Decimal(60),
            measured_on=on,
            actor=clinician,
        )
        return
    services.correct_measurement(
        measurement=known,
        version=known.version,
        value=known.value + 1,
        measured_on=on,
        reason="read again",
        actor=clinician,
    )


def test_the_next_poll_goes_back_to_what_is_still_being_written(
    fhir: FhirClient, treated: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "LAG", timedelta(0))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT now()")
            (began_at,) = cursor.fetchone()
        with connection.cursor() as cursor:
            # All of this module is one transaction, which sees others as they were.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
        page = fhir.read(f"Patient/{treated.pk}/$everything")
    finally:
        other.close()

    assert datetime.fromisoformat(page["meta"]["lastUpdated"]) == began_at


def test_what_is_taken_follows_the_calendar(
    fhir: FhirClient, treated: Patient, clinician: Staff
) -> None:
    written = Dose.pgh_event_model.objects.filter(pgh_obj__patient=treated)  # type: ignore[attr-defined]
    with pgtrigger.ignore("dosing.DoseEvent:append_only"):
        written.update(pgh_created_at=on_day(-9))
    (begun,) = fhir.resources(f"MedicationStatement?patient={treated.pk}")
    today = treated.site.today(timezone.now())
    next_week = (today - DAY_0).days + 7
    a_dose(treated, "1", day=next_week, actor=clinician)

    (now, later) = fhir.resources(f"MedicationStatement?patient={treated.pk}")

    assert begun["meta"]["lastUpdated"] == "2026-03-02T00:00:00+09:00"
    assert (now["status"], later["status"]) == ("active", "intended")
    assert later["effectivePeriod"] == {"start": str(DAY_0 + timedelta(days=next_week))}
    assert later["meta"]["lastUpdated"] < str(today + timedelta(days=2))


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
    ("Observation?patient={me}&date=lt0001-01-01", 400, "invalid"),
    ("Observation?patient={me}&date=ge0001-01-01T00:00:00%2B14:00", 400, "invalid"),
    ("Observation?patient={me}&date=ge2026-09-11T08:00:00%2B16:00", 400, "invalid"),
    ("Patient/{me}/$everything?_since=2026-09-11T08:00:00%2B23:59", 400, "invalid"),
    ("Observation?patient={me}&_lastUpdated=0001-01-01T00:00:00Z", 400, "invalid"),
    ("Observation?patient=%D9%A1", 404, "not-found"),
    ("Patient?birthdate=lt0001", 400, "invalid"),
    ("Observation?patient={me}&value-quantity=5", 400, "invalid"),
    ("Observation?patient={me}&_count=-1", 400, "invalid"),
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
    found, where_wrong = [], set()
    for path, _status, _code in REFUSALS:
        where = path.format(me=patient.pk, stranger=stranger.pk, lesion=lesion.pk)
        answer = fhir.ask(where)
        body = answer.json()
        assert answer["Content-Type"] == "application/fhir+json; charset=utf-8"
        assert body["resourceType"] == "OperationOutcome"
        (issue,) = body["issue"]
        found.append((path, answer.status_code, issue["code"]))
        where_wrong.update(issue.get("expression", []))

    assert found == REFUSALS
    assert where_wrong == {
        "http.patient",
        "http.birthdate",
        "http._lastUpdated",
        "http.date",
        "http.value-quantity",
        "http._count",
        "http._page",
        "http._type",
        "http._since",
    }


def test_a_stranger_is_told_to_sign_in_and_nothing_may_be_written(
    fhir: FhirClient, client: Client, patient: Patient
) -> None:
    stranger = client.get(f"/fhir/Patient/{patient.pk}")
    writer = fhir.client.post("/fhir/Patient", "{}", content_type="application/json")

    assert (stranger.status_code, writer.status_code) == (401, 405)
    assert stranger.json()["issue"][0]["code"] == "login"
    assert writer.json()["issue"][0]["code"] == "not-supported"


def test_a_reader_without_names_reads_no_patient(
    site: Site, treated: Patient, laboratory: Laboratory
) -> None:
    reader = a_reader(site, Scope.READ_COHORT)
    asked = [
        reader.ask(path.format(me=treated.pk))
        for path in (
            "Patient",
            "Patient/{me}",
            "Patient/{me}/$everything",
            "Observation?patient={me}",
        )
    ]

    assert {
        (answer.status_code, answer.json()["issue"][0]["code"]) for answer in asked
    } == {(403, "forbidden")}
    assert not AuditEvent.objects.filter(action="read_fhir").exists()


FHIR_JSON = "application/fhir+json; charset=utf-8"
FORMS = [
    ("application/fhir+json", 200, FHIR_JSON),
    ("application/fhir+json; fhirVersion=4.0", 200, FHIR_JSON),
    ("application/json", 200, "application/json; charset=utf-8"),
    ("*/*", 200, FHIR_JSON),
    ("application/fhir+xml", 406, FHIR_JSON),
    ("text/html", 406, FHIR_JSON),
]


def test_only_json_is_served_in_the_name_it_was_asked_by(
    fhir: FhirClient, patient: Patient
) -> None:
    path = f"Patient/{patient.pk}"
    asked = [(form, fhir.ask(path, Accept=form)) for form, *_rest in FORMS]
    head = fhir.client.head(f"/fhir/{path}")

    assert [
        (form, answer.status_code, answer["Content-Type"]) for form, answer in asked
    ] == FORMS
    assert (head.status_code, head.content) == (200, b"")


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

    assert first["ETag"].startswith('W/"1-')
    assert (again.status_code, again.content) == (304, b"")
    assert first["Last-Modified"].endswith("GMT")
    assert after.status_code == 200
    assert after["ETag"].startswith('W/"2-')
    assert after.json()["status"] == "entered-in-error"


def test_a_tag_follows_what_a_level_reads_as(
    fhir: FhirClient, treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    level = a_trough(treated, "16", actor=clinician)
    path = f"Observation/level-{level.pk}"
    first = fhir.ask(path)
    dosing.services.correct_dose(
        dose=treated.doses.get(),
        version=1,
        amount_mg=Decimal(3),
        interval_h=24,
        usual_time=time(8),
        starts_on=DAY_0,
        reason="from the chart",
        actor=clinician,
    )

    after = fhir.ask(path, **{"If-None-Match": first["ETag"]})

    assert after.status_code == 200
    assert after.json()["note"] != first.json()["note"]


UCUM = re.compile(
    r"(?:10\*\d|\{score\}|[munkcd]?(?:g|L|m[23]?|mol|kat)|U|Cel|mm\[Hg\]|%|d|h|)"
    r"(?:/(?:[mudk]?(?:L|g|mol)|min)(?:\{FEU\})?)?"
)
"""As much of UCUM's grammar as the units here need; of ours none is left in it."""


def test_every_unit_is_written_as_ucum() -> None:
    own = {*MEASURED_IN.values()} - {"0-10"} | {*Unit} | {"mg", SCORE}
    units = {ucum(unit) for each in LABS_IN.values() for unit in each} | own

    assert [unit for unit in sorted(units) if not UCUM.fullmatch(unit)] == []
    assert not UCUM.fullmatch("10^9/L")


def test_a_number_keeps_its_digits() -> None:
    assert as_json({"value": Decimal("13.30"), "text": "13.30"}) == (
        '{"value": 13.30, "text": "13.30"}'
    )
