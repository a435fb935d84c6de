"""Signing in, passwords and keys."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from patients import services
from patients.models import (
    Scope,
    Site,
    Staff,
)
from patients.models.people import (
    MOST_REQUESTS_PER_MINUTE,
    USUAL_REQUESTS_PER_MINUTE,
)
from patients.web import ServiceForm


class SignInForm(AuthenticationForm):
    """Django's own, with names that fit the log of refused ones."""

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if len(name) > MOST_LETTERS:
            raise self.get_invalid_login_error()
        return name


MOST_LETTERS = 150


class PasswordForm(PasswordChangeForm):
    """Django's own; the new password is stored by the service."""

    def save(self, commit: bool = True) -> Staff:  # noqa: FBT001, FBT002
        return services.change_password(
            staff=self.user,
            password=self.cleaned_data["new_password1"],
            actor=self.user,
        )


class TokenForm(ServiceForm):
    name = forms.CharField(label=_("Name of the program"), max_length=80)
    site = forms.ModelChoiceField(Site.objects.none(), label=_("Clinic"))
    more_sites = forms.ModelMultipleChoiceField(
        Site.objects.none(),
        label=_("Other clinics that it sees"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=[
            (each, format_lazy("{} ({})", each.label, each.value)) for each in Scope
        ],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label=_("Valid for (days)"), initial=90, min_value=1, max_value=366
    )
    requests_per_minute = forms.IntegerField(
        label=_("Requests a minute at most"),
        initial=USUAL_REQUESTS_PER_MINUTE,
        min_value=1,
        max_value=MOST_REQUESTS_PER_MINUTE,
        required=False,
    )

    def __init__(self, *args: object, staff: Staff, **options: object) -> None:
        super().__init__(*args, **options)
        sites = staff.sites.order_by("pk")
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
        self.fields["site"].initial = sites.first()
        self.fields["more_sites"].queryset = sites  # type: ignore[attr-defined]

    def clean_requests_per_minute(self) -> int:
        return self.cleaned_data["requests_per_minute"] or USUAL_REQUESTS_PER_MINUTE
