"""Pictures of the inside: which study, by whom read, and which one is the baseline.

What was measured on a study are measurements that name it.
"""

from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.people import Patient
from patients.models.pictures import Picture, png_or_jpeg
from patients.models.rules import every_version_kept, never_deleted, plain_text


class Modality(models.TextChoices):
    MRI = "mri", _("MRI")
    ULTRASOUND = "ultrasound", _("Ultrasound")
    CT = "ct", _("CT")
    PHOTOGRAPH = "photograph", _("Photograph")


class ImagingStudyQuerySet(models.QuerySet["ImagingStudy"]):
    def standing(self) -> Self:
        """Leave out what was entered in error."""
        return self.filter(withdrawn_at=None)

    def of(self, patient: Patient) -> Self:
        return self.standing().filter(patient=patient)

    def in_time_order(self) -> Self:
        return self.order_by("done_on", "pk")


@every_version_kept
class ImagingStudy(models.Model):
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="imaging_studies")
    done_on = models.DateField(_("done on"))
    modality = models.CharField(_("modality"), max_length=12, choices=Modality.choices)
    sequence = models.CharField(
        _("sequence"), max_length=120, blank=True, validators=[plain_text]
    )
    reader_name = models.CharField(
        _("read by"), max_length=120, blank=True, validators=[plain_text]
    )
    is_baseline = models.BooleanField(_("baseline"), default=False)
    note = models.CharField(
        _("note"), max_length=500, blank=True, validators=[plain_text]
    )
    withdrawn_at = models.DateTimeField(
        _("entered in error"), null=True, blank=True, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ImagingStudyQuerySet.as_manager()

    class Meta:
        verbose_name = _("imaging study")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="imaging_is_coded",
                condition=Q(modality__in=Modality.values),
                violation_error_message=_("Choose one of the listed modalities."),
            ),
            models.UniqueConstraint(
                name="one_baseline_per_patient",
                fields=["patient"],
                condition=Q(is_baseline=True, withdrawn_at=None),
                violation_error_message=_(
                    "Another study is the baseline. Correct that one first."
                ),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "done_on"])]

    def __str__(self) -> str:
        return " \u00b7 ".join(
            filter(None, [self.get_modality_display(), self.sequence])
        )

    def clean(self) -> None:
        """Refuse a day to come, or before birth."""
        today = self.patient.site.today(timezone.now())
        if not self.patient.born_on <= self.done_on <= today:
            raise ValidationError(
                {"done_on": _("A study lies between birth and today.")}
            )


class KeyImage(Picture):
    """A picture of a study, chosen to be kept."""

    study = models.ForeignKey(ImagingStudy, models.PROTECT, related_name="key_images")

    class Meta:
        verbose_name = _("key image")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [png_or_jpeg("key_image_is_png_or_jpeg")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.study.done_on}"
