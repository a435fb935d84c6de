"""Many levels of one patient at once: judged one by one, written together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from dosing import units
from dosing.history import History, history_of
from dosing.models import Laboratory, TroughLevel
from dosing.services.levels import (
    NOTHING_CONFIRMED,
    Confirmation,
    UnconfirmedError,
    accept,
    check,
    fill_in,
)
from dosing.services.plan import plan_later
from patients import audit
from patients.models import Patient, Staff
from patients.models.rules import refusal_of
from patients.revision import hold_many, refuse_ended
from patients.services.schedule import plan_anew

NEVER_AT_ONCE = "unit:"
"""A question about the unit is answered by mending the file, not for many rows."""

AT_ONCE = 1000
"""So many rows are written by one statement."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured trough, as record_trough() takes it."""

    laboratory: Laboratory
    reported: units.Reported
    unit: units.Unit
    drawn_at: datetime
    last_dose_at: datetime | None
    note: str = ""


class RefusedSamplesError(ValidationError):
    """Some samples of a patient are refused; by their place in the list."""

    def __init__(
        self, patient: Patient, refused: Mapping[int, ValidationError]
    ) -> None:
        super().__init__([each for error in refused.values() for each in [error]])
        self.patient, self.refused = patient, refused


@dataclass(slots=True)
class Batch:
    """Samples of one patient and the levels that they become.

    They were judged when the changes of the record had reached `reached`.
    """

    patient: Patient
    samples: Sequence[Sample]
    levels: list[TroughLevel]
    reached: int
    checked: str = ""


def judge_troughs(
    history: History, samples: Sequence[Sample], checked: str
) -> list[TroughLevel]:
    """Return levels as record_trough() would store them one after another.

    `checked` says how the unusual ones were checked; it answers every question but
    those about units. While it says nothing, those that follow are judged as if it did.
    """
    refuse_ended(history.patient)
    levels: dict[int, TroughLevel] = {}
    refused: dict[int, ValidationError] = {}
    for place in sorted(range(len(samples)), key=lambda n: samples[n].drawn_at):
        level = levels[place] = level_of(samples[place], history.patient)
        try:
            judge(level, samples[place], history, checked)
        except ValidationError as problem:
            refused[place] = problem
            if not is_question(problem):
                continue
        history = history.with_level(level)
    if refused:
        raise RefusedSamplesError(history.patient, refused)
    return [levels[place] for place in range(len(samples))]


@transaction.atomic
def record_troughs(
    *, batches: Sequence[Batch], actor: Staff, checked: str = ""
) -> list[TroughLevel]:
    """Store levels that were judged, or none of them; only now are patients held.

    Whose record moved on since is judged anew. The number of statements does not grow
    with the patients; their schedules are left to plan_on().
    """
    judge_moved(batches)
    while moved := inserted(batches):
        judge_moved(moved)
    levels = levels_in(batches)
    audit.record_many(
        [(level, "record_trough") for level in levels], actor=actor, reason=checked
    )
    plan_anew(Patient.objects.filter(pk__in=[batch.patient.pk for batch in batches]))
    return levels


def judge_moved(batches: Sequence[Batch]) -> None:
    """Judge anew what was judged on records that have moved on since."""
    rows = Patient.objects.select_related("site")
    patients = rows.in_bulk([batch.patient.pk for batch in batches])
    reached = audit.reached(patients.values())
    for batch in batches:
        patient = patients[batch.patient.pk]
        if reached.get(patient.pk, 0) != batch.reached:
            batch.reached = reached.get(patient.pk, 0)
            batch.levels = judge_troughs(
                history_of(patient), batch.samples, batch.checked
            )


def inserted(batches: Sequence[Batch]) -> list[Batch]:
    """Hold patients still and insert their levels.

    Whose record moved on since it was read is returned, and nothing is inserted.
    """
    held = hold_many([batch.patient.pk for batch in batches])
    reached = audit.reached(held.values())
    moved = [b for b in batches if reached.get(b.patient.pk, 0) != b.reached]
    if not moved:
        try:
            with transaction.atomic():
                TroughLevel.objects.bulk_create(levels_in(batches), batch_size=AT_ONCE)
        except IntegrityError as broken:
            raise refusal_of(broken) from broken
    return moved


def levels_in(batches: Iterable[Batch]) -> list[TroughLevel]:
    """Return levels in the one order in which patients are held."""
    in_order = sorted(batches, key=lambda each: each.patient.pk)
    return [level for batch in in_order for level in batch.levels]


def is_question(refusal: ValidationError) -> bool:
    """Say whether a refusal only asks what may be answered for many rows at once."""
    return isinstance(refusal, UnconfirmedError) and not any(
        question.key.startswith(NEVER_AT_ONCE) for question in refusal.questions
    )


def level_of(sample: Sample, patient: Patient) -> TroughLevel:
    level = TroughLevel(patient=patient)
    fill_in(
        level,
        laboratory=sample.laboratory,
        reported=sample.reported,
        unit=sample.unit,
        drawn_at=sample.drawn_at,
        last_dose_at=sample.last_dose_at,
        note=sample.note,
    )
    return level


def judge(level: TroughLevel, sample: Sample, history: History, checked: str) -> None:
    """Refuse a level that may not be stored, by the rules of a single one."""
    check(level)
    reported, unit = sample.reported, sample.unit
    try:
        accept(level, history, reported, unit, NOTHING_CONFIRMED)
    except UnconfirmedError as asked:
        if not checked.strip() or not is_question(asked):
            raise
        yes = Confirmation([question.key for question in asked.questions], checked)
        accept(level, history, reported, unit, yes)


@transaction.atomic
def set_aside_troughs(
    *, versions: Mapping[int, int], reason: str, at: datetime, actor: Staff
) -> int:
    """Set aside those levels that are still as they were; return how many.

    `versions` is by key; an import that is undone names the same instant `at`. The
    number of statements does not grow with the patients, whose plans come later.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the record is changed.")})
    TroughLevel._meta.get_field("set_aside_because").clean(reason, None)
    rows = TroughLevel.objects.used().filter(pk__in=versions)
    patients = hold_many(list(rows.values_list("patient", flat=True).distinct()))
    levels = [
        level
        for level in rows.only("patient", "version").order_by("pk")
        if level.version == versions[level.pk]
    ]
    keys = [level.pk for level in levels]
    for start in range(0, len(keys), AT_ONCE):
        TroughLevel.objects.filter(pk__in=keys[start : start + AT_ONCE]).update(
            version=F("version") + 1,
            set_aside_at=at,
            set_aside_because=reason,
        )
    for level in levels:
        level.version += 1
    audit.record_many(
        [(level, "set_aside_trough") for level in levels], actor=actor, reason=reason
    )
    plan_later(Patient.objects.filter(pk__in=patients), actor)
    return len(levels)
