"""What was taken, as it is typed, parsed."""

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from dosing.forms.fields import day_field
from dosing.models import (
    DRUGS,
)
from patients.models.rules import plain_text
from patients.web import ServiceForm


class ComedicationForm(ServiceForm):
    """Another drug that changes sirolimus."""

    drug = forms.ChoiceField(
        label=_("Drug"),
        choices=[("", "\u2013"), *DRUGS],
        widget=forms.Select(
            attrs={
                "class": "hint",
                "hx-get": reverse_lazy("drug_facts"),
                "hx-target": "#id_drug_helptext",
                "hx-trigger": "load, change",
                "hx-swap": "innerHTML",
                "hx-disabled-elt": "unset",
            }
        ),
        help_text=_("Its strength, size and source are shown once it is chosen."),
    )
    starts_on = day_field(_("First day"))
    stops_on = day_field(_("First day without it"), required=False)
    note = forms.CharField(
        label=_("Note"), max_length=300, required=False, validators=[plain_text]
    )


class CorrectComedicationForm(ServiceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    starts_on = day_field(_("First day"))
    stops_on = day_field(_("First day without it"), required=False)
    reason = forms.CharField(
        label=_("Why is it corrected?"), max_length=300, validators=[plain_text]
    )
