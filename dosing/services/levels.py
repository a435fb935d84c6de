"""Trough levels: recorded as reported, corrected, set aside, never lost."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dosing import units
from dosing.history import History, entry_of, history_of
from dosing.models import Laboratory, TroughLevel
from dosing.services.plan import replan_schedule
from dosing.words import say
from patients import audit
from patients.models import Patient, Staff
from patients.revision import hold_in_follow_up, hold_still, locked, revise, store


class UnconfirmedError(ValidationError):
    """The entry is unusual; carries the questions whose answers would let it in."""

    def __init__(self, questions: list[units.Question]) -> None:
        super().__init__(
            [
                ValidationError(
                    say(question.sentence),
                    code="confirm",
                    params={"confirm": question.key},
                )
                for question in questions
            ]
        )
        self.questions = questions


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Which questions were answered with yes, and why."""

    keys: Collection[str] = ()
    reason: str = ""


NOTHING_CONFIRMED = Confirmation()


@transaction.atomic
def record_trough(
    *,
    patient: Patient,
    laboratory: Laboratory,
    reported: units.Reported,
    unit: units.Unit,
    drawn_at: datetime,
    last_dose_at: datetime | None,
    actor: Staff,
    note: str = "",
    confirmation: Confirmation = NOTHING_CONFIRMED,
    submission: UUID | None = None,
) -> TroughLevel:
    """Store a measured trough as reported and in ng/mL.

    The same `submission` twice stores one level. An unusual entry raises
    UnconfirmedError until each of its questions is confirmed with a reason.
    """
    submission = submission or uuid4()
    hold_in_follow_up(patient)
    level = TroughLevel(patient=patient, submission=submission)
    fill_in(
        level,
        laboratory=laboratory,
        reported=reported,
        unit=unit,
        drawn_at=drawn_at,
        last_dose_at=last_dose_at,
        note=note,
    )
    history = history_of(patient)
    known = [each for each in history.levels if each.submission == submission]
    if known:
        return the_same(known[0], level)
    check(level)
    accept(level, history, reported, unit, confirmation)
    store(level)
    audit.record("record_trough", level, patient=patient, actor=actor)
    replan_schedule(patient=patient, actor=actor, history=history.with_level(level))
    return level


@transaction.atomic
def correct_trough(
    *,
    level: TroughLevel,
    version: int,
    laboratory: Laboratory,
    reported: units.Reported,
    unit: units.Unit,
    drawn_at: datetime,
    last_dose_at: datetime | None,
    reason: str,
    actor: Staff,
    note: str = "",
    confirmation: Confirmation = NOTHING_CONFIRMED,
) -> TroughLevel:
    """Replace what was recorded by a new version; the old one stays in the history."""
    hold_still(level.patient)
    fresh = locked(level, version)
    fill_in(
        fresh,
        laboratory=laboratory,
        reported=reported,
        unit=unit,
        drawn_at=drawn_at,
        last_dose_at=last_dose_at,
        note=note,
    )
    check(fresh)
    accept(fresh, history_of(fresh.patient), reported, unit, confirmation)
    mended = revise(
        fresh,
        action="correct_trough",
        patient=fresh.patient,
        actor=actor,
        reason=reason,
    )
    replan_schedule(patient=fresh.patient, actor=actor)
    return mended


@transaction.atomic
def set_aside_trough(
    *, level: TroughLevel, version: int, reason: str, actor: Staff
) -> TroughLevel:
    """Keep a level on the record but out of every judgement."""
    hold_still(level.patient)
    fresh = locked(level, version)
    if fresh.set_aside_at is not None:
        raise ValidationError(_("This level is already set aside."))
    fresh.set_aside_at = timezone.now()
    fresh.set_aside_because = reason
    mended = revise(
        fresh,
        action="set_aside_trough",
        patient=fresh.patient,
        actor=actor,
        reason=reason,
    )
    replan_schedule(patient=fresh.patient, actor=actor)
    return mended


SUBMITTED = (
    "laboratory_id",
    "comparator",
    "reported_value",
    "reported_unit",
    "drawn_at",
    "last_dose_at",
    "note",
)


def the_same(known: TroughLevel, again: TroughLevel) -> TroughLevel:
    """Answer a form sent twice with what it stored, unless it was changed since."""
    if any(getattr(known, name) != getattr(again, name) for name in SUBMITTED):
        raise ValidationError(
            _("This form has already stored %(level)s. Open that level to correct it."),
            params={"level": known},
        )
    return known


def fill_in(
    level: TroughLevel,
    *,
    laboratory: Laboratory,
    reported: units.Reported,
    unit: units.Unit,
    drawn_at: datetime,
    last_dose_at: datetime | None,
    note: str,
) -> None:
    level.laboratory = laboratory
    level.comparator = reported.comparator.value
    level.reported_value = reported.value
    level.reported_unit = unit.value
    level.ng_per_ml = units.to_ng_per_ml(reported.value, unit)
    level.drawn_at = drawn_at
    level.last_dose_at = last_dose_at
    level.note = note


def check(level: TroughLevel) -> None:
    """Say everything that is wrong with a level by itself, without a statement."""
    level.full_clean(
        exclude=["patient", "laboratory"],
        validate_unique=False,
        validate_constraints=False,
    )


def accept(
    level: TroughLevel,
    history: History,
    reported: units.Reported,
    unit: units.Unit,
    confirmation: Confirmation,
) -> None:
    """Refuse a stranger's laboratory and a slip that was not asked about."""
    patient = level.patient
    if level.laboratory.site_id != patient.site_id:
        raise ValidationError({"laboratory": _("Choose a laboratory of this clinic.")})
    if history.protocol_on(history.day(level.drawn_at)) is None:
        raise ValidationError(_("Choose a protocol before recording a level."))
    asked = questions_about(history, level, reported, unit)
    still_open = [q for q in asked if q.key not in confirmation.keys]
    if still_open:
        raise UnconfirmedError(still_open)
    if asked and not confirmation.reason.strip():
        raise ValidationError({"confirmation_reason": _("Say how you checked this.")})
    level.confirmed = confirmation.reason if asked else ""


def questions_about(
    history: History, level: TroughLevel, reported: units.Reported, unit: units.Unit
) -> list[units.Question]:
    expectation = history.expectation(at=level.drawn_at, without=level.pk)
    entry = entry_of(
        reported=reported,
        unit=unit,
        laboratory=level.laboratory,
        expectation=expectation,
    )
    asked = units.questions(entry)
    first = history.course.starts_on()
    if first is None or history.day(level.drawn_at) < first:
        asked.append(units.asks_about_first_dose(entry))
    return asked
