"""Imaging studies; what was measured on them are observations that name them."""

from patients.models import ImagingStudy
from tdm.fhir.codes import DICOM, MODALITIES
from tdm.fhir.extensions import extension
from tdm.fhir.parts import About, Resource, coding, notes


def imaging_study(row: ImagingStudy, about: About) -> Resource:
    """Return a study; pictures themselves are not sent."""
    return {
        "extension": extension("baseline", row.is_baseline),
        "status": "available" if row.withdrawn_at is None else "entered-in-error",
        "modality": [coding(DICOM, *MODALITIES[row.modality])],
        "subject": about.subject,
        "started": row.done_on.isoformat(),
        "interpreter": [{"display": row.reader_name}] if row.reader_name else [],
        "description": row.sequence,
        "note": notes(row.note),
    }
