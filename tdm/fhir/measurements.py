"""What was measured on a patient: vital signs, pain, limbs, MRI, and safety labs."""

from collections.abc import Mapping, Sequence

from dosing.models import LabResult
from patients.models import Measurement, Quantity
from patients.models.observations import OF_IMAGING
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
        "code": code(what, row.get_quantity_display()),
        "subject": about.subject,
        "effectiveDateTime": row.measured_on.isoformat(),
        "valueQuantity": quantity(row.value, unit),
        "bodySite": body_site(row),
        "method": of_ours("volume-method", row.method, row.get_method_display()),
        "derivedFrom": [reference("ImagingStudy", row.imaging_id)]
        if row.imaging_id
        else [],
        "focus": [reference("BodyStructure", row.lesion_id)] if row.lesion_id else [],
        "note": notes(row.note),
    }


def category(what: Quantity) -> str:
    if what in VITAL_SIGNS:
        return "vital-signs"
    if what is Quantity.PAIN_VAS:
        return "survey"
    return "imaging" if what in OF_IMAGING else "exam"


def code(what: Quantity, text: str) -> Part:
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


def of_the_day(row: Measurement, about: About) -> Mapping[Quantity, Measurement]:
    """Return the pressures of a day: what stands, else what was entered in error."""
    rows = about.pressures[row.measured_on]
    standing = [each for each in rows if each.withdrawn_at is None]
    return {Quantity(each.quantity): each for each in standing or rows}


def pressure(row: Measurement, about: About) -> Resource:
    """Return the blood pressures of one day as one panel.

    `row` is the first that was entered for the day; the panel keeps its number.
    """
    members = of_the_day(row, about)
    shown = list(members.values())
    return {
        "status": panel_status(shown, about.pressures[row.measured_on]),
        "category": [hl7("observation-category", "vital-signs")],
        "code": concept("Blood pressure", coding(LOINC, *PRESSURE_PANEL)),
        "subject": about.subject,
        "effectiveDateTime": row.measured_on.isoformat(),
        "component": [
            component(quantity_, members.get(quantity_)) for quantity_ in PRESSURES
        ],
        "note": notes(*(each.note for each in shown)),
    }


def panel_status(shown: Sequence[Measurement], rows: Sequence[Measurement]) -> str:
    if shown[0].withdrawn_at is not None:
        return "entered-in-error"
    changed = len(shown) < len(rows) or any(each.version > 1 for each in shown)
    return "corrected" if changed else "final"


def component(what: Quantity, row: Measurement | None) -> Part:
    said: Part = {"code": concept("", coding(LOINC, *PRESSURES[what]))}
    if row is None:
        return {**said, "dataAbsentReason": hl7("data-absent-reason", "unknown")}
    return {**said, "valueQuantity": quantity(row.value, row.unit)}


def panel_version(row: Measurement, about: About) -> int:
    return sum(each.version for each in about.pressures[row.measured_on])


def profiles(row: Measurement) -> list[str]:
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
