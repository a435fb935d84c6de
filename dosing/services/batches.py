"""Many levels of one patient at once: judged one by one, written together."""

from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dosing import units
from dosing.history import History, history_of
from dosing.models import Laboratory, TroughLevel
from dosing.services.levels import (
    NOTHING_CONFIRMED,
    Confirmation,
    UnconfirmedError,
    accept,
    fill_in,
)
from dosing.services.plan import replan_schedule
from patients import audit
from patients.models import Patient, Staff
from patients.models.rules import refusal_of
from patients.revision import hold_in_follow_up, hold_still

NEVER_AT_ONCE = "unit:"
"""A question about the unit is answered by mending the file, not for many rows."""


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
    """Some samples are refused, so none is stored; by their place in the list."""

    def __init__(self, refused: Mapping[int, ValidationError]) -> None:
        super().__init__([each for error in refused.values() for each in [error]])
        self.refused = refused


@transaction.atomic
def record_troughs(
    *,
    patient: Patient,
    samples: Sequence[Sample],
    actor: Staff,
    checked: str = "",
) -> list[TroughLevel]:
    """Store levels as record_trough() would one after another, or none of them.

    `checked` says how the unusual ones were checked; it answers every question but
    those about units. The number of statements does not grow with the samples.
    """
    hold_in_follow_up(patient)
    history = history_of(patient)
    levels: list[TroughLevel] = []
    refused: dict[int, ValidationError] = {}
    in_time = sorted(range(len(samples)), key=lambda n: samples[n].drawn_at)
    for place in in_time:
        try:
            level = judged(samples[place], history, checked)
        except ValidationError as problem:
            refused[place] = problem
            continue
        levels.append(level)
        history = with_level(history, level)
    if refused:
        raise RefusedSamplesError(refused)
    write(levels)
    audit.record_many(
        [(level, "record_trough") for level in levels],
        patient=patient,
        actor=actor,
        reason=checked,
    )
    replan_schedule(patient=patient, actor=actor)
    return levels


def judged(sample: Sample, history: History, checked: str) -> TroughLevel:
    """Return a level that may be stored, by the rules of a single one."""
    level = TroughLevel(patient=history.patient)
    fill_in(
        level,
        laboratory=sample.laboratory,
        reported=sample.reported,
        unit=sample.unit,
        drawn_at=sample.drawn_at,
        last_dose_at=sample.last_dose_at,
        note=sample.note,
    )
    level.clean_fields(exclude=["patient", "laboratory"])
    level.clean()
    try:
        accept(level, sample.reported, sample.unit, NOTHING_CONFIRMED, history)
    except UnconfirmedError as asked:
        keys = [question.key for question in asked.questions]
        if not checked.strip() or any(k.startswith(NEVER_AT_ONCE) for k in keys):
            raise
        yes = Confirmation(keys, checked)
        accept(level, sample.reported, sample.unit, yes, history)
    return level


def with_level(history: History, level: TroughLevel) -> History:
    levels = list(history.levels)
    insort(levels, level, key=attrgetter("drawn_at"))
    return replace(history, levels=tuple(levels))


def write(levels: Sequence[TroughLevel]) -> None:
    """Insert at once; if the database refuses, find out which one and why."""
    try:
        with transaction.atomic():
            TroughLevel.objects.bulk_create(levels)
    except IntegrityError as broken:
        refused = {}
        for place, level in enumerate(levels):
            try:
                level.validate_constraints()
            except ValidationError as problem:
                refused[place] = problem
        raise RefusedSamplesError(refused or {0: refusal_of(broken)}) from broken


@transaction.atomic
def set_aside_troughs(
    *, patient: Patient, versions: Mapping[int, int], reason: str, actor: Staff
) -> list[TroughLevel]:
    """Set aside those levels that are still as they were, by key and version."""
    hold_still(patient)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the record is changed.")})
    TroughLevel._meta.get_field("set_aside_because").clean(reason, None)
    rows = TroughLevel.objects.used().select_for_update(no_key=True)
    levels = [
        level
        for level in rows.filter(patient=patient, pk__in=versions).order_by("pk")
        if level.version == versions[level.pk]
    ]
    for level in levels:
        level.version += 1
        level.set_aside_at, level.set_aside_because = timezone.now(), reason
    fields = ["version", "set_aside_at", "set_aside_because"]
    TroughLevel.objects.bulk_update(levels, fields, batch_size=500)
    audit.record_many(
        [(level, "set_aside_trough") for level in levels],
        patient=patient,
        actor=actor,
        reason=reason,
    )
    replan_schedule(patient=patient, actor=actor)
    return levels
