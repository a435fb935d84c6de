"""Days of a diary handed to the service that saves a week of it."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from dosing.diary import Entry, Place, week_of
from dosing.imports import DiaryRow
from dosing.models import State
from dosing.services.applying.found import Fault, is_twice
from dosing.services.applying.work import Work
from dosing.services.diary import save_diary
from patients.models import Patient
from patients.models.diary import Source

DAYS_AT_ONCE = 60


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
    told = [*new, *outcome.refused, *outcome.conflicts, *outcome.questions]
    work.found.unchanged += len(set(of_day) - {place.day for place in told})
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
