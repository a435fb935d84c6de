"""The day of a diary: who told it, what they added, and the paper it came from."""

from datetime import date, timedelta
from typing import ClassVar, Self

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import ExpressionWrapper, F, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.people import Patient, Site
from patients.models.pictures import Picture, png_or_jpeg
from patients.models.rules import (
    after_each,
    every_version_kept,
    never_deleted,
    plain_text,
)


class Source(models.TextChoices):
    """Where a day's entries come from."""

    PHONE = "phone", _("telephone call")
    PAPER = "paper", _("paper diary")
    PATIENT = "patient", _("the patient")
    VISIT = "visit", _("visit")


class DiaryDayQuerySet(models.QuerySet["DiaryDay"]):
    def of(self, patient: Patient) -> Self:
        return self.filter(patient=patient).order_by("day")

    def last_before_silence(self, patients: QuerySet[Patient], today: date) -> Self:
        """Keep each patient's last day where too many days after it are empty.

        Today is not over, so it does not count. Whoever told of the last days, as many
        as the least patient clinic waits for, is not looked at.
        """
        least = Site.objects.aggregate(days=Min("silent_after_days", default=1))
        told_on = F("patient__last_told__day")
        heard_until = told_on + F("patient__site__silent_after_days")
        return self.alias(
            heard_until=ExpressionWrapper(heard_until, models.DateField())
        ).filter(
            patient__in=patients,
            patient__last_told__day__lt=today - timedelta(days=least["days"]),
            day=told_on,
            heard_until__lt=today,
        )


class LastTold(models.Model):
    """The last day in the diary of each patient, kept by `TOLD` beside the days."""

    patient = models.OneToOneField(
        Patient, models.CASCADE, primary_key=True, related_name="last_told"
    )
    day = models.DateField()

    def __str__(self) -> str:
        return str(self.day)


TOLD = """
INSERT INTO patients_lasttold (patient_id, day)
SELECT patient_id, max(day) FROM changed GROUP BY patient_id ORDER BY patient_id
ON CONFLICT (patient_id) DO UPDATE SET day = EXCLUDED.day
WHERE patients_lasttold.day < EXCLUDED.day;
"""
"""What is to be done with days that are `changed`; a day once told stays told."""


@every_version_kept
class DiaryDay(models.Model):
    """A day of which something was told; a day without a row is silent.

    The numbers of the day are measurements, and its doses intakes; each has one home.
    """

    patient = models.ForeignKey(
        Patient, models.PROTECT, related_name="diary_days", db_index=False
    )
    day = models.DateField(_("day"))
    source = models.CharField(_("source"), max_length=8, choices=Source.choices)
    no_side_effects = models.BooleanField(_("asked: no side effects"), default=False)
    note = models.CharField(
        _("note"), max_length=2000, blank=True, validators=[plain_text]
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = DiaryDayQuerySet.as_manager()

    class Meta:
        verbose_name = _("diary day")
        triggers: ClassVar = [
            never_deleted,
            *after_each("told", TOLD, pgtrigger.Insert),
        ]
        indexes: ClassVar = [
            models.Index(
                name="diary_days_of_a_patient", fields=["patient", "-day", "-id"]
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_diary_day_per_day",
                fields=["patient", "day"],
                violation_error_message=_("This day is already recorded."),
            ),
            models.CheckConstraint(
                name="diary_day_is_coded",
                condition=Q(source__in=Source.values),
                violation_error_message=_("Choose one of the listed answers."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.day)

    def clean(self) -> None:
        """Refuse a day to come, or before birth."""
        today = self.patient.site.today(timezone.now())
        if not self.patient.born_on <= self.day <= today:
            raise ValidationError(
                {"day": _("A diary day lies between birth and today.")}
            )


class DiaryPhoto(Picture):
    """A photo of a week on paper, kept in the database with what it belongs to."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="diary_photos")
    week_on = models.DateField(_("Monday of the week"))

    class Meta:
        verbose_name = _("photo of a paper diary")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [png_or_jpeg("photo_is_png_or_jpeg")]
        indexes: ClassVar = [models.Index(fields=["patient", "week_on"])]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.week_on}"
