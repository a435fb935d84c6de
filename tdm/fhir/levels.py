"""Trough levels as observations: as used in ng/mL, as reported, and as read."""

from dosing import policy
from dosing.models import TroughLevel
from dosing.policy import Reading
from dosing.words import plain, say
from tdm.fhir.codes import INTERPRETATIONS, LOINC, SIROLIMUS_IN_BLOOD, own
from tdm.fhir.parts import (
    About,
    Part,
    Resource,
    coding,
    concept,
    filled,
    hl7,
    notes,
    of_ours,
    quantity,
)

UNIT = "ng/mL"


def level(row: TroughLevel, about: About) -> Resource:
    """Return a level; one that was set aside is sent as entered in error."""
    reading = about.history.read(row)
    return {
        "status": status(row),
        "category": [hl7("observation-category", "laboratory")],
        "code": concept(
            "Sirolimus",
            coding(LOINC, *SIROLIMUS_IN_BLOOD),
            *trough_code(reading),
        ),
        "subject": about.subject,
        "effectiveDateTime": about.when(row.drawn_at),
        "performer": [{"display": row.laboratory.name}],
        "valueQuantity": in_ng_per_ml(row),
        "interpretation": interpretation(reading),
        "method": of_ours(
            "assay", row.laboratory.method, row.laboratory.get_method_display()
        ),
        "specimen": {"display": row.laboratory.get_matrix_display()},
        "referenceRange": reference_range(reading),
        "component": [as_reported(row), *last_dose(row, about)],
        "note": notes(
            row.set_aside_because,
            row.note,
            row.confirmed,
            *map(say, policy.in_words(reading) if reading else ()),
        ),
    }


def status(row: TroughLevel) -> str:
    if row.set_aside_at is not None:
        return "entered-in-error"
    return "corrected" if row.version > 1 else "final"


def trough_code(reading: Reading | None) -> list[Part]:
    """Say that it is a trough, where its time is known to make it one.

    LOINC's code speaks of any sample.
    """
    if reading is None or reading.timing is not policy.Timing.TROUGH:
        return []
    return [coding(own("observation"), "trough", "Trough level")]


def in_ng_per_ml(row: TroughLevel) -> Part:
    """Return the level as it is used, with the digits of the report where it can."""
    same = row.reported_value == row.ng_per_ml
    value = row.reported_value if same else row.ng_per_ml
    return quantity(value, UNIT, comparator=row.comparator)


def as_reported(row: TroughLevel) -> Part:
    return {
        "code": of_ours("observation", "as-reported", "As reported"),
        "valueQuantity": quantity(
            row.reported_value,
            row.unit_sign,
            code=row.reported_unit,
            comparator=row.comparator,
        ),
    }


def last_dose(row: TroughLevel, about: About) -> list[Part]:
    if row.last_dose_at is None:
        return []
    said = of_ours("observation", "last-dose-at", "Last dose at")
    return [{"code": said, "valueDateTime": about.when(row.last_dose_at)}]


def interpretation(reading: Reading | None) -> list[Part]:
    if reading is None:
        return []
    return [hl7("v3-ObservationInterpretation", *INTERPRETATIONS[reading.verdict])]


def reference_range(reading: Reading | None) -> list[Part]:
    """Return the range of the protocol that was followed on the day of the sample."""
    if reading is None:
        return []
    target = reading.target
    low, high = target.low_ng_per_ml, target.high_ng_per_ml
    return [
        filled(
            {
                "low": quantity(low, UNIT),
                "high": quantity(high, UNIT),
                "type": hl7("referencerange-meaning", "treatment"),
                "text": f"{plain(low)}-{plain(high)} {UNIT}",
            }
        )
    ]
