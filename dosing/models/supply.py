"""Tablets that were handed out."""

from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dosing import policy
from dosing.models.events import check_days
from dosing.models.latest import of_dispensings
from dosing.words import plain
from patients.models import Patient
from patients.models.rules import every_version_kept, never_deleted


class DispensingQuerySet(models.QuerySet["Dispensing"]):
    def standing(self) -> Self:
        return self.filter(withdrawn_at=None)

    def of(self, patient: Patient) -> Self:
        """Keep what stands, in the order it was dispensed."""
        return self.standing().filter(patient=patient).order_by("dispensed_on", "pk")


@every_version_kept
class Dispensing(models.Model):
    """Tablets of one strength, handed out on a day."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="dispensings")
    dispensed_on = models.DateField(_("dispensed on"))
    strength_mg = models.DecimalField(
        _("strength (mg)"), max_digits=4, decimal_places=2
    )
    tablets = models.PositiveSmallIntegerField(_("number of tablets"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = DispensingQuerySet.as_manager()

    class Meta:
        verbose_name = _("tablets dispensed")
        triggers: ClassVar = [never_deleted, *of_dispensings]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_dispensing_of_a_strength_on_a_day",
                fields=["patient", "dispensed_on", "strength_mg"],
                condition=Q(withdrawn_at=None),
                violation_error_message=_(
                    "Tablets of this strength are already recorded on that day."
                    " Correct their number."
                ),
            ),
            models.CheckConstraint(
                name="dispensing_can_be_true",
                condition=Q(
                    strength_mg__gt=0,
                    strength_mg__lte=10,
                    tablets__gte=1,
                    tablets__lte=1000,
                ),
                violation_error_message=_(
                    "Dispensed are 1 to 1000 tablets of up to 10 mg."
                ),
            ),
        ]

    def __str__(self) -> str:
        return _("%(count)s tablets of %(mg)s mg") % {
            "count": self.tablets,
            "mg": plain(self.strength_mg),
        }

    def clean(self) -> None:
        """Refuse a day to come, or before birth."""
        check_days(self, self.patient, "dispensed_on", ahead=timedelta(0))

    @property
    def packet(self) -> policy.Packet:
        return policy.Packet(self.dispensed_on, self.strength_mg, self.tablets)
