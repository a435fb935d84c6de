"""Every change to what is prescribed, measured and decided, split by noun."""

from dosing.services.batches import record_troughs, set_aside_troughs
from dosing.services.cohort import refresh_cohort
from dosing.services.decisions import sign_decision
from dosing.services.diary import Outcome, save_diary
from dosing.services.doses import (
    USUAL_TIME,
    assign_protocol,
    correct_assignment,
    correct_dose,
    prescribe_dose,
    stop_dose,
)
from dosing.services.events import correct_event, record_event, withdraw_event
from dosing.services.imports import check_file, import_file
from dosing.services.labs import correct_lab, record_labs, withdraw_lab
from dosing.services.latest import draw_latest
from dosing.services.levels import correct_trough, record_trough, set_aside_trough
from dosing.services.messages import receive_message
from dosing.services.plan import plan_on, replan_schedule
from dosing.services.reports import accept_report, refuse_report
from dosing.services.results import Link
from dosing.services.safety import record_answers
from dosing.services.supply import (
    correct_dispensing,
    record_dispensing,
    withdraw_dispensing,
)
from dosing.services.taken import (
    correct_comedication,
    record_comedication,
    withdraw_comedication,
)
from dosing.services.undoing import undo_file
from dosing.services.uploads import discard_file, keep_upload, match_columns

__all__ = [
    "USUAL_TIME",
    "Link",
    "Outcome",
    "accept_report",
    "assign_protocol",
    "check_file",
    "correct_assignment",
    "correct_comedication",
    "correct_dispensing",
    "correct_dose",
    "correct_event",
    "correct_lab",
    "correct_trough",
    "discard_file",
    "draw_latest",
    "import_file",
    "keep_upload",
    "match_columns",
    "plan_on",
    "prescribe_dose",
    "receive_message",
    "record_answers",
    "record_comedication",
    "record_dispensing",
    "record_event",
    "record_labs",
    "record_trough",
    "record_troughs",
    "refresh_cohort",
    "refuse_report",
    "replan_schedule",
    "save_diary",
    "set_aside_trough",
    "set_aside_troughs",
    "sign_decision",
    "stop_dose",
    "undo_file",
    "withdraw_comedication",
    "withdraw_dispensing",
    "withdraw_event",
    "withdraw_lab",
]
