"""Visits: what was done, how the person fares, and the landmark of a circumference.

The scales of function and of bleeding are designs of this product [NV]; the domains
are those of OVAMA, whose own items were not read.
"""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.lesions import Lesion, Side
from patients.models.people import Patient
from patients.models.rules import (
    about,
    every_version_kept,
    filled,
    never_deleted,
    plain_text,
)

HIGHEST = 10
"""Scales of a person's own judgement run from 0 to this."""


class VisitKind(models.TextChoices):
    BASELINE = "baseline", _("baseline")
    MONTH_1 = "month_1", _("month 1")
    MONTH_3 = "month_3", _("month 3")
    FOLLOW_UP = "follow_up", _("later follow-up")
    UNSCHEDULED = "unscheduled", _("unscheduled")
    TELEPHONE = "telephone", _("telephone")


class Done(models.TextChoices):
    """What was done at a visit."""

    LEVEL = "level", _("level drawn")
    LABS = "labs", _("safety labs")
    MRI = "mri", _("MRI")
    PHOTO = "photo", _("photograph")
    EXAMINED = "examined", _("examined")
    EDUCATION = "education", _("education")
    OTHER = "other", _("other")


class FunctionGrade(models.IntegerChoices):
    """How far the lesion limits what a person does; a higher grade is worse."""

    NONE = 0, _("0 no limit")
    MILD = 1, _("1 mild")
    MODERATE = 2, _("2 moderate")
    SEVERE = 3, _("3 severe")


class BleedingGrade(models.IntegerChoices):
    NONE = 0, _("0 none")
    SELDOM = 1, _("1 seldom")
    OFTEN = 2, _("2 often")
    TREATED = 3, _("3 needs treatment")


@every_version_kept
class Landmark(models.Model):
    """Where a limb is measured, put once so that every visit measures the same."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="landmarks")
    lesion = models.ForeignKey(
        Lesion, models.PROTECT, related_name="landmarks", verbose_name=_("lesion")
    )
    limb = models.CharField(_("limb"), max_length=80, validators=[plain_text])
    side = models.CharField(_("side"), max_length=10, choices=Side.choices)
    place = models.CharField(_("landmark"), max_length=160, validators=[plain_text])
    instrument = models.CharField(
        _("measured with"), max_length=80, blank=True, validators=[plain_text]
    )
    is_retired = models.BooleanField(_("no longer measured"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("landmark")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="landmark_is_put_in_words",
                condition=filled("limb") & filled("place") & Q(side__in=Side.values),
                violation_error_message=_("Say which limb, side and place."),
            ),
            models.UniqueConstraint(
                name="one_landmark_of_a_place",
                fields=["patient", "limb", "side", "place"],
                violation_error_message=_("This landmark is kept already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.limb}, {self.get_side_display()}: {self.place}"

    def clean(self) -> None:
        if self.lesion.patient_id != self.patient_id:
            raise ValidationError({"lesion": _("Choose a lesion of this patient.")})


class VisitQuerySet(models.QuerySet["Visit"]):
    def standing(self) -> Self:
        """Leave out what was entered in error."""
        return self.filter(withdrawn_at=None)

    def of(self, patient: Patient) -> Self:
        return self.standing().filter(patient=patient)

    def in_time_order(self) -> Self:
        return self.order_by("held_on", "pk")


def scale(label: object) -> models.PositiveSmallIntegerField:
    """Return a field for a judgement from 0 to 10 that may be left out."""
    return models.PositiveSmallIntegerField(
        label,  # type: ignore[arg-type]
        null=True,
        blank=True,
        validators=[MaxValueValidator(HIGHEST)],
    )


@every_version_kept
class Visit(models.Model):
    """One contact with the clinic; what is not answered stays unknown.

    Pain and circumference are measurements that name the visit.
    """

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="visits")
    kind = models.CharField(_("visit"), max_length=12, choices=VisitKind.choices)
    held_on = models.DateField(_("day"))
    window_from = models.DateField(_("window from"), null=True, blank=True)
    window_to = models.DateField(_("window to"), null=True, blank=True)
    done = ArrayField(
        models.CharField(max_length=12, choices=Done.choices),
        verbose_name=_("what was done"),
        default=list,
        blank=True,
    )
    function_grade = models.PositiveSmallIntegerField(
        _("limits in daily life"),
        choices=FunctionGrade.choices,
        null=True,
        blank=True,
    )
    daily_life = models.CharField(
        _("daily life, in words"), max_length=300, blank=True, validators=[plain_text]
    )
    work = models.CharField(
        _("work, in words"), max_length=300, blank=True, validators=[plain_text]
    )
    appearance = scale(_("bothered by appearance (0-10)"))
    satisfaction = scale(_("satisfied with treatment (0-10)"))
    bleeding = models.PositiveSmallIntegerField(
        _("bleeding"), choices=BleedingGrade.choices, null=True, blank=True
    )
    severity = scale(_("overall severity (0-10)"))
    qol_name = models.CharField(
        _("quality-of-life score"), max_length=80, blank=True, validators=[plain_text]
    )
    qol_score = models.DecimalField(
        _("score"), max_digits=7, decimal_places=2, null=True, blank=True
    )
    qol_low = models.DecimalField(
        _("lowest possible score"),
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
    )
    qol_high = models.DecimalField(
        _("highest possible score"),
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
    )
    note = models.CharField(
        _("note"), max_length=500, blank=True, validators=[plain_text]
    )
    withdrawn_at = models.DateTimeField(
        _("entered in error"), null=True, blank=True, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_visit_of_a_kind_on_a_day",
                fields=["patient", "kind", "held_on"],
                condition=Q(withdrawn_at=None),
                violation_error_code=about("held_on"),
                violation_error_message=_(
                    "This visit is already recorded for that day. Correct it there."
                ),
            ),
            models.CheckConstraint(
                name="visit_is_coded",
                condition=Q(kind__in=VisitKind.values, done__contained_by=Done.values),
                violation_error_message=_("Choose one of the listed visits."),
            ),
            models.CheckConstraint(
                name="visit_window_is_in_order",
                condition=Q(window_from=None, window_to=None)
                | Q(
                    window_from__isnull=False,
                    window_to__isnull=False,
                    window_from__lte=F("window_to"),
                ),
                violation_error_message=_(
                    "A window has two ends, and does not end before it begins."
                ),
            ),
            models.CheckConstraint(
                name="visit_scales_end_at_10",
                condition=(Q(appearance=None) | Q(appearance__lte=HIGHEST))
                & (Q(satisfaction=None) | Q(satisfaction__lte=HIGHEST))
                & (Q(severity=None) | Q(severity__lte=HIGHEST))
                & (Q(function_grade=None) | Q(function_grade__lte=3))
                & (Q(bleeding=None) | Q(bleeding__lte=3)),
                violation_error_message=_("Choose one of the listed answers."),
            ),
            models.CheckConstraint(
                name="a_quality_of_life_score_is_named",
                condition=Q(qol_name="", qol_score=None)
                | (filled("qol_name") & Q(qol_score__isnull=False)),
                violation_error_code=about("qol_name"),
                violation_error_message=_("Give the score and the name of its scale."),
            ),
            models.CheckConstraint(
                name="a_quality_of_life_score_lies_in_its_range",
                condition=Q(qol_low=None, qol_high=None)
                | Q(
                    qol_low__isnull=False,
                    qol_high__isnull=False,
                    qol_low__lt=F("qol_high"),
                    qol_score__range=(F("qol_low"), F("qol_high")),
                ),
                violation_error_code=about("qol_score"),
                violation_error_message=_(
                    "Give both ends of the scale's range, with the score between."
                ),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "held_on"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.held_on}"

    def clean(self) -> None:
        """Refuse a day to come, or before birth."""
        today = self.patient.site.today(timezone.now())
        if not self.patient.born_on <= self.held_on <= today:
            raise ValidationError(
                {"held_on": _("A visit lies between birth and today.")}
            )

    @property
    def is_outside_window(self) -> bool:
        """Say whether the visit missed the days it was meant for."""
        if self.window_from is None or self.window_to is None:
            return False
        return not self.window_from <= self.held_on <= self.window_to

    @property
    def done_in_words(self) -> list[str]:
        return [str(Done(each).label) for each in self.done]
