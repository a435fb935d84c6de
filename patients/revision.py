"""The one way to keep a record, and to correct it: lock it, know its version, leave
the old one behind.

The rows before each change are kept by a trigger of the database.
"""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients import audit
from patients.models import Patient, Staff
from patients.models.rules import refusal_of
from patients.statements import Given, compiled, insert

Record = TypeVar("Record", bound=models.Model)


def hold_still(patient: Patient) -> Patient:
    """Let only one change to a patient's care happen at a time.

    Readers go on: the lock does not touch the key that other rows refer to.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "A patient is held until the end of a transaction, and there is none."
        )
    (held,) = the_only(patient=patient.pk)
    return held


@compiled
def the_only() -> QuerySet[Patient]:
    held = Patient.objects.select_for_update(no_key=True)
    return held.filter(pk=Given("patient"))


def hold_in_follow_up(patient: Patient) -> Patient:
    """Hold still whoever is still treated here; the past of others may be mended."""
    held = hold_still(patient)
    refuse_ended(held)
    return held


def refuse_ended(patient: Patient) -> None:
    if patient.ended_on is not None:
        raise ValidationError(
            _("Follow-up of this patient has ended. Reopen it to go on.")
        )


def hold_many(keys: list[int]) -> dict[int, Patient]:
    """Hold many patients still, in an order that no two holders can block."""
    rows = Patient.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk__in=keys).select_related("site").order_by("pk")
    return {patient.pk: patient for patient in found}


def locked(record: Record, version: int) -> Record:
    """Read a record again for change; refuse if it moved on since `version`."""
    rows = type(record)._default_manager.select_for_update(of=("self",), no_key=True)
    fresh = rows.get(pk=record.pk)
    if fresh.version != version:  # type: ignore[attr-defined]
        raise ValidationError(
            _(
                "Someone has changed this record since you opened it. It now says"
                " %(record)s. What you typed is still here; save again to replace it."
            ),
            code="stale",
            params={"record": fresh, "version": fresh.version},  # type: ignore[attr-defined]
        )
    return fresh


def store(record: models.Model, *, only: Collection[str] | None = None) -> None:
    """Check and store a record, or `only` some of its fields.

    The rules of the tables are kept by the database as it stores. Each is asked about
    in turn only where something is refused, so that everything wrong is said at once.
    """
    try:
        record.clean_fields(exclude=at_hand(record))
        record.clean()
        if record.pk is None and only is None and is_plain(record):
            insert(record)
        else:
            with transaction.atomic():
                record.save(update_fields=only)
    except ValidationError:
        record.full_clean()
        raise
    except IntegrityError as broken:
        record.full_clean()
        raise refusal_of(broken) from broken


def is_plain(record: models.Model) -> bool:
    """Return whether a new record lacks nothing but its key."""
    key_alone = [*record._meta.db_returning_fields] == [record._meta.pk]
    return key_alone and all(
        getattr(record, field.attname) is not None
        for field in referred_to(record)
        if getattr(record, field.name) is not None
    )


def referred_to(record: models.Model) -> list["models.ForeignKey[Any, Any]"]:
    """Return the references of a record to rows that were read, or to nothing."""
    return [
        field
        for field in record._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.is_cached(record)
    ]


def at_hand(record: models.Model) -> set[str]:
    """Return the references of a record to rows that were read: those are there."""
    return {field.name for field in referred_to(record) if getattr(record, field.name)}


def standing(record: Record, version: int) -> Record:
    """Read a record again for change; refuse what was entered in error."""
    fresh = locked(record, version)
    if fresh.withdrawn_at is not None:  # type: ignore[attr-defined]
        raise ValidationError(_("This was entered in error already."))
    return fresh


def withdrawn(
    record: Record,
    *,
    version: int,
    action: str,
    patient: Patient,
    reason: str,
    actor: Staff,
) -> Record:
    """Take back what was entered in error; it stays in the history."""
    fresh = standing(record, version)
    fresh.withdrawn_at = timezone.now()  # type: ignore[attr-defined]
    return revise(fresh, action=action, patient=patient, actor=actor, reason=reason)


def corrected(
    record: Record,
    *,
    version: int,
    facts: Mapping[str, object],
    patient: Patient,
    reason: str,
    actor: Staff,
) -> Record:
    """Replace facts of a record that is known by its version."""
    fresh = locked(record, version)
    for name, fact in facts.items():
        setattr(fresh, name, fact)
    action = f"correct_{record._meta.model_name}"
    return revise(fresh, action=action, patient=patient, actor=actor, reason=reason)


def revise(
    record: Record, *, action: str, patient: Patient, actor: Staff, reason: str
) -> Record:
    """Check and store a changed record as its next version."""
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the record is changed.")})
    record.version += 1  # type: ignore[attr-defined]
    store(record)
    audit.record(action, record, patient=patient, actor=actor, reason=reason)
    return record
