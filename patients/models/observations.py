"""What was measured on a patient, one dated number at a time."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.imaging import ImagingStudy
from patients.models.lesions import Lesion
from patients.models.people import Patient, Site
from patients.models.rules import about, every_version_kept, never_deleted, plain_text
from patients.models.visits import Landmark, Visit


class MeasurementQuerySet(models.QuerySet["Measurement"]):
    def standing(self) -> Self:
        """Leave out what was entered in error."""
        return self.filter(withdrawn_at=None)

    def of(self, patient: Patient) -> Self:
        return self.standing().filter(patient=patient)

    def in_time_order(self) -> Self:
        return self.order_by("measured_on", "pk")


class Quantity(models.TextChoices):
    """What is measured; the unit is part of the value."""

    WEIGHT_KG = "weight_kg", _("Weight (kg)")
    HEIGHT_CM = "height_cm", _("Height (cm)")
    PAIN_VAS = "pain_vas", _("Pain, visual analogue scale (0-10)")
    CIRCUMFERENCE_CM = "circumference_cm", _("Limb circumference (cm)")
    MRI_MAX_AREA_MM2 = "mri_max_area_mm2", _("MRI maximum lesion area (mm²)")
    MRI_VOLUME_CM3 = "mri_volume_cm3", _("MRI lesion volume (cm³)")
    MRI_DIAMETER_1_MM = "mri_diameter_1_mm", _("MRI first diameter (mm)")
    MRI_DIAMETER_2_MM = "mri_diameter_2_mm", _("MRI second diameter (mm)")
    MRI_DIAMETER_3_MM = "mri_diameter_3_mm", _("MRI third diameter (mm)")
    TEMPERATURE_C = "temperature_c", _("Temperature (°C)")
    SYSTOLIC_MMHG = "systolic_mmhg", _("Systolic blood pressure (mmHg)")
    DIASTOLIC_MMHG = "diastolic_mmhg", _("Diastolic blood pressure (mmHg)")
    PULSE_PER_MIN = "pulse_per_min", _("Pulse (/min)")
    RESPIRATORY_PER_MIN = "respiratory_per_min", _("Respiratory rate (/min)")
    SPO2_PERCENT = "spo2_percent", _("SpO₂ (%)")


UNITS = {
    Quantity.WEIGHT_KG: "kg",
    Quantity.HEIGHT_CM: "cm",
    Quantity.PAIN_VAS: "0-10",
    Quantity.CIRCUMFERENCE_CM: "cm",
    Quantity.MRI_MAX_AREA_MM2: "mm2",
    Quantity.MRI_VOLUME_CM3: "cm3",
    Quantity.MRI_DIAMETER_1_MM: "mm",
    Quantity.MRI_DIAMETER_2_MM: "mm",
    Quantity.MRI_DIAMETER_3_MM: "mm",
    Quantity.TEMPERATURE_C: "Cel",
    Quantity.SYSTOLIC_MMHG: "mm[Hg]",
    Quantity.DIASTOLIC_MMHG: "mm[Hg]",
    Quantity.PULSE_PER_MIN: "/min",
    Quantity.RESPIRATORY_PER_MIN: "/min",
    Quantity.SPO2_PERCENT: "%",
}

CAN_BE_TRUE = {
    Quantity.WEIGHT_KG: (Decimal("0.3"), Decimal(400)),
    Quantity.HEIGHT_CM: (Decimal(20), Decimal(250)),
    Quantity.PAIN_VAS: (Decimal(0), Decimal(10)),
    Quantity.CIRCUMFERENCE_CM: (Decimal(1), Decimal(200)),
    Quantity.MRI_MAX_AREA_MM2: (Decimal(0), Decimal(200_000)),
    Quantity.MRI_VOLUME_CM3: (Decimal(0), Decimal(20_000)),
    Quantity.MRI_DIAMETER_1_MM: (Decimal(0), Decimal(1000)),
    Quantity.MRI_DIAMETER_2_MM: (Decimal(0), Decimal(1000)),
    Quantity.MRI_DIAMETER_3_MM: (Decimal(0), Decimal(1000)),
    Quantity.TEMPERATURE_C: (Decimal(30), Decimal(45)),
    Quantity.SYSTOLIC_MMHG: (Decimal(40), Decimal(300)),
    Quantity.DIASTOLIC_MMHG: (Decimal(20), Decimal(200)),
    Quantity.PULSE_PER_MIN: (Decimal(20), Decimal(300)),
    Quantity.RESPIRATORY_PER_MIN: (Decimal(4), Decimal(80)),
    Quantity.SPO2_PERCENT: (Decimal(40), Decimal(100)),
}
"""Limits outside which a number must be a slip; no clinical judgement."""

OF_IMAGING = (
    Quantity.MRI_MAX_AREA_MM2,
    Quantity.MRI_VOLUME_CM3,
    Quantity.MRI_DIAMETER_1_MM,
    Quantity.MRI_DIAMETER_2_MM,
    Quantity.MRI_DIAMETER_3_MM,
)
"""What is measured on an MRI study, and entered with it only."""

OF_A_LESION = [Quantity.CIRCUMFERENCE_CM.value, *(each.value for each in OF_IMAGING)]


class VolumeMethod(models.TextChoices):
    SEGMENTATION = "segmentation", _("segmentation")
    ELLIPSOID = "ellipsoid", _("ellipsoid from three diameters")
    OTHER = "other", _("another method")


@dataclass(frozen=True, slots=True)
class Limits:
    """What can be true of a quantity, and from where on it is abnormal."""

    low: Decimal
    high: Decimal
    abnormal_below: Decimal | None = None
    abnormal_from: Decimal | None = None

    def can_be_true(self, value: Decimal) -> bool:
        return self.low <= value <= self.high

    def is_abnormal(self, value: Decimal) -> bool:
        """Ask whether a value calls for a look; the upper limit belongs to it."""
        below, above = self.abnormal_below, self.abnormal_from
        return (below is not None and value < below) or (
            above is not None and value >= above
        )


FEVER_FROM_C = Decimal(38)
"""Fever [NV]: a design cut, docs/sources.md; a clinic may set its own."""

ABNORMAL = {
    Quantity.TEMPERATURE_C: (None, FEVER_FROM_C),
    Quantity.SPO2_PERCENT: (Decimal(94), None),
}
"""(abnormal below, abnormal from) [NV]: design cuts; a clinic may set its own."""

DEFAULT_LIMITS = {
    quantity: Limits(low, high, *ABNORMAL.get(quantity, (None, None)))
    for quantity, (low, high) in CAN_BE_TRUE.items()
}


@every_version_kept
class QuantityLimit(models.Model):
    """A clinic's own limits of one quantity; where it has none the defaults hold."""

    site = models.ForeignKey(
        Site, models.PROTECT, related_name="limits", verbose_name=_("clinic")
    )
    quantity = models.CharField(_("quantity"), max_length=20, choices=Quantity.choices)
    low = models.DecimalField(_("cannot be below"), max_digits=9, decimal_places=2)
    high = models.DecimalField(_("cannot be above"), max_digits=9, decimal_places=2)
    abnormal_below = models.DecimalField(
        _("abnormal below"), max_digits=9, decimal_places=2, null=True, blank=True
    )
    abnormal_from = models.DecimalField(
        _("abnormal from"), max_digits=9, decimal_places=2, null=True, blank=True
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("limits of a quantity")
        verbose_name_plural = _("limits of quantities")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_pair_of_limits_per_quantity",
                fields=["site", "quantity"],
                violation_error_message=_("This clinic has limits for it already."),
            ),
            models.CheckConstraint(
                name="limits_are_in_order",
                condition=Q(low__lt=F("high")),
                violation_error_message=_("The lower limit lies below the upper."),
            ),
        ]

    def __str__(self) -> str:
        return self.get_quantity_display()

    def clean(self) -> None:
        """Keep within what no number of this kind can pass."""
        if None in {self.low, self.high} or not self.quantity:
            return  # said beside the field already
        low, high = CAN_BE_TRUE[Quantity(self.quantity)]
        if not low <= self.low < self.high <= high:
            raise ValidationError(
                _("The limits lie between %(low)s and %(high)s, in order.")
                % {"low": low, "high": high}
            )
        for name in ("abnormal_below", "abnormal_from"):
            limit = getattr(self, name)
            if limit is not None and not self.low <= limit <= self.high:
                raise ValidationError({name: _("This lies outside what can be true.")})

    @property
    def limits(self) -> Limits:
        return Limits(self.low, self.high, self.abnormal_below, self.abnormal_from)


def limits_of(site: Site) -> dict[Quantity, Limits]:
    """Return the limits that hold at a clinic, of every quantity."""
    own = {Quantity(row.quantity): row.limits for row in site.limits.all()}
    return {**DEFAULT_LIMITS, **own}


def within_limits() -> Q:
    possible = Q()
    for quantity, (low, high) in CAN_BE_TRUE.items():
        possible |= Q(quantity=quantity.value, value__gte=low, value__lte=high)
    return possible


@every_version_kept
class Measurement(models.Model):
    patient = models.ForeignKey(
        Patient, models.PROTECT, related_name="measurements", db_index=False
    )
    lesion = models.ForeignKey(
        Lesion, models.PROTECT, related_name="measurements", null=True, blank=True
    )
    imaging = models.ForeignKey(
        ImagingStudy,
        models.PROTECT,
        related_name="measurements",
        null=True,
        blank=True,
        verbose_name=_("imaging study"),
    )
    visit = models.ForeignKey(
        Visit,
        models.PROTECT,
        related_name="measurements",
        null=True,
        blank=True,
        verbose_name=_("visit"),
    )
    landmark = models.ForeignKey(
        Landmark,
        models.PROTECT,
        related_name="measurements",
        null=True,
        blank=True,
        verbose_name=_("landmark"),
    )
    quantity = models.CharField(_("quantity"), max_length=20, choices=Quantity.choices)
    value = models.DecimalField(_("value"), max_digits=9, decimal_places=2)
    measured_on = models.DateField(_("measured on"))
    method = models.CharField(
        _("method"),
        max_length=12,
        choices=VolumeMethod.choices,
        blank=True,
        default="",
    )
    printed_percent = models.DecimalField(
        _("change printed in the report (%)"),
        max_digits=6,
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

    objects = MeasurementQuerySet.as_manager()

    class Meta:
        verbose_name = _("measurement")
        triggers: ClassVar = [never_deleted]
        indexes: ClassVar = [
            models.Index(
                name="measurements_of_a_patient",
                fields=["patient", "-measured_on", "-id"],
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_measurement_per_day",
                fields=["patient", "lesion", "landmark", "quantity", "measured_on"],
                condition=Q(withdrawn_at=None),
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
            models.CheckConstraint(
                name="landmarks_are_of_circumferences",
                condition=Q(landmark=None)
                | Q(quantity=Quantity.CIRCUMFERENCE_CM.value),
                violation_error_message=_("Only a circumference has a landmark."),
            ),
            models.CheckConstraint(
                name="volumes_say_their_method",
                condition=Q(
                    quantity=Quantity.MRI_VOLUME_CM3.value,
                    method__in=VolumeMethod.values,
                )
                | (~Q(quantity=Quantity.MRI_VOLUME_CM3.value) & Q(method="")),
                violation_error_code=about("method"),
                violation_error_message=_("Say how the volume was measured."),
            ),
            models.CheckConstraint(
                name="printed_changes_are_of_a_study",
                condition=Q(printed_percent=None) | Q(imaging__isnull=False),
                violation_error_code=about("printed_percent"),
                violation_error_message=_("A printed change belongs to a study."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_quantity_display()} {self.value.normalize():f}"

    def clean(self) -> None:
        """Refuse a slip: of size, of the day, or of whose lesion it is."""
        limits = limits_of(self.patient.site)[Quantity(self.quantity)]
        if not limits.can_be_true(self.value):
            raise ValidationError(
                {
                    "value": _(
                        "This value cannot be true: it lies between %(low)s and"
                        " %(high)s."
                    )
                    % {"low": limits.low, "high": limits.high}
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
