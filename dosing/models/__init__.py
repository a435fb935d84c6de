"""The tables of this room, split by noun."""

from dosing.models.cohort import (
    CohortLine,
    CohortMark,
    Excluded,
    overdue,
    pseudonym,
)
from dosing.models.doses import INTERVALS, Dose
from dosing.models.events import CLASSES, HAPPENINGS, DrugEvent
from dosing.models.imports import FileImport, Stage
from dosing.models.labs import Analyte, LabResult, ReferenceRange
from dosing.models.latest import Latest
from dosing.models.levels import Decision, Reason, TroughLevel
from dosing.models.messages import Fate, LabMessage, LabReport
from dosing.models.protocols import (
    Laboratory,
    Matrix,
    Method,
    Protocol,
    ProtocolAssignment,
)
from dosing.models.safety import ASKED, LIVER, PREGNANCY, SafetyCheck
from dosing.models.supply import Dispensing
from dosing.models.taken import DRUGS, GIVEN, Comedication, Intake, State

__all__ = [
    "ASKED",
    "CLASSES",
    "DRUGS",
    "GIVEN",
    "HAPPENINGS",
    "INTERVALS",
    "LIVER",
    "PREGNANCY",
    "Analyte",
    "CohortLine",
    "CohortMark",
    "Comedication",
    "Decision",
    "Dispensing",
    "Dose",
    "DrugEvent",
    "Excluded",
    "Fate",
    "FileImport",
    "Intake",
    "LabMessage",
    "LabReport",
    "LabResult",
    "Laboratory",
    "Latest",
    "Matrix",
    "Method",
    "Protocol",
    "ProtocolAssignment",
    "Reason",
    "ReferenceRange",
    "SafetyCheck",
    "Stage",
    "State",
    "TroughLevel",
    "overdue",
    "pseudonym",
]
