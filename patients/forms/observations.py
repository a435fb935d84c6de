"""What was measured, as it is typed."""

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.fields import DateInput, asked
from patients.models import (
    OF_IMAGING,
    Lesion,
    Patient,
    Quantity,
)
from patients.models.rules import plain_text
from patients.web import ServiceForm

TYPED = [each for each in asked(Quantity) if each[0] not in OF_IMAGING]
"""What is typed alone; the numbers of an image come with their study."""


class MeasurementForm(ServiceForm):
    quantity = forms.ChoiceField(label=_("What"), choices=TYPED)
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
