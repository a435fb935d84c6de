"""Rows of a file handed to the services of the pages, patient by patient."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from dosing.diary import Entry, Place, week_of
from dosing.imports import DiaryRow, DoseRow, Kind, LevelRow, Row, RowError
from dosing.models import Dose, FileImport, Protocol, State, TroughLevel
from dosing.services.batches import (
    NEVER_AT_ONCE,
    RefusedSamplesError,
    Sample,
    record_troughs,
)
from dosing.services.diary import save_diary
from dosing.services.doses import prescribe_dose, stop_dose
from dosing.services.levels import UnconfirmedError
from patients.models import Patient, Staff
from patients.models.diary import Source
from patients.models.rules import errors_by_field, refusal_of
from patients.web import instant

DAYS_AT_ONCE = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell of a row, or asked about it."""

    line: int
    field: str
    said: str


@dataclass
class Found:
    """What the rows of a file come to; `made` names what undoing would take back."""

    rows: int = 0
    blank: int = 0
    new: int = 0
    unchanged: int = 0
    converted: int = 0
    errors: list[Fault] = field(default_factory=list)
    questions: list[Fault] = field(default_factory=list)
    made: list[dict[str, object]] = field(default_factory=list)

    def wrong(self, row: Row, name: str, said: str) -> None:
        self.errors.append(Fault(row.number, name, said))

    def refused(self, row: Row, refusal: ValidationError) -> None:
        """Take what a service said: a question that may be answered, or an error."""
        if isinstance(refusal, UnconfirmedError):
            for question, said in zip(refusal.questions, refusal.messages, strict=True):
                ends = question.key.startswith(NEVER_AT_ONCE)
                kept = self.errors if ends else self.questions
                kept.append(Fault(row.number, "value", said))
            return
        for name, errors in errors_by_field(refusal).items():
            for error in errors:
                shown = FIELDS.get(name, name)
                self.wrong(row, shown, " ".join(error.messages))

    def shown(self, most: int) -> dict[str, object]:
        """Return the report for keeping, with so many of the faults."""
        told = asdict(self)
        del told["made"]
        for name in ("errors", "questions"):
            told[f"{name}_in_all"] = len(told[name])
            told[name] = sorted(told[name], key=lambda each: each["line"])[:most]
        return told


FIELDS = {"reported_value": "value", "ng_per_ml": "value", "reported_unit": "unit"}
"""Where a record's field has another name among the columns."""


@dataclass(frozen=True, slots=True)
class Work:
    """For whom and how the rows of one patient are applied."""

    file: FileImport
    patient: Patient
    actor: Staff
    checked: str
    found: Found


def owners(
    file: FileImport, rows: Iterable[Row], found: Found
) -> dict[Patient, list[Row]]:
    """Sort rows by patient: by identifier and birth date, in this clinic."""
    rows = list(rows)
    known = {
        patient.identifier: patient
        for patient in Patient.objects.filter(
            site=file.site, identifier__in={row.identifier for row in rows}
        ).select_related("site")
    }
    near = Near(file)
    sorted_rows = defaultdict(list)
    for row in rows:
        patient = known.get(row.identifier)
        if patient is None:
            found.wrong(row, "identifier", near.said(row))
        elif patient.born_on != row.born_on:
            found.wrong(
                row,
                "born_on",
                _("The patient of this identifier was born on another day."),
            )
        else:
            sorted_rows[patient].append(row)
    return dict(sorted_rows)


class Near:
    """Finds identifiers of a clinic that have lost their leading zeros."""

    def __init__(self, file: FileImport) -> None:
        self.file = file
        self.bare: dict[str, str] | None = None

    def said(self, row: Row) -> str:
        if self.bare is None:
            all_of_them = Patient.objects.filter(site=self.file.site)
            self.bare = {
                each.lstrip("0"): each
                for each in all_of_them.values_list("identifier", flat=True)
            }
        near = self.bare.get(row.identifier.lstrip("0"))
        if near is None:
            return _("No patient of this clinic has this identifier.")
        return _("No patient has this identifier. Is it %(near)s?") % {"near": near}


def apply_levels(work: Work, rows: Sequence[LevelRow]) -> None:
    laboratory = work.file.laboratory
    assert laboratory is not None  # noqa: S101 - asked for before the check
    stored = {
        level.drawn_at: level
        for level in TroughLevel.objects.used().filter(
            patient=work.patient, laboratory=laboratory
        )
    }
    seen: dict[object, int] = {}
    fresh: list[tuple[LevelRow, Sample]] = []
    for row in rows:
        try:
            sample = sample_of(work, row)
        except RowError as problem:
            work.found.wrong(row, problem.field, str(problem))
            continue
        if is_twice(work.found, row, sample.drawn_at, seen, "drawn_at"):
            continue
        level = stored.get(sample.drawn_at)
        if level is None:
            fresh.append((row, sample))
        elif says_the_same(level, row):
            work.found.unchanged += 1
        else:
            work.found.wrong(
                row,
                "value",
                _("This sample is recorded as %(level)s. Correct it there.")
                % {"level": level},
            )
    store_levels(work, fresh)


def is_twice(
    found: Found, row: Row, key: object, seen: dict[object, int], name: str
) -> bool:
    """Say of a row that another one of the file tells the same thing."""
    if key not in seen:
        seen[key] = row.number
        return False
    found.wrong(
        row, name, _("Row %(row)s tells the same already.") % {"row": seen[key]}
    )
    return True


def says_the_same(level: TroughLevel, row: LevelRow) -> bool:
    return (
        level.comparator == row.reported.comparator.value
        and level.reported_value == row.reported.value
        and level.reported_unit == row.unit.value
    )


def sample_of(work: Work, row: LevelRow) -> Sample:
    """Place the wall times of a row in the clinic's zone, unless it names another."""
    drawn, last = row.offsets
    laboratory = work.file.laboratory
    assert laboratory is not None  # noqa: S101 - asked for before the check
    return Sample(
        laboratory=laboratory,
        reported=row.reported,
        unit=row.unit,
        drawn_at=placed(work, "drawn_at", row.drawn_at, drawn),
        last_dose_at=placed(work, "last_dose_at", row.last_dose_at, last)
        if row.last_dose_at
        else None,
        note=row.note,
    )


def placed(work: Work, name: str, wall: datetime, offset: str) -> datetime:
    if offset:
        return datetime.fromisoformat(f"{wall.isoformat()}{offset}")
    try:
        return instant(wall, work.patient.site.zone, "")
    except ValidationError as problem:
        raise RowError(name, " ".join(problem.messages)) from problem


def store_levels(work: Work, fresh: Sequence[tuple[LevelRow, Sample]]) -> None:
    if not fresh:
        return
    samples = [sample for _row, sample in fresh]
    try:
        levels = record_troughs(
            patient=work.patient,
            samples=samples,
            actor=work.actor,
            checked=work.checked,
        )
    except RefusedSamplesError as problem:
        for place, refusal in problem.refused.items():
            work.found.refused(fresh[place][0], refusal)
        return
    except ValidationError as refusal:
        work.found.refused(fresh[0][0], refusal)
        return
    work.found.new += len(levels)
    work.found.converted += sum(s.unit.value != "ng/mL" for s in samples)
    work.found.made.append(
        {
            "patient": work.patient.pk,
            "levels": {level.pk: level.version for level in levels},
        }
    )


def apply_doses(work: Work, rows: Sequence[DoseRow]) -> None:
    """Prescribe in the order of days; what runs before each of them ends there."""
    before = snapshot(work.patient)
    seen: dict[object, int] = {}
    for row in sorted(rows, key=lambda each: each.starts_on):
        if is_twice(work.found, row, row.starts_on, seen, "starts_on"):
            continue
        begun = before.get(row.starts_on)
        if begun is None:
            prescribe_row(work, row)
        elif (begun.amount_mg, begun.interval_h) == (row.amount_mg, row.interval_h):
            work.found.unchanged += 1
        else:
            work.found.wrong(
                row,
                "amount_mg",
                _("%(dose)s begins on that day already. Correct it there.")
                % {"dose": begun},
            )
    note_doses(work, before)


def snapshot(patient: Patient) -> dict[date, Dose]:
    return {dose.starts_on: dose for dose in Dose.objects.of(patient)}


def prescribe_row(work: Work, row: DoseRow) -> None:
    reason = row.reason or _("Import %(number)s") % {"number": work.file.pk}
    try:
        with transaction.atomic():
            prescribe_dose(
                patient=work.patient,
                amount_mg=row.amount_mg,
                interval_h=row.interval_h,
                starts_on=row.starts_on,
                usual_time=row.usual_time,
                protocol=protocol_of(row),
                reason=reason,
                actor=work.actor,
            )
            if row.stops_on is not None:
                stop_dose(
                    patient=work.patient,
                    on=row.stops_on,
                    reason=reason,
                    actor=work.actor,
                )
    except RowError as problem:
        work.found.wrong(row, problem.field, str(problem))
    except ValidationError as refusal:
        work.found.refused(row, refusal)
    except IntegrityError as broken:
        work.found.refused(row, refusal_of(broken))
    else:
        work.found.new += 1


def protocol_of(row: DoseRow) -> Protocol | None:
    if not row.protocol:
        return None
    found = Protocol.objects.filter(name=row.protocol).first()
    if found is None:
        raise RowError("protocol", _("There is no protocol of this name."))
    return found


def note_doses(work: Work, before: dict[date, Dose]) -> None:
    """Note which regimens began, and which ended otherwise than before."""
    known = {dose.pk: dose for dose in before.values()}
    begun, ended = {}, {}
    for dose in Dose.objects.of(work.patient):
        old = known.get(dose.pk)
        if old is None:
            begun[dose.pk] = dose.version
        elif old.version != dose.version:
            ended[dose.pk] = [dose.version, old.stops_on and str(old.stops_on)]
    if begun:
        work.found.made.append(
            {"patient": work.patient.pk, "doses": begun, "ended": ended}
        )


def apply_diary(work: Work, rows: Sequence[DiaryRow]) -> None:
    seen: dict[object, int] = {}
    rows = [r for r in rows if not is_twice(work.found, r, r.day, seen, "day")]
    rows.sort(key=lambda each: each.day)
    stretches: list[list[DiaryRow]] = []
    for row in rows:
        last = stretches[-1] if stretches else []
        if not last or (row.day - last[0].day).days >= DAYS_AT_ONCE:
            stretches.append([])
        stretches[-1].append(row)
    for stretch in stretches:
        save_stretch(work, stretch)


def save_stretch(work: Work, rows: Sequence[DiaryRow]) -> None:
    """Save some days; a cell that says something else already is an error."""
    of_day = {row.day: row for row in rows}
    known = told_before(work.patient, rows)
    entries = [
        Entry(place, shown_as(known.get(place, "")), text, confirmed=bool(work.checked))
        for row in rows
        for name, text in row.texts.items()
        for place in [Place(row.day, name)]
    ]
    reason = _("Import %(number)s") % {"number": work.file.pk}
    outcome = save_diary(
        patient=work.patient,
        entries=entries,
        source=Source.PAPER,
        actor=work.actor,
        reason=f"{reason}. {work.checked}".strip(),
    )
    for place, said in outcome.refused.items():
        work.found.wrong(of_day[place.day], place.row, said)
    for place, current in outcome.conflicts.items():
        work.found.wrong(
            of_day[place.day],
            place.row,
            _("The diary says %(text)s already. Change it there.") % {"text": current},
        )
    for place, said in outcome.questions.items():
        fault = Fault(of_day[place.day].number, place.row, said)
        work.found.questions.append(fault)
    new = [p for p in outcome.saved if shown_as(known.get(p, "")) == known.get(p, "")]
    days = {place.day for place in new}
    work.found.new += len(days)
    work.found.unchanged += len(set(of_day) - days)
    cells = [[str(p.day), p.row, outcome.week.current(p)] for p in new]
    if cells:
        work.found.made.append({"patient": work.patient.pk, "cells": cells})


def shown_as(known: str) -> str:
    """Return what a cell may be written over: nothing, or that it is unknown."""
    return known if known == State.UNKNOWN else ""


def told_before(patient: Patient, rows: Sequence[DiaryRow]) -> dict[Place, str]:
    """Return the cells that say something already."""
    first, last = rows[0].day, rows[-1].day
    week = week_of(patient, first, today=last, count=(last - first).days + 1)
    places = (Place(row.day, name) for row in rows for name in row.texts)
    return {place: text for place in places if (text := week.current(place))}


APPLIED: dict[Kind, Callable[[Work, Sequence], None]] = {
    Kind.LEVELS: apply_levels,
    Kind.DOSES: apply_doses,
    Kind.DIARY: apply_diary,
}
