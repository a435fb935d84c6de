"""What FHIR R4 has no element for: each extension of ours, defined once.

The definitions are served, so that a client can learn what it reads, and the tests hold
every resource to them.
"""

from dataclasses import dataclass

from tdm.fhir.codes import PROFILES, own

Part = dict[str, object]


@dataclass(frozen=True, slots=True)
class Extension:
    """A value beside a resource: of which FHIR type, and what it means."""

    of: str
    type: str
    means: str
    is_modifier: bool = False


EXTENSIONS = {
    "consented-on": Extension("Patient", "date", "Day on which consent was given."),
    "follow-up-ended-on": Extension("Patient", "date", "Day on which follow-up ended."),
    "follow-up-ended-because": Extension("Patient", "code", "Why follow-up ended."),
    "printed-change-percent": Extension(
        "Observation", "decimal", "Change in percent as printed in the report."
    ),
    "with-food": Extension(
        "MedicationAdministration", "boolean", "Whether the dose was taken with food."
    ),
    "vomited-at": Extension(
        "MedicationAdministration", "dateTime", "When the dose was vomited."
    ),
    "ctcae-grade": Extension("AdverseEvent", "integer", "Grade after CTCAE, 1 to 5."),
    "resolved-on": Extension("AdverseEvent", "date", "Day on which it was gone."),
    "action-taken": Extension("AdverseEvent", "code", "What was done about the drug."),
    "treatment": Extension("AdverseEvent", "string", "How it was treated."),
    "note": Extension("AdverseEvent", "string", "A note in words."),
    "entered-in-error": Extension(
        "AdverseEvent",
        "dateTime",
        "When it was taken back: it was entered in error and did not happen.",
        is_modifier=True,
    ),
    "baseline": Extension(
        "ImagingStudy", "boolean", "Whether later studies are compared with this one."
    ),
}


def url_of(name: str) -> str:
    return own(f"extension:{name}")


def extension(name: str, value: object) -> list[Part]:
    """Return an extension of ours; nothing where nothing is known."""
    if value is None or value == "":
        return []
    kind = EXTENSIONS[name].type
    return [{"url": url_of(name), f"value{kind[0].upper()}{kind[1:]}": value}]


def definition_of(name: str) -> Part:
    """Return the StructureDefinition of an extension."""
    told = EXTENSIONS[name]
    return {
        "resourceType": "StructureDefinition",
        "id": name,
        "url": url_of(name),
        "name": "".join(map(str.capitalize, name.split("-"))),
        "status": "active",
        "description": told.means,
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": told.of}],
        "type": "Extension",
        "baseDefinition": f"{PROFILES}/Extension",
        "derivation": "constraint",
        "differential": {"element": elements(name, told)},
    }


def elements(name: str, told: Extension) -> list[Part]:
    whole: Part = {
        "id": "Extension",
        "path": "Extension",
        "definition": told.means,
        "min": 0,
        "max": "1",
        "isModifier": told.is_modifier,
    }
    if told.is_modifier:
        whole["isModifierReason"] = told.means
    return [
        whole,
        {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
        {"id": "Extension.url", "path": "Extension.url", "fixedUri": url_of(name)},
        {
            "id": "Extension.value[x]",
            "path": "Extension.value[x]",
            "min": 1,
            "type": [{"code": told.type}],
        },
    ]
