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
from dosing.forms.labs import (
    CorrectLabForm,
    LabsForm,
    WithdrawLabForm,
    first_labs,
    values_of_lab,
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
    "CorrectLabForm",
    "CorrectTroughForm",
    "DecideForm",
    "IntakeForm",
    "LabsForm",
    "NewTroughForm",
    "PauseForm",
    "PrescribeForm",
    "SetAsideForm",
    "StopForm",
    "TroughForm",
    "WithdrawLabForm",
    "first_labs",
    "seal",
    "starting_values",
    "values_of",
    "values_of_lab",
]
