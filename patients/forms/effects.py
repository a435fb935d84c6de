"""A side effect, as it is tapped or typed."""

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from patients import ctcae
from patients.forms.fields import Correction, DateInput
from patients.models import Action, Relation, SideEffect
from patients.models.rules import plain_text
from patients.web import ServiceForm


class Details(ServiceForm):
    """What may be added to a term and its grade."""

    onset_on = forms.DateField(label=_("Onset"), widget=DateInput())
    resolved_on = forms.DateField(
        label=_("Gone on"), widget=DateInput(), required=False
    )
    action_taken = forms.ChoiceField(
        label=_("Action taken"), choices=Action.choices, initial=Action.NONE
    )
    treatment = forms.CharField(
        label=_("Treatment"), max_length=200, required=False, validators=[plain_text]
    )
    relation = forms.ChoiceField(
        label=_("Relation to sirolimus"),
        choices=Relation.choices,
        initial=Relation.NOT_JUDGED,
    )
    note = forms.CharField(
        label=_("Note"), max_length=500, required=False, validators=[plain_text]
    )

    def __init__(self, *args: object, judges: bool, **options: object) -> None:
        super().__init__(*args, **options)
        if not judges:
            del self.fields["relation"]


class EffectForm(Details):
    """The three taps of a side effect; everything else has its default."""

    term = forms.ChoiceField(
        choices=[(code, code) for code in ctcae.TERMS], widget=forms.HiddenInput
    )
    grade = forms.IntegerField(widget=forms.HiddenInput)
    other_text = forms.CharField(
        label=_("Which side effect?"),
        max_length=100,
        required=False,
        validators=[plain_text],
    )

    @property
    def details(self) -> list[forms.BoundField]:
        return [self[name] for name in Details.base_fields if name in self.fields]


class CorrectEffectForm(Details, Correction):
    """Everything about an episode but what it is; its grades are those of its term."""

    grade = forms.TypedChoiceField(label=_("Grade"), coerce=int)

    field_order = ("grade", *Details.base_fields, "reason")

    def __init__(
        self, *args: object, effect: SideEffect, judges: bool, **options: object
    ) -> None:
        super().__init__(*args, judges=judges, **options)
        self.fields["grade"].choices = [  # type: ignore[attr-defined]
            (grade, f"{grade}: {words}")
            for grade, words in ctcae.TERMS[effect.term].choices
        ]


class ResolveEffectForm(ServiceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    resolved_on = forms.DateField(label=_("Gone on"), widget=DateInput())


def day_or(text: str, default: date) -> date:
    """Read a day of an address; where it is none, or of no use, the default holds."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return default
    return day if day.year in SENSIBLE_YEARS else default


SENSIBLE_YEARS = range(1900, 2200)
