"""The tables of this room, split by noun."""

from patients.models.audit import AuditEvent, Heartbeat
from patients.models.diary import DiaryDay, DiaryPhoto, Source
from patients.models.effects import Action, Relation, SideEffect
from patients.models.imaging import ImagingStudy, KeyImage, Modality
from patients.models.lesions import (
    Coagulopathy,
    Compartment,
    Gene,
    IssvaType,
    Lesion,
    PreviousTreatment,
    Region,
    Side,
)
from patients.models.observations import (
    DEFAULT_LIMITS,
    FEVER_FROM_C,
    OF_IMAGING,
    Limits,
    Measurement,
    Quantity,
    QuantityLimit,
    VolumeMethod,
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
    "OF_IMAGING",
    "Action",
    "ApiToken",
    "AuditEvent",
    "Coagulopathy",
    "Compartment",
    "DiaryDay",
    "DiaryPhoto",
    "EndReason",
    "Gene",
    "Heartbeat",
    "ImagingStudy",
    "IssvaType",
    "KeyImage",
    "Lesion",
    "Limits",
    "Measurement",
    "Modality",
    "Patient",
    "PreviousTreatment",
    "Quantity",
    "QuantityLimit",
    "Region",
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
    "VolumeMethod",
    "limits_of",
]
