"""What people say about something planned: a day, another day, not done."""

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.fields import DateInput
from patients.models.rules import plain_text
from patients.web import ServiceForm


class BookForm(ServiceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    booked_on = forms.DateField(
        label=_("Booked for"),
        widget=DateInput(),
        required=False,
        help_text=_("Empty: no day is booked."),
    )
    reason = forms.CharField(
        label=_("Reason, where a level is drawn before its window"),
        max_length=300,
        required=False,
        validators=[plain_text],
    )


class MoveForm(ServiceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    best_on = forms.DateField(label=_("New best day"), widget=DateInput())
    later_too = forms.BooleanField(
        label=_("Move everything of this kind that comes later as well"),
        required=False,
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, validators=[plain_text]
    )


class SkipForm(ServiceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why is it not done?"),
        max_length=300,
        required=False,
        validators=[plain_text],
    )


class ReopenForm(ServiceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
