"""Levels of a file: judged for many patients at a time, stored together at the end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from dosing.history import History, histories_of
from dosing.imports import LevelRow, Moment
from dosing.models import Laboratory
from dosing.services.applying.found import is_twice
from dosing.services.applying.work import Task, Work
from dosing.services.batches import (
    Batch,
    RefusedSamplesError,
    Sample,
    is_question,
    judge_troughs,
    record_troughs,
)
from patients import audit
from patients.models import Patient
from patients.web import instant

PATIENTS_AT_ONCE = 50
"""Of so many patients the records are read at a time, so that memory stays flat."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The rows of one patient that are new, and the levels that they become."""

    rows: Sequence[LevelRow]
    batch: Batch


def apply_levels(task: Task, rows: Mapping[Patient, Sequence[LevelRow]]) -> None:
    """Judge every row without a lock; then, if nothing is wrong, store all at once."""
    judged: list[Judged] = []
    done = task.found.rows - sum(map(len, rows.values()))
    for patients in in_parts(list(rows), PATIENTS_AT_ONCE):
        some = list(judged_of(task, {each: rows[each] for each in patients}))
        for each in some:
            count_converted(task, each.rows)
        judged += () if task.dry else some
        done += sum(len(rows[each]) for each in patients)
        task.progress(done, task.found.rows)
    if not (task.dry or task.found.errors or task.found.questions):
        store(task, judged)


def in_parts(patients: list[Patient], size: int) -> Iterator[list[Patient]]:
    for start in range(0, len(patients), size):
        yield patients[start : start + size]


def judged_of(
    task: Task, rows: Mapping[Patient, Sequence[LevelRow]]
) -> Iterator[Judged]:
    """Yield what may be stored of each patient; the record is read after its mark."""
    reached = audit.reached(rows)
    histories = histories_of(rows)
    for patient, of_patient in rows.items():
        work = Work(task, patient)
        history = histories[patient.pk]
        fresh = list(new_ones(work, history, of_patient))
        if not fresh:
            continue
        places = [row for row, _sample in fresh]
        samples = [sample for _row, sample in fresh]
        try:
            levels = judge_troughs(history, samples, task.checked)
        except RefusedSamplesError as problem:
            refuse(task, places, problem)
            count_converted(task, good_in(places, problem))
        except ValidationError as refusal:
            for row in places:
                task.found.refused(row, refusal)
        else:
            mark = reached.get(patient.pk, 0)
            batch = Batch(patient, samples, levels, mark, task.checked)
            yield Judged(places, batch)


def refuse(task: Task, rows: Sequence[LevelRow], problem: RefusedSamplesError) -> None:
    for place, refusal in problem.refused.items():
        task.found.refused(rows[place], refusal)


def count_converted(task: Task, rows: Sequence[LevelRow]) -> None:
    task.found.converted += sum(row.unit.value != "ng/mL" for row in rows)


def good_in(
    rows: Sequence[LevelRow], problem: RefusedSamplesError
) -> Sequence[LevelRow]:
    """Return the rows of a patient that would be new: others of theirs are refused,
    or, like some of these, asked about.
    """
    return [
        row
        for place, row in enumerate(rows)
        if place not in problem.refused or is_question(problem.refused[place])
    ]


def store(task: Task, judged: Sequence[Judged]) -> None:
    try:
        record_troughs(
            batches=[each.batch for each in judged],
            actor=task.actor,
            checked=task.checked,
        )
    except RefusedSamplesError as problem:
        rows = {each.batch.patient.pk: each.rows for each in judged}
        refuse(task, rows[problem.patient.pk], problem)
        return
    for each in judged:
        levels = {level.pk: level.version for level in each.batch.levels}
        task.found.made.append({"patient": each.batch.patient.pk, "levels": levels})


def new_ones(
    work: Work, history: History, rows: Sequence[LevelRow]
) -> Iterator[tuple[LevelRow, Sample]]:
    """Yield the rows that are not on the record yet; what they contradict is wrong."""
    laboratory = laboratory_of(work)
    stored = {
        level.drawn_at: level
        for level in history.used_levels
        if level.laboratory_id == laboratory.pk
    }
    seen: dict[object, int] = {}
    for row in rows:
        sample = sample_of(work, row)
        if sample is None:
            continue
        if is_twice(work.found, row, sample.drawn_at, seen, "drawn_at"):
            continue
        level = stored.get(sample.drawn_at)
        if level is None:
            yield row, sample
        elif level.says(row.reported, row.unit):
            work.found.unchanged += 1
        else:
            said = _("This sample is recorded as %(level)s. Correct it there.")
            work.found.wrong(row, "value", said % {"level": level})


def laboratory_of(work: Work) -> Laboratory:
    laboratory = work.file.laboratory
    assert laboratory is not None  # noqa: S101 - asked for before the check
    return laboratory


def sample_of(work: Work, row: LevelRow) -> Sample | None:
    """Place the wall times of a row in the clinic's zone, unless it names another."""
    drawn = placed(work, row, "drawn_at", row.drawn_at)
    last = row.last_dose_at and placed(work, row, "last_dose_at", row.last_dose_at)
    if drawn is None or (row.last_dose_at and last is None):
        return None
    return Sample(
        laboratory=laboratory_of(work),
        reported=row.reported,
        unit=row.unit,
        drawn_at=drawn,
        last_dose_at=last,
        note=row.note,
    )


def placed(work: Work, row: LevelRow, name: str, at: Moment) -> datetime | None:
    """Return the instant of a wall time; where there is none, the row is wrong."""
    if at.offset:
        return datetime.fromisoformat(f"{at.wall.isoformat()}{at.offset}")
    try:
        return instant(at.wall, work.patient.site.zone, "")
    except ValidationError as problem:
        work.found.wrong(row, name, " ".join(problem.messages))
        return None
