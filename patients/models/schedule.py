"""What is planned for a patient: windows, what closes them, and the closed days."""

from datetime import date, datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce, Greatest
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from patients.models.people import Patient, Site, Staff
from patients.models.rules import (
    about,
    every_version_kept,
    filled,
    never_deleted,
    noted_in,
    plain_text,
)
from patients.schedule import last_day


class ClosedDay(models.Model):
    """A day on which one clinic is closed, besides its weekdays and holidays."""

    site = models.ForeignKey(
        Site,
        models.PROTECT,
        related_name="closed_days",
        verbose_name=_("clinic"),
    )
    day = models.DateField(_("day"))
    why = models.CharField(_("why"), max_length=80, blank=True, validators=[plain_text])

    class Meta:
        verbose_name = _("closed day")
        verbose_name_plural = _("closed days")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="a_day_is_closed_once",
                fields=["site", "day"],
                violation_error_code=about("day"),
                violation_error_message=_("This day is closed already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.why}".strip()


class ItemKind(models.TextChoices):
    LEVEL = "level", _("Trough level")
    LABS = "labs", _("Safety laboratory")
    VISIT = "visit", _("Visit")
    MRI = "mri", _("MRI")


class ItemState(models.TextChoices):
    OPEN = "open", _("planned")
    DONE = "done", _("done")
    SKIPPED = "skipped", _("not done")
    CANCELLED = "cancelled", _("no longer planned")


class Stage(models.TextChoices):
    """Which reminder of an item is the next: the order is that of time."""

    ARRANGE = "arrange", _("to arrange")
    EVE = "eve", _("day before")
    LATE = "late", _("late")
    ESCALATED = "escalated", _("late for long")


EXPECTED_ON = Coalesce("booked_on", "best_on")
OPEN_FROM = Case(When(state=ItemState.OPEN, then="opens_on"))
OPEN_UNTIL = Case(When(state=ItemState.OPEN, then=Greatest("closes_on", "booked_on")))
"""The first and the last day of what is open, None of the rest. So said, the database
knows from their indexes how few are open, late or have come.
"""


class ItemQuerySet(models.QuerySet["ScheduleItem"]):
    def of(self, patient: Patient) -> Self:
        """Keep what was planned for a patient, in the order of the best days."""
        return self.filter(patient=patient).order_by("best_on", "pk")

    def open(self) -> Self:
        return self.filter(state=ItemState.OPEN)

    def levels(self) -> Self:
        """Keep the levels that are open."""
        return self.open().filter(kind=ItemKind.LEVEL)

    def standing(self) -> Self:
        """Leave out what is no longer planned."""
        return self.exclude(state=ItemState.CANCELLED)

    def at_clinics_of(self, staff: Staff) -> Self:
        """Keep what is planned for those in follow-up at someone's clinics."""
        patients = Patient.objects.visible_to(staff).in_follow_up()
        return self.filter(patient__in=patients).select_related("patient__site")

    def expected(self, first: date, last: date) -> Self:
        """Keep what is open and booked, or best, on days from one to another."""
        return (
            self.open()
            .alias(on=EXPECTED_ON)
            .filter(on__range=(first, last))
            .order_by("on", "patient", "kind", "pk")
        )

    def late(self, day: date) -> Self:
        """Keep what is open though its last day lies before a day."""
        return self.alias(until=OPEN_UNTIL).filter(until__lt=day)

    def due(self, at: datetime) -> Self:
        """Keep what a reminder of is due, longest due first."""
        return self.filter(remind_at__lte=at).order_by("remind_at")


class SchedulePlan(models.Model):
    """When the schedule of a patient was last planned: without a row it waits."""

    patient = models.OneToOneField(Patient, models.CASCADE, primary_key=True)
    planned_on = models.DateField()

    class Meta:
        indexes: ClassVar = [
            models.Index(name="plans_by_age", fields=["planned_on"]),
        ]

    def __str__(self) -> str:
        return f"{self.planned_on:%Y-%m-%d}"


@every_version_kept
class ScheduleItem(models.Model):
    """One thing planned for a patient within a window of days, best on one of them.

    `key` says what plans it, so that planning again finds it again. `round` counts how
    often the window moved beyond itself: reminders begin anew then. `next_stage` is
    the reminder that comes next and `remind_at` its instant; None where none comes.
    """

    patient = models.ForeignKey(
        Patient, models.PROTECT, related_name="schedule", verbose_name=_("patient")
    )
    kind = models.CharField(_("what"), max_length=8, choices=ItemKind.choices)
    key = models.CharField(max_length=80)
    text = models.CharField(_("what"), max_length=200, validators=[plain_text])
    facts = models.JSONField(default=dict, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    opens_on = models.DateField(_("window from"))
    best_on = models.DateField(_("best day"))
    closes_on = models.DateField(_("window to"))
    moved_days = models.SmallIntegerField(_("moved by (days)"), default=0)
    booked_on = models.DateField(_("booked for"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=ItemState.choices, default=ItemState.OPEN
    )
    done_on = models.DateField(_("done on"), null=True, blank=True)
    reason = models.CharField(
        _("reason"), max_length=300, blank=True, validators=[plain_text]
    )
    round = models.PositiveIntegerField(default=1, editable=False)
    next_stage = models.CharField(
        max_length=10, choices=Stage.choices, blank=True, editable=False
    )
    remind_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_in = models.BigIntegerField(default=0, editable=False)

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("planned item")
        triggers: ClassVar = [
            never_deleted,
            noted_in("NEW.version IS DISTINCT FROM OLD.version"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="an_item_is_planned_once",
                fields=["patient", "kind", "key"],
                violation_error_message=_("This is planned already."),
            ),
            models.CheckConstraint(
                name="item_is_coded",
                condition=Q(
                    kind__in=ItemKind.values,
                    state__in=ItemState.values,
                    next_stage__in=["", *Stage.values],
                ),
                violation_error_message=_("Choose one of the listed answers."),
            ),
            models.CheckConstraint(
                name="best_day_lies_in_its_window",
                condition=Q(opens_on__lte=F("best_on"), best_on__lte=F("closes_on")),
                violation_error_message=_("The best day lies inside its window."),
            ),
            models.CheckConstraint(
                name="done_items_have_their_day",
                condition=Q(state=ItemState.DONE, done_on__isnull=False)
                | (~Q(state=ItemState.DONE) & Q(done_on=None)),
                violation_error_message=_("Say on which day it was done."),
            ),
            models.CheckConstraint(
                name="what_is_not_done_has_a_reason",
                condition=~Q(state=ItemState.SKIPPED) | filled("reason"),
                violation_error_code=about("reason"),
                violation_error_message=_("Say why it is not done."),
            ),
            models.CheckConstraint(
                name="only_open_items_are_reminded_of",
                condition=Q(remind_at=None, next_stage="")
                | (
                    Q(state=ItemState.OPEN, remind_at__isnull=False) & ~Q(next_stage="")
                ),
                violation_error_message=_("Only what is open is reminded of."),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="items_to_remind_of",
                fields=["remind_at"],
                condition=Q(remind_at__isnull=False),
            ),
            models.Index(OPEN_FROM, name="open_items_by_first_day"),
            models.Index(OPEN_UNTIL, name="open_items_by_last_day"),
            models.Index(
                EXPECTED_ON,
                name="open_items_by_day",
                condition=Q(state=ItemState.OPEN),
            ),
            models.Index(
                name="open_items_by_booking",
                fields=["booked_on"],
                condition=Q(state=ItemState.OPEN, booked_on__isnull=False),
            ),
            models.Index(
                name="open_items_by_key",
                fields=["key"],
                opclasses=["varchar_pattern_ops"],
                condition=Q(state=ItemState.OPEN),
            ),
        ]

    def __str__(self) -> str:
        facts = {"what": self.get_kind_display(), "state": self.get_state_display()}
        if not self.is_open:
            return _("%(what)s, %(state)s") % facts
        facts["day"] = date_format(self.day, "DATE_FORMAT")
        if self.booked_on:
            return _("%(what)s, booked for %(day)s") % facts
        return _("%(what)s, planned for %(day)s") % facts

    @property
    def is_open(self) -> bool:
        return self.state == ItemState.OPEN

    @property
    def day(self) -> date:
        """The day on which the patient is expected: the booked one, or the best."""
        return self.booked_on or self.best_on

    @property
    def first_on(self) -> date:
        """The first day whose record belongs to it, also where it is booked early."""
        return min(self.opens_on, self.booked_on or self.opens_on)

    @property
    def last_on(self) -> date:
        return last_day(self.closes_on, self.booked_on)

    def is_late(self, today: date) -> bool:
        return self.is_open and self.last_on < today
