"""Safety labs: a dated value per analyte, and the laboratory's own dated ranges."""

from decimal import Decimal
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dosing.models.protocols import Laboratory
from dosing.policy.labs import (
    CAN_BE_TRUE,
    KEPT_TO,
    UNITS,
    Range,
    Reported,
    Substance,
    kept_unit,
    short,
    sign_of,
)
from dosing.words import say
from patients.models import Patient, Sex
from patients.models.rules import about, every_version_kept, never_deleted, plain_text


class Analyte(models.TextChoices):
    """What is measured; each is kept in one unit, see dosing.policy.labs."""

    NEUTROPHILS = Substance.NEUTROPHILS.value, _("Neutrophils")
    WHITE_CELLS = Substance.WHITE_CELLS.value, _("White cells")
    LYMPHOCYTES = Substance.LYMPHOCYTES.value, _("Lymphocytes")
    MONOCYTES = Substance.MONOCYTES.value, _("Monocytes")
    EOSINOPHILS = Substance.EOSINOPHILS.value, _("Eosinophils")
    BASOPHILS = Substance.BASOPHILS.value, _("Basophils")
    PLATELETS = Substance.PLATELETS.value, _("Platelets")
    HAEMOGLOBIN = Substance.HAEMOGLOBIN.value, _("Haemoglobin")
    HAEMATOCRIT = Substance.HAEMATOCRIT.value, _("Haematocrit")
    CREATININE = Substance.CREATININE.value, _("Creatinine")
    ALT = Substance.ALT.value, _("ALT")
    AST = Substance.AST.value, _("AST")
    BILIRUBIN = Substance.BILIRUBIN.value, _("Total bilirubin")
    TRIGLYCERIDES = Substance.TRIGLYCERIDES.value, _("Triglycerides")
    CHOLESTEROL = Substance.CHOLESTEROL.value, _("Total cholesterol")
    LDL = Substance.LDL.value, _("LDL cholesterol")
    HDL = Substance.HDL.value, _("HDL cholesterol")
    GLUCOSE = Substance.GLUCOSE.value, _("Glucose")
    URINE_PROTEIN = Substance.URINE_PROTEIN.value, _("Urine protein/creatinine")
    D_DIMER = Substance.D_DIMER.value, _("D-dimer")
    FIBRINOGEN = Substance.FIBRINOGEN.value, _("Fibrinogen")


ALL_UNITS = sorted({unit for units in UNITS.values() for unit in units})


def agrees_with_its_report() -> Q:
    """Say for each analyte and unit what value follows from the reported one."""
    agrees = Q()
    for substance, units in UNITS.items():
        for unit, factor in units.items():
            number = F("reported_value") * Decimal("1.0")  # a whole one divides as such
            exact = number / factor.number if factor.divides else number * factor.number
            agrees |= Q(
                analyte=substance.value,
                reported_unit=unit,
                value__gte=exact - KEPT_TO,
                value__lte=exact + KEPT_TO,
            )
    return agrees


def within_limits() -> Q:
    possible = Q()
    for substance, (low, high) in CAN_BE_TRUE.items():
        possible |= Q(analyte=substance.value, value__gte=low, value__lte=high)
    return possible


def kept_value(label: object, **options: object) -> models.DecimalField:
    return models.DecimalField(label, max_digits=10, decimal_places=4, **options)  # type: ignore[arg-type]


class LabResultQuerySet(models.QuerySet["LabResult"]):
    def standing(self) -> Self:
        """Leave out what was entered in error."""
        return self.filter(withdrawn_at=None)

    def of(self, patient: Patient) -> Self:
        return self.standing().filter(patient=patient)

    def in_time_order(self) -> Self:
        return self.order_by("drawn_on", "pk")


@every_version_kept
class LabResult(models.Model):
    """One value of one day; its grade is derived, never stored.

    A laboratory that is not known has no reference range.
    """

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="labs")
    laboratory = models.ForeignKey(
        Laboratory,
        models.PROTECT,
        related_name="labs",
        null=True,
        blank=True,
        verbose_name=_("laboratory"),
    )
    analyte = models.CharField(_("analyte"), max_length=16, choices=Analyte.choices)
    value = kept_value(_("value"))
    reported_value = kept_value(_("reported value"))
    comparator = models.CharField(
        _("bound"), max_length=1, blank=True, choices=[("<", "<"), (">", ">")]
    )
    reported_unit = models.CharField(
        _("unit"), max_length=12, choices=[(unit, sign_of(unit)) for unit in ALL_UNITS]
    )
    drawn_on = models.DateField(_("drawn on"))
    note = models.CharField(
        _("note"), max_length=500, blank=True, validators=[plain_text]
    )
    withdrawn_at = models.DateTimeField(
        _("entered in error"), null=True, blank=True, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = LabResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("laboratory value")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_lab_value_per_day",
                fields=["patient", "analyte", "drawn_on"],
                condition=Q(withdrawn_at=None),
                violation_error_code=about("value"),
                violation_error_message=_(
                    "This is already recorded for that day. Open it to correct it."
                ),
            ),
            models.CheckConstraint(
                name="lab_value_can_be_true",
                condition=within_limits(),
                violation_error_code=about("value"),
                violation_error_message=_("This value cannot be true."),
            ),
            models.CheckConstraint(
                name="lab_bound_is_a_sign",
                condition=Q(comparator__in=["", "<", ">"]),
                violation_error_message=_("A bound is < or >."),
            ),
            models.CheckConstraint(
                name="lab_value_agrees_with_its_report",
                condition=agrees_with_its_report(),
                violation_error_code=about("value"),
                violation_error_message=_(
                    "The value does not follow from the reported one."
                ),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "drawn_on"])]

    def __str__(self) -> str:
        number = f"{self.comparator}{short(self.reported_value, exact=True)}"
        return f"{self.get_analyte_display()} {number} {sign_of(self.reported_unit)}"

    def clean(self) -> None:
        """Refuse a slip: of size, of unit, of the day, or of whose laboratory it is."""
        slip = self.reported.slip
        if slip is not None:
            raise ValidationError({"value": say(slip)})
        today = self.patient.site.today(timezone.now())
        if not self.patient.born_on <= self.drawn_on <= today:
            raise ValidationError(
                {"drawn_on": _("A sample is drawn between birth and today.")}
            )
        laboratory = self.laboratory
        if laboratory is not None and laboratory.site_id != self.patient.site_id:
            raise ValidationError(
                {"laboratory": _("Choose a laboratory of this patient's clinic.")}
            )

    @property
    def substance(self) -> Substance:
        return Substance(self.analyte)

    @property
    def reported(self) -> Reported:
        return Reported(
            self.substance, self.reported_value, self.reported_unit, self.comparator
        )

    @property
    def unit(self) -> str:
        return kept_unit(self.substance)

    @property
    def shown(self) -> str:
        """Write the value in its kept unit: as reported, or converted and rounded."""
        exact = not self.reported.is_converted
        number = f"{self.comparator}{short(self.value, exact=exact)}"
        return f"{number} {sign_of(self.unit)}"

    @property
    def conversion(self) -> str:
        """Write the report and the factor, where the report was converted."""
        return self.reported.conversion if self.reported.is_converted else ""


@every_version_kept
class ReferenceRange(models.Model):
    """What a laboratory calls normal from a day on, in the kept unit."""

    laboratory = models.ForeignKey(
        Laboratory,
        models.PROTECT,
        related_name="ranges",
        verbose_name=_("laboratory"),
    )
    analyte = models.CharField(_("analyte"), max_length=16, choices=Analyte.choices)
    low = kept_value(_("lower limit"), null=True, blank=True)
    high = kept_value(_("upper limit"), null=True, blank=True)
    sex = models.CharField(
        _("only for"), max_length=8, choices=Sex.choices, blank=True, default=""
    )
    from_on = models.DateField(_("in force from"))
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("reference range")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_reference_range_starts_on_a_day",
                fields=["laboratory", "analyte", "sex", "from_on"],
                violation_error_message=_("This range already starts on that day."),
            ),
            models.CheckConstraint(
                name="reference_range_is_a_range",
                condition=Q(low__isnull=False, high=None)
                | Q(low=None, high__isnull=False)
                | Q(low__lt=F("high")),
                violation_error_message=_(
                    "Give a lower limit, an upper one, or both in order."
                ),
            ),
            models.CheckConstraint(
                name="reference_range_is_coded",
                condition=Q(analyte__in=Analyte.values, sex__in=["", *Sex.values]),
                violation_error_message=_("Choose one of the listed answers."),
            ),
        ]

    def __str__(self) -> str:
        ends = [short(e, exact=True) if e is not None else "" for e in self.ends]
        unit = sign_of(kept_unit(Substance(self.analyte)))
        return f"{self.get_analyte_display()} {ends[0]}\u2013{ends[1]} {unit}"

    def clean(self) -> None:
        """Refuse an end in another unit: it lies outside what can be true."""
        substance = Substance(self.analyte)
        low, high = CAN_BE_TRUE[substance]
        for name, end in zip(("low", "high"), self.ends, strict=True):
            if end is not None and not low <= end <= high:
                said = _("This is given in %(unit)s, between %(low)s and %(high)s.")
                facts = {
                    "unit": sign_of(kept_unit(substance)),
                    "low": short(low, exact=True),
                    "high": short(high, exact=True),
                }
                raise ValidationError({name: said % facts})

    @property
    def ends(self) -> tuple[Decimal | None, Decimal | None]:
        return self.low, self.high

    @property
    def range(self) -> Range:
        return Range(self.low, self.high)
