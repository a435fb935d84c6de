"""Fields and habits that several forms share."""

import re
import unicodedata
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.rules import plain_text
from patients.services.photos import LARGEST_BYTES
from patients.web import ServiceForm

PLAIN_NUMBER = re.compile(r"-?\d{1,7}([.,]\d{1,4})?", re.ASCII)


def number_pad() -> forms.TextInput:
    return forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})


NOT_CHOSEN = ("", "\u2013")
"""The first answer of a question that has no default."""


def asked(answers: type[models.TextChoices]) -> list[tuple[str, str]]:
    return [NOT_CHOSEN, *answers.choices]


class PlainNumberField(forms.DecimalField):
    """A number in plain digits with a point or a comma, in any width of digit."""

    default_error_messages: ClassVar = {
        "invalid": _("Write digits, such as 23.5."),
    }

    def __init__(self, **options: Any) -> None:
        given = {"required": False, "widget": number_pad(), **options}
        super().__init__(**given)

    def to_python(self, value: object) -> Decimal | None:  # type: ignore[override]
        typed = unicodedata.normalize("NFKC", str(value or "")).strip()
        if typed and not PLAIN_NUMBER.fullmatch(typed):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        number: Decimal | None = super().to_python(typed.replace(",", "."))
        return number


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
