"""Safety labs: a panel of one day, its corrections, and who has to look at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from dosing.labs import Read, read_labs
from dosing.models import Laboratory, LabResult
from dosing.policy.labs import UNITS, Reported, Standing, Substance, to_see_to
from dosing.services.plan import replan_schedule
from dosing.words import plain
from patients import audit
from patients.models import Patient, Role, Staff, Task
from patients.models.rules import errors_by_field
from patients.revision import hold_still, revise, standing, store, withdrawn
from patients.services import raise_task


@dataclass(frozen=True, slots=True)
class Typed:
    """One number of a report and its unit."""

    number: Decimal
    unit: str
    comparator: str = ""
    """"<" or ">" where the report gives a bound."""


def value_of(analyte: str, typed: Typed, field: str) -> Decimal:
    """Return a value in the unit that is kept; a refusal of its unit names a field."""
    units = UNITS[Substance(analyte)]
    if typed.unit not in units:
        said = _("Choose a unit of this value: %(units)s.")
        raise ValidationError({field: said % {"units": ", ".join(units)}})
    return Reported(Substance(analyte), typed.number, typed.unit).value


@transaction.atomic
def record_labs(
    *,
    patient: Patient,
    drawn_on: date,
    results: Mapping[str, Typed],
    actor: Staff,
    laboratory: Laboratory | None = None,
    note: str = "",
) -> list[LabResult]:
    """Store a panel of one day, whole or not at all.

    Each refusal names the analyte it is about. A limit that was crossed makes a task.
    """
    hold_still(patient)
    if not results:
        raise ValidationError(_("Type at least one value."))
    rows = [
        LabResult(
            patient=patient,
            laboratory=laboratory,
            analyte=analyte,
            value=value_of(analyte, typed, analyte),
            reported_value=typed.number,
            reported_unit=typed.unit,
            comparator=typed.comparator,
            drawn_on=drawn_on,
            note=note,
        )
        for analyte, typed in results.items()
    ]
    store_each(rows)
    lines = [(row, "record_labs") for row in rows]
    audit.record_many(lines, patient=patient, actor=actor)
    raise_tasks(patient, {row.pk for row in rows}, {}, actor)
    replan_schedule(patient=patient, actor=actor)
    return rows


def store_each(rows: Sequence[LabResult]) -> None:
    """Store the values; collect what is wrong with each under its analyte."""
    refused: dict[str, list[ValidationError]] = {}
    for row in rows:
        try:
            store(row)
        except ValidationError as refusal:
            for field, errors in errors_by_field(refusal).items():
                shared = field in {"drawn_on", "laboratory", "note"}
                refused.setdefault(field if shared else row.analyte, errors)
    if refused:
        raise ValidationError(refused)


@transaction.atomic
def correct_lab(
    *,
    lab: LabResult,
    version: int,
    typed: Typed,
    drawn_on: date,
    reason: str,
    actor: Staff,
    laboratory: Laboratory | None = None,
    note: str = "",
) -> LabResult:
    """Mend one value, its day or its laboratory; predictions are made anew."""
    hold_still(lab.patient)
    fresh = standing(lab, version)
    before = standings(lab.patient)
    fresh.value = value_of(fresh.analyte, typed, "unit")
    fresh.reported_value, fresh.reported_unit = typed.number, typed.unit
    fresh.comparator = typed.comparator
    fresh.drawn_on, fresh.laboratory, fresh.note = drawn_on, laboratory, note
    revise(
        fresh,
        action="correct_lab",
        patient=fresh.patient,
        actor=actor,
        reason=reason,
    )
    raise_tasks(fresh.patient, {fresh.pk}, before, actor)
    replan_schedule(patient=fresh.patient, actor=actor)
    return fresh


@transaction.atomic
def withdraw_lab(
    *, lab: LabResult, version: int, reason: str, actor: Staff
) -> LabResult:
    """Take back a value that was entered in error; it stays in the history."""
    hold_still(lab.patient)
    taken_back = withdrawn(
        lab,
        version=version,
        action="withdraw_lab",
        patient=lab.patient,
        actor=actor,
        reason=reason,
    )
    replan_schedule(patient=lab.patient, actor=actor)
    return taken_back


def standings(patient: Patient) -> dict[int, Standing]:
    return {each.result.pk: each.stands for each in read_labs(patient)}


def raise_tasks(
    patient: Patient, new: set[int], before: Mapping[int, Standing], actor: Staff
) -> None:
    """Raise a task for each new value that crosses a limit.

    Not where the value before it, or the same value before its correction, stood in
    the same place already.
    """
    previous: dict[str, Standing] = {}
    for each in read_labs(patient):
        result, stands = each.result, each.stands
        known = {previous.get(result.analyte), before.get(result.pk)}
        if result.pk in new and stands.crosses and stands not in known:
            raise_lab_task(each, actor)
        previous[result.analyte] = stands


def raise_lab_task(crossed: Read, actor: Staff) -> Task:
    result, stands = crossed.result, crossed.stands
    with translation.override("en"):
        analyte = str(result.get_analyte_display())
    said = to_see_to(result.substance, analyte, result.shown, result.drawn_on, stands)
    return raise_task(
        patient=result.patient,
        kind=Task.Kind.LABORATORY,
        key=f"lab:{result.analyte}:{result.drawn_on}:{plain(result.value)}",
        text=said.text,
        facts={name: str(fact) for name, fact in said.facts.items()},
        owner=Role.CLINICIAN if stands.is_severe else Role.NURSE,
        is_urgent=stands.is_severe,
        actor=actor,
    )
