"""Pages about the drug, split by noun."""

from dosing.views.decisions import decide, decision
from dosing.views.diary import day, raise_value_task, week
from dosing.views.doses import (
    assign_protocol,
    correct_assignment,
    correct_dose,
    prescribe,
    stop,
)
from dosing.views.events import (
    add_dispensing,
    add_event,
    correct_dispensing,
    correct_event,
    withdraw_dispensing,
    withdraw_event,
)
from dosing.views.labs import add_labs, correct_lab, withdraw_lab
from dosing.views.levels import add_level, correct_level, level_hint, set_aside_level
from dosing.views.messages import lab_report, lab_reports, refuse_report
from dosing.views.taken import (
    add_comedication,
    correct_comedication,
    drug_facts,
    withdraw_comedication,
)

__all__ = [
    "add_comedication",
    "add_dispensing",
    "add_event",
    "add_labs",
    "add_level",
    "assign_protocol",
    "correct_assignment",
    "correct_comedication",
    "correct_dispensing",
    "correct_dose",
    "correct_event",
    "correct_lab",
    "correct_level",
    "day",
    "decide",
    "decision",
    "drug_facts",
    "lab_report",
    "lab_reports",
    "level_hint",
    "prescribe",
    "raise_value_task",
    "refuse_report",
    "set_aside_level",
    "stop",
    "week",
    "withdraw_comedication",
    "withdraw_dispensing",
    "withdraw_event",
    "withdraw_lab",
]
