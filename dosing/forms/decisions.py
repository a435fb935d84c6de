"""A choice among the doses shown, parsed."""

import re
from decimal import Decimal

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dosing.advice import Advice
from dosing.forms.fields import day_field
from dosing.models import (
    Reason,
)
from patients.models.rules import plain_text
from patients.web import ServiceForm

CHOICE = re.compile(
    r"(?P<amount>\d{1,3}(?:\.\d{1,2})?)@(?P<interval>12|24|48)", re.ASCII
)
"""An amount in mg and an interval in hours, as the page writes them."""


BASIS_SALT = "dosing.basis"


class DecideForm(ServiceForm):
    """One choice among the doses shown, with the basis they rested on."""

    basis = forms.CharField(widget=forms.HiddenInput)
    choice = forms.CharField(required=False)
    other = forms.CharField(required=False)
    reason = forms.ChoiceField(label=_("Reason"), choices=Reason.choices)
    reason_text = forms.CharField(
        label=_("In words"), max_length=500, required=False, validators=[plain_text]
    )
    new_dose_from = day_field(_("New dose from"), required=False)
    next_level_on = day_field(_("Next level on"), required=False)

    def clean_basis(self) -> dict[str, int]:
        try:
            basis: dict[str, int] = signing.loads(
                self.cleaned_data["basis"], salt=BASIS_SALT
            )
        except signing.BadSignature as problem:
            raise ValidationError(_("Open the decision again.")) from problem
        return basis

    def clean(self) -> dict[str, object]:
        facts = self.cleaned_data
        chosen = facts.get("choice") or ""
        text = facts.get("other", "") if chosen == "other" else chosen
        dose = CHOICE.fullmatch(text)
        if dose is None:
            self.add_error("choice", _("Choose a dose."))
        else:
            facts["amount_mg"] = Decimal(dose["amount"])
            facts["interval_h"] = int(dose["interval"])
        return facts

    def facts(self) -> dict[str, object]:
        left = {"choice", "other"}
        return {k: v for k, v in self.cleaned_data.items() if k not in left}


def seal(advice: Advice) -> str:
    """Sign the basis of an advice, so that a page can bring it back unchanged."""
    return signing.dumps(dict(advice.basis), salt=BASIS_SALT)
