"""What this server can do, as it says itself."""

from collections.abc import Iterable

from django.conf import settings

from tdm.fhir.parts import Part, Resource
from tdm.fhir.rest import MEDIA_TYPE
from tdm.fhir.sources import CODES, DATES, TYPES, sources_of

PUBLISHED_ON = "2026-11-26"
"""The day of the last change to what is said here."""

EVERY_SEARCH = {
    "_id": "token",
    "_lastUpdated": "date",
}
OF_PATIENTS = {"identifier": "token", "birthdate": "date"}
PAGING = {"_count", "_page", "_format"}


def parameters_of(kind: str) -> dict[str, str]:
    """Return the search parameters of a type: name -> kind of parameter."""
    if kind == "Patient":
        return {**EVERY_SEARCH, **OF_PATIENTS}
    found = {**EVERY_SEARCH, "patient": "reference", "subject": "reference"}
    sources = sources_of(kind)
    if all(source.day for source in sources):
        found[DATES.get(kind, "date")] = "date"
    if any(source.codes for source in sources):
        found[CODES.get(kind, "code")] = "token"
    return found


def resource_of(kind: str) -> Part:
    told: Part = {
        "type": kind,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "versioned",
        "readHistory": False,
        "searchParam": list(search_parameters(kind)),
    }
    if kind != "Patient":
        return told
    return {**told, "operation": [{"name": "everything", "definition": EVERYTHING}]}


EVERYTHING = "http://hl7.org/fhir/OperationDefinition/Patient-everything"


def search_parameters(kind: str) -> Iterable[Part]:
    for name, type_ in parameters_of(kind).items():
        yield {"name": name, "type": type_}


def capability_statement(address: str) -> Resource:
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": PUBLISHED_ON,
        "kind": "instance",
        "software": {
            "name": "Troughline",
            "version": settings.SPECTACULAR_SETTINGS["VERSION"],
        },
        "implementation": {
            "description": "Sirolimus drug monitoring, read only.",
            "url": address,
        },
        "fhirVersion": "4.0.1",
        "format": [MEDIA_TYPE, "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "A search names its patient; parameters that are not known are"
                    " refused. What was entered in error is sent with that status."
                    " Regimens are plans, never orders. lastUpdated follows what a"
                    " resource rests on: a level is told again when the regimen or the"
                    " protocol behind it is corrected, a dose taken with its regimen."
                    " A page's own meta.lastUpdated is the _since of the next poll."
                ),
                "security": {
                    "description": "A token of the clinic in the Authorization header."
                },
                "resource": [resource_of(kind) for kind in TYPES],
            }
        ],
    }
