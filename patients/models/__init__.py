"""The tables of this room, split by noun."""

from patients.models.audit import AuditEvent, Heartbeat
from patients.models.lesions import (
    Compartment,
    IssvaType,
    Lesion,
    PreviousTreatment,
    Side,
)
from patients.models.observations import Measurement, Quantity
from patients.models.people import (
    ApiToken,
    EndReason,
    Patient,
    Role,
    Scope,
    Sex,
    Site,
    Staff,
)

__all__ = [
    "ApiToken",
    "AuditEvent",
    "Compartment",
    "EndReason",
    "Heartbeat",
    "IssvaType",
    "Lesion",
    "Measurement",
    "Patient",
    "PreviousTreatment",
    "Quantity",
    "Role",
    "Scope",
    "Sex",
    "Side",
    "Site",
    "Staff",
]
