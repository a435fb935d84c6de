"""Rows of a file handed to the services of the pages, patient by patient."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction

from dosing.imports import Kind
from dosing.services.applying.diary import apply_diary
from dosing.services.applying.doses import apply_doses
from dosing.services.applying.found import Fault, Found
from dosing.services.applying.levels import apply_levels
from dosing.services.applying.owners import owners
from dosing.services.applying.work import Progress, Task, Work, nobody
from patients.models import Patient

__all__ = ["Fault", "Found", "Progress", "Task", "apply", "nobody", "owners"]

ONE_BY_ONE: Mapping[Kind, Callable[[Work, Sequence], None]] = {
    Kind.DOSES: apply_doses,
    Kind.DIARY: apply_diary,
}


def apply(task: Task, kind: Kind, rows: Mapping[Patient, Sequence[Any]]) -> None:
    """Store rows, or only try them; what is wrong is found, not raised.

    Levels are tried by judging them, doses and diary days by taking them back, patient
    by patient; patients are held in an order that no two files can block.
    """
    if kind is Kind.LEVELS:
        apply_levels(task, rows)
        return
    done = task.found.rows - sum(map(len, rows.values()))
    for patient, of_patient in sorted(rows.items(), key=lambda each: each[0].pk):
        with transaction.atomic():
            ONE_BY_ONE[kind](Work(task, patient), of_patient)
            transaction.set_rollback(task.dry)
        done += len(of_patient)
        task.progress(done, task.found.rows)
