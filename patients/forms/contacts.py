"""How someone is reminded, as it is typed."""

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.fields import Correction
from patients.models import Channel, Language
from patients.models.rules import plain_text
from patients.web import ServiceForm


class Whereto(ServiceForm):
    address = forms.CharField(
        label=_("E-mail address or telephone number"),
        max_length=254,
        validators=[plain_text],
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )
    language = forms.ChoiceField(
        label=_("Language of the messages"),
        choices=Language.choices,
        initial=Language.JAPANESE,
    )


class ContactForm(Whereto):
    channel = forms.ChoiceField(
        label=_("By"), choices=Channel.choices, initial=Channel.EMAIL
    )

    field_order = ("channel", "address", "language")


class CorrectContactForm(Whereto, Correction):
    field_order = ("address", "language", "reason", "version")


class VersionForm(ServiceForm):
    """Which version was on the page when a button was pressed."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class NotificationsForm(ServiceForm):
    """Where the digest goes, and whether it does."""

    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    wants_digest = forms.BooleanField(
        label=_("Daily e-mail of what is open"),
        required=False,
        help_text=_("A number and a link, without any name."),
    )
