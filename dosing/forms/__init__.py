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
from dosing.forms.safety import answers_before
from dosing.forms.taken import ComedicationForm, CorrectComedicationForm

__all__ = [
    "AssignProtocolForm",
    "ComedicationForm",
    "CorrectAssignmentForm",
    "CorrectComedicationForm",
    "CorrectDispensingForm",
    "CorrectDoseForm",
    "CorrectEventForm",
    "CorrectLabForm",
    "CorrectTroughForm",
    "DecideForm",
    "DispensingForm",
    "EventForm",
    "LabsForm",
    "NewTroughForm",
    "PauseForm",
    "PrescribeForm",
    "SetAsideForm",
    "StopForm",
    "TroughForm",
    "WithdrawForm",
    "WithdrawLabForm",
    "answers_before",
    "first_labs",
    "seal",
    "starting_values",
    "values_of",
    "values_of_lab",
]
