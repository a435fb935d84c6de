"""A record is stored by the rules of its table, which speak in their own words."""

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError

from patients import services as people
from patients.models import AuditEvent, Lesion, Measurement, Patient, Staff
from patients.models.rules import errors_by_field
from patients.revision import store
from tests.builders import DAY_0, a_lesion

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


WRIST = {
    "body_site": "Wrist",
    "side": "left",
    "compartment": "muscle",
    "issva_type": "common_vm",
}


def test_records_that_are_refused_leave_what_was_stored_before_and_nothing_else(
    patient: Patient, clinician: Staff
) -> None:
    with transaction.atomic():
        before = a_lesion(patient, clinician)
        for _again in range(2):
            with pytest.raises(ValidationError):
                store(Lesion(patient=patient, gene="other", **WRIST))
        after = a_lesion(patient, clinician)
        with pytest.raises(OperationalError, match="savepoint"), transaction.atomic():
            connection.cursor().execute("RELEASE stored")

    assert [*Lesion.objects.order_by("pk")] == [before, after]


def test_nothing_is_stored_in_a_transaction_that_was_given_up(
    patient: Patient, clinician: Staff
) -> None:
    transaction.set_rollback(True)

    with pytest.raises(TransactionManagementError):
        store(Lesion(patient=patient, **WRIST))
    transaction.set_rollback(False)

    assert not Lesion.objects.exists()


def test_a_record_of_another_that_has_no_key_yet_is_refused(
    patient: Patient, clinician: Staff
) -> None:
    lesion = Lesion(patient=patient, **WRIST)
    pain = Measurement(
        patient=patient,
        lesion=lesion,
        quantity="pain_vas",
        value=3,
        measured_on=DAY_0,
    )

    with pytest.raises(ValueError, match="unsaved related object"):
        store(pain)

    lesion.save()
    store(pain)
    assert Measurement.objects.get().lesion == lesion


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
