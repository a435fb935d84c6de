"""One call, one line in the record's history."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import Max
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from patients.models import AuditEvent, Patient, Staff
from patients.models.audit import CANONICAL_LINE, CHAINS, LONGEST_REASON
from patients.statements import run


class Line(NamedTuple):
    """What is told of one change; the database adds its place, hash and time."""

    chain: int
    action: str
    object_type: str
    object_id: str
    object_version: int | None
    patient_id: int | None
    actor_id: int
    reason: str
    details: Mapping[str, object]


KEPT_BACK: ContextVar[list[Line] | None] = ContextVar("kept_back", default=None)


@contextmanager
def written_last() -> Iterator[None]:
    """Write the lines of a long change together at its end, so that few wait for it.

    Until then nobody waits for its chains. Only for what is stored whole or not at
    all: a savepoint taken back inside does not take back its lines. References that
    wait for their check are checked before: they would slow every line down.
    """
    kept: list[Line] = []
    token = KEPT_BACK.set(kept)
    try:
        yield
    finally:
        KEPT_BACK.reset(token)
    connection.check_constraints()
    write(kept)


def write(lines: Sequence[Line]) -> None:
    """Write lines, chain by chain, in an order that no two writers can block."""
    kept = KEPT_BACK.get()
    if kept is not None:
        kept += lines
        return
    if lines:
        in_turn = sorted(lines, key=lambda line: line.chain)
        run(INSERT, {"lines": Jsonb([line._asdict() for line in in_turn])})


WRITTEN = {
    "chain": "smallint",
    "action": "text",
    "object_type": "text",
    "object_id": "text",
    "object_version": "integer",
    "patient_id": "bigint",
    "actor_id": "bigint",
    "reason": "text",
    "details": "jsonb",
}
INSERT = f"""
INSERT INTO {AuditEvent._meta.db_table} (position, previous_hash, hash,
    {", ".join(WRITTEN)})
SELECT 0, '', '', line.* FROM jsonb_to_recordset(%(lines)s) AS line(
    {", ".join(f"{name} {kind}" for name, kind in WRITTEN.items())})
"""  # noqa: S608 - of our own words


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
    key = patient.pk if patient else None
    line = line_of(action, about, actor=actor, patient_id=key, reason=reason)
    write([line._replace(details=dict(details or {}))])


def record_many(
    lines: Iterable[tuple[models.Model, str]],
    *,
    actor: Staff,
    patient: Patient | None = None,
    reason: str = "",
) -> None:
    """Write one line for each (record, action), in few statements.

    Without a `patient` each line is about the record's own.
    """
    write(
        [
            line_of(
                action,
                about,
                actor=actor,
                patient_id=patient.pk if patient else about.patient_id,  # type: ignore[attr-defined]
                reason=reason,
            )
            for about, action in lines
        ]
    )


def line_of(
    action: str,
    about: models.Model,
    *,
    actor: Staff,
    patient_id: int | None,
    reason: str,
) -> Line:
    if len(reason) > LONGEST_REASON:
        said = _("A reason has at most %(most)s signs.")
        raise ValidationError({"reason": said % {"most": LONGEST_REASON}})
    return Line(
        chain=(patient_id or 0) % CHAINS,
        action=action,
        object_type=about._meta.label_lower,
        object_id=str(about.pk),
        object_version=getattr(about, "version", None),
        patient_id=patient_id,
        actor_id=actor.pk,
        reason=reason,
        details={},
    )


def reached(patients: Iterable[Patient]) -> dict[int, int]:
    """Return by patient where the lines of changes end; each change moves it on."""
    lines = AuditEvent.objects.filter(patient__in=[each.pk for each in patients])
    found = lines.changes().order_by().values_list("patient").annotate(Max("position"))
    return dict(found)


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
