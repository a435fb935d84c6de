"""What was measured on a patient, one dated number at a time."""

from decimal import Decimal
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.lesions import Lesion
from patients.models.people import Patient
from patients.models.rules import about, every_version_kept, never_deleted, plain_text


class MeasurementQuerySet(models.QuerySet["Measurement"]):
    def of(self, patient: Patient) -> Self:
        return self.filter(patient=patient)

    def in_time_order(self) -> Self:
        return self.order_by("measured_on", "pk")


class Quantity(models.TextChoices):
    """What is measured; the unit is part of the value."""

    WEIGHT_KG = "weight_kg", _("Weight (kg)")
    HEIGHT_CM = "height_cm", _("Height (cm)")
    PAIN_VAS = "pain_vas", _("Pain, visual analogue scale (0-10)")
    CIRCUMFERENCE_CM = "circumference_cm", _("Limb circumference (cm)")
    MRI_MAX_AREA_MM2 = "mri_max_area_mm2", _("MRI maximum lesion area (mm²)")
    HAEMATOCRIT_PERCENT = "haematocrit_percent", _("Haematocrit (%)")
    TOTAL_BILIRUBIN_UMOL_L = "bilirubin_umol_l", _("Total bilirubin (µmol/L)")


UNITS = {
    Quantity.WEIGHT_KG: "kg",
    Quantity.HEIGHT_CM: "cm",
    Quantity.PAIN_VAS: "0-10",
    Quantity.CIRCUMFERENCE_CM: "cm",
    Quantity.MRI_MAX_AREA_MM2: "mm2",
    Quantity.HAEMATOCRIT_PERCENT: "%",
    Quantity.TOTAL_BILIRUBIN_UMOL_L: "umol/L",
}

CAN_BE_TRUE = {
    Quantity.WEIGHT_KG: (Decimal("0.3"), Decimal(400)),
    Quantity.HEIGHT_CM: (Decimal(20), Decimal(250)),
    Quantity.PAIN_VAS: (Decimal(0), Decimal(10)),
    Quantity.CIRCUMFERENCE_CM: (Decimal(1), Decimal(200)),
    Quantity.MRI_MAX_AREA_MM2: (Decimal(0), Decimal(200_000)),
    Quantity.HAEMATOCRIT_PERCENT: (Decimal(10), Decimal(70)),
    Quantity.TOTAL_BILIRUBIN_UMOL_L: (Decimal("0.5"), Decimal(900)),
}

OF_A_LESION = [Quantity.CIRCUMFERENCE_CM.value, Quantity.MRI_MAX_AREA_MM2.value]
"""Limits outside which a number must be a slip; no clinical judgement."""


def within_limits() -> Q:
    possible = Q()
    for quantity, (low, high) in CAN_BE_TRUE.items():
        possible |= Q(quantity=quantity.value, value__gte=low, value__lte=high)
    return possible


@every_version_kept
class Measurement(models.Model):
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="measurements")
    lesion = models.ForeignKey(
        Lesion, models.PROTECT, related_name="measurements", null=True, blank=True
    )
    quantity = models.CharField(_("quantity"), max_length=20, choices=Quantity.choices)
    value = models.DecimalField(_("value"), max_digits=9, decimal_places=2)
    measured_on = models.DateField(_("measured on"))
    note = models.CharField(
        _("note"), max_length=500, blank=True, validators=[plain_text]
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = MeasurementQuerySet.as_manager()

    class Meta:
        verbose_name = _("measurement")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_measurement_per_day",
                fields=["patient", "lesion", "quantity", "measured_on"],
                nulls_distinct=False,
                violation_error_message=_(
                    "This quantity is already recorded for that day."
                ),
            ),
            models.CheckConstraint(
                name="measurement_can_be_true",
                condition=within_limits(),
                violation_error_code=about("value"),
                violation_error_message=_("This value cannot be true."),
            ),
            models.CheckConstraint(
                name="lesion_measurements_name_their_lesion",
                condition=Q(lesion__isnull=False) | ~Q(quantity__in=OF_A_LESION),
                violation_error_code=about("lesion"),
                violation_error_message=_("Say which lesion was measured."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_quantity_display()} {self.value.normalize():f}"

    def clean(self) -> None:
        """Refuse a slip: of size, of the day, or of whose lesion it is."""
        low, high = CAN_BE_TRUE[Quantity(self.quantity)]
        if not low <= self.value <= high:
            raise ValidationError(
                {
                    "value": _(
                        "This value cannot be true: it lies between %(low)s and"
                        " %(high)s."
                    )
                    % {"low": low, "high": high}
                }
            )
        today = self.patient.site.today(timezone.now())
        if not self.patient.born_on <= self.measured_on <= today:
            raise ValidationError(
                {"measured_on": _("A measurement lies between birth and today.")}
            )
        if self.lesion is not None and self.lesion.patient_id != self.patient_id:
            raise ValidationError({"lesion": _("Choose a lesion of this patient.")})

    @property
    def unit(self) -> str:
        return UNITS[Quantity(self.quantity)]
