"""What people type, parsed; the services hold the rules."""

from patients.forms.accounts import PasswordForm, SignInForm, TokenForm
from patients.forms.diary import PhotoForm
from patients.forms.effects import (
    CorrectEffectForm,
    EffectForm,
    ResolveEffectForm,
    WithdrawEffectForm,
    day_or,
)
from patients.forms.observations import CorrectMeasurementForm, MeasurementForm
from patients.forms.people import (
    CorrectLesionForm,
    CorrectPatientForm,
    CorrectTreatmentForm,
    LesionForm,
    PatientForm,
    RegisterForm,
    TreatmentForm,
)
from patients.forms.tasks import CloseTaskForm

__all__ = [
    "CloseTaskForm",
    "CorrectEffectForm",
    "CorrectLesionForm",
    "CorrectMeasurementForm",
    "CorrectPatientForm",
    "CorrectTreatmentForm",
    "EffectForm",
    "LesionForm",
    "MeasurementForm",
    "PasswordForm",
    "PatientForm",
    "PhotoForm",
    "RegisterForm",
    "ResolveEffectForm",
    "SignInForm",
    "TokenForm",
    "TreatmentForm",
    "WithdrawEffectForm",
    "day_or",
]
