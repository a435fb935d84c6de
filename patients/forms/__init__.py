"""What people type, parsed; the services hold the rules."""

from patients.forms.accounts import PasswordForm, SignInForm, TokenForm
from patients.forms.diary import PhotoForm
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
    "CorrectLesionForm",
    "CorrectMeasurementForm",
    "CorrectPatientForm",
    "CorrectTreatmentForm",
    "LesionForm",
    "MeasurementForm",
    "PasswordForm",
    "PatientForm",
    "PhotoForm",
    "RegisterForm",
    "SignInForm",
    "TokenForm",
    "TreatmentForm",
]
