"""One summary line per patient, so that a cohort of any size is read at once.

Lines are worked out from the records and hold nothing of their own: they may be
thrown away, and services.refresh_cohort() makes them anew.
"""

from datetime import date, datetime
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dosing import policy
from dosing.models.levels import Reason
from dosing.models.protocols import Protocol
from patients.models import EndReason, IssvaType, Patient, Sex, Site, Staff


class Excluded(models.TextChoices):
    """Why a patient is not in any cohort."""

    NO_DOSE = "no_dose", _("never took the drug")
    WITHDREW = "withdrew", _("consent withdrawn")
    FAILED = "failed", _("could not be worked out")


class CohortQuerySet(models.QuerySet["CohortLine"]):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(site__in=staff.sites.all())

    def worked_out(self) -> Self:
        return self.filter(worked_out_at__isnull=False)

    def waiting(self) -> Self:
        """Keep those whose records changed since they were worked out."""
        return self.filter(is_stale=True)

    def of_another_version(self, version: str) -> Self:
        """Keep what other rules worked out; lower and higher, as an index can tell."""
        return self.filter(
            Q(engine_version__lt=version) | Q(engine_version__gt=version)
        )

    def turned(self, at: datetime) -> Self:
        """Keep those whose day has come on the clock of their clinic."""
        come = Q(pk__in=[])
        for site in Site.objects.all():
            come |= Q(site=site, turns_on__lte=site.today(at))
        return self.filter(come)

    def included(self) -> Self:
        """Leave out who withdrew too, even where the line does not say so yet."""
        since = CohortLine.objects.waiting().filter(
            patient__ended_because=EndReason.WITHDRAWN
        )
        return self.worked_out().filter(excluded="").exclude(pk__in=since)

    def left_out(self) -> Self:
        return self.worked_out().exclude(excluded="")

    def in_order(self) -> Self:
        return self.order_by("patient_id")

    def gaps_first(self) -> Self:
        """Put the lines with the most missing cells of Table 1 first."""
        return self.order_by("-missing_cells", "patient_id")


def number(**options: Any) -> models.DecimalField:
    return models.DecimalField(
        max_digits=9, decimal_places=2, null=True, blank=True, **options
    )


class CohortLine(models.Model):
    """What a cohort counts of one patient."""

    patient = models.OneToOneField(
        Patient, models.PROTECT, primary_key=True, related_name="cohort_line"
    )
    site = models.ForeignKey(Site, models.PROTECT, related_name="cohort_lines")
    is_stale = models.BooleanField(default=True)
    worked_out_at = models.DateTimeField(null=True)
    engine_version = models.CharField(max_length=60, default="")
    turns_on = models.DateField(null=True)
    excluded = models.CharField(max_length=10, blank=True, choices=Excluded.choices)

    has_consent = models.BooleanField(default=False)
    protocol = models.ForeignKey(
        Protocol, models.PROTECT, related_name="cohort_lines", null=True
    )
    lesion_types = ArrayField(
        models.CharField(max_length=20, choices=IssvaType.choices), default=list
    )
    sex = models.CharField(max_length=10, choices=Sex.choices)
    started_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    age_at_start = models.PositiveSmallIntegerField(null=True)
    first_mg_per_day = number()

    levels = models.PositiveIntegerField(default=0)
    first_in_range = models.BooleanField(null=True)
    last_in_range = models.BooleanField(null=True)
    days_to_range = models.IntegerField(null=True)
    days_in_range = models.PositiveIntegerField(default=0)
    days_judged = models.PositiveIntegerField(default=0)
    days_left_out = models.PositiveIntegerField(default=0)
    mean_ng_per_ml = number()
    decisions = models.PositiveIntegerField(default=0)
    suggested = models.PositiveIntegerField(default=0)
    override_reasons = ArrayField(
        models.CharField(max_length=20, choices=Reason.choices), default=list
    )
    level_due_on = models.DateField(null=True)
    side_effects = models.PositiveIntegerField(default=0)
    worst_grade = models.PositiveSmallIntegerField(null=True)

    trough_week_2_ng_per_ml = number()
    trough_week_4_ng_per_ml = number()
    pain_month_0 = number()
    pain_month_1 = number()
    pain_month_3 = number()
    limb_month_0_cm = number()
    limb_month_1_cm = number()
    limb_month_3_cm = number()
    area_month_0_mm2 = number()
    area_month_3_mm2 = number()
    last_area_percent = number()
    area_responds = models.BooleanField(null=True)
    missing_cells = models.PositiveSmallIntegerField(default=0)

    objects = CohortQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                name="cohort_lines_to_work_out",
                fields=["patient"],
                condition=Q(is_stale=True),
            ),
            models.Index(name="cohort_by_site", fields=["site", "patient"]),
            models.Index(
                name="cohort_by_response", fields=["last_area_percent", "patient"]
            ),
            GinIndex(name="cohort_by_lesion_type", fields=["lesion_types"]),
            models.Index(name="cohort_by_gaps", fields=["-missing_cells", "patient"]),
            models.Index(name="cohort_turns", fields=["turns_on"]),
            models.Index(name="cohort_by_version", fields=["engine_version"]),
        ]

    def __str__(self) -> str:
        return self.pseudonym

    @property
    def overrides(self) -> int:
        return len(self.override_reasons)

    @property
    def pseudonym(self) -> str:
        return pseudonym(self.patient_id)

    def months_followed(self, today: date) -> int | None:
        """Return the whole months from the first dose to today, or to the end."""
        if self.started_on is None:
            return None
        days = ((self.ended_on or today) - self.started_on).days
        return round(days / policy.DAYS_PER_MONTH)


def pseudonym(patient_id: int) -> str:
    """Name a patient without saying who it is: the place in the product's register.

    It never changes, so that two exports can be laid side by side; whoever may open
    the patient's page can tell who it is, and nobody else.
    """
    return f"P{patient_id:04}"


def overdue(today: date) -> Q:
    """Say whose next level has not come by the day on which it was due."""
    return Q(level_due_on__lt=today)


class CohortMark(models.Model):
    """How far the audit's chains have been read for the lines; there is one row."""

    positions = ArrayField(models.BigIntegerField())

    def __str__(self) -> str:
        return str(self.positions)
