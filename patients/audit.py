"""One call, one line in the record's history."""

from collections.abc import Iterable, Mapping

from django.db import connection, models
from psycopg.types.json import Jsonb

from patients.models import AuditEvent, Patient, Staff
from patients.models.audit import CANONICAL_LINE, CHAINS
from patients.statements import rows


def record(
    action: str,
    about: models.Model,
    *,
    actor: Staff,
    patient: Patient | None = None,
    reason: str = "",
    details: Mapping[str, object] | None = None,
) -> None:
    """Write who did what to which version of a record, in the present transaction."""
    facts = {
        "chain": (patient.pk if patient else 0) % CHAINS,
        "action": action,
        "object_type": about._meta.label_lower,
        "object_id": str(about.pk),
        "object_version": getattr(about, "version", None),
        "patient": patient.pk if patient else None,
        "actor": actor.pk,
        "reason": reason,
        "details": Jsonb(dict(details or {})),
    }
    rows(LINE, facts)


LINE = """
INSERT INTO patients_auditevent (chain, position, previous_hash, hash, action,
    object_type, object_id, object_version, patient_id, actor_id, reason, details)
VALUES (%(chain)s, 0, '', '', %(action)s, %(object_type)s, %(object_id)s,
    %(object_version)s, %(patient)s, %(actor)s, %(reason)s, %(details)s)
"""


def record_many(
    lines: Iterable[tuple[models.Model, str]],
    *,
    actor: Staff,
    patient: Patient,
    reason: str = "",
) -> None:
    """Write one line for each (record, action) about a patient, in one statement."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            chain=patient.pk % CHAINS,
            action=action,
            object_type=about._meta.label_lower,
            object_id=str(about.pk),
            object_version=getattr(about, "version", None),
            patient=patient,
            actor=actor,
            reason=reason,
        )
        for about, action in lines
    )


KEPT_SECRET = {"password", "last_login"}


def facts_of(record: models.Model) -> dict[str, str]:
    """Return what is stored about a record, as text; nothing if it is new."""
    stored = type(record)._default_manager.filter(pk=record.pk).first()
    if stored is None:
        return {}
    facts = {
        field.name: str(field.value_from_object(stored))
        for field in stored._meta.concrete_fields
        if field.name not in KEPT_SECRET
    }
    if isinstance(stored, Staff):
        facts["sites"] = ", ".join(map(str, stored.sites.order_by("pk")))
    return facts


def broken_lines() -> list[int]:
    """Return the keys of lines whose hash, place or predecessor does not agree."""
    recomputed = CANONICAL_LINE.format(row="line")
    with connection.cursor() as cursor:
        cursor.execute(f"""
            SELECT id FROM (
                SELECT id, position, previous_hash, hash,
                    encode(sha256(convert_to({recomputed}, 'UTF8')), 'hex')
                        AS right_hash,
                    row_number() OVER chained AS right_position,
                    coalesce(lag(hash) OVER chained, '') AS right_previous
                FROM patients_auditevent AS line
                WINDOW chained AS (PARTITION BY chain ORDER BY position)
            ) AS checked
            WHERE hash <> right_hash OR position <> right_position
                OR previous_hash <> right_previous
            ORDER BY id
        """)  # noqa: S608 - made of our own constant
        return [int(key) for (key,) in cursor.fetchall()]


def tips() -> list[tuple[int, int, str]]:
    """Return (chain, length, last hash); kept elsewhere, they betray a cut tail."""
    lines = AuditEvent.objects.order_by("chain", "-position").distinct("chain")
    return list(lines.values_list("chain", "position", "hash"))
