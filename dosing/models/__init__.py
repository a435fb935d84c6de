"""The tables of this room, split by noun."""

from dosing.models.doses import INTERVALS, Dose
from dosing.models.labs import Analyte, LabResult, ReferenceRange
from dosing.models.levels import Decision, Reason, TroughLevel
from dosing.models.protocols import (
    Laboratory,
    Matrix,
    Method,
    Protocol,
    ProtocolAssignment,
)
from dosing.models.taken import DRUGS, GIVEN, Comedication, Intake, State

__all__ = [
    "DRUGS",
    "GIVEN",
    "INTERVALS",
    "Analyte",
    "Comedication",
    "Decision",
    "Dose",
    "Intake",
    "LabResult",
    "Laboratory",
    "Matrix",
    "Method",
    "Protocol",
    "ProtocolAssignment",
    "Reason",
    "ReferenceRange",
    "State",
    "TroughLevel",
]
