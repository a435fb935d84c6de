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
from dosing.forms.levels import (
    CorrectTroughForm,
    NewTroughForm,
    SetAsideForm,
    TroughForm,
    starting_values,
    values_of,
)
from dosing.forms.taken import ComedicationForm, CorrectComedicationForm

__all__ = [
    "AssignProtocolForm",
    "ComedicationForm",
    "CorrectAssignmentForm",
    "CorrectComedicationForm",
    "CorrectDoseForm",
    "CorrectTroughForm",
    "DecideForm",
    "NewTroughForm",
    "PauseForm",
    "PrescribeForm",
    "SetAsideForm",
    "StopForm",
    "TroughForm",
    "seal",
    "starting_values",
    "values_of",
]
