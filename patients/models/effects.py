"""What a patient suffers, in the words and grades of CTCAE."""

from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients import ctcae
from patients.models.people import Patient
from patients.models.rules import (
    about,
    every_version_kept,
    filled,
    never_deleted,
    plain_text,
)


class SideEffectQuerySet(models.QuerySet["SideEffect"]):
    def standing(self) -> Self:
        """Leave out what was entered in error."""
        return self.filter(withdrawn_at=None)

    def of(self, patient: Patient) -> Self:
        return self.standing().filter(patient=patient)

    def open(self) -> Self:
        return self.standing().filter(resolved_on=None)

    def in_time_order(self) -> Self:
        return self.order_by("onset_on", "pk")


class Action(models.TextChoices):
    """What was done about a side effect."""

    NONE = "none", gettext_lazy("nothing")
    TREATED = "treated", gettext_lazy("treated")
    HELD = "held", gettext_lazy("dose held")
    REDUCED = "reduced", gettext_lazy("dose reduced")
    STOPPED = "stopped", gettext_lazy("drug stopped")


class Relation(models.TextChoices):
    """Whether sirolimus is its cause, in a clinician's judgement."""

    NOT_JUDGED = "not_judged", gettext_lazy("not judged")
    UNRELATED = "unrelated", gettext_lazy("unrelated")
    UNLIKELY = "unlikely", gettext_lazy("unlikely")
    POSSIBLE = "possible", gettext_lazy("possible")
    PROBABLE = "probable", gettext_lazy("probable")
    DEFINITE = "definite", gettext_lazy("definite")


TERMS = [(code, gettext_lazy(term.english)) for code, term in ctcae.TERMS.items()]


def grades_that_exist() -> Q:
    """Say that a grade is one that its term has."""
    found = Q()
    for grades in sorted({term.grades for term in ctcae.TERMS.values()}):
        codes = sorted(c for c, term in ctcae.TERMS.items() if term.grades == grades)
        found |= Q(term__in=codes, grade__in=list(grades))
    return found


@every_version_kept
class SideEffect(models.Model):
    """One episode of one side effect; its grade may be corrected as it changes."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="side_effects")
    term = models.CharField(gettext_lazy("side effect"), max_length=40, choices=TERMS)
    other_text = models.CharField(
        gettext_lazy("which other"), max_length=100, blank=True, validators=[plain_text]
    )
    ctcae_version = models.CharField(
        gettext_lazy("CTCAE version"),
        max_length=4,
        default=ctcae.VERSION,
        editable=False,
    )
    grade = models.PositiveSmallIntegerField(gettext_lazy("grade"))
    onset_on = models.DateField(gettext_lazy("onset"))
    resolved_on = models.DateField(gettext_lazy("resolved"), null=True, blank=True)
    action_taken = models.CharField(
        gettext_lazy("action taken"),
        max_length=8,
        choices=Action.choices,
        default=Action.NONE,
    )
    treatment = models.CharField(
        gettext_lazy("treatment"), max_length=200, blank=True, validators=[plain_text]
    )
    relation = models.CharField(
        gettext_lazy("relation to sirolimus"),
        max_length=10,
        choices=Relation.choices,
        default=Relation.NOT_JUDGED,
    )
    note = models.CharField(
        gettext_lazy("note"), max_length=500, blank=True, validators=[plain_text]
    )
    withdrawn_at = models.DateTimeField(
        gettext_lazy("entered in error"), null=True, blank=True, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = SideEffectQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("side effect")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_side_effect_per_onset",
                fields=["patient", "term", "other_text", "onset_on"],
                condition=Q(withdrawn_at=None),
                violation_error_message=gettext_lazy(
                    "This side effect is already recorded from that day."
                ),
            ),
            models.UniqueConstraint(
                name="a_side_effect_is_open_once",
                fields=["patient", "term", "other_text"],
                condition=Q(withdrawn_at=None, resolved_on=None),
                violation_error_message=gettext_lazy(
                    "This side effect is open already. Correct its grade, or say when"
                    " it was gone."
                ),
            ),
            models.CheckConstraint(
                name="side_effect_has_a_grade_of_its_term",
                condition=grades_that_exist(),
                violation_error_code=about("grade"),
                violation_error_message=gettext_lazy("This term has no such grade."),
            ),
            models.CheckConstraint(
                name="side_effect_is_coded",
                condition=Q(
                    action_taken__in=Action.values, relation__in=Relation.values
                ),
                violation_error_message=gettext_lazy(
                    "Choose one of the listed answers."
                ),
            ),
            models.CheckConstraint(
                name="other_side_effects_are_named",
                condition=~Q(term=ctcae.OTHER) | filled("other_text"),
                violation_error_code=about("other_text"),
                violation_error_message=gettext_lazy("Say which side effect it is."),
            ),
            models.CheckConstraint(
                name="side_effect_resolves_after_its_onset",
                condition=Q(resolved_on=None) | Q(resolved_on__gte=F("onset_on")),
                violation_error_code=about("resolved_on"),
                violation_error_message=gettext_lazy(
                    "A side effect is gone on the day it began, or later."
                ),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "onset_on"])]

    def __str__(self) -> str:
        return _("%(effect)s, grade %(grade)s") % {
            "effect": self.label,
            "grade": self.grade,
        }

    def clean(self) -> None:
        """Refuse a day to come, or before birth."""
        today = self.patient.site.today(timezone.now())
        for name in ("onset_on", "resolved_on"):
            day = getattr(self, name)
            if day is not None and not self.patient.born_on <= day <= today:
                raise ValidationError(
                    {name: _("A side effect lies between birth and today.")}
                )

    @property
    def english(self) -> str:
        """The official term, or what was typed for another."""
        return self.other_text or ctcae.TERMS[self.term].english

    @property
    def label(self) -> str:
        return self.other_text or ctcae.TERMS[self.term].label

    @property
    def is_open(self) -> bool:
        return self.resolved_on is None and self.withdrawn_at is None

    @property
    def is_severe(self) -> bool:
        return self.grade >= ctcae.SEVERE_FROM_GRADE

    @property
    def is_unrelated(self) -> bool:
        """Whether someone judged that sirolimus is not its cause."""
        return self.relation == Relation.UNRELATED
