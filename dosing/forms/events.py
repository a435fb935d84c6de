"""Events and tablets, as they are typed, parsed."""

from django import forms
from django.utils.translation import gettext_lazy as _

from dosing.forms.fields import day_field
from dosing.models import CLASSES, HAPPENINGS
from patients.models.rules import plain_text
from patients.web import ServiceForm


class EventForm(ServiceForm):
    """Something that changes the drug, or that it makes dangerous."""

    kind = forms.ChoiceField(label=_("What"), choices=[("", "\u2013"), *HAPPENINGS])
    happens_on = day_field(_("Day"))
    lasts_until = day_field(_("Last day, where it lasts"), required=False)
    child_pugh = forms.ChoiceField(
        label=_("Class of a liver impairment"),
        choices=[("", "\u2013"), *CLASSES],
        required=False,
    )
    detail = forms.CharField(
        label=_("Detail"), max_length=300, required=False, validators=[plain_text]
    )


class CorrectEventForm(ServiceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    happens_on = day_field(_("Day"))
    lasts_until = day_field(_("Last day, where it lasts"), required=False)
    child_pugh = forms.ChoiceField(
        label=_("Class of a liver impairment"),
        choices=[("", "\u2013"), *CLASSES],
        required=False,
    )
    detail = forms.CharField(
        label=_("Detail"), max_length=300, required=False, validators=[plain_text]
    )
    reason = forms.CharField(
        label=_("Why is it corrected?"), max_length=300, validators=[plain_text]
    )


class WithdrawForm(ServiceForm):
    """A record that never was true."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why is it withdrawn?"), max_length=300, validators=[plain_text]
    )


class DispensingForm(ServiceForm):
    """Tablets that were handed out."""

    dispensed_on = day_field(_("Dispensed on"))
    strength_mg = forms.DecimalField(
        label=_("Strength (mg)"), max_digits=4, decimal_places=2
    )
    tablets = forms.IntegerField(
        label=_("Number of tablets"),
        min_value=1,
        max_value=1000,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class CorrectDispensingForm(DispensingForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why is it corrected?"), max_length=300, validators=[plain_text]
    )
