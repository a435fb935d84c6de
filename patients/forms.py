"""What people type about a person, parsed; the services hold the rules."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients import services
from patients.models import (
    Compartment,
    IssvaType,
    Lesion,
    Patient,
    PreviousTreatment,
    Quantity,
    Scope,
    Side,
    Site,
    Staff,
)
from patients.models.rules import plain_text
from patients.web import ServiceForm

NOT_CHOSEN = ("", "\u2013")
"""The first answer of a question that has no default."""


def asked(answers: type[models.TextChoices]) -> list[tuple[str, str]]:
    return [NOT_CHOSEN, *answers.choices]


class SignInForm(AuthenticationForm):
    """Django's own, with names that fit the log of refused ones."""

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if len(name) > MOST_LETTERS:
            raise self.get_invalid_login_error()
        return name


MOST_LETTERS = 150


class PasswordForm(PasswordChangeForm):
    """Django's own; the new password is stored by the service."""

    def save(self, commit: bool = True) -> Staff:  # noqa: FBT001, FBT002
        return services.change_password(
            staff=self.user,
            password=self.cleaned_data["new_password1"],
            actor=self.user,
        )


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PatientForm(ServiceForm, forms.ModelForm):
    """Who someone is and how to reach them; the service holds the rules."""

    class Meta:
        model = Patient
        fields: tuple[str, ...] = (
            "identifier",
            "family_name",
            "given_name",
            "family_name_kana",
            "given_name_kana",
            "born_on",
            "sex",
            "phone",
            "email",
            "consented_on",
        )
        widgets = {"born_on": DateInput(), "consented_on": DateInput()}  # noqa: RUF012

    def _post_clean(self) -> None:
        """Leave the rules to the service, which states them once."""


class CorrectPatientForm(PatientForm):
    """The same facts again, the end of follow-up, and why they are changed."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why is it corrected?"), max_length=300, validators=[plain_text]
    )

    class Meta(PatientForm.Meta):
        fields = (*PatientForm.Meta.fields, "ended_on", "ended_because")
        widgets = {**PatientForm.Meta.widgets, "ended_on": DateInput()}  # noqa: RUF012


class RegisterForm(PatientForm):
    """A new patient and, since it is why they come, the first lesion."""

    body_site = forms.CharField(label=_("Site of the lesion"), max_length=160)
    side = forms.ChoiceField(label=_("Side"), choices=asked(Side))
    compartment = forms.ChoiceField(
        label=_("Tissue compartment"), choices=asked(Compartment)
    )
    issva_type = forms.ChoiceField(label=_("ISSVA type"), choices=asked(IssvaType))

    class Meta(PatientForm.Meta):
        fields = ("site", *PatientForm.Meta.fields)

    def __init__(self, *args: object, staff: Staff, **options: object) -> None:
        super().__init__(*args, **options)
        sites = staff.sites.order_by("pk")
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
        self.fields["site"].initial = sites.first()

    def facts(self) -> dict[str, object]:
        lesion = {"body_site", "side", "compartment", "issva_type"}
        typed = self.cleaned_data.items()
        return {
            **{name: fact for name, fact in typed if name not in lesion},
            "lesion": {name: fact for name, fact in typed if name in lesion},
        }


class LesionForm(ServiceForm, forms.ModelForm):
    """Where a malformation is and what kind."""

    class Meta:
        model = Lesion
        fields = ("body_site", "side", "compartment", "issva_type", "note")

    def _post_clean(self) -> None:
        """Leave the rules to the service, which states them once."""


class TreatmentForm(ServiceForm, forms.ModelForm):
    """What was done to a lesion before."""

    class Meta:
        model = PreviousTreatment
        fields = ("kind", "agent", "done_on", "outcome")
        widgets = {"done_on": DateInput()}  # noqa: RUF012

    def _post_clean(self) -> None:
        """Leave the rules to the service, which states them once."""


class Correction(ServiceForm):
    """Which version was opened, and why it is changed."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why is it corrected?"), max_length=300, validators=[plain_text]
    )


class CorrectLesionForm(LesionForm, Correction):
    """The same facts again, with a reason."""


class CorrectTreatmentForm(TreatmentForm, Correction):
    """The same facts again, with a reason."""


class MeasurementForm(ServiceForm):
    quantity = forms.ChoiceField(label=_("What"), choices=asked(Quantity))
    value = forms.DecimalField(label=_("Value"), max_digits=9, decimal_places=2)
    measured_on = forms.DateField(label=_("Measured on"), widget=DateInput())
    lesion = forms.ModelChoiceField(
        Lesion.objects.none(), label=_("Lesion"), required=False
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False)

    def __init__(self, *args: object, patient: Patient, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["lesion"].queryset = patient.lesions.all()  # type: ignore[attr-defined]


class CorrectMeasurementForm(ServiceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    value = forms.DecimalField(label=_("Value"), max_digits=9, decimal_places=2)
    measured_on = forms.DateField(label=_("Measured on"), widget=DateInput())
    note = forms.CharField(label=_("Note"), max_length=500, required=False)
    reason = forms.CharField(
        label=_("Why is it corrected?"), max_length=300, validators=[plain_text]
    )


class TokenForm(ServiceForm):
    name = forms.CharField(label=_("Name of the program"), max_length=80)
    site = forms.ModelChoiceField(Site.objects.none(), label=_("Clinic"))
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label=_("Valid for (days)"), initial=90, min_value=1, max_value=366
    )

    def __init__(self, *args: object, staff: Staff, **options: object) -> None:
        super().__init__(*args, **options)
        sites = staff.sites.order_by("pk")
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
        self.fields["site"].initial = sites.first()
