"""Every change to what is prescribed, measured and decided, split by noun."""

from dosing.services.decisions import sign_decision
from dosing.services.doses import (
    USUAL_TIME,
    assign_protocol,
    correct_assignment,
    correct_dose,
    prescribe_dose,
    stop_dose,
)
from dosing.services.labs import correct_lab, record_labs, withdraw_lab
from dosing.services.levels import correct_trough, record_trough, set_aside_trough
from dosing.services.taken import (
    correct_comedication,
    record_comedication,
    record_intake,
)

__all__ = [
    "USUAL_TIME",
    "assign_protocol",
    "correct_assignment",
    "correct_comedication",
    "correct_dose",
    "correct_lab",
    "correct_trough",
    "prescribe_dose",
    "record_comedication",
    "record_intake",
    "record_labs",
    "record_trough",
    "set_aside_trough",
    "sign_decision",
    "stop_dose",
    "withdraw_lab",
]
