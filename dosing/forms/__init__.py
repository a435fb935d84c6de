"""What people type about the drug, parsed; the services hold the rules."""

from dosing.forms.decisions import DecideForm, seal
from dosing.forms.doses import (
    AssignProtocolForm,
    CorrectAssignmentForm,
    CorrectDoseForm,
    PauseForm,
    PrescribeForm,
    StopForm,
)
from dosing.forms.events import (
    CorrectDispensingForm,
    CorrectEventForm,
    DispensingForm,
    EventForm,
    WithdrawForm,
)
from dosing.forms.levels import (
    CorrectTroughForm,
    NewTroughForm,
    SetAsideForm,
    TroughForm,
    starting_values,
    values_of,
)
from dosing.forms.safety import answers_before
from dosing.forms.taken import ComedicationForm, CorrectComedicationForm, IntakeForm

__all__ = [
    "AssignProtocolForm",
    "ComedicationForm",
    "CorrectAssignmentForm",
    "CorrectComedicationForm",
    "CorrectDispensingForm",
    "CorrectDoseForm",
    "CorrectEventForm",
    "CorrectTroughForm",
    "DecideForm",
    "DispensingForm",
    "EventForm",
    "IntakeForm",
    "NewTroughForm",
    "PauseForm",
    "PrescribeForm",
    "SetAsideForm",
    "StopForm",
    "TroughForm",
    "WithdrawForm",
    "answers_before",
    "seal",
    "starting_values",
    "values_of",
]
