"""What was measured on a patient: vital signs, pain, limbs, MRI, and safety labs."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from dosing.models import LabResult
from patients.models import Measurement, Quantity
from patients.models.observations import OF_IMAGING, VolumeMethod
from tdm.fhir.codes import (
    LOINC,
    PAIN,
    PRESSURE_PANEL,
    PRESSURES,
    SCORE,
    VITAL_SIGNS,
    own,
)
from tdm.fhir.extensions import extension
from tdm.fhir.parts import (
    About,
    Part,
    Resource,
    coding,
    concept,
    hl7,
    notes,
    of_ours,
    quantity,
    reference,
)


def status(row: Measurement | LabResult) -> str:
    if row.withdrawn_at is not None:
        return "entered-in-error"
    return "corrected" if row.version > 1 else "final"


def measurement(row: Measurement, about: About) -> Resource:
    """Return one number of one day; FHIR allows a day where no hour is known."""
    what = Quantity(row.quantity)
    unit = SCORE if what is Quantity.PAIN_VAS else row.unit
    return {
        "extension": extension("printed-change-percent", row.printed_percent),
        "status": status(row),
        "category": [hl7("observation-category", category(what))],
        "code": code(what, what.label),
        "subject": about.subject,
        "effectiveDateTime": row.measured_on.isoformat(),
        "valueQuantity": quantity(row.value, unit),
        "bodySite": body_site(row),
        "method": method(row),
        "derivedFrom": [reference("ImagingStudy", row.imaging_id)]
        if row.imaging_id
        else [],
        "focus": [reference("BodyStructure", row.lesion_id)] if row.lesion_id else [],
        "note": notes(row.note),
    }


def method(row: Measurement) -> Part:
    """Return how a volume was measured; other numbers have none."""
    if not row.method:
        return {}
    return of_ours("volume-method", row.method, VolumeMethod(row.method).label)


def category(what: Quantity) -> str:
    if what in VITAL_SIGNS:
        return "vital-signs"
    if what is Quantity.PAIN_VAS:
        return "survey"
    return "imaging" if what in OF_IMAGING else "exam"


def code(what: Quantity, text: object) -> Part:
    """Return the verified code of a quantity beside our own, or our own alone."""
    ours = coding(own("quantity"), what.value)
    if what in VITAL_SIGNS:
        number, display, _profile = VITAL_SIGNS[what]
        return concept(text, coding(LOINC, number, display), ours)
    if what is Quantity.PAIN_VAS:
        return concept(text, coding(LOINC, *PAIN), ours)
    return concept(text, ours)


def body_site(row: Measurement) -> Part:
    """Return where a limb is measured, or which malformation."""
    place = row.landmark or row.lesion
    return concept(str(place)) if place else {}


class FirstOfItsDay(Protocol):
    """The first version of a blood pressure that was ever dated to a day."""

    quantity: str
    measured_on: date


def pressure(row: FirstOfItsDay, about: About) -> Resource:
    """Return the blood pressures of one day as one panel: what stands of them.

    Where none does, it is sent as entered in error, with what was withdrawn; a day
    whose pressures belong to another day has none.
    """
    rows = about.pressures.get(row.measured_on, [])
    shown = [each for each in rows if each.withdrawn_at is None] or rows
    members = {Quantity(each.quantity): each for each in shown}
    return {
        "status": panel_status(shown, rows),
        "category": [hl7("observation-category", "vital-signs")],
        "code": concept("Blood pressure", coding(LOINC, *PRESSURE_PANEL)),
        "subject": about.subject,
        "effectiveDateTime": row.measured_on.isoformat(),
        "component": [
            component(quantity_, members.get(quantity_)) for quantity_ in PRESSURES
        ],
        "note": notes(*(each.note for each in members.values())),
    }


def panel_status(shown: Sequence[Measurement], rows: Sequence[Measurement]) -> str:
    if all(each.withdrawn_at is not None for each in shown):
        return "entered-in-error"
    changed = len(shown) < len(rows) or any(each.version > 1 for each in shown)
    return "corrected" if changed else "final"


def component(what: Quantity, row: Measurement | None) -> Part:
    said: Part = {"code": concept("", coding(LOINC, *PRESSURES[what]))}
    if row is None:
        return {**said, "dataAbsentReason": hl7("data-absent-reason", "unknown")}
    return {**said, "valueQuantity": quantity(row.value, row.unit)}


def profiles(row: Measurement | FirstOfItsDay) -> list[str]:
    """Name the profiles of vital signs that a measurement follows."""
    what = Quantity(row.quantity)
    if what in PRESSURES:
        return ["vitalsigns", "bp"]
    return ["vitalsigns", VITAL_SIGNS[what][2]] if what in VITAL_SIGNS else []


def lab(row: LabResult, about: About) -> Resource:
    """Return a safety laboratory value as it is kept, with the report beside it.

    The code is our own: the LOINC codes of these were not verified.
    """
    return {
        "status": status(row),
        "category": [hl7("observation-category", "laboratory")],
        "code": of_ours("analyte", row.analyte, row.get_analyte_display()),
        "subject": about.subject,
        "effectiveDateTime": row.drawn_on.isoformat(),
        "performer": [{"display": row.laboratory.name}] if row.laboratory else [],
        "valueQuantity": quantity(
            row.value, row.unit, code=ucum(row.unit), comparator=row.comparator
        ),
        "component": [
            {
                "code": of_ours("observation", "as-reported", "As reported"),
                "valueQuantity": quantity(
                    row.reported_value,
                    row.reported_unit,
                    code=ucum(row.reported_unit),
                    comparator=row.comparator,
                ),
            }
        ],
        "note": notes(row.note),
    }


def ucum(unit: str) -> str:
    """Write a unit as UCUM has it: powers of ten with a star, remarks in braces."""
    return unit.replace("10^", "10*").replace(" FEU", "{FEU}")
