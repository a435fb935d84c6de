"""The tables of this room, split by noun."""

from patients.models.audit import AuditEvent, Heartbeat
from patients.models.diary import DiaryDay, DiaryPhoto, Source
from patients.models.effects import Action, Relation, SideEffect
from patients.models.lesions import (
    Compartment,
    IssvaType,
    Lesion,
    PreviousTreatment,
    Side,
)
from patients.models.observations import (
    DEFAULT_LIMITS,
    FEVER_FROM_C,
    Limits,
    Measurement,
    Quantity,
    QuantityLimit,
    limits_of,
)
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
from patients.models.tasks import Task

__all__ = [
    "DEFAULT_LIMITS",
    "FEVER_FROM_C",
    "Action",
    "ApiToken",
    "AuditEvent",
    "Compartment",
    "DiaryDay",
    "DiaryPhoto",
    "EndReason",
    "Heartbeat",
    "IssvaType",
    "Lesion",
    "Limits",
    "Measurement",
    "Patient",
    "PreviousTreatment",
    "Quantity",
    "QuantityLimit",
    "Relation",
    "Role",
    "Scope",
    "Sex",
    "Side",
    "SideEffect",
    "Site",
    "Source",
    "Staff",
    "Task",
    "limits_of",
]
