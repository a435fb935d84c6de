"""What was prescribed: regimens by day, never two at once."""

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Exists, F, Func, OuterRef, Q
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dosing import policy
from dosing.models.latest import of_doses
from dosing.models.protocols import ProtocolAssignment
from dosing.words import say
from patients.models import Patient
from patients.models.rules import (
    about,
    every_version_kept,
    filled,
    never_deleted,
    plain_text,
)

LATEST_START = timedelta(days=366)
"""A first day further ahead is a slip of the year."""

INTERVALS = [
    (12, _("twice daily")),
    (24, _("once daily")),
    (48, _("on alternate days")),
]


class DoseQuerySet(models.QuerySet["Dose"]):
    def standing(self) -> Self:
        """Leave out what was planned and cancelled before it began."""
        return self.filter(cancelled_at=None)

    def of(self, patient: Patient) -> Self:
        return self.standing().filter(patient=patient).order_by("starts_on")

    def on(self, day: date) -> Self:
        return self.standing().filter(starts_on__lte=day).exclude(stops_on__lte=day)

    def never_measured(self, day: date) -> Self:
        """Keep regimens of two weeks or more that no steady level speaks for."""
        steady = timedelta(days=policy.STEADY_AFTER_DAYS)
        nearly = timedelta(days=policy.NEARLY_STEADY_AFTER_DAYS)
        from_then_on = Func(
            F("site__time_zone"),
            OuterRef("starts_on") + nearly,
            function="timezone",
            output_field=models.DateTimeField(),
        )
        measured = Patient.objects.filter(
            pk=OuterRef("patient"),
            levels__set_aside_at=None,
            levels__drawn_at__gte=from_then_on,
        )
        return self.on(day).filter(
            ~Exists(measured),
            patient__latest__unmeasured_since__lt=day - steady,
            starts_on__lt=day - steady,
        )

    def open_after(self, day: date) -> Self:
        """Keep the regimens that still run on a day or start later."""
        return self.exclude(stops_on__lte=day)


class DaysOfOnePatient(Func):
    """The days of a regimen on a number line where every patient has a stretch of
    its own, so that core PostgreSQL refuses overlaps without an extension.
    """

    arity = 3
    output_field = BigIntegerRangeField()

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        (patient, who), (starts, first), (stops, last) = (
            compiler.compile(expression) for expression in self.source_expressions
        )
        home = f"({patient})::bigint * 10000000"
        begin = f"(({starts})::date - DATE '1900-01-01')"
        end = f"coalesce(({stops})::date - DATE '1900-01-01', 9999999)"
        sql = f"int8range({home} + {begin}, {home} + greatest({begin}, {end}))"
        return sql, (*who, *first, *who, *first, *last)


@every_version_kept
class Dose(models.Model):
    """A regimen from its first day up to, not including, the day it stops."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="doses")
    amount_mg = models.DecimalField(
        _("amount each time (mg)"), max_digits=5, decimal_places=2
    )
    interval_h = models.PositiveSmallIntegerField(
        _("how often"), choices=INTERVALS, default=24
    )
    usual_time = models.TimeField(_("usual time of day"), default=time(8))
    starts_on = models.DateField(_("first day"))
    stops_on = models.DateField(_("first day without it"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, validators=[plain_text])
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = DoseQuerySet.as_manager()

    class Meta:
        verbose_name = _("dose")
        triggers: ClassVar = [never_deleted, *of_doses]
        constraints: ClassVar = [
            ExclusionConstraint(
                name="doses_do_not_overlap",
                expressions=[
                    (
                        DaysOfOnePatient("patient", "starts_on", "stops_on"),
                        RangeOperators.OVERLAPS,
                    )
                ],
                condition=Q(cancelled_at=None),
                violation_error_code=about("starts_on"),
                violation_error_message=_(
                    "Another dose is prescribed for some of these days."
                ),
            ),
            models.CheckConstraint(
                name="dose_is_an_amount",
                condition=Q(amount_mg__gt=0),
                violation_error_code=about("amount_mg"),
                violation_error_message=_("A dose is greater than zero."),
            ),
            models.CheckConstraint(
                name="dose_has_a_known_interval",
                condition=Q(interval_h__in=[12, 24, 48]),
                violation_error_message=_(
                    "Doses are taken twice daily, once daily or on alternate days."
                ),
            ),
            models.CheckConstraint(
                name="dose_stays_under_40_mg_a_day",
                condition=Q(
                    amount_mg__lte=F("interval_h")
                    * (policy.ABSOLUTE_CEILING_MG_PER_DAY / 24)
                )
                & Q(amount_mg__lte=policy.ABSOLUTE_CEILING_MG_PER_DAY),
                violation_error_code=about("amount_mg"),
                violation_error_message=_("Never more than 40 mg on any day."),
            ),
            models.CheckConstraint(
                name="dose_stops_after_it_starts",
                condition=Q(stops_on=None) | Q(stops_on__gt=F("starts_on")),
                violation_error_message=_("A dose stops after it starts."),
            ),
            models.CheckConstraint(
                name="dose_has_a_reason",
                condition=filled("reason"),
                violation_error_message=_("Say why this dose was prescribed."),
            ),
        ]

    def __str__(self) -> str:
        return say(policy.regimen_in_words(self.regimen))

    @property
    def regimen(self) -> policy.Regimen:
        return policy.Regimen(self.amount_mg, self.interval_h)

    @property
    def mg_per_day(self) -> Decimal:
        return self.regimen.mg_per_day

    def is_due(self, on: date, slot: int) -> bool:
        """Ask whether this regimen has such a dose; slots of a day count from 0."""
        if on < self.starts_on or (self.stops_on is not None and on >= self.stops_on):
            return False
        every_days = max(1, self.interval_h // 24)
        return (on - self.starts_on).days % every_days == 0 and slot < self.per_day

    @property
    def per_day(self) -> int:
        """How many doses fall on a day with doses."""
        return max(1, 24 // self.interval_h)

    def clean(self) -> None:
        """Refuse days that are a slip of the year."""
        latest = self.patient.site.today(timezone.now()) + LATEST_START
        for name in ("starts_on", "stops_on"):
            day = getattr(self, name) or self.starts_on
            if not self.patient.born_on <= day <= latest:
                raise ValidationError(
                    {name: _("This day lies between birth and a year from now.")}
                )

    def check_prescribable(self) -> None:
        """Hold a new amount to its patient's protocol and the clinic's stock.

        What was prescribed may be stopped whatever the stock is by then.
        """
        followed = ProtocolAssignment.objects.filter(patient=self.patient)
        assignment = followed.in_force(self.starts_on).first()
        if assignment is None:
            raise ValidationError(_("Choose a protocol before prescribing a dose."))
        limits = assignment.protocol.limits(self.patient.site)
        if self.mg_per_day > limits.ceiling_mg_per_day:
            raise ValidationError(
                _("The protocol's ceiling is %(ceiling)s mg/day."),
                code=about("amount_mg"),
                params={"ceiling": f"{limits.ceiling_mg_per_day.normalize():f}"},
            )
        if policy.tablets_for(self.amount_mg, limits.strengths_mg) is None:
            raise ValidationError(
                _("%(amount)s mg cannot be made of whole stocked tablets."),
                code=about("amount_mg"),
                params={"amount": f"{self.amount_mg.normalize():f}"},
            )
        if self.interval_h == policy.ALTERNATE_DAYS_H and not limits.alternate_days:
            raise ValidationError(_("The protocol has no alternate-day doses."))
