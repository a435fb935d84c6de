"""What was really taken: a dose of the drug, and other drugs that change it."""

from datetime import timedelta
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dosing import policy
from dosing.interactions import INTERACTIONS, Interaction
from patients.models import Patient
from patients.models.rules import about, every_version_kept, never_deleted, plain_text

LONGEST_SHIFT = timedelta(days=2)
"""A dose taken further from its day than this is a slip of the day."""


class IntakeQuerySet(models.QuerySet["Intake"]):
    def of(self, patient: Patient) -> Self:
        return self.filter(patient=patient).order_by("due_on", "slot")


class State(models.TextChoices):
    """What is known of one dose; unknown stays unknown.

    Of a cleared one nothing is said, as of one that was never told of.
    """

    TAKEN = "taken", _("taken")
    LATE = "late", _("taken late")
    MISSED = "missed", _("missed")
    UNKNOWN = "unknown", _("not known")
    CLEARED = "cleared", _("entry taken back")


GIVEN = (State.TAKEN, State.LATE)


@every_version_kept
class Intake(models.Model):
    """One dose of a day; `slot` counts the doses of that day from 0."""

    patient = models.ForeignKey(
        Patient, models.PROTECT, related_name="intakes", db_index=False
    )
    due_on = models.DateField(_("day of the dose"))
    slot = models.PositiveSmallIntegerField(_("which dose of the day"), default=0)
    state = models.CharField(_("what happened"), max_length=8, choices=State.choices)
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    reason = models.CharField(
        _("why it was missed"), max_length=300, blank=True, validators=[plain_text]
    )
    amount_mg = models.DecimalField(
        _("amount taken (mg)"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    """What was taken where it is not what was prescribed; empty is as prescribed."""

    with_food = models.BooleanField(_("with food"), null=True, blank=True)
    vomited_at = models.DateTimeField(_("vomited at"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = IntakeQuerySet.as_manager()

    class Meta:
        verbose_name = _("dose taken or missed")
        triggers: ClassVar = [never_deleted]
        indexes: ClassVar = [
            models.Index(
                name="intakes_of_a_patient",
                fields=["patient", "-due_on", "-id"],
                condition=Q(taken_at=None),
            ),
            models.Index(
                name="intakes_at_a_time",
                fields=["patient", "-taken_at", "-id"],
                condition=Q(taken_at__isnull=False),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_intake_per_dose",
                fields=["patient", "due_on", "slot"],
                violation_error_message=_("This dose is already recorded."),
            ),
            models.CheckConstraint(
                name="intake_is_coded",
                condition=Q(state__in=State.values, slot__lte=1),
                violation_error_message=_("Choose one of the listed answers."),
            ),
            models.CheckConstraint(
                name="only_a_dose_taken_has_a_time",
                condition=Q(taken_at=None) | Q(state__in=GIVEN),
                violation_error_code=about("taken_at"),
                violation_error_message=_("A dose that was not taken has no time."),
            ),
            models.CheckConstraint(
                name="only_a_dose_taken_has_an_amount",
                condition=Q(amount_mg=None)
                | Q(
                    state__in=GIVEN,
                    amount_mg__gt=0,
                    amount_mg__lte=policy.ABSOLUTE_CEILING_MG_PER_DAY,
                ),
                violation_error_code=about("amount_mg"),
                violation_error_message=_(
                    "A dose that was taken is more than 0 and never more than 40 mg."
                ),
            ),
            models.CheckConstraint(
                name="only_a_dose_taken_is_vomited",
                condition=Q(vomited_at=None) | Q(state__in=GIVEN),
                violation_error_code=about("vomited_at"),
                violation_error_message=_("A dose that was not taken is not vomited."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.due_on}: {self.get_state_display()}"

    @property
    def is_cleared(self) -> bool:
        """Whether its entry was taken back: nothing is said of the dose."""
        return self.state == State.CLEARED

    def clean(self) -> None:
        """Refuse a dose to come, or a time that is not near its day."""
        zone = self.patient.site.zone
        now = timezone.now()
        if not self.patient.born_on <= self.due_on <= self.patient.site.today(now):
            raise ValidationError(
                {"due_on": _("A dose that was due lies between birth and today.")}
            )
        if self.taken_at is None:
            return
        if self.taken_at > now:
            raise ValidationError({"taken_at": _("This time lies in the future.")})
        shift = timezone.localdate(self.taken_at, zone) - self.due_on
        if abs(shift) > LONGEST_SHIFT:
            raise ValidationError(
                {"taken_at": _("This time is more than two days from the dose's day.")}
            )


DRUGS = [(code, drug.name) for code, drug in INTERACTIONS.items()]


class ComedicationQuerySet(models.QuerySet["Comedication"]):
    def standing(self) -> Self:
        """Leave out what was entered in error."""
        return self.filter(withdrawn_at=None)


@every_version_kept
class Comedication(models.Model):
    """Another drug from its first day up to, not including, the day it stops."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="comedications")
    drug = models.CharField(_("drug"), max_length=20)
    starts_on = models.DateField(_("first day"))
    stops_on = models.DateField(_("first day without it"), null=True, blank=True)
    note = models.CharField(
        _("note"), max_length=300, blank=True, validators=[plain_text]
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ComedicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("interacting drug")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_course_of_a_drug_starts_on_a_day",
                fields=["patient", "drug", "starts_on"],
                condition=Q(withdrawn_at=None),
                violation_error_message=_("This drug is already recorded from then."),
            ),
            models.CheckConstraint(
                name="comedication_is_coded",
                condition=Q(drug__in=list(INTERACTIONS)),
                violation_error_message=_("Choose one of the listed drugs."),
            ),
            models.CheckConstraint(
                name="comedication_stops_after_it_starts",
                condition=Q(stops_on=None) | Q(stops_on__gt=F("starts_on")),
                violation_error_code=about("stops_on"),
                violation_error_message=_("A drug stops after it starts."),
            ),
        ]

    def __str__(self) -> str:
        return self.interaction.name

    @property
    def interaction(self) -> Interaction:
        return INTERACTIONS[self.drug]

    @property
    def course(self) -> policy.Drug:
        """Return what judgement needs to know of it."""
        drug = self.interaction
        return policy.Drug(
            name=drug.name,
            is_strong=drug.is_strong,
            raises=drug.raises,
            starts_on=self.starts_on,
            stops_on=self.stops_on,
            size_known=drug.auc_ratio is not None,
            source=drug.source,
            is_avoided=drug.is_avoided,
            code=self.drug,
        )

    def clean(self) -> None:
        """Refuse days that are a slip of the year."""
        latest = self.patient.site.today(timezone.now()) + timedelta(days=366)
        for name in ("starts_on", "stops_on"):
            day = getattr(self, name) or self.starts_on
            if not self.patient.born_on <= day <= latest:
                raise ValidationError(
                    {name: _("This day lies between birth and a year from now.")}
                )
