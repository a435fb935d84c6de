"""A record is stored by the rules of its table, which speak in their own words."""

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from patients import services as people
from patients.models import AuditEvent, Lesion, Patient, Staff
from patients.models.rules import errors_by_field
from tests.builders import a_lesion

pytestmark = pytest.mark.django_db


def test_all_that_the_database_refuses_of_a_record_is_said_at_once(
    patient: Patient, clinician: Staff
) -> None:
    with pytest.raises(ValidationError) as refused:
        a_lesion(patient, clinician, body_site=" ", gene="other")

    assert set(refused.value.messages) == {
        "Say where the lesion is.",
        "Say which gene.",
    }
    assert "variant" in errors_by_field(refused.value)


def test_what_a_form_and_what_the_database_refuses_is_said_at_once(
    patient: Patient, clinician: Staff
) -> None:
    with pytest.raises(ValidationError) as refused:
        a_lesion(patient, clinician, side="behind", gene="other")

    assert {"side", "variant"} <= errors_by_field(refused.value).keys()


def test_a_record_that_is_refused_leaves_what_was_stored_before_it(
    patient: Patient, clinician: Staff
) -> None:
    with transaction.atomic():
        before = a_lesion(patient, clinician)
        with pytest.raises(ValidationError):
            a_lesion(patient, clinician, gene="other")
        after = a_lesion(patient, clinician)

    assert [*Lesion.objects.order_by("pk")] == [before, after]


def test_a_refused_correction_leaves_record_and_audit_as_they_were(
    patient: Patient, clinician: Staff
) -> None:
    lesion = a_lesion(patient, clinician)
    lines = AuditEvent.objects.count()

    with pytest.raises(ValidationError, match=r"Say which gene\."):
        people.correct_lesion(
            lesion=lesion, version=1, gene="other", reason="Typed", actor=clinician
        )

    assert Lesion.objects.get().version == 1
    assert AuditEvent.objects.count() == lines
