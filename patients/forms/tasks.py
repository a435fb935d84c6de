"""What was done about a task, as it is typed."""

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.models.rules import plain_text
from patients.web import ServiceForm


class CloseTaskForm(ServiceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    outcome = forms.CharField(
        label=_("What was done?"), max_length=300, validators=[plain_text]
    )
