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
from dosing.services.events import correct_event, record_event, withdraw_event
from dosing.services.levels import correct_trough, record_trough, set_aside_trough
from dosing.services.supply import (
    correct_dispensing,
    record_dispensing,
    withdraw_dispensing,
)
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
    "correct_dispensing",
    "correct_dose",
    "correct_event",
    "correct_trough",
    "prescribe_dose",
    "record_comedication",
    "record_dispensing",
    "record_event",
    "record_intake",
    "record_trough",
    "set_aside_trough",
    "sign_decision",
    "stop_dose",
    "withdraw_dispensing",
    "withdraw_event",
]
