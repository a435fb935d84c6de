"""A level as it is typed, parsed; the service holds the rules."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dosing import units
from dosing.advice import Advice
from dosing.models import (
    Laboratory,
    TroughLevel,
)
from dosing.services.levels import Confirmation, UnconfirmedError
from dosing.words import plain, say
from patients.models import Patient
from patients.models.rules import plain_text
from patients.web import LocalDateTimeField, ServiceForm, instant

NOT_TAKEN = {
    "ug/dL": (Decimal(10), "\u00b5g/dL"),
    "mg/L": (Decimal(1000), "mg/L"),
}
"""Units no laboratory means: ng/mL in one of them, and how they are written."""


UNIT_CHOICES = [
    (units.Unit.NG_PER_ML.value, "ng/mL"),
    (units.Unit.UG_PER_L.value, "\u00b5g/L"),
    (units.Unit.NMOL_PER_L.value, "nmol/L"),
    (units.Unit.NG_PER_DL.value, "ng/dL"),
    *((unit, sign) for unit, (_factor, sign) in NOT_TAKEN.items()),
]


class TroughForm(ServiceForm):
    """A level as reported, when it was drawn, and the answers to any questions."""

    aliases: ClassVar[Mapping[str, str]] = {
        "reported_value": "level",
        "ng_per_ml": "level",
        "reported_unit": "unit",
    }

    level = forms.CharField(
        label=_("Level"),
        max_length=400,
        required=False,
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "data-focus": True}
        ),
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=UNIT_CHOICES)
    drawn_at = LocalDateTimeField(label=_("Drawn"))
    drawn_at_fold = forms.ChoiceField(
        label=_("Which of the two"),
        required=False,
        choices=[("", "\u2013"), ("0", _("the first")), ("1", _("the second"))],
    )
    last_dose_at = LocalDateTimeField(
        label=_("Last dose before it"),
        required=False,
        help_text=_(
            "Filled in from the diary or the prescription: check it, or empty it."
        ),
    )
    laboratory = forms.ModelChoiceField(
        Laboratory.objects.none(), label=_("Laboratory and assay"), empty_label=None
    )
    note = forms.CharField(
        label=_("Note"), max_length=500, required=False, validators=[plain_text]
    )
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)
    confirmation_reason = forms.CharField(
        label=_("How was this checked?"),
        max_length=500,
        required=False,
        validators=[plain_text],
    )
    submission = forms.UUIDField(required=False, widget=forms.HiddenInput)
    patient = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, object] | None, *, patient: Patient, **options: object
    ) -> None:
        super().__init__(with_answers(data), **options)
        self.of = patient
        laboratories = Laboratory.objects.filter(site=patient.site).order_by("pk")
        self.fields["laboratory"].queryset = laboratories  # type: ignore[attr-defined]

    def clean_level(self) -> units.Reported:
        try:
            return units.parse_reported(self.cleaned_data["level"])
        except units.NotANumberError as problem:
            raise ValidationError(say(problem.sentence)) from problem

    def clean_unit(self) -> units.Unit:
        unit = self.cleaned_data["unit"]
        if unit not in NOT_TAKEN:
            return units.Unit(unit)
        factor, sign = NOT_TAKEN[unit]
        raise ValidationError(
            _("%(sign)s is not accepted: 1 %(sign)s is %(factor)s ng/mL."),
            params={"sign": sign, "factor": plain(factor)},
        )

    def clean_patient(self) -> int:
        if self.cleaned_data["patient"] != self.of.pk:
            raise ValidationError(
                _("This form was opened for another patient. Nothing is saved.")
            )
        return self.of.pk

    def clean(self) -> dict[str, object]:
        facts = self.cleaned_data
        fold = facts.get("drawn_at_fold", "")
        for name in ("drawn_at", "last_dose_at"):
            if facts.get(name):
                self.place(name, fold)
        return facts

    def place(self, name: str, fold: str) -> None:
        try:
            self.cleaned_data[name] = instant(
                self.cleaned_data[name], self.of.site.zone, fold
            )
        except ValidationError as problem:
            self.add_error(name, problem)

    @property
    def is_ambiguous(self) -> bool:
        """Whether to ask which of two equal wall times is meant."""
        return any(
            self.has_error(name, "ambiguous") for name in ("drawn_at", "last_dose_at")
        )

    @property
    def questions(self) -> list[units.Question]:
        asked = isinstance(self.refusal, UnconfirmedError)
        return self.refusal.questions if asked else []  # type: ignore[union-attr]

    def refuse(self, refusal: ValidationError) -> None:
        """Keep questions apart from errors: they are answered by buttons."""
        if isinstance(refusal, UnconfirmedError):
            self.refusal = refusal
        else:
            super().refuse(refusal)

    def facts(self) -> dict[str, object]:
        typed = self.cleaned_data
        names = ("laboratory", "unit", "drawn_at", "last_dose_at", "note")
        keys = tuple(filter(None, typed["confirmed"].split("|")))
        return {
            **{name: typed[name] for name in names},
            "reported": typed["level"],
            "confirmation": Confirmation(keys, typed["confirmation_reason"]),
        }


class NewTroughForm(TroughForm):
    def facts(self) -> dict[str, object]:
        return {**super().facts(), "submission": self.cleaned_data["submission"]}


class CorrectTroughForm(TroughForm):
    """The same level again, with the version that was opened and a reason."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why is it corrected?"), max_length=300, validators=[plain_text]
    )

    def facts(self) -> dict[str, object]:
        names = ("version", "reason")
        return {**super().facts(), **{name: self.cleaned_data[name] for name in names}}


def with_answers(data: Mapping[str, object] | None) -> Mapping[str, object] | None:
    """Take the button that answered a question into what was typed.

    `instead` is a level and unit to use in place of the typed ones; `confirm` is the
    key of a question answered with yes.
    """
    if data is None:
        return None
    answered = {name: data.get(name, "") for name in data}
    level, _sep, unit = str(answered.get("instead", "")).partition("|")
    if unit:
        answered |= {"level": level, "unit": unit, "confirmed": ""}
    if answered.get("confirm"):
        keys = [str(answered.get("confirmed", "")), str(answered["confirm"])]
        answered["confirmed"] = "|".join(filter(None, keys))
    return answered


def starting_values(
    patient: Patient, *, at: datetime, advice: Advice | None
) -> dict[str, object]:
    """Pre-fill a level: drawn at the latest usual time, one interval after the dose.

    The laboratory is the one of the latest level, and its unit the unit.
    """
    zone = patient.site.zone
    now = at.astimezone(zone)
    dose = advice.current if advice else patient.doses.order_by("starts_on").last()
    interval = timedelta(hours=dose.interval_h if dose else 24)
    drawn = now.replace(second=0, microsecond=0, tzinfo=None)
    if dose:
        usual = datetime.combine(drawn.date(), dose.usual_time)
        drawn = usual if usual <= drawn else usual - timedelta(days=1)
    laboratory = (
        advice.level.laboratory
        if advice
        else Laboratory.objects.filter(site=patient.site).order_by("pk").first()
    )
    return {
        "drawn_at": drawn,
        "last_dose_at": last_dose(patient, drawn, interval) if dose else None,
        "laboratory": laboratory,
        "unit": laboratory.unit if laboratory else units.Unit.NG_PER_ML,
        "submission": uuid4(),
        "patient": patient.pk,
    }


def last_dose(patient: Patient, drawn: datetime, interval: timedelta) -> datetime:
    """Return when the dose before a draw was taken, on the clinic's wall.

    As the diary says, or one interval before the draw.
    """
    zone = patient.site.zone
    day = (drawn - interval).date()
    told = patient.intakes.filter(due_on=day).values_list("taken_at", flat=True)
    taken = [at.astimezone(zone).replace(tzinfo=None) for at in told if at]
    return max((at for at in taken if at < drawn), default=drawn - interval)


def values_of(level: TroughLevel) -> dict[str, object]:
    """Fill the correction form with what is recorded, by the clinic's clock."""
    zone = level.patient.site.zone
    last = level.last_dose_at
    return {
        "level": f"{level.comparator}{plain(level.reported_value)}",
        "unit": level.reported_unit,
        "drawn_at": level.drawn_at.astimezone(zone).replace(tzinfo=None),
        "last_dose_at": last.astimezone(zone).replace(tzinfo=None) if last else None,
        "laboratory": level.laboratory,
        "note": level.note,
        "patient": level.patient_id,
        "version": level.version,
    }


class SetAsideForm(ServiceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why is it set aside?"), max_length=300, validators=[plain_text]
    )
