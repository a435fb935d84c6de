"""Trough levels as reported and in ng/mL, and the decisions taken on them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Self
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import (
    Exists,
    ExpressionWrapper,
    F,
    Func,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import IsNull
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dosing import policy, units
from dosing.models.doses import Dose
from dosing.models.imports import FileImport
from dosing.models.latest import of_decisions, of_levels
from dosing.models.protocols import Laboratory, Protocol, ProtocolAssignment
from patients.models import Patient, ScheduleItem, Staff
from patients.models.rules import (
    about,
    every_version_kept,
    filled,
    never_changed,
    never_deleted,
    plain_text,
)

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of our clock a sample may seem to lie."""

LONGEST_GAP = timedelta(days=366)
"""A last dose further back than this is a slip of the year."""

ROUNDING = Decimal("0.00005")
"""Half of the last decimal that is kept of a level in ng/mL."""

BEFORE_THE_DOSE_SAID = _("A trough is drawn after the last dose.")
IMPOSSIBLE_SAID = _(
    "A level lies between 0 and 200 ng/mL. Check the value and its unit."
)


class TroughLevelQuerySet(models.QuerySet["TroughLevel"]):
    def in_time_order(self) -> Self:
        return self.order_by("drawn_at", "pk")

    def used(self) -> Self:
        """Leave out the levels that were set aside."""
        return self.filter(set_aside_at=None)

    def newest_of(self, patient: Patient) -> Self:
        """Keep the used levels of a patient, the newest first."""
        return self.used().filter(patient=patient).order_by("-drawn_at", "-pk")

    def with_answers(self) -> Self:
        """Mark the levels whose present version has a signed decision."""
        answers = Decision.objects.filter(
            level=OuterRef("pk"), level_version=OuterRef("version")
        )
        return self.annotate(answered=Exists(answers))

    def latest_unanswered(self) -> Self:
        """Keep each patient's newest used level, if nobody signed on it.

        One that names no last dose may be no trough: an earlier one that names it is
        kept as well, until somebody signs on what came since.
        """
        names_it = Q(last_dose_at__isnull=False)
        outdone = self.newer().filter(
            names_it | Q(IsNull(OuterRef("last_dose_at"), rhs=True))
        )
        signed_since = Decision.objects.filter(
            patient=OuterRef("patient"), level__drawn_at__gt=OuterRef("drawn_at")
        )
        standing = self.used().filter(~Exists(outdone), ~Exists(signed_since))
        return standing.with_answers().filter(answered=False)

    def perhaps_outside_target(self) -> Self:
        """Drop of the latest unanswered levels those that surely lie in range.

        The policy judges the rest. Days are those of the clinic's wall, whatever the
        zone of the reader. Whose levels lie in every target is not looked at.
        """
        every = Protocol.objects.aggregate(
            low=Max("target_low_ng_per_ml", default=0),
            high=Min("target_high_ng_per_ml", default=units.HARD_LIMIT_NG_PER_ML),
        )
        outside = Q(patient__latest__open_low_ng_per_ml__lt=every["low"])
        outside |= Q(patient__latest__open_high_ng_per_ml__gt=every["high"])
        level = OuterRef("ng_per_ml")
        followed = (
            ProtocolAssignment.objects.standing()
            .filter(patient=OuterRef("patient"), starts_on__lte=OuterRef("drawn_on"))
            .order_by("-starts_on")
        )
        inside = followed.annotate(
            inside=ExpressionWrapper(
                Q(
                    protocol__target_low_ng_per_ml__lte=level,
                    protocol__target_high_ng_per_ml__gte=level,
                ),
                models.BooleanField(),
            )
        )
        drawn_on = Func(
            F("patient__site__time_zone"), F("drawn_at"), function="timezone"
        )
        return (
            self.filter(outside)
            .annotate(
                drawn_on=Cast(drawn_on, models.DateField()),
                inside=Coalesce(
                    Subquery(inside.values("inside")[:1]), Value(value=False)
                ),
            )
            .filter(~Q(comparator="") | Q(inside=False))
        )

    def long_ago(self, at: datetime) -> Self:
        """Keep each patient's newest used level, if the next is due whatever it says.

        A planned level speaks for itself.
        """
        longest = timedelta(days=policy.LONGEST_WITHOUT_LEVEL_DAYS)
        planned = ScheduleItem.objects.levels().filter(patient=OuterRef("patient"))
        return self.used().filter(
            ~Exists(planned),
            patient__latest__level_at__lt=at - longest,
            drawn_at=F("patient__latest__level_at"),
        )

    def not_undone(self) -> Self:
        """Leave out what was set aside because its whole import was undone."""
        undone = FileImport.objects.undone_at(OuterRef("set_aside_at"))
        return self.filter(~Exists(undone.filter(site=OuterRef("patient__site"))))

    def set_aside_last(self) -> Self:
        """Keep levels that were set aside and after which none was drawn.

        An import that was undone speaks of no sample.
        """
        later = TroughLevel.objects.not_undone().filter(
            patient=OuterRef("patient"), drawn_at__gt=OuterRef("drawn_at")
        )
        answered = Decision.objects.filter(
            patient=OuterRef("patient"), signed_at__gt=OuterRef("set_aside_at")
        )
        aside = self.not_undone().filter(set_aside_at__isnull=False)
        return aside.filter(~Exists(later), ~Exists(answered))

    @staticmethod
    def newer() -> "TroughLevelQuerySet":
        """Return the used levels of the same patient that were drawn after another."""
        return TroughLevel.objects.used().filter(
            Q(drawn_at__gt=OuterRef("drawn_at"))
            | Q(drawn_at=OuterRef("drawn_at"), pk__gt=OuterRef("pk")),
            patient=OuterRef("patient"),
        )


@every_version_kept
class TroughLevel(models.Model):
    """A measured level; its verdict is derived, never stored."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="levels")
    laboratory = models.ForeignKey(
        Laboratory,
        models.PROTECT,
        related_name="levels",
        verbose_name=_("laboratory and assay"),
    )
    comparator = models.CharField(
        max_length=1,
        blank=True,
        choices=[("<", _("below the limit")), (">", _("above the limit"))],
    )
    reported_value = models.DecimalField(_("level"), max_digits=6, decimal_places=2)
    reported_unit = models.CharField(
        _("unit"), max_length=8, choices=[(u.value, u.value) for u in units.Unit]
    )
    ng_per_ml = models.DecimalField(max_digits=9, decimal_places=4)
    drawn_at = models.DateTimeField(_("drawn at"))
    last_dose_at = models.DateTimeField(_("last dose at"), null=True, blank=True)
    note = models.CharField(
        _("note"), max_length=500, blank=True, validators=[plain_text]
    )
    confirmed = models.CharField(
        _("why an unusual entry was confirmed"),
        max_length=500,
        blank=True,
        validators=[plain_text],
    )
    set_aside_at = models.DateTimeField(_("set aside at"), null=True, blank=True)
    set_aside_because = models.CharField(
        _("why it was set aside"), max_length=300, blank=True, validators=[plain_text]
    )
    submission = models.UUIDField(default=uuid4, unique=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = TroughLevelQuerySet.as_manager()

    class Meta:
        verbose_name = _("trough level")
        triggers: ClassVar = [never_deleted, *of_levels]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_level_per_sample_and_laboratory",
                fields=["patient", "laboratory", "drawn_at"],
                condition=Q(set_aside_at=None),
                violation_error_message=_(
                    "This laboratory's level of this sample is already recorded."
                    " Open it to correct it."
                ),
            ),
            models.CheckConstraint(
                name="level_can_be_true",
                condition=Q(ng_per_ml__gt=0, ng_per_ml__lte=units.HARD_LIMIT_NG_PER_ML),
                violation_error_code=about("reported_value"),
                violation_error_message=IMPOSSIBLE_SAID,
            ),
            models.CheckConstraint(
                name="level_is_coded",
                condition=Q(
                    comparator__in=["", "<", ">"],
                    reported_unit__in=[u.value for u in units.Unit],
                ),
                violation_error_message=_("Choose one of the listed units."),
            ),
            models.CheckConstraint(
                name="level_agrees_with_its_report",
                condition=Q(
                    reported_unit__in=["ng/mL", "ug/L"], ng_per_ml=F("reported_value")
                )
                | Q(reported_unit="ng/dL", ng_per_ml=F("reported_value") / Decimal(100))
                | Q(
                    reported_unit="nmol/L",
                    ng_per_ml__gte=F("reported_value") * Decimal("0.9141") - ROUNDING,
                    ng_per_ml__lte=F("reported_value") * Decimal("0.9143") + ROUNDING,
                ),
                violation_error_message=_(
                    "The level in ng/mL does not follow from the reported value."
                ),
            ),
            models.CheckConstraint(
                name="trough_follows_a_dose",
                condition=Q(last_dose_at=None) | Q(drawn_at__gt=F("last_dose_at")),
                violation_error_code=about("last_dose_at"),
                violation_error_message=BEFORE_THE_DOSE_SAID,
            ),
            models.CheckConstraint(
                name="set_aside_has_a_reason",
                condition=Q(set_aside_at=None, set_aside_because="")
                | (Q(set_aside_at__isnull=False) & filled("set_aside_because")),
                violation_error_code=about("reason"),
                violation_error_message=_("Say why the level is set aside."),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["patient", "-drawn_at", "-id"]),
            models.Index(
                name="levels_set_aside",
                fields=["patient", "-drawn_at"],
                condition=Q(set_aside_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.comparator}{self.reported_value.normalize():f} {self.unit_sign}"

    def says(self, reported: units.Reported, unit: units.Unit) -> bool:
        """Return whether a report says what this level was entered from."""
        said = (reported.comparator.value, reported.value, unit.value)
        return said == (self.comparator, self.reported_value, self.reported_unit)

    @property
    def unit_sign(self) -> str:
        return units.Unit(self.reported_unit).sign

    @property
    def hours_since_dose(self) -> Decimal | None:
        if self.last_dose_at is None:
            return None
        seconds = int((self.drawn_at - self.last_dose_at).total_seconds())
        return Decimal(seconds) / 3600

    def clean(self) -> None:
        """Refuse a level that cannot be true, a sample from the future or from before
        birth, and one drawn before the last dose or long after it.

        Constraints keep two of these rules as well; here they cost no statement, so
        that a file of thousands can be judged. What is set aside is judged no more.
        """
        if self.set_aside_at is not None:
            return
        zone = self.patient.site.zone
        wrong = {}
        if not 0 < self.ng_per_ml <= units.HARD_LIMIT_NG_PER_ML:
            wrong["reported_value"] = IMPOSSIBLE_SAID
        if self.drawn_at > timezone.now() + CLOCK_TOLERANCE:
            wrong["drawn_at"] = _("The sample cannot lie in the future.")
        elif timezone.localdate(self.drawn_at, zone) < self.patient.born_on:
            wrong["drawn_at"] = _("The sample lies before the patient's birth.")
        if self.last_dose_at and self.drawn_at <= self.last_dose_at:
            wrong["last_dose_at"] = BEFORE_THE_DOSE_SAID
        elif self.last_dose_at and self.drawn_at - self.last_dose_at > LONGEST_GAP:
            wrong["last_dose_at"] = _("The last dose lies more than a year before it.")
        if wrong:
            raise ValidationError(wrong)


class DecisionQuerySet(models.QuerySet["Decision"]):
    def of(self, patient: Patient) -> Self:
        return (
            self.filter(patient=patient)
            .select_related("level__laboratory", "signed_by", "dose", "protocol")
            .order_by("-signed_at", "-pk")
        )


class Reason(models.TextChoices):
    """Why the signer chose as they did."""

    AS_SUGGESTED = "as_suggested", _("As suggested")
    CLINICAL_PICTURE = "clinical_picture", _("Clinical picture")
    SIDE_EFFECT = "side_effect", _("Side effect")
    REPEAT_FIRST = "repeat_first", _("Repeat the level first")
    ADHERENCE = "adherence", _("Doses were missed")
    PATIENT_WISH = "patient_wish", _("Patient's wish")
    OTHER = "other", _("Other reason")


class Decision(models.Model):
    """What was known, offered and chosen when someone signed; never changed."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="decisions")
    level = models.ForeignKey(
        TroughLevel, models.PROTECT, related_name="decisions", verbose_name=_("level")
    )
    level_version = models.PositiveIntegerField()
    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="decisions")
    basis = models.JSONField(help_text="Records and versions the advice rested on.")
    inputs = models.JSONField()
    findings = models.JSONField(blank=True)
    offered = models.JSONField()
    forecast = models.JSONField(
        null=True,
        blank=True,
        help_text="The question the models were asked, and what they answered.",
    )
    chosen_amount_mg = models.DecimalField(
        _("chosen amount (mg)"), max_digits=5, decimal_places=2
    )
    chosen_interval_h = models.PositiveSmallIntegerField(_("chosen interval (h)"))
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices)
    reason_text = models.CharField(
        _("in words"), max_length=500, blank=True, validators=[plain_text]
    )
    dose = models.OneToOneField(
        Dose, models.PROTECT, related_name="decision", null=True, blank=True
    )
    next_level_on = models.DateField(_("next level on"))
    engine_version = models.CharField(max_length=40)
    signed_by = models.ForeignKey(Staff, models.PROTECT, related_name="decisions")
    signed_at = models.DateTimeField(_("signed at"))

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        triggers: ClassVar = [never_changed, *of_decisions]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_decision_on_one_basis",
                fields=["patient", "basis"],
                violation_error_message=_("Someone has just signed on this advice."),
            ),
            models.CheckConstraint(
                name="decision_is_a_regimen_or_a_hold",
                condition=Q(
                    chosen_amount_mg__gte=0, chosen_interval_h__in=[12, 24, 48]
                ),
                violation_error_message=_("Choose a dose."),
            ),
            models.CheckConstraint(
                name="decision_has_a_known_reason",
                condition=Q(reason__in=Reason.values),
                violation_error_message=_("Choose a reason."),
            ),
            models.CheckConstraint(
                name="other_reasons_are_put_in_words",
                condition=~Q(reason="other") | filled("reason_text"),
                violation_error_code=about("reason_text"),
                violation_error_message=_("Put the reason in words."),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["patient", "-signed_at", "-id"])]

    def __str__(self) -> str:
        return f"{self.chosen_amount_mg.normalize():f} mg"

    @property
    def holds(self) -> bool:
        """Whether the drug is paused."""
        return self.chosen_amount_mg == 0
