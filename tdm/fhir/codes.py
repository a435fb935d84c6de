"""The code systems that resources name; a clinical code stands here once, with source.

Sources are the lines of the project's pharmacology reference marked [V] or [V2]: LOINC
29247-4 for sirolimus in whole blood (two public repositories), the LOINC codes of vital
signs (test data of FHIR servers), 38214-3 for the visual analogue
scale, ATC L04AH01 and ICD-10 Q27.8, the nearest to a venous malformation. RxNorm's
ingredient and a SNOMED CT code of the malformation were not verified: they are left
out, and codes of our own stand in for them.
"""

from typing import Final

from dosing.policy import Verdict
from patients.models import Quantity

LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
ATC: Final = "http://www.whocc.no/atc"
ICD_10: Final = "http://hl7.org/fhir/sid/icd-10"
DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
HL7: Final = "http://terminology.hl7.org/CodeSystem"
PROFILES: Final = "http://hl7.org/fhir/StructureDefinition"
OWN: Final = "urn:troughline"
"""Everything of our own is named under this; it is a name, not an address."""

SIROLIMUS_IN_BLOOD: Final = ("29247-4", "Sirolimus [Mass/volume] in Blood")
SIROLIMUS_ATC: Final = ("L04AH01", "sirolimus")
VASCULAR_MALFORMATION: Final = (
    "Q27.8",
    "Other specified congenital malformations of peripheral vascular system",
)

PRESSURE_PANEL: Final = ("85354-9", "Blood pressure panel with all children optional")
PRESSURES = {
    Quantity.SYSTOLIC_MMHG: ("8480-6", "Systolic blood pressure"),
    Quantity.DIASTOLIC_MMHG: ("8462-4", "Diastolic blood pressure"),
}
VITAL_SIGNS = {
    Quantity.WEIGHT_KG: ("29463-7", "Body weight", "bodyweight"),
    Quantity.HEIGHT_CM: ("8302-2", "Body height", "bodyheight"),
    Quantity.TEMPERATURE_C: ("8310-5", "Body temperature", "bodytemp"),
    Quantity.PULSE_PER_MIN: ("8867-4", "Heart rate", "heartrate"),
    Quantity.RESPIRATORY_PER_MIN: ("9279-1", "Respiratory rate", "resprate"),
    Quantity.SPO2_PERCENT: (
        "2708-6",
        "Oxygen saturation in Arterial blood",
        "oxygensat",
    ),
}
"""Quantity -> LOINC code, its display and the profile it follows."""

PAIN: Final = ("38214-3", "Pain severity [Score] Visual analog score")

SCORE: Final = "{score}"
"""UCUM for a number on a scale, which has no unit."""

INTERPRETATIONS = {
    Verdict.BELOW: ("L", "Low"),
    Verdict.IN: ("N", "Normal"),
    Verdict.ABOVE: ("H", "High"),
    Verdict.URGENT: ("HH", "Critical high"),
    Verdict.UNKNOWN: ("IND", "Indeterminate"),
}

MODALITIES = {
    "mri": ("MR", "Magnetic Resonance"),
    "ultrasound": ("US", "Ultrasound"),
    "ct": ("CT", "Computed Tomography"),
    "photograph": ("XC", "External-camera Photography"),
}
"""DICOM's modalities."""


def own(name: str) -> str:
    """Return the name of a code system, extension or identifier of ours."""
    return f"{OWN}:{name}"
