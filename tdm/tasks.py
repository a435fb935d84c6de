"""What is made in the background while someone waits for it."""

from celery import shared_task
from django.utils import timezone

from patients.models import Patient
from tdm import filework, report


@shared_task
def make_report(asker_id: int, patient_id: int, key: str, language: str) -> None:
    """Make a report for its asker; doing it twice changes nothing."""
    patient = Patient.objects.select_related("site").get(pk=patient_id)
    shelf = report.Shelf(asker_id, patient_id, key)
    report.make(shelf, patient, at=timezone.now(), language=language)


PLANNED_FOR_S = 20.0
"""So long one run plans anew for the patients of an import; the next goes on."""


@shared_task(soft_time_limit=100, time_limit=110)
def work_on_file(job: filework.Job) -> None:
    """Check, store or undo a file of rows; doing it twice changes nothing.

    Its limits lie below the time after which the broker hands it to someone else.
    """
    filework.work(job)
    if job["what"] in {"store", "undo"}:
        plan_after_file.delay(job["file_id"], job["actor_id"])


@shared_task
def plan_after_file(file_id: int, actor_id: int) -> None:
    """Plan anew for the patients of an import, some at a time."""
    if filework.plan(file_id, actor_id, for_s=PLANNED_FOR_S):
        plan_after_file.delay(file_id, actor_id)
