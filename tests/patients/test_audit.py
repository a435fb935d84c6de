"""The audit is one chain: what is changed, cut out or slipped in is found."""

import io

import pgtrigger
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from patients import audit
from patients import services as people
from patients.models import AuditEvent, Patient, Staff


@pytest.fixture
def noted(patient: Patient, clinician: Staff) -> list[AuditEvent]:
    """Leave five lines about one patient, and so in one chain."""
    for _time in range(4):
        people.note_reading(patient=patient, by="page", actor=clinician)
    return list(AuditEvent.objects.filter(patient=patient).order_by("position"))


def as_the_owner_of_the_database(statement: str, *facts: int) -> None:
    """Write past every trigger, as only someone with the keys could."""
    with transaction.atomic(), pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute(statement, facts)


def test_an_untouched_audit_is_whole(noted: list[AuditEvent]) -> None:
    assert audit.broken_lines() == []


@pytest.mark.parametrize(
    "change",
    ["action = 'x'", "at = at + interval '1 s'", "reason = 'x'", "details = '[1]'"],
)
def test_a_changed_line_is_found(noted: list[AuditEvent], change: str) -> None:
    as_the_owner_of_the_database(
        f"UPDATE patients_auditevent SET {change} WHERE id = %s",  # noqa: S608
        noted[2].pk,
    )

    assert noted[2].pk in audit.broken_lines()


def test_a_line_that_was_cut_out_is_missed_by_the_next(
    noted: list[AuditEvent],
) -> None:
    as_the_owner_of_the_database(
        "DELETE FROM patients_auditevent WHERE id = %s", noted[2].pk
    )

    assert noted[3].pk in audit.broken_lines()


def test_a_line_slipped_in_later_breaks_the_chain(noted: list[AuditEvent]) -> None:
    as_the_owner_of_the_database(
        "INSERT INTO patients_auditevent (chain, position, previous_hash, hash,"
        " action, object_type, object_id, actor_id, at, reason, details)"
        " SELECT chain, position + 100, hash, 'x', action, object_type, object_id,"
        " actor_id, at, reason, details FROM patients_auditevent WHERE id = %s",
        noted[4].pk,
    )

    assert audit.broken_lines() == [AuditEvent.objects.latest("pk").pk]


def test_a_tail_that_was_cut_is_betrayed_by_the_tip_kept_elsewhere(
    noted: list[AuditEvent],
) -> None:
    kept_elsewhere = audit.tips()
    as_the_owner_of_the_database(
        "DELETE FROM patients_auditevent WHERE id = %s", noted[4].pk
    )

    assert audit.broken_lines() == []
    assert audit.tips() != kept_elsewhere


def test_the_command_names_the_first_broken_line(noted: list[AuditEvent]) -> None:
    whole = io.StringIO()
    call_command("verify_audit", stdout=whole)
    as_the_owner_of_the_database(
        "UPDATE patients_auditevent SET reason = 'x' WHERE id = %s", noted[2].pk
    )

    with pytest.raises(CommandError, match=str(noted[2].pk)):
        call_command("verify_audit", stdout=whole)
    assert "whole" in whole.getvalue()


def test_what_failed_leaves_no_line(patient: Patient, clinician: Staff) -> None:
    lines = AuditEvent.objects.count()

    with transaction.atomic():
        people.note_reading(patient=patient, by="page", actor=clinician)
        transaction.set_rollback(True)

    assert AuditEvent.objects.count() == lines
