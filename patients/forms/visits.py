"""A visit as it is typed: what was done, what was measured, how the person fares."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from patients.forms.fields import Correction, DateInput, PlainNumberField, asked
from patients.models import (
    BleedingGrade,
    Done,
    FunctionGrade,
    Landmark,
    Lesion,
    Measurement,
    Patient,
    Side,
    Visit,
    VisitKind,
)
from patients.models.rules import plain_text
from patients.models.visits import HIGHEST
from patients.services import LandmarkDoubtError, Measured
from patients.services.visits import circumference_field
from patients.web import ServiceForm

Windows = Mapping[str, tuple[date, date]]
"""Kind of visit -> the first and the last day it is meant for."""

UNANSWERED = ("", _("not asked"))
SCALES = ("appearance", "satisfaction", "severity")
ANSWERS = ("function_grade", "bleeding", *SCALES)


def radios(label: object, answers: Sequence[tuple[object, object]]) -> Any:
    """Return a question answered by one tap; not asking is an answer."""
    return forms.TypedChoiceField(
        label=label,  # type: ignore[arg-type]
        choices=[UNANSWERED, *answers],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )


def scale(label: object) -> Any:
    return radios(label, [(number, str(number)) for number in range(HIGHEST + 1)])


class VisitForm(ServiceForm):
    """Two minutes on one page; everything but kind and day may be left out."""

    kind = forms.ChoiceField(label=_("Visit"), choices=asked(VisitKind))
    held_on = forms.DateField(label=_("Day"), widget=DateInput())
    done = forms.MultipleChoiceField(
        label=_("What was done"),
        choices=Done.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    pain_vas = scale(_("Pain (0 none, 10 worst)"))
    function_grade = radios(_("Limits in daily life"), FunctionGrade.choices)
    appearance = scale(_("Bothered by appearance (0 not at all, 10 most)"))
    bleeding = radios(_("Bleeding"), BleedingGrade.choices)
    severity = scale(_("Overall severity (0 none, 10 worst)"))
    satisfaction = scale(_("Satisfied with treatment (0 not at all, 10 fully)"))
    daily_life = forms.CharField(
        label=_("Daily life, in words"), max_length=300, required=False
    )
    work = forms.CharField(label=_("Work, in words"), max_length=300, required=False)
    qol_name = forms.CharField(
        label=_("Quality-of-life score: name of the scale"),
        max_length=80,
        required=False,
    )
    qol_score = PlainNumberField(label=_("Its score"), max_digits=7, decimal_places=2)
    qol_low = PlainNumberField(
        label=_("Its range, from"), max_digits=7, decimal_places=2
    )
    qol_high = PlainNumberField(
        label=_("Its range, to"), max_digits=7, decimal_places=2
    )
    note = forms.CharField(
        label=_("Note"), max_length=500, required=False, validators=[plain_text]
    )

    def __init__(
        self,
        *args: object,
        patient: Patient,
        windows: Windows,
        visit: Visit | None = None,
        **options: object,
    ) -> None:
        super().__init__(*args, **options)
        self.patient, self.windows = patient, windows
        self.doubted: frozenset[int] = frozenset()
        self.landmarks = list(landmarks_of(patient, visit))
        for landmark in self.landmarks:
            self.fields[circumference_field(landmark.pk)] = PlainNumberField(
                label=_("%(landmark)s (cm)") % {"landmark": landmark},
                max_digits=5,
                decimal_places=2,
            )

    @property
    def girths(self) -> Iterable[tuple[BoundField, Measurement | None, str]]:
        """Yield each landmark's field, its last value, and the name of its tick."""
        for landmark in self.landmarks:
            asks = landmark.pk in self.doubted or self.is_same(landmark.pk)
            yield (
                self[circumference_field(landmark.pk)],
                landmark.last,  # type: ignore[attr-defined]
                same_field(landmark.pk) if asks else "",
            )

    def is_same(self, landmark_id: int) -> bool:
        """Say whether it was ticked for the very number that is typed."""
        typed = self.data.get(circumference_field(landmark_id))
        return bool(typed) and self.data.get(same_field(landmark_id)) == typed

    def facts(self) -> dict[str, object]:
        typed = dict(self.cleaned_data)
        keys = [landmark.pk for landmark in self.landmarks]
        numbers = {key: typed.pop(circumference_field(key)) for key in keys}
        measured = Measured(
            pain_vas=typed.pop("pain_vas"),
            circumferences_cm={k: v for k, v in numbers.items() if v is not None},
            same=frozenset(filter(self.is_same, keys)),
        )
        first, last = self.windows.get(typed["kind"], (None, None))
        return {
            **typed,
            "window_from": first,
            "window_to": last,
            "measured": measured,
        }

    def refuse(self, refusal: ValidationError) -> None:
        if isinstance(refusal, LandmarkDoubtError):
            self.doubted = refusal.landmarks
        super().refuse(refusal)


def same_field(landmark_id: int) -> str:
    return f"same_{landmark_id}"


def landmarks_of(patient: Patient, visit: Visit | None) -> Iterable[Landmark]:
    """Yield what is still measured, each with its last circumference.

    At a visit that is corrected, also what was measured then and is retired by now;
    the last circumference is the one before it.
    """
    rows = list(Measurement.objects.of(patient).exclude(landmark=None).in_time_order())
    then = {row.landmark_id for row in rows if visit and row.visit_id == visit.pk}
    last = {
        row.landmark_id: row
        for row in rows
        if visit is None or row.measured_on < visit.held_on
    }
    for landmark in patient.landmarks.order_by("pk"):
        if not landmark.is_retired or landmark.pk in then:
            landmark.last = last.get(landmark.pk)  # type: ignore[attr-defined]
            yield landmark


class CorrectVisitForm(VisitForm, Correction):
    """The same visit again, with a reason."""


def typed_at(visit: Visit) -> dict[str, object]:
    """Return what the form said of a visit."""
    names = ("kind", "held_on", "done", "note", "daily_life", "work")
    said = {name: getattr(visit, name) for name in (*names, *ANSWERS)}
    for row in Measurement.objects.standing().filter(visit=visit):
        if row.landmark_id is None:
            said["pain_vas"] = int(row.value)
        else:
            said[circumference_field(row.landmark_id)] = row.value
    score = ("qol_name", "qol_score", "qol_low", "qol_high", "version")
    return {**said, **{name: getattr(visit, name) for name in score}}


class LandmarkForm(ServiceForm):
    limb = forms.CharField(
        label=_("Limb"),
        max_length=80,
        validators=[plain_text],
        help_text=_("Such as thigh, calf, forearm."),
    )
    side = forms.ChoiceField(label=_("Side"), choices=asked(Side))
    place = forms.CharField(
        label=_("Landmark"),
        max_length=160,
        validators=[plain_text],
        help_text=_("Such as 10 cm below the lower edge of the patella."),
    )
    instrument = forms.CharField(
        label=_("Measured with"), max_length=80, required=False, validators=[plain_text]
    )


class AddLandmarkForm(LandmarkForm):
    """A landmark of one of the patient's lesions."""

    def __init__(self, *args: object, patient: Patient, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["lesion"] = forms.ModelChoiceField(
            Lesion.objects.filter(patient=patient).order_by("pk"),
            label=_("Lesion"),
            empty_label=None,
        )
        self.order_fields(["lesion", "limb", "side", "place", "instrument"])


class CorrectLandmarkForm(LandmarkForm, Correction):
    """The same place in better words, or no longer measured."""

    is_retired = forms.BooleanField(label=_("No longer measured"), required=False)
    field_order = ("limb", "side", "place", "instrument", "is_retired", "reason")
