"""The tables of this room, split by noun."""

from dosing.models.doses import INTERVALS, Dose
from dosing.models.levels import Decision, Reason, TroughLevel
from dosing.models.protocols import (
    Laboratory,
    Matrix,
    Method,
    Protocol,
    ProtocolAssignment,
)

__all__ = [
    "INTERVALS",
    "Decision",
    "Dose",
    "Laboratory",
    "Matrix",
    "Method",
    "Protocol",
    "ProtocolAssignment",
    "Reason",
    "TroughLevel",
]
