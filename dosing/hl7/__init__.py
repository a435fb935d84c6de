"""HL7 v2.5.1 results of sirolimus: read, judged and answered, without a database.

Own rules over the few segments that a result needs (MSH, PID, OBR, OBX, SPM). The two
common libraries were looked at: one reads without judging, the strict mode of the other
lets a text through as a number, so neither replaces a rule here.
"""

from dosing.hl7.answer import answers, code_of
from dosing.hl7.judging import Header, Judged, Who, judge
from dosing.hl7.message import Fault, FaultError, is_the_same, split
from dosing.hl7.results import FARTHEST_ZONE, Result, Status, moment_in

__all__ = [
    "FARTHEST_ZONE",
    "Fault",
    "FaultError",
    "Header",
    "Judged",
    "Result",
    "Status",
    "Who",
    "answers",
    "code_of",
    "is_the_same",
    "judge",
    "moment_in",
    "split",
]
