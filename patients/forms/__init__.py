"""What people type, parsed; the services hold the rules."""

from patients.forms.accounts import PasswordForm, SignInForm, TokenForm
from patients.forms.contacts import (
    ContactForm,
    CorrectContactForm,
    NotificationsForm,
    VersionForm,
)
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
from patients.forms.schedule import BookForm, MoveForm, ReopenForm, SkipForm
from patients.forms.tasks import CloseTaskForm
from patients.forms.visits import (
    AddLandmarkForm,
    CorrectLandmarkForm,
    CorrectVisitForm,
    VisitForm,
    typed_at,
)

__all__ = [
    "AddLandmarkForm",
    "BookForm",
    "CloseTaskForm",
    "ContactForm",
    "CorrectContactForm",
    "CorrectEffectForm",
    "CorrectImagingForm",
    "CorrectLandmarkForm",
    "CorrectLesionForm",
    "CorrectMeasurementForm",
    "CorrectPatientForm",
    "CorrectTreatmentForm",
    "CorrectVisitForm",
    "EffectForm",
    "ImagingForm",
    "LesionForm",
    "MeasurementForm",
    "MoveForm",
    "NotificationsForm",
    "PasswordForm",
    "PatientForm",
    "PhotoForm",
    "PictureForm",
    "RegisterForm",
    "ReopenForm",
    "ResolveEffectForm",
    "SignInForm",
    "SkipForm",
    "TokenForm",
    "TreatmentForm",
    "VersionForm",
    "VisitForm",
    "WithdrawForm",
    "day_or",
    "typed_at",
    "typed_before",
]
