"""Fields and habits that several forms share."""

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.rules import plain_text
from patients.services.photos import LARGEST_BYTES
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


class WithdrawForm(ServiceForm):
    """Which version was opened, and why it was entered in error."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why was it entered in error?"),
        max_length=300,
        validators=[plain_text],
    )


class PictureForm(ServiceForm):
    """A picture to keep; what it holds is judged by its content."""

    photo = forms.FileField(
        label=_("Picture (PNG or JPEG)"),
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg"}),
    )

    def facts(self) -> dict[str, object]:
        typed = dict(self.cleaned_data)
        sent = typed.pop("photo").read(LARGEST_BYTES + 1)
        return {**typed, "sent": sent}
