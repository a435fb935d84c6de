"""One clinic with a record of every kind, as programs see it, and another beside it.

It is told once for all tests of a module: a fixture opens a transaction around them,
and each of them is undone to a savepoint.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.test import override_settings
from django.utils import timezone, translation
from pytest_django import DjangoDbBlocker

from dosing import services as dosing
from dosing.advice import advise
from dosing.models import Laboratory
from dosing.services.labs import Typed
from patients import services as people
from patients.models import AuditEvent, Lesion, Patient, Role, Staff
from tests.builders import (
    DAY_0,
    a_dose,
    a_laboratory,
    a_lesion,
    a_patient,
    a_planned_item,
    a_protocol,
    a_site,
    a_staff_member,
    a_trough,
    a_visit,
    an_mri,
)
from tests.tdm.programs import Program, a_program


@dataclass(frozen=True)
class World:
    """`program` is of the patient's clinic, `stranger` of the other one."""

    program: Program
    stranger: Program
    patient: Patient
    laboratory: Laboratory
    keys: Mapping[str, int]
    """A record of each kind by the first part of its address."""
    foreign: Mapping[str, int]
    """Records of the other clinic."""

    def fill(self, text: str) -> str:
        """Put keys in: {patients} is the patient's, {foreign_lesions} another's."""
        foreign = {f"foreign_{name}": key for name, key in self.foreign.items()}
        return text.format(**self.keys, **foreign)

    def stored(self) -> int:
        """Return how much was written: each change leaves a line."""
        return AuditEvent.objects.exclude(action="read_api").count()


@contextmanager
def told_once(blocker: DjangoDbBlocker) -> Iterator[World]:
    cheap = "django.contrib.auth.hashers.MD5PasswordHasher"
    with (
        blocker.unblock(),
        translation.override("en"),
        override_settings(PASSWORD_HASHERS=[cheap]),
        transaction.atomic(),
    ):
        cache.clear()
        yield a_world()
        transaction.set_rollback(True)
    cache.clear()


def a_world() -> World:
    site, osaka = a_site(), a_site("Osaka clinic")
    clinician = a_staff_member(site, Role.CLINICIAN)
    administrator = a_staff_member(site, Role.ADMIN)
    elsewhere = a_staff_member(osaka, Role.ADMIN)
    laboratory = a_laboratory(site)
    patient = a_patient(site, clinician)
    protocol = a_protocol()
    a_dose(patient, "2", protocol=protocol, actor=clinician)
    lesion = a_lesion(patient, clinician)
    theirs = a_lesion(a_patient(osaka, clinician), clinician)
    return World(
        a_program(site, administrator, requests_per_minute=6000),
        a_program(osaka, elsewhere, requests_per_minute=6000),
        patient,
        laboratory,
        {
            "patients": patient.pk,
            "laboratories": laboratory.pk,
            "protocols": protocol.pk,
            **of_person(patient, lesion, clinician),
            **of_drug(patient, clinician),
        },
        {
            "patients": theirs.patient_id,
            "lesions": theirs.pk,
            "landmarks": a_landmark(theirs, clinician),
            "laboratories": a_laboratory(osaka).pk,
        },
    )


def a_landmark(lesion: Lesion, actor: Staff) -> int:
    place = {"limb": "calf", "side": "left", "place": "widest"}
    return people.add_landmark(lesion=lesion, actor=actor, **place).pk


def of_person(patient: Patient, lesion: Lesion, actor: Staff) -> dict[str, int]:
    by: dict[str, Any] = {"patient": patient, "actor": actor}
    treatment = people.add_previous_treatment(
        lesion=lesion, kind="surgery", actor=actor
    )
    contact = people.add_contact(
        channel="email", address="a@clinic.example", language="en", **by
    )
    effect = people.record_effect(term="nausea", grade=1, onset_on=DAY_0, **by)
    weight = people.add_measurement(
        quantity="weight_kg", value=Decimal(60), measured_on=DAY_0, **by
    )
    task = people.raise_task(kind="other", key="x", text="Ask about pain", **by)
    visit = a_visit(patient, lesion, calf="30", actor=actor)
    return {
        "lesions": lesion.pk,
        "previous-treatments": treatment.pk,
        "contacts": contact.pk,
        "side-effects": effect.pk,
        "measurements": weight.pk,
        "tasks": task.pk,
        "visits": visit.pk,
        "landmarks": patient.landmarks.get().pk,
        "imaging": an_mri(lesion, actor=actor).pk,
        "schedule": a_planned_item(patient).pk,
    }


def of_drug(patient: Patient, actor: Staff) -> dict[str, int]:
    by: dict[str, Any] = {"patient": patient, "actor": actor}
    level = a_trough(patient, "13.3", actor=actor)
    drug = dosing.record_comedication(drug="verapamil", starts_on=DAY_0, **by)
    event = dosing.record_event(kind="surgery", happens_on=DAY_0, **by)
    tablets = dosing.record_dispensing(
        dispensed_on=DAY_0, strength_mg=Decimal(1), tablets=90, **by
    )
    alt = {"alt": Typed(Decimal(30), "U/L")}
    (lab,) = dosing.record_labs(drawn_on=DAY_0, results=alt, **by)
    advice = advise(patient, at=timezone.now())
    assert advice is not None
    decision = dosing.sign_decision(
        basis=advice.basis,
        amount_mg=Decimal(2),
        interval_h=24,
        reason="other",
        reason_text="Stays",
        **by,
    )
    return {
        "troughs": level.pk,
        "comedications": drug.pk,
        "events": event.pk,
        "dispensings": tablets.pk,
        "labs": lab.pk,
        "decisions": decision.pk,
        "doses": patient.doses.order_by("pk")[0].pk,
        "assignments": patient.assignments.get().pk,
    }
