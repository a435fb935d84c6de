"""Side effects in the words and grades of CTCAE, as adverse events."""

from patients import ctcae
from patients.models import SideEffect
from tdm.fhir.codes import HL7, own
from tdm.fhir.drugs import contained
from tdm.fhir.extensions import extension
from tdm.fhir.parts import About, Part, Resource, coding, concept, of_ours

SEVERITIES = {1: "mild", 2: "moderate"}
"""FHIR knows three severities; CTCAE's grade stands beside it as a number."""


def adverse_event(row: SideEffect, about: About) -> Resource:
    """Return one episode; R4 has no status for it, so a mark says it is an error."""
    return {
        "modifierExtension": extension(
            "entered-in-error",
            about.when(row.withdrawn_at) if row.withdrawn_at else None,
        ),
        "contained": [contained()],
        "extension": details(row),
        "actuality": "actual",
        "event": concept(
            row.english, coding(own(f"ctcae-{row.ctcae_version}"), row.term)
        ),
        "subject": about.subject,
        "date": row.onset_on.isoformat(),
        "severity": severity(row),
        "outcome": outcome(row),
        "suspectEntity": [
            {
                "instance": {"reference": "#sirolimus"},
                "causality": [
                    {
                        "assessment": of_ours(
                            "relation", row.relation, row.get_relation_display()
                        )
                    }
                ],
            }
        ],
    }


def details(row: SideEffect) -> list[Part]:
    """Return what R4 has no element for: the grade, the end, and what was done."""
    resolved = row.resolved_on.isoformat() if row.resolved_on else None
    return [
        *extension("ctcae-grade", row.grade),
        *extension("resolved-on", resolved),
        *extension("action-taken", row.action_taken),
        *extension("treatment", row.treatment),
        *extension("note", row.note),
    ]


def severity(row: SideEffect) -> Part:
    severe = row.grade >= ctcae.SEVERE_FROM_GRADE
    code = "severe" if severe else SEVERITIES[row.grade]
    return concept("", coding(f"{HL7}/adverse-event-severity", code))


def outcome(row: SideEffect) -> Part:
    code = "resolved" if row.resolved_on else "ongoing"
    return concept("", coding(f"{HL7}/adverse-event-outcome", code))
