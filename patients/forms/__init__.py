"""What people type, parsed; the services hold the rules."""

from patients.forms.accounts import PasswordForm, SignInForm, TokenForm
from patients.forms.diary import PhotoForm
from patients.forms.effects import (
    CorrectEffectForm,
    EffectForm,
    ResolveEffectForm,
    day_or,
)
from patients.forms.fields import PictureForm, WithdrawForm
from patients.forms.imaging import CorrectImagingForm, ImagingForm, typed_before
from patients.forms.lesions import CorrectLesionForm, LesionForm
from patients.forms.observations import CorrectMeasurementForm, MeasurementForm
from patients.forms.people import (
    CorrectPatientForm,
    CorrectTreatmentForm,
    PatientForm,
    RegisterForm,
    TreatmentForm,
)
from patients.forms.tasks import CloseTaskForm

__all__ = [
    "CloseTaskForm",
    "CorrectEffectForm",
    "CorrectImagingForm",
    "CorrectLesionForm",
    "CorrectMeasurementForm",
    "CorrectPatientForm",
    "CorrectTreatmentForm",
    "EffectForm",
    "ImagingForm",
    "LesionForm",
    "MeasurementForm",
    "PasswordForm",
    "PatientForm",
    "PhotoForm",
    "PictureForm",
    "RegisterForm",
    "ResolveEffectForm",
    "SignInForm",
    "TokenForm",
    "TreatmentForm",
    "WithdrawForm",
    "day_or",
    "typed_before",
]
