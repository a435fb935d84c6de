"""The lines of the cohort follow the records: nothing a clinician enters is here.

Every change to a patient leaves a line of the audit. The lines of a chain are numbered
under a lock that is held until they are committed, so what was read up to a number was
read whole: no late transaction can slip in behind the mark.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Max, Q

from dosing.cohort import lines_of
from dosing.models import CohortLine, CohortMark
from patients.models import AuditEvent, Patient
from patients.models.audit import CHAINS

READING = Q(action__startswith="read_") | Q(action__startswith="export_")


@transaction.atomic
def refresh_cohort(*, at: datetime, at_most: int) -> int:
    """Work out up to `at_most` lines whose records changed; say how many still wait."""
    note_changes(at)
    work_out(at, at_most)
    return CohortLine.objects.waiting().count()


def note_changes(at: datetime) -> None:
    """Mark the lines of everyone of whom the audit has something new.

    If someone else is at it, that is as good.
    """
    CohortMark.objects.get_or_create(pk=1, defaults={"positions": [0] * CHAINS})
    mark = CohortMark.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    if mark is None:
        return
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
    CohortLine.objects.turned(at).filter(is_stale=False).update(is_stale=True)
    mark.save(update_fields=["positions"])


FACTS = [
    field.name for field in CohortLine._meta.concrete_fields if not field.primary_key
]
BATCH = 100


def work_out(at: datetime, at_most: int) -> None:
    waiting = CohortLine.objects.waiting().select_for_update(skip_locked=True)
    keys = list(
        waiting.order_by("patient_id").values_list("patient_id", flat=True)[:at_most]
    )
    for first in range(0, len(keys), BATCH):
        people = Patient.objects.filter(pk__in=keys[first : first + BATCH])
        CohortLine.objects.bulk_create(
            lines_of(people, at=at),
            update_conflicts=True,
            unique_fields=["patient"],
            update_fields=FACTS,
        )
