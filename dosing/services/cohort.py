"""The lines of the cohort follow the records: nothing a clinician enters is here.

Every change to a patient leaves a line of the audit. The lines of a chain are numbered
under a lock that is held until they are committed, so what was read up to a number was
read whole: no late transaction can slip in behind the mark.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import DataError, IntegrityError, transaction
from django.db.models import Max, Q

from dosing.cohort import LINES_VERSION, lines_of
from dosing.models import CohortLine, CohortMark, Excluded
from patients.models import AuditEvent, Patient
from patients.models.audit import CHAINS, READ

logger = logging.getLogger(__name__)

READING = Q(action__startswith=READ) | Q(action__startswith="export_")


def refresh_cohort(*, at: datetime, at_most: int) -> int:
    """Work out up to `at_most` lines whose records changed; say how many still wait.

    Each step is committed on its own: what is done stays done, and no lock outlives it.
    """
    note_changes(at)
    for first in range(0, at_most, BATCH):
        if work_out(at, min(BATCH, at_most - first)) < BATCH:
            break
    return CohortLine.objects.waiting().count()


@transaction.atomic
def note_changes(at: datetime) -> None:
    """Mark the lines of everyone of whom the audit has something new.

    Whoever comes while another is at it waits, so that what changed before is marked.
    """
    CohortMark.objects.get_or_create(pk=1, defaults={"positions": [0] * CHAINS})
    mark = CohortMark.objects.select_for_update().get(pk=1)
    unread = Q()
    for chain, position in enumerate(mark.positions):
        unread |= Q(chain=chain, position__gt=position)
    found = (
        AuditEvent.objects.filter(unread)
        .values("chain", "patient", "patient__site")
        .annotate(last=Max("position"), changed=Max("position", filter=~READING))
        .order_by("patient")
    )
    stale = []
    for line in found:
        place = line["chain"]
        mark.positions[place] = max(mark.positions[place], line["last"])
        if line["patient"] and line["changed"]:
            who = {"patient_id": line["patient"], "site_id": line["patient__site"]}
            stale.append(CohortLine(is_stale=True, **who))
    CohortLine.objects.bulk_create(
        stale,
        update_conflicts=True,
        unique_fields=["patient"],
        update_fields=["is_stale"],
        batch_size=1000,
    )
    lines = CohortLine.objects
    for others in (lines.turned(at), lines.of_another_version(LINES_VERSION)):
        others.filter(is_stale=False).update(is_stale=True)
    mark.save(update_fields=["positions"])


FACTS = [
    field.name for field in CohortLine._meta.concrete_fields if not field.primary_key
]
BATCH = 100


@transaction.atomic
def work_out(at: datetime, at_most: int) -> int:
    """Work out a batch of lines that nobody else is at; say of how many."""
    waiting = CohortLine.objects.waiting().select_for_update(skip_locked=True)
    keys = list(
        waiting.order_by("patient_id").values_list("patient_id", flat=True)[:at_most]
    )
    try:
        keep(keys, at)
    except UNREADABLE:
        for key in keys:
            keep_or_set_aside(key, at)
    return len(keys)


@transaction.atomic
def keep(keys: Sequence[int], at: datetime) -> None:
    CohortLine.objects.bulk_create(
        lines_of(Patient.objects.filter(pk__in=keys), at=at) if keys else (),
        update_conflicts=True,
        unique_fields=["patient"],
        update_fields=FACTS,
    )


UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    DataError,
    IntegrityError,
)
"""What a record that nobody foresaw raises; a lost connection or a task that ran out
of time says nothing of the record, and is raised."""


def keep_or_set_aside(key: int, at: datetime) -> None:
    """Leave out whom no line can be worked out of, until the records change again."""
    try:
        keep([key], at)
    except UNREADABLE as error:
        logger.warning("no line of patient %s: %s", key, type(error).__name__)
        CohortLine.objects.filter(pk=key).update(
            is_stale=False,
            worked_out_at=at,
            engine_version=LINES_VERSION,
            excluded=Excluded.FAILED,
        )
