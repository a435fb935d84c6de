"""Fields and habits that several forms share."""

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.rules import plain_text
from patients.web import ServiceForm

NOT_CHOSEN = ("", "\u2013")
"""The first answer of a question that has no default."""


def asked(answers: type[models.TextChoices]) -> list[tuple[str, str]]:
    return [NOT_CHOSEN, *answers.choices]


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class Correction(ServiceForm):
    """Which version was opened, and why it is changed."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why is it corrected?"), max_length=300, validators=[plain_text]
    )
