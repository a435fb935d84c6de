"""What someone reads out of a laboratory's message, parsed; the service decides."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dosing import units
from dosing.forms.levels import UNIT_CHOICES
from dosing.models import Laboratory, LabReport
from dosing.services.levels import Confirmation, UnconfirmedError
from dosing.words import say
from patients.models.rules import plain_text
from patients.web import LocalDateTimeField, ServiceForm, instant


class AcceptForm(ServiceForm):
    """Patient, level and sample as the message means them."""

    aliases: ClassVar[Mapping[str, str]] = {
        "reported": "level",
        "reported_value": "level",
        "ng_per_ml": "level",
        "reported_unit": "unit",
    }

    version = forms.IntegerField(widget=forms.HiddenInput)
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)
    identifier = forms.CharField(
        label=_("Identifier"), max_length=40, validators=[plain_text]
    )
    born_on = forms.DateField(
        label=_("Date of birth"), widget=forms.DateInput(attrs={"type": "date"})
    )
    level = forms.CharField(label=_("Level"), max_length=40)
    unit = forms.ChoiceField(
        label=_("Unit"), choices=[("", _("– choose –")), *UNIT_CHOICES[:4]]
    )
    drawn_at = LocalDateTimeField(label=_("Drawn"))
    last_dose_at = LocalDateTimeField(
        label=_("Last dose before it"),
        required=False,
        help_text=_("Without it the level may be no trough."),
    )
    laboratory = forms.ModelChoiceField(
        Laboratory.objects.none(), label=_("Laboratory and assay"), empty_label=None
    )
    reason = forms.CharField(
        label=_("How was this checked?"), max_length=300, validators=[plain_text]
    )

    def __init__(self, data: Mapping[str, object] | None, *, report: LabReport) -> None:
        super().__init__(data, initial=first(report))
        self.site = report.message.site
        laboratories = Laboratory.objects.filter(site=self.site).order_by("pk")
        field = self.fields["laboratory"]
        if len(laboratories) > 1:  # the assay is nobody's guess
            field.empty_label = _("– choose –")  # type: ignore[attr-defined]
        field.queryset = laboratories  # type: ignore[attr-defined]

    def clean_level(self) -> units.Reported:
        try:
            return units.parse_reported(self.cleaned_data["level"])
        except units.NotANumberError as problem:
            raise ValidationError(say(problem.sentence)) from problem

    def clean_unit(self) -> units.Unit:
        return units.Unit(self.cleaned_data["unit"])

    def clean_drawn_at(self) -> datetime:
        return instant(self.cleaned_data["drawn_at"], self.site.zone, "")

    def clean_last_dose_at(self) -> datetime | None:
        typed = self.cleaned_data["last_dose_at"]
        return instant(typed, self.site.zone, "") if typed else None

    @property
    def questions(self) -> list[units.Question]:
        asked = isinstance(self.refusal, UnconfirmedError)
        return self.refusal.questions if asked else []  # type: ignore[union-attr]

    def refuse(self, refusal: ValidationError) -> None:
        """Show the questions; the same button sent again answers them with yes."""
        super().refuse(refusal)
        if isinstance(refusal, UnconfirmedError):
            keys = [question.key for question in refusal.questions]
            self.data = {**{name: self.data.get(name) for name in self.data}}
            self.data["confirmed"] = "|".join(keys)

    def facts(self) -> dict[str, object]:
        typed = self.cleaned_data
        names = ("version", "identifier", "born_on", "laboratory", "unit")
        times = ("drawn_at", "last_dose_at")
        keys = tuple(filter(None, typed["confirmed"].split("|")))
        return {
            **{name: typed[name] for name in (*names, *times)},
            "reported": typed["level"],
            "reason": typed["reason"],
            "confirmation": Confirmation(keys, typed["reason"]),
        }


def first(report: LabReport) -> dict[str, object]:
    """Fill the form with what the message says, as far as it can be read."""
    facts = report.facts
    unit = units.parse_unit(facts.get("unit", ""))
    return {
        "version": report.version,
        "identifier": facts.get("identifier", ""),
        "born_on": facts.get("born_on", ""),
        "level": facts.get("value", "").replace("^", ""),
        "unit": unit.value if unit else "",
        "drawn_at": report.drawn_on_the_wall,
    }


class RefuseForm(ServiceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why is it refused?"), max_length=300, validators=[plain_text]
    )
