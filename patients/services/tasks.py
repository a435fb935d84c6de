"""What someone has to see to: raised once, closed by a human."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients import audit
from patients.models import Patient, Role, Staff, Task
from patients.revision import hold_still, locked, store


@transaction.atomic
def raise_task(
    *,
    patient: Patient,
    kind: str,
    key: str,
    text: str,
    actor: Staff,
    facts: Mapping[str, str] | None = None,
    owner: str = Role.NURSE,
    is_urgent: bool = False,
) -> Task:
    """Raise a task, once for each `key`; what was raised before is left as it is.

    `text` is an English template marked for translation, `facts` what it says.
    """
    hold_still(patient)
    known = Task.objects.filter(patient=patient, kind=kind, key=key).first()
    if known is not None:
        return known
    task = Task(
        patient=patient,
        kind=kind,
        key=key,
        text=text,
        facts=dict(facts or {}),
        owner=owner,
        is_urgent=is_urgent,
        raised_at=timezone.now(),
    )
    store(task)
    audit.record("raise_task", task, patient=patient, actor=actor)
    return task


def take_back_task(*, task: Task, outcome: str, actor: Staff) -> None:
    """Close a locked task whose reason is gone, whoever took the reason back.

    Its key is free again: the same reason, told anew, calls anew.
    """
    task.closed_at, task.closed_by = timezone.now(), actor
    task.outcome = outcome
    task.key = f"{task.key} until {task.closed_at.isoformat()}"
    task.version += 1
    store(task)
    audit.record("close_task", task, patient=task.patient, actor=actor, reason=outcome)


@transaction.atomic
def close_task(*, task: Task, version: int, outcome: str, actor: Staff) -> Task:
    """Say what was done about a task; it leaves the worklist."""
    fresh = locked(task, version)
    if fresh.closed_at is not None:
        raise ValidationError(_("This task is done already."))
    if not fresh.may_be_closed_by(actor):
        raise ValidationError(_("Only a clinician closes this task."))
    if not outcome.strip():
        raise ValidationError({"outcome": _("Say what was done.")})
    fresh.closed_at, fresh.closed_by = timezone.now(), actor
    fresh.outcome = outcome
    fresh.version += 1
    store(fresh)
    audit.record(
        "close_task", fresh, patient=fresh.patient, actor=actor, reason=outcome
    )
    return fresh
