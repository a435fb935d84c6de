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


@shared_task
def work_on_file(job: filework.Job) -> None:
    """Check, store or undo a file of rows; doing it twice changes nothing."""
    filework.work(job)
