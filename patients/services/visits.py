"""Visits, the landmarks of circumferences, and what was measured at a visit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients import audit
from patients.change import asks_for_landmark, percent_change
from patients.models import (
    Landmark,
    Lesion,
    Measurement,
    Patient,
    Quantity,
    Staff,
    Visit,
)
from patients.models.rules import errors_by_field
from patients.revision import corrected, hold_still, revise, standing, store, withdrawn
from patients.services.schedule import settle


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured at a visit: pain, and a circumference at each landmark (cm).

    `same` names the landmarks of which someone said that it was the same place.
    """

    pain_vas: Decimal | None = None
    circumferences_cm: Mapping[int, Decimal] = field(default_factory=dict)
    same: frozenset[int] = frozenset()

    def wanted(self) -> dict[int | None, Decimal]:
        """Return the numbers by landmark; pain has none."""
        found: dict[int | None, Decimal] = {}
        found.update(self.circumferences_cm.items())
        if self.pain_vas is not None:
            found[None] = self.pain_vas
        return found


class LandmarkDoubtError(ValidationError):
    """Circumferences that jump so far that another place may have been measured."""

    def __init__(self, said: Mapping[int, str]) -> None:
        super().__init__({circumference_field(key): text for key, text in said.items()})
        self.landmarks = frozenset(said)


def circumference_field(landmark_id: int) -> str:
    return f"landmark_{landmark_id}"


@transaction.atomic
def add_landmark(
    *,
    lesion: Lesion,
    limb: str,
    side: str,
    place: str,
    actor: Staff,
    instrument: str = "",
) -> Landmark:
    """Keep once where a limb is measured."""
    patient = hold_still(lesion.patient)
    landmark = Landmark(
        patient=patient,
        lesion=lesion,
        limb=limb,
        side=side,
        place=place,
        instrument=instrument,
    )
    store(landmark)
    audit.record("add_landmark", landmark, patient=patient, actor=actor)
    return landmark


@transaction.atomic
def correct_landmark(
    *, landmark: Landmark, version: int, reason: str, actor: Staff, **facts: object
) -> Landmark:
    """Change the words of a landmark, or retire it."""
    hold_still(landmark.patient)
    return corrected(
        landmark,
        version=version,
        facts=facts,
        patient=landmark.patient,
        reason=reason,
        actor=actor,
    )


@transaction.atomic
def record_visit(
    *,
    patient: Patient,
    kind: str,
    held_on: date,
    actor: Staff,
    measured: Measured | None = None,
    **facts: object,
) -> Visit:
    """Keep a visit with what was measured at it, whole or not at all."""
    visit = Visit(patient=hold_still(patient), kind=kind, held_on=held_on, **facts)
    store(visit)
    check_landmarks(visit, measured or Measured())
    audit.record("record_visit", visit, patient=patient, actor=actor)
    for landmark_id, value in (measured or Measured()).wanted().items():
        add_number(visit, landmark_id, value, actor)
    settle(patient=patient, actor=actor)
    return visit


@transaction.atomic
def correct_visit(
    *,
    visit: Visit,
    version: int,
    reason: str,
    actor: Staff,
    measured: Measured | None = None,
    **facts: object,
) -> Visit:
    """Change a visit and what was measured at it."""
    hold_still(visit.patient)
    fresh = standing(visit, version)
    for name, fact in facts.items():
        setattr(fresh, name, fact)
    given = measured or Measured()
    check_landmarks(fresh, given)
    revise(
        fresh,
        action="correct_visit",
        patient=fresh.patient,
        actor=actor,
        reason=reason,
    )
    replace_numbers(fresh, given.wanted(), actor, reason)
    settle(patient=fresh.patient, actor=actor)
    return fresh


def replace_numbers(
    visit: Visit, wanted: Mapping[int | None, Decimal], actor: Staff, reason: str
) -> None:
    """Correct, add or withdraw each number of a visit, so that the wanted stand."""
    present = {row.landmark_id: row for row in numbers_of(visit)}
    for landmark_id, value in wanted.items():
        row = present.pop(landmark_id, None)
        if row is None:
            add_number(visit, landmark_id, value, actor)
        elif (row.value, row.measured_on) != (value, visit.held_on):
            row.value, row.measured_on = value, visit.held_on
            keep(row, "correct_measurement", actor, reason)
    for row in present.values():
        row.withdrawn_at = timezone.now()
        keep(row, "withdraw_measurement", actor, reason)


@transaction.atomic
def withdraw_visit(*, visit: Visit, version: int, reason: str, actor: Staff) -> Visit:
    """Take back a visit that was entered in error, and its numbers with it."""
    hold_still(visit.patient)
    fresh = withdrawn(
        visit,
        version=version,
        action="withdraw_visit",
        patient=visit.patient,
        actor=actor,
        reason=reason,
    )
    for row in numbers_of(fresh):
        row.withdrawn_at = fresh.withdrawn_at
        keep(row, "withdraw_measurement", actor, reason)
    settle(patient=fresh.patient, actor=actor)
    return fresh


def numbers_of(visit: Visit) -> list[Measurement]:
    """Return what stands of a visit."""
    return list(Measurement.objects.standing().filter(visit=visit))


def check_landmarks(visit: Visit, measured: Measured) -> None:
    """Ask whether the same place was measured where a circumference jumps."""
    kept = {each.pk: each for each in Landmark.objects.filter(patient=visit.patient)}
    strangers = measured.circumferences_cm.keys() - kept.keys()
    if strangers:
        raise ValidationError(_("Choose a landmark of this patient."))
    said = {}
    stands = {
        row.landmark_id: (row.value, row.measured_on) for row in numbers_of(visit)
    }
    for key, value in measured.circumferences_cm.items():
        if key in measured.same or stands.get(key) == (value, visit.held_on):
            continue
        before = last_before(visit, key)
        if before is not None and asks_for_landmark(before.value, value):
            said[key] = _(
                "%(percent)s %% since %(day)s (%(before)s cm). Same landmark?"
            ) % {
                "percent": f"{percent_change(before.value, value):+}",
                "day": before.measured_on,
                "before": f"{before.value.normalize():f}",
            }
    if said:
        raise LandmarkDoubtError(said)


def last_before(visit: Visit, landmark_id: int) -> Measurement | None:
    """Return the last circumference at a landmark before a visit."""
    rows = Measurement.objects.of(visit.patient).filter(
        landmark=landmark_id, measured_on__lt=visit.held_on
    )
    return rows.in_time_order().last()


def add_number(
    visit: Visit, landmark_id: int | None, value: Decimal, actor: Staff
) -> None:
    if landmark_id is None and is_told(visit, value):
        return
    landmark = None if landmark_id is None else Landmark.objects.get(pk=landmark_id)
    row = Measurement(
        patient=visit.patient,
        visit=visit,
        landmark=landmark,
        lesion=landmark.lesion if landmark else None,
        quantity=Quantity.CIRCUMFERENCE_CM if landmark else Quantity.PAIN_VAS,
        value=value,
        measured_on=visit.held_on,
    )
    try:
        store(row)
    except ValidationError as refusal:
        raise beside(row, refusal) from refusal
    audit.record("add_measurement", row, patient=visit.patient, actor=actor)


def is_told(visit: Visit, pain_vas: Decimal) -> bool:
    """Say whether the pain of that day is known already; refuse another number."""
    rows = Measurement.objects.of(visit.patient)
    told = rows.filter(
        quantity=Quantity.PAIN_VAS, lesion=None, measured_on=visit.held_on
    ).first()
    if told is not None and told.value != pain_vas:
        said = _(
            "Pain is %(value)s of that day already. Correct it there, or leave this"
            " empty."
        ) % {"value": f"{told.value.normalize():f}"}
        raise ValidationError({"pain_vas": said})
    return told is not None


def keep(row: Measurement, action: str, actor: Staff, reason: str) -> None:
    try:
        revise(row, action=action, patient=row.patient, actor=actor, reason=reason)
    except ValidationError as refusal:
        raise beside(row, refusal) from refusal


def beside(row: Measurement, refusal: ValidationError) -> ValidationError:
    """Put what is refused of a number beside the field it was typed into."""
    name = (
        "pain_vas" if row.landmark_id is None else circumference_field(row.landmark_id)
    )
    errors = [text for each in errors_by_field(refusal).values() for text in each]
    return ValidationError({name: errors})
