"""A prescription as it is typed, parsed."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dosing.forms.fields import day_field
from dosing.forms.safety import SafetyForm
from dosing.models import (
    INTERVALS,
    Protocol,
)
from patients.models.rules import plain_text
from patients.web import ServiceForm


class ProtocolField(forms.ModelChoiceField):
    """Every protocol, each with the rhythm that choosing it plans."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Protocol.objects.order_by("name", "-version"), **options)

    def label_from_instance(self, obj: Protocol) -> str:
        return f"{obj}: {obj.get_schedule_display()}"


class PrescribeForm(SafetyForm):
    """The protocol a patient follows, the regimen that begins, and what is asked."""

    protocol = ProtocolField(label=_("Protocol"))
    amount_mg = forms.DecimalField(
        label=_("Amount each time (mg)"), max_digits=5, decimal_places=2
    )
    interval_h = forms.TypedChoiceField(
        label=_("How often"), choices=INTERVALS, coerce=int, initial=24
    )
    usual_time = forms.TimeField(
        label=_("Usual time of day"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    starts_on = day_field(_("First day"))
    reason = forms.CharField(label=_("Reason"), max_length=300, validators=[plain_text])


class StopForm(ServiceForm):
    """The first day without the drug, outside a decision on a level."""

    on = day_field(_("First day without it"))
    reason = forms.CharField(label=_("Reason"), max_length=300, validators=[plain_text])


class CorrectDoseForm(ServiceForm):
    """A regimen that was entered wrongly, as it should have been."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    amount_mg = forms.DecimalField(
        label=_("Amount each time (mg)"), max_digits=5, decimal_places=2
    )
    interval_h = forms.TypedChoiceField(
        label=_("How often"), choices=INTERVALS, coerce=int
    )
    usual_time = forms.TimeField(
        label=_("Usual time of day"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    starts_on = day_field(_("First day"))
    stops_on = day_field(_("First day without it"), required=False)
    never_taken = forms.BooleanField(label=_("It was never taken"), required=False)
    reason = forms.CharField(
        label=_("Why is it corrected?"), max_length=300, validators=[plain_text]
    )


class CorrectAssignmentForm(ServiceForm):
    """Which protocol was really followed, and from when."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    protocol = ProtocolField(label=_("Protocol"), empty_label=None)
    starts_on = day_field(_("First day"))
    reason = forms.CharField(
        label=_("Why is it corrected?"), max_length=300, validators=[plain_text]
    )


class AssignProtocolForm(ServiceForm):
    """Another protocol, and with it another range, from a day on."""

    protocol = ProtocolField(label=_("Protocol"))
    starts_on = day_field(_("From"))
    reason = forms.CharField(label=_("Reason"), max_length=300, validators=[plain_text])


class PauseForm(forms.Form):
    """From which day the drug would be paused, and the level it should fall below."""

    stop_on = day_field(_("First day without it"))
    limit = forms.DecimalField(
        label=_("Level to fall below (ng/mL)"),
        min_value=Decimal("0.1"),
        max_value=Decimal(200),
        decimal_places=1,
    )
