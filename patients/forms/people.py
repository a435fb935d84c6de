"""People and their lesions, as they are typed."""

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.fields import Correction, DateInput, asked
from patients.forms.lesions import Placed
from patients.models import (
    Compartment,
    IssvaType,
    Patient,
    PreviousTreatment,
    Staff,
)
from patients.models.rules import plain_text
from patients.web import ServiceForm


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


class RegisterForm(Placed, PatientForm):
    """A new patient and, since it is why they come, the first lesion."""

    body_site = forms.CharField(label=_("Site of the lesion"), max_length=160)
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
        lesion = {"body_site", "region", "side", "compartment", "issva_type"}
        typed = [each for each in self.cleaned_data.items() if each[0] != "place"]
        return {
            **{name: fact for name, fact in typed if name not in lesion},
            "lesion": {name: fact for name, fact in typed if name in lesion},
        }


class TreatmentForm(ServiceForm, forms.ModelForm):
    """What was done to a lesion before."""

    class Meta:
        model = PreviousTreatment
        fields = ("kind", "agent", "done_on", "outcome")
        widgets = {"done_on": DateInput()}  # noqa: RUF012

    def _post_clean(self) -> None:
        """Leave the rules to the service, which states them once."""


class CorrectTreatmentForm(TreatmentForm, Correction):
    """The same facts again, with a reason."""
