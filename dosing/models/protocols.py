"""What is aimed at, where it is measured, and which patient follows what."""

from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dosing import pk, policy, units
from dosing.forecast import DEFAULT_WEIGHTS
from dosing.models.holding import are_hold_rules, default_hold_rules, holding_of
from patients.models import Patient, Site
from patients.models.rules import every_version_kept, filled, never_deleted, plain_text


def mg(**options: object) -> models.DecimalField:
    return models.DecimalField(max_digits=5, decimal_places=2, **options)  # type: ignore[arg-type]


def default_weights() -> dict[str, float]:
    return dict(DEFAULT_WEIGHTS)


LARGEST_WEIGHT = 1000


def are_model_weights(weights: object) -> None:
    """Refuse what is no mapping of executable models to weights above 0."""
    executable = {name for name, each in pk.library().items() if each.executable}
    if not isinstance(weights, dict) or not weights or set(weights) - executable:
        raise ValidationError(
            _("Name at least one of these models: %(names)s."),
            params={"names": ", ".join(sorted(executable))},
        )
    numbers = [w for w in weights.values() if type(w) in {int, float}]
    if len(numbers) < len(weights) or not all(0 < w < LARGEST_WEIGHT for w in numbers):
        raise ValidationError(_("A model's weight is a number above 0."))


class Protocol(models.Model):
    """One version of a dosing protocol; a change is a new version."""

    name = models.CharField(_("name"), max_length=80, validators=[plain_text])
    version = models.PositiveIntegerField(_("version"), default=1)
    target_low_ng_per_ml = mg(
        verbose_name=_("target from (ng/mL)"),
        default=policy.DEFAULT_TARGET.low_ng_per_ml,
    )
    target_high_ng_per_ml = mg(
        verbose_name=_("target to (ng/mL)"),
        default=policy.DEFAULT_TARGET.high_ng_per_ml,
    )
    aim_ng_per_ml = mg(
        verbose_name=_("aim (ng/mL)"), default=policy.DEFAULT_TARGET.aim_ng_per_ml
    )
    urgent_ng_per_ml = mg(
        verbose_name=_("urgent from (ng/mL)"),
        default=policy.DEFAULT_TARGET.urgent_ng_per_ml,
    )
    start_dose_mg_per_day = mg(
        verbose_name=_("start dose (mg/day)"), default=Decimal(2)
    )
    ceiling_mg_per_day = mg(
        verbose_name=_("ceiling (mg/day)"), default=policy.DEFAULT_CEILING_MG_PER_DAY
    )
    step_limit_percent = models.PositiveSmallIntegerField(
        _("largest step (%)"), default=int(policy.STEP_LIMIT_PERCENT)
    )
    strengths_mg = ArrayField(
        models.DecimalField(max_digits=4, decimal_places=2),
        verbose_name=_("tablet strengths it allows (mg)"),
    )
    alternate_days = models.BooleanField(_("alternate days allowed"), default=False)
    citation = models.CharField(_("source of the range"), max_length=300)
    loading_view = models.BooleanField(
        _("shows a loading dose when the dose is raised"), default=False
    )
    hold_view = models.BooleanField(
        _("shows what a planned pause leaves"), default=False
    )
    model_weights = models.JSONField(
        _("models asked, with their weights"),
        default=default_weights,
        validators=[are_model_weights],
        help_text=_("How much each model is believed before any level."),
    )
    schedule = models.CharField(
        _("rhythm of levels, visits and MRI"),
        max_length=20,
        choices=[(key, _(each.name.text)) for key, each in policy.TEMPLATES.items()],
        default=policy.CASE_SERIES.key,
        help_text=_("What choosing this protocol plans; a new version is a new name."),
    )
    hold_rules = models.JSONField(
        _("when it proposes to hold or reduce the drug"),
        default=default_hold_rules,
        blank=True,
        help_text=_("Proposals for grades of side effects and laboratory values."),
    )

    class Meta:
        verbose_name = _("protocol")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="protocol_versions_are_unique",
                fields=["name", "version"],
                violation_error_message=_("This version of the protocol exists."),
            ),
            models.CheckConstraint(
                name="target_range_is_a_range",
                condition=Q(
                    target_low_ng_per_ml__gt=0,
                    target_low_ng_per_ml__lt=F("target_high_ng_per_ml"),
                    target_high_ng_per_ml__lt=F("urgent_ng_per_ml"),
                    aim_ng_per_ml__gte=F("target_low_ng_per_ml"),
                    aim_ng_per_ml__lte=F("target_high_ng_per_ml"),
                ),
                violation_error_message=_(
                    "The range runs from low to high, the aim lies inside it and the"
                    " urgent limit above it."
                ),
            ),
            models.CheckConstraint(
                name="protocol_doses_stay_under_the_ceiling",
                condition=Q(
                    start_dose_mg_per_day__gt=0,
                    start_dose_mg_per_day__lte=F("ceiling_mg_per_day"),
                    ceiling_mg_per_day__lte=policy.ABSOLUTE_CEILING_MG_PER_DAY,
                ),
                violation_error_message=_(
                    "The start dose lies under the ceiling, and the ceiling at or"
                    " under 40 mg/day."
                ),
            ),
            models.CheckConstraint(
                name="protocol_step_is_a_share",
                condition=Q(step_limit_percent__gte=1, step_limit_percent__lte=100),
                violation_error_message=_("The largest step is 1 to 100 %%."),
            ),
            models.CheckConstraint(
                name="protocol_allows_a_strength",
                condition=Q(strengths_mg__len__gt=0),
                violation_error_message=_("Name at least one tablet strength."),
            ),
            models.CheckConstraint(
                name="protocol_cites_its_range",
                condition=filled("citation"),
                violation_error_message=_("Say where the range comes from."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def rhythm(self) -> policy.Template:
        """What it plans."""
        return policy.TEMPLATES[self.schedule]

    @property
    def target(self) -> policy.Target:
        return policy.Target(
            low_ng_per_ml=self.target_low_ng_per_ml,
            high_ng_per_ml=self.target_high_ng_per_ml,
            aim_ng_per_ml=self.aim_ng_per_ml,
            urgent_ng_per_ml=self.urgent_ng_per_ml,
        )

    def clean(self) -> None:
        """Refuse hold rules that cannot be read; an empty list proposes nothing."""
        try:
            are_hold_rules(self.hold_rules)
        except ValidationError as wrong:
            raise ValidationError({"hold_rules": wrong}) from wrong

    @property
    def holding(self) -> tuple[policy.HoldRule, ...]:
        """Its proposals for side effects and laboratory values."""
        return holding_of(self.hold_rules)

    def limits(self, site: Site) -> policy.Limits:
        """Return what may be offered at a site: its stock within this protocol."""
        allowed = set(self.strengths_mg) & set(site.stocked_strengths_mg)
        return policy.Limits(
            strengths_mg=tuple(sorted(allowed)),
            ceiling_mg_per_day=self.ceiling_mg_per_day,
            alternate_days=self.alternate_days,
            step_limit_percent=Decimal(self.step_limit_percent),
        )


class AssignmentQuerySet(models.QuerySet["ProtocolAssignment"]):
    def standing(self) -> Self:
        """Leave out what was entered in error."""
        return self.filter(withdrawn_at=None)

    def in_force(self, on: date) -> Self:
        """Put the protocol that holds on a date first."""
        return (
            self.standing()
            .filter(starts_on__lte=on)
            .order_by("-starts_on")
            .select_related("protocol")
        )


@every_version_kept
class ProtocolAssignment(models.Model):
    """From this day on the patient follows this version; earlier days keep theirs."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="assignments")
    protocol = models.ForeignKey(
        Protocol, models.PROTECT, related_name="assignments", verbose_name=_("protocol")
    )
    starts_on = models.DateField(_("from"))
    reason = models.CharField(_("reason"), max_length=300, validators=[plain_text])
    withdrawn_at = models.DateTimeField(
        _("entered in error"), null=True, blank=True, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("protocol of a patient")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_protocol_starts_on_a_day",
                fields=["patient", "starts_on"],
                condition=Q(withdrawn_at=None),
                violation_error_message=_("A protocol already starts on that day."),
            ),
            models.CheckConstraint(
                name="protocol_is_chosen_for_a_reason",
                condition=filled("reason"),
                violation_error_message=_("Say why this protocol was chosen."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.protocol)

    def clean(self) -> None:
        """Refuse a day before birth or a slip of the year."""
        latest = self.patient.site.today(timezone.now()) + timedelta(days=366)
        if not self.patient.born_on <= self.starts_on <= latest:
            raise ValidationError(
                {"starts_on": _("This day lies between birth and a year from now.")}
            )


class Method(models.TextChoices):
    LC_MS_MS = "lc_ms_ms", "LC-MS/MS"
    CMIA = "cmia", "CMIA"
    ECLIA = "eclia", "ECLIA"
    EMIT = "emit", "EMIT"
    FPIA = "fpia", "FPIA"
    HPLC_UV = "hplc_uv", "HPLC-UV"
    UNKNOWN = "unknown", _("method not known")


class Matrix(models.TextChoices):
    WHOLE_BLOOD = "whole_blood", _("whole blood")
    SERUM = "serum", _("serum or plasma")


LAB_UNITS = [
    units.Unit.NG_PER_ML.value,
    units.Unit.UG_PER_L.value,
    units.Unit.NMOL_PER_L.value,
]


@every_version_kept
class Laboratory(models.Model):
    """An assay as one laboratory runs it: unit, method, limit and matrix."""

    site = models.ForeignKey(
        Site, models.PROTECT, related_name="laboratories", verbose_name=_("clinic")
    )
    name = models.CharField(_("name"), max_length=80, validators=[plain_text])
    method = models.CharField(_("method"), max_length=12, choices=Method.choices)
    unit = models.CharField(
        _("unit on its reports"),
        max_length=8,
        choices=[(unit, unit.replace("ug", "\u00b5g")) for unit in LAB_UNITS],
    )
    lower_limit_ng_per_ml = models.DecimalField(
        _("lower limit of quantification (ng/mL)"), max_digits=5, decimal_places=2
    )
    matrix = models.CharField(
        _("matrix"), max_length=12, choices=Matrix.choices, default=Matrix.WHOLE_BLOOD
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("laboratory")
        verbose_name_plural = _("laboratories")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="laboratory_methods_are_unique",
                fields=["site", "name", "method"],
                violation_error_message=_("This laboratory and method exist."),
            ),
            models.CheckConstraint(
                name="laboratory_is_coded",
                condition=Q(
                    unit__in=LAB_UNITS,
                    method__in=Method.values,
                    matrix__in=Matrix.values,
                ),
                violation_error_message=_("Choose one of the listed answers."),
            ),
            models.CheckConstraint(
                name="laboratory_limit_can_be_true",
                condition=Q(lower_limit_ng_per_ml__gt=0, lower_limit_ng_per_ml__lte=10),
                violation_error_message=_(
                    "The lower limit lies between 0 and 10 ng/mL."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_method_display()})"
