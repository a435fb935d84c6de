"""The queue of reminders: who is told, what waits, what was tried, what arrived."""

import re
from datetime import datetime
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from patients.models.people import Patient, Staff
from patients.models.rules import (
    about,
    every_version_kept,
    filled,
    never_changed,
    never_deleted,
    noted_in,
    plain_text,
)
from patients.models.schedule import ItemState, ScheduleItem, Stage


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")


class Language(models.TextChoices):
    ENGLISH = "en", _("English")
    JAPANESE = "ja", _("Japanese")


PHONE_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
"""With the country's code and up to 15 digits, as E.164 has it; fewer than 7 are taken
for a slip."""


class ContactQuerySet(models.QuerySet["Contact"]):
    def of(self, patient: Patient) -> Self:
        """Keep the contacts of a patient, those who may be written to first."""
        reachable_first = F("opted_out_at").asc(nulls_first=True)
        return self.filter(patient=patient).order_by(reachable_first, "pk")

    def reachable(self) -> Self:
        """Keep those who may be written to."""
        return self.filter(opted_out_at=None)


@every_version_kept
class Contact(models.Model):
    """How one patient wants to be reminded; who opted out is not written to."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="contacts")
    channel = models.CharField(_("by"), max_length=8, choices=Channel.choices)
    address = models.CharField(
        _("address or number"), max_length=254, validators=[plain_text]
    )
    language = models.CharField(
        _("language"), max_length=2, choices=Language.choices, default=Language.JAPANESE
    )
    opted_out_at = models.DateTimeField(_("opted out"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                "patient",
                "channel",
                Lower("address"),
                name="one_contact_of_an_address",
                violation_error_code=about("address"),
                violation_error_message=_("This contact is kept already."),
            ),
            models.CheckConstraint(
                name="contact_is_coded",
                condition=Q(channel__in=Channel.values, language__in=Language.values)
                & filled("address"),
                violation_error_message=_("Choose how and where to write."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.address}"

    def clean(self) -> None:
        if self.channel == Channel.EMAIL:
            try:
                validate_email(self.address)
            except ValidationError as wrong:
                raise ValidationError({"address": wrong}) from wrong
        elif not PHONE_NUMBER.fullmatch(self.address):
            raise ValidationError(
                {"address": _("Write it with the code of the country: +819012345678.")}
            )


class Waiting(models.TextChoices):
    """The states of a reminder on its way."""

    PENDING = "pending", _("waits")
    LEASED = "leased", _("is being sent")
    SENT = "sent", _("sent")
    DEAD = "dead", _("could not be sent")
    CANCELLED = "cancelled", _("no longer needed")


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def of(self, patient: Patient) -> Self:
        """Keep what was for a patient, newest first."""
        return self.filter(patient=patient).order_by("-wanted_at", "-pk")

    def due(self, at: datetime) -> Self:
        """Keep what may be sent now: what waits, and what a dead worker held."""
        return self.filter(
            Q(state=Waiting.PENDING, next_try_at__lte=at)
            | Q(state=Waiting.LEASED, lease_until__lte=at)
        )

    def waiting(self, at: datetime) -> Self:
        """Keep what nobody has taken, longest due first."""
        ours = self.filter(state=Waiting.PENDING, next_try_at__lte=at)
        return ours.order_by("next_try_at")

    def abandoned(self, at: datetime) -> Self:
        """Keep what a worker took and never reported on, longest ago first."""
        ours = self.filter(state=Waiting.LEASED, lease_until__lte=at)
        return ours.order_by("lease_until")

    def undelivered(self) -> Self:
        """Keep what was given up though it is still of use, newest first."""
        given_up = self.filter(state=Waiting.DEAD, patient__ended_on=None)
        wanted = given_up.filter(item__state=ItemState.OPEN, contact__opted_out_at=None)
        return wanted.order_by("-wanted_at")

    def beside(self, other: "Reminder") -> Self:
        """Keep the other messages to the same contact."""
        return self.filter(contact=other.contact_id).exclude(pk=other.pk)

    def sent_since(self, at: datetime) -> Self:
        return self.filter(sent_at__gte=at)

    def on_their_way(self) -> Self:
        return self.filter(state=Waiting.LEASED)

    def wanted_since(self, at: datetime) -> Self:
        """Keep what became due since an instant and has not gone."""
        return self.filter(wanted_at__gte=at, state=Waiting.PENDING)


class Reminder(models.Model):
    """One message to one person, sent once; `key` is what it is about.

    A message to a patient is about an item (or a silent diary) and goes to a contact;
    a digest goes to one of the staff. It holds no address and no text: both are made
    when it is sent. `wanted_at` is when it became due and `next_try_at` from when on
    it may be sent. `lease_token` fences off a worker that lost its lease.
    """

    class Kind(models.TextChoices):
        ITEM = "item", _("Planned item")
        DIARY = "diary", _("Silent diary")
        DIGEST = "digest", _("Daily digest")

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(_("about"), max_length=8, choices=Kind.choices)
    stage = models.CharField(_("stage"), max_length=10, blank=True)
    channel = models.CharField(_("by"), max_length=8, choices=Channel.choices)
    patient = models.ForeignKey(
        Patient, models.PROTECT, related_name="reminders", null=True, blank=True
    )
    item = models.ForeignKey(
        ScheduleItem, models.PROTECT, related_name="reminders", null=True, blank=True
    )
    contact = models.ForeignKey(
        Contact, models.PROTECT, related_name="reminders", null=True, blank=True
    )
    staff = models.ForeignKey(
        Staff, models.PROTECT, related_name="reminders", null=True, blank=True
    )
    wanted_at = models.DateTimeField(_("due"))
    next_try_at = models.DateTimeField(_("next try"))
    state = models.CharField(
        _("state"), max_length=10, choices=Waiting.choices, default=Waiting.PENDING
    )
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    provider_message_id = models.CharField(max_length=200, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    changed_in = models.BigIntegerField(default=0, editable=False)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder")
        triggers: ClassVar = [
            never_deleted,
            noted_in("NEW.state IS DISTINCT FROM OLD.state"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reminder_is_coded",
                condition=Q(
                    kind__in=["item", "diary", "digest"],
                    channel__in=Channel.values,
                    state__in=Waiting.values,
                ),
                violation_error_message=_("Choose one of the listed answers."),
            ),
            models.CheckConstraint(
                name="reminder_goes_to_someone",
                condition=Q(kind="digest", staff__isnull=False, contact=None)
                | Q(
                    kind__in=["item", "diary"],
                    staff=None,
                    patient__isnull=False,
                    contact__isnull=False,
                ),
                violation_error_message=_("A reminder goes to one person."),
            ),
            models.CheckConstraint(
                name="a_lease_has_an_end",
                condition=Q(
                    state=Waiting.LEASED,
                    lease_until__isnull=False,
                    lease_token__isnull=False,
                )
                | ~Q(state=Waiting.LEASED),
                violation_error_message=_("A lease has an end and a token."),
            ),
            models.CheckConstraint(
                name="what_is_sent_says_when",
                condition=Q(state=Waiting.SENT, sent_at__isnull=False)
                | (~Q(state=Waiting.SENT) & Q(sent_at=None)),
                violation_error_message=_("What is sent says when."),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="reminders_to_send",
                fields=["next_try_at"],
                condition=Q(state=Waiting.PENDING),
            ),
            models.Index(
                name="reminders_on_lease",
                fields=["lease_until"],
                condition=Q(state=Waiting.LEASED),
            ),
            models.Index(
                name="reminders_given_up",
                fields=["patient"],
                condition=Q(state=Waiting.DEAD),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def stage_said(self) -> str:
        """Name the stage in words; a silent diary has none."""
        return str(Stage(self.stage).label) if self.stage in Stage.values else ""

    @property
    def is_waiting(self) -> bool:
        return self.state == Waiting.PENDING

    @property
    def needs_someone(self) -> bool:
        """Whether it did not arrive, or nobody knows: a human writes or calls."""
        return self.state == Waiting.DEAD


class Outcome(models.TextChoices):
    SENT = "sent", _("sent")
    FOUND = "found", _("had been sent")
    DEFERRED = "deferred", _("put off by the relay")
    REFUSED = "refused", _("refused by the relay")
    UNREACHED = "unreached", _("relay not reached")


class DeliveryAttempt(models.Model):
    """One try at sending a reminder; written once."""

    reminder = models.ForeignKey(Reminder, models.PROTECT, related_name="deliveries")
    number = models.PositiveSmallIntegerField(_("try"))
    at = models.DateTimeField(_("at"), db_default=Now())
    worker = models.CharField(_("worker"), max_length=80)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    smtp_code = models.PositiveSmallIntegerField(null=True, blank=True)
    said = models.CharField(_("answer"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        triggers: ClassVar = [never_changed]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="tries_are_numbered",
                fields=["reminder", "number"],
                violation_error_message=_("This try is noted already."),
            ),
            models.CheckConstraint(
                name="outcome_is_coded",
                condition=Q(outcome__in=Outcome.values),
                violation_error_message=_("Choose one of the listed answers."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.outcome}"


class FeedQuerySet(models.QuerySet["CalendarFeed"]):
    def running(self) -> Self:
        return self.filter(ended_at=None)


class CalendarFeed(models.Model):
    """The secret address under which someone's calendar reads what is booked.

    Only the hash of the secret is kept, so that the database opens no calendar.
    """

    staff = models.ForeignKey(Staff, models.PROTECT, related_name="feeds")
    secret_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(_("made"), db_default=Now())
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = FeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar feed")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_feed_each",
                fields=["staff"],
                condition=Q(ended_at=None),
                violation_error_message=_("There is a feed already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff}"
