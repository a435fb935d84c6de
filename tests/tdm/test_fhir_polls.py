"""What a program that comes back is told: all that changed since, whoever did it."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import dosing.services
from dosing.models import Laboratory
from dosing.services.plan import plan_now as by_the_clock
from patients import services
from patients.models import Patient, Site, Staff
from tests.builders import DAY_0, a_dose, a_planned_item, a_trough, in_diary
from tests.tdm.fhir_world import (
    FhirClient,
    Json,
    a_reader,
    blood_pressure,
    digits,
    everything,
)


@pytest.fixture
def fhir(site: Site) -> FhirClient:
    return a_reader(site)


def just_after(told: list[Json]) -> str:
    """Return the instant after the last change, as an address has it."""
    last = max(each["meta"]["lastUpdated"] for each in told)
    after = datetime.fromisoformat(last) + timedelta(microseconds=1)
    return after.isoformat().replace("+", "%2B")


@pytest.mark.django_db(transaction=True)
def test_a_second_poll_brings_what_changed_whoever_changed_it(
    fhir: FhirClient, treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    level = a_trough(treated, "13.3", actor=clinician)
    a_trough(treated, "12.9", day=40, actor=clinician)
    systolic, _diastolic = blood_pressure(treated, clinician)
    no_longer_wanted = a_planned_item(treated)
    since = just_after(everything(fhir, treated))

    dosing.services.set_aside_trough(
        level=level, version=1, reason="another patient's tube", actor=clinician
    )
    services.correct_measurement(
        measurement=systolic,
        version=1,
        value=systolic.value,
        measured_on=DAY_0 + timedelta(days=2),
        reason="the day after",
        actor=clinician,
    )
    by_the_clock(treated, None)

    (me, *changed) = everything(fhir, treated, _since=since)
    assert me["resourceType"] == "Patient"
    panels = {
        each["effectiveDateTime"]: [
            part.get("valueQuantity", {}).get("value") for part in each["component"]
        ]
        for each in changed
        if each["id"].startswith("pressure-")
    }
    assert panels == {"2026-03-03": [None, 79], "2026-03-04": [121, None]}
    states = {
        each["id"]: (each["status"], each["meta"]["versionId"]) for each in changed
    }
    assert states[f"level-{level.pk}"] == ("entered-in-error", "2")
    assert states[f"planned-{no_longer_wanted.pk}"] == ("cancelled", "2")
    assert [each["id"] for each in changed if each["id"].startswith("level-")] == [
        f"level-{level.pk}"
    ]


@pytest.mark.django_db(transaction=True)
def test_a_corrected_regimen_brings_all_that_rests_on_it(
    fhir: FhirClient, treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    in_diary(treated, 1, dose="taken", actor=clinician)
    level = a_trough(treated, "9", actor=clinician)
    since = just_after(everything(fhir, treated))
    asked = {"_type": "Observation,MedicationAdministration", "_since": since}
    a_dose(treated, "3", day=30, actor=clinician)
    (_me, *by_another) = everything(fhir, treated, **asked)

    first = treated.doses.earliest("starts_on")
    dosing.services.correct_dose(
        dose=first,
        version=first.version,
        amount_mg=Decimal("1.5"),
        interval_h=24,
        usual_time=first.usual_time,
        starts_on=first.starts_on,
        stops_on=first.stops_on,
        reason="from the chart",
        actor=clinician,
    )

    (_me, read, taken) = everything(fhir, treated, **asked)
    assert by_another == []
    assert read["id"] == f"level-{level.pk}"
    assert digits(taken["dosage"]["dose"]) == "1.50 mg"
