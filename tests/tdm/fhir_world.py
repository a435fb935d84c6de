"""One patient of whom every kind of record is kept, and a program that reads them.

The story is told once for all tests of a module: a fixture opens a transaction around
them, and each of them is undone to a savepoint.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.test import Client, override_settings
from django.utils import timezone, translation
from pytest_django import DjangoDbBlocker

import dosing.services
from dosing.diary import Entry, Place, week_of
from dosing.services.labs import Typed
from patients import services
from patients.models import Measurement, Patient, Role, Scope, Site, Staff
from tests.builders import (
    DAY_0,
    LONG_AGO,
    a_dose,
    a_laboratory,
    a_lesion,
    a_patient,
    a_planned_item,
    a_protocol,
    a_staff_member,
    a_trough,
    a_visit,
    an_mri,
    in_diary,
    numbers,
)

Json = dict[str, Any]


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


def everything(fhir: FhirClient, patient: Patient, **options: object) -> list[Json]:
    asked = "&".join(f"{name}={value}" for name, value in options.items())
    return fhir.resources(f"Patient/{patient.pk}/$everything?{asked}")


def digits(number: Json) -> str:
    return f"{number.get('comparator', '')}{number['value']} {number['code']}"


@contextmanager
def kept_for_a_module(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Keep what is built here for all tests of a module, and undo it after the last.

    What a test does is undone by a savepoint of its own within. A test that needs
    whole transactions cannot stand in such a module.
    """
    cheap = "django.contrib.auth.hashers.MD5PasswordHasher"
    with (
        blocker.unblock(),
        translation.override("en"),
        override_settings(PASSWORD_HASHERS=[cheap]),
        transaction.atomic(),
    ):
        yield
        transaction.set_rollback(True)


def a_reader(site: Site, *scopes: Scope) -> FhirClient:
    _token, key = services.issue_token(
        name=f"registry {next(numbers)}",
        site=site,
        scopes=list(scopes or [Scope.READ_PATIENTS]),
        days=30,
        actor=a_staff_member(site, Role.ADMIN),
    )
    return FhirClient(key)


def a_storied_patient(site: Site, clinician: Staff) -> Patient:
    """Return someone of whom every kind of record is kept, some of them in error."""
    a_laboratory(site)
    patient = a_patient(site, clinician)
    a_dose(patient, "2", protocol=a_protocol(), actor=clinician)
    services.correct_patient(
        patient=patient,
        version=1,
        reason="from the card",
        actor=clinician,
        family_name_kana="\u30b5\u30c8\u30a6",
        phone="03-1234-5678",
        consented_on=DAY_0,
    )
    a_malformation(patient, clinician)
    vital_signs(patient, clinician)
    in_diary(patient, 1, dose="taken", at="08:10", vomited="09:00", actor=clinician)
    in_diary(patient, 2, dose="missed: forgotten", actor=clinician)
    in_diary(patient, 3, dose="taken", amount="1.5", actor=clinician)
    levels_and_labs(patient, clinician)
    side_effects(patient, clinician)
    services.raise_task(
        patient=patient,
        kind="other",
        key="call",
        text="Call the patient",
        actor=clinician,
    )
    a_planned_item(patient, booked=3)
    return patient


def a_malformation(patient: Patient, clinician: Staff) -> None:
    """Record a lesion with two studies, one of them in error, and a visit."""
    lesion = a_lesion(
        patient,
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
    a_visit(patient, lesion, calf="31.5", pain="6", actor=clinician)


def vital_signs(patient: Patient, clinician: Staff) -> None:
    for quantity, value in (
        ("weight_kg", "61.50"),
        ("height_cm", "158"),
        ("temperature_c", "36.40"),
        ("pulse_per_min", "72"),
        ("respiratory_per_min", "14"),
        ("spo2_percent", "98"),
        ("systolic_mmhg", "121"),
        ("diastolic_mmhg", "79"),
    ):
        services.add_measurement(
            patient=patient,
            quantity=quantity,
            value=Decimal(value),
            measured_on=DAY_0 + timedelta(days=1),
            actor=clinician,
        )


def blood_pressure(patient: Patient, clinician: Staff) -> list[Measurement]:
    return [
        services.add_measurement(
            patient=patient,
            quantity=quantity,
            value=Decimal(value),
            measured_on=DAY_0 + timedelta(days=1),
            actor=clinician,
        )
        for quantity, value in (("systolic_mmhg", 121), ("diastolic_mmhg", 79))
    ]


def levels_and_labs(patient: Patient, clinician: Staff) -> None:
    a_trough(patient, "13.30", actor=clinician)
    a_trough(
        patient,
        "<2.0",
        day=20,
        hours_after_dose=None,
        confirmation=dosing.services.levels.Confirmation(["*"], "as reported"),
        actor=clinician,
    )
    dosing.services.record_labs(
        patient=patient,
        drawn_on=DAY_0,
        results={
            "alt": Typed(Decimal("30.5"), "U/L"),
            "d_dimer": Typed(Decimal("500.5"), "ng/mL FEU"),
        },
        actor=clinician,
    )


def side_effects(patient: Patient, clinician: Staff) -> None:
    """Record two, the first in error."""
    who: dict[str, Any] = {"patient": patient, "actor": clinician}
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


def in_diary_daily(
    patient: Patient, days: range, *, actor: Staff, **texts: str
) -> None:
    """Enter the same texts for each of some days of treatment, as one piece of work."""
    first = DAY_0 + timedelta(days=days.start)
    today = patient.site.today(timezone.now())
    diary = week_of(patient, first, today=today, count=len(days))
    cells = {
        Place(DAY_0 + timedelta(days=day), row, 0): text
        for day in days
        for row, text in texts.items()
    }
    outcome = dosing.services.save_diary(
        patient=patient,
        entries=[Entry(at, diary.current(at), text) for at, text in cells.items()],
        source="paper",
        actor=actor,
        reason=LONG_AGO,
    )
    assert not outcome.unsaved, outcome
