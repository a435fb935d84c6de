"""Who the patient is, and what malformation they have where."""

from patients.models import EndReason, IssvaType, Lesion, Patient
from tdm.fhir.codes import ICD_10, OWN, VASCULAR_MALFORMATION
from tdm.fhir.extensions import extension
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
)

NAME_IN_SYLLABLES = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"


def patient(row: Patient, about: About) -> Resource:
    """Return the person; the identifier is the clinic's own."""
    return {
        "extension": [
            *extension("consented-on", day(row.consented_on)),
            *extension("follow-up-ended-on", day(row.ended_on)),
            *extension("follow-up-ended-because", row.ended_because),
        ],
        "identifier": [
            {
                "use": "usual",
                "type": hl7("v2-0203", "MR", "Medical record number"),
                "system": f"{OWN}:clinic:{row.site_id}",
                "value": row.identifier,
            }
        ],
        "active": row.ended_on is None,
        "name": names(row),
        "telecom": [
            {"system": system, "value": value}
            for system, value in (("phone", row.phone), ("email", row.email))
            if value
        ],
        "gender": row.sex,
        "birthDate": row.born_on.isoformat(),
        "deceasedBoolean": True if row.ended_because == EndReason.DIED else None,
        "managingOrganization": {"display": row.site.name},
    }


def names(row: Patient) -> list[Part]:
    """Return the name, and how it is spoken where that is kept."""
    written = filled(
        {
            "use": "official",
            "text": row.name,
            "family": row.family_name,
            "given": [row.given_name] if row.given_name else [],
        }
    )
    if not (row.family_name_kana or row.given_name_kana):
        return [written]
    spoken = filled(
        {
            "extension": [{"url": NAME_IN_SYLLABLES, "valueCode": "SYL"}],
            "use": "official",
            "family": row.family_name_kana,
            "given": [row.given_name_kana] if row.given_name_kana else [],
        }
    )
    return [written, spoken]


def day(on: object) -> str:
    return str(on) if on else ""


def condition(row: Lesion, about: About) -> Resource:
    """Return the malformation as a diagnosis.

    ICD-10 has no code of its own for it: Q27.8 is the nearest, and says nothing of
    anomalies that are none.
    """
    kind = of_ours("issva", row.issva_type, row.get_issva_type_display())
    if row.issva_type != IssvaType.OTHER:
        codes = [coding(ICD_10, *VASCULAR_MALFORMATION), *of(kind)]
        kind = concept(row.get_issva_type_display(), *codes)
    return {
        "clinicalStatus": hl7("condition-clinical", "active"),
        "verificationStatus": hl7("condition-ver-status", "confirmed"),
        "category": [hl7("condition-category", "problem-list-item")],
        "code": kind,
        "bodySite": [concept(str(row))],
        "subject": about.subject,
        "evidence": evidence(row),
        "note": notes(row.note, row.coagulopathy_note),
    }


def of(kind: Part) -> list[Part]:
    codings = kind.get("coding")
    return codings if isinstance(codings, list) else []


def evidence(row: Lesion) -> list[Part]:
    """Return what was tested: the gene, and coagulation inside the malformation."""
    gene = of_ours("gene", row.gene, row.variant or row.get_gene_display())
    coagulation = of_ours(
        "coagulopathy", row.coagulopathy, row.get_coagulopathy_display()
    )
    return [{"code": [each]} for each in (gene, coagulation) if each]


def body_structure(row: Lesion, about: About) -> Resource:
    """Return where the malformation lies: the site in words, side and tissue."""
    return {
        "active": True,
        "morphology": of_ours("issva", row.issva_type, row.get_issva_type_display()),
        "location": concept(row.body_site, *of(of_ours("region", row.region, ""))),
        "locationQualifier": [
            of_ours("side", row.side, row.get_side_display()),
            of_ours("compartment", row.compartment, row.get_compartment_display()),
        ],
        "patient": about.subject,
    }
