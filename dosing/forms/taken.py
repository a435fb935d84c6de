"""What was taken, as it is typed, parsed."""

from datetime import datetime

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from dosing.forms.fields import day_field
from dosing.models import (
    DRUGS,
    State,
)
from patients.models import Patient
from patients.models.rules import plain_text
from patients.web import LocalDateTimeField, ServiceForm, instant


class IntakeForm(ServiceForm):
    """What is known of one dose."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    due_on = day_field(_("Day of the dose"))
    slot = forms.TypedChoiceField(
        label=_("Which dose of the day"),
        choices=[(0, _("the first or only one")), (1, _("the second"))],
        coerce=int,
        initial=0,
    )
    state = forms.ChoiceField(
        label=_("What happened"), choices=[("", "\u2013"), *State.choices]
    )
    taken_at = LocalDateTimeField(label=_("Taken at"), required=False)
    reason = forms.CharField(
        label=_("Why it was missed"),
        max_length=300,
        required=False,
        validators=[plain_text],
    )

    def __init__(self, *args: object, patient: Patient, **options: object) -> None:
        super().__init__(*args, **options)
        self.of = patient

    def clean_taken_at(self) -> datetime | None:
        typed = self.cleaned_data["taken_at"]
        return instant(typed, self.of.site.zone, "0") if typed else None


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
                "hx-trigger": "change",
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
