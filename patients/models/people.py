"""Clinics, staff and patients, and the tokens that programs hold."""

from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import ClassVar, Self
from zoneinfo import ZoneInfo, available_timezones

import holidays
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken, AuthTokenManager

from patients.models.rules import (
    about,
    every_version_kept,
    filled,
    never_deleted,
    plain_text,
)
from patients.schedule import Calendar
from patients.statements import Given, compiled


def is_time_zone(name: str) -> None:
    """Refuse a name that the time-zone database does not know."""
    if name not in available_timezones() - {"localtime"}:
        raise ValidationError(_("Not a known time zone, for example Asia/Tokyo."))


def has_holidays(country: str) -> None:
    """Refuse a country whose holidays are not known."""
    if country and country not in holidays.list_supported_countries():
        raise ValidationError(_("No holidays are known of it. Use a code such as JP."))


SMALLEST_TABLET_MG = Decimal("0.1")
"""Below this a strength is a slip."""


class Site(models.Model):
    """A clinic: its clock, its days and the tablets it stocks."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Asia/Tokyo", validators=[is_time_zone]
    )
    non_clinic_weekdays = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("weekdays without a clinic"),
        help_text=_("Monday is 0; for Saturday and Sunday write 5,6."),
        default=list,
        blank=True,
    )
    stocked_strengths_mg = ArrayField(
        models.DecimalField(
            max_digits=4,
            decimal_places=2,
            validators=[MinValueValidator(SMALLEST_TABLET_MG)],
        ),
        verbose_name=_("stocked tablet strengths (mg)"),
        help_text=_("Apart by commas: 0.5,1,2"),
    )

    phone = models.CharField(
        _("telephone"),
        max_length=30,
        blank=True,
        validators=[plain_text],
        help_text=_("Stands in the messages to patients."),
    )
    country = models.CharField(
        _("holidays of"),
        max_length=2,
        default="JP",
        blank=True,
        validators=[has_holidays],
        help_text=_("A country's code, for example JP; empty for no holidays."),
    )
    quiet_from = models.TimeField(_("no messages from"), default=time(20))
    quiet_until = models.TimeField(_("no messages until"), default=time(8))
    silent_after_days = models.PositiveSmallIntegerField(
        _("diary is silent after (days)"),
        default=3,
        help_text=_("So many empty days in a row raise one line of the worklist."),
    )

    class Meta:
        verbose_name = _("clinic")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="site_weekdays_are_weekdays",
                condition=Q(non_clinic_weekdays__contained_by=list(range(7))),
                violation_error_message=_("Weekdays run from 0 (Monday) to 6."),
            ),
            models.CheckConstraint(
                name="site_has_a_clinic_day",
                condition=~Q(non_clinic_weekdays__contains=list(range(7))),
                violation_error_message=_("A clinic is open on at least one weekday."),
            ),
            models.CheckConstraint(
                name="site_waits_for_a_diary",
                condition=Q(silent_after_days__gte=1, silent_after_days__lte=90),
                violation_error_message=_("A diary is silent after 1 to 90 days."),
            ),
            models.CheckConstraint(
                name="site_stocks_a_strength",
                condition=Q(stocked_strengths_mg__len__gt=0),
                violation_error_message=_("Name at least one tablet strength."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def today(self, at: datetime) -> date:
        """Return the date on the clinic's wall at an instant."""
        return timezone.localdate(at, self.zone)

    def calendar(self) -> Calendar:
        """Read the days on which the clinic is open."""
        return self.calendar_closed_on(days_closed(site=self.pk))

    def calendar_closed_on(self, days: Iterable[date]) -> Calendar:
        """Return the days on which the clinic is open, given those it closes itself."""
        weekdays = frozenset(self.non_clinic_weekdays)
        return Calendar(weekdays, self.country, frozenset(days))


@compiled
def days_closed() -> models.QuerySet[Site, date]:
    closed = Site.objects.filter(pk=Given("site"), closed_days__isnull=False)
    return closed.values_list("closed_days__day", flat=True)


class Role(models.TextChoices):
    CLINICIAN = "clinician", _("Clinician")
    NURSE = "nurse", _("Nurse")
    PHARMACIST = "pharmacist", _("Pharmacist")
    RESEARCH_READER = "research_reader", _("Research reader")
    ADMIN = "admin", _("Administrator")
    API_CLIENT = "api_client", _("API client")


class Staff(AbstractUser):  # type: ignore[django-manager-missing]
    """Someone who signs in, or a program that holds a token; sees its sites only."""

    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    sites = models.ManyToManyField(
        Site, verbose_name=_("clinics"), related_name="staff"
    )
    wants_digest = models.BooleanField(
        _("daily e-mail of what is open"),
        default=True,
        help_text=_("A number and a link, without any name; to the e-mail address."),
    )

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="staff_has_a_known_role",
                condition=Q(role__in=Role.values),
                violation_error_message=_("Choose one of the listed roles."),
            ),
        ]

    def __str__(self) -> str:
        names = [self.first_name, self.last_name]
        if get_language() == "ja":
            names.reverse()
        return " ".join(filter(None, names)) or self.username


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, staff: Staff) -> Self:
        """Keep the patients of the sites this person or program belongs to."""
        return self.filter(site__in=staff.sites.all())

    def search(self, words: str) -> Self:
        """Find by part of a name or identifier, or by birth date (2026-01-31)."""
        found = self
        for word in words.replace("\x00", "").split():
            by_name = (
                Q(family_name__icontains=word)
                | Q(given_name__icontains=word)
                | Q(family_name_kana__icontains=word)
                | Q(given_name_kana__icontains=word)
                | Q(identifier__icontains=word)
            )
            found = found.filter(by_name | born(word))
        return found

    def in_follow_up(self) -> Self:
        return self.filter(ended_on=None)

    def in_kana_order(self) -> Self:
        return self.order_by(
            "family_name_kana", "given_name_kana", "family_name", "given_name", "pk"
        )


def born(word: str) -> Q:
    try:
        return Q(born_on=date.fromisoformat(word))
    except ValueError:
        return Q()


class Sex(models.TextChoices):
    FEMALE = "female", _("female")
    MALE = "male", _("male")
    OTHER = "other", _("other")
    UNKNOWN = "unknown", _("unknown")


class EndReason(models.TextChoices):
    COMPLETED = "completed", _("Follow-up completed")
    TRANSFERRED = "transferred", _("Moved to another clinic")
    WITHDRAWN = "withdrawn", _("Consent withdrawn")
    DIED = "died", _("Died")


@every_version_kept
class Patient(models.Model):
    """A person with a vascular malformation, in the care of one site."""

    site = models.ForeignKey(
        Site, models.PROTECT, related_name="patients", verbose_name=_("clinic")
    )
    identifier = models.CharField(
        _("identifier"),
        max_length=40,
        validators=[plain_text],
        help_text=_("The number on the hospital card."),
    )
    family_name = models.CharField(
        _("family name"), max_length=80, validators=[plain_text]
    )
    given_name = models.CharField(
        _("given name"), max_length=80, validators=[plain_text]
    )
    family_name_kana = models.CharField(
        _("family name in kana"), max_length=80, blank=True, validators=[plain_text]
    )
    given_name_kana = models.CharField(
        _("given name in kana"), max_length=80, blank=True, validators=[plain_text]
    )
    born_on = models.DateField(_("date of birth"))
    sex = models.CharField(_("sex"), max_length=10, choices=Sex.choices)
    phone = models.CharField(
        _("telephone"), max_length=40, blank=True, validators=[plain_text]
    )
    email = models.EmailField(_("e-mail"), blank=True)
    consented_on = models.DateField(_("consent given on"), null=True, blank=True)
    ended_on = models.DateField(_("follow-up ended on"), null=True, blank=True)
    ended_because = models.CharField(
        _("why follow-up ended"), max_length=20, choices=EndReason.choices, blank=True
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = PatientQuerySet.as_manager()

    class Meta:
        verbose_name = _("patient")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="identifier_is_unique_in_its_clinic",
                fields=["site", "identifier"],
                violation_error_code=about("identifier"),
                violation_error_message=_(
                    "Another patient of this clinic has this identifier."
                ),
            ),
            models.CheckConstraint(
                name="patient_is_identified",
                condition=filled("identifier") & filled("family_name"),
                violation_error_message=_("Give an identifier and a family name."),
            ),
            models.CheckConstraint(
                name="patient_was_born_after_1900",
                condition=Q(born_on__gte=date(1900, 1, 1)),
                violation_error_code=about("born_on"),
                violation_error_message=_("The date of birth is before 1900."),
            ),
            models.CheckConstraint(
                name="patient_has_a_known_sex",
                condition=Q(sex__in=Sex.values),
                violation_error_message=_("Choose one of the listed answers."),
            ),
            models.CheckConstraint(
                name="follow_up_ends_with_a_reason",
                condition=Q(ended_on=None, ended_because="")
                | Q(ended_on__isnull=False, ended_because__in=EndReason.values),
                violation_error_message=_(
                    "Give both the day on which follow-up ended and why."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.family_name} {self.given_name}".strip()

    def clean(self) -> None:
        today = self.site.today(timezone.now())
        if self.born_on > today:
            raise ValidationError({"born_on": _("The date of birth is in the future.")})
        for name in ("consented_on", "ended_on"):
            day = getattr(self, name)
            if day is not None and not self.born_on <= day <= today:
                raise ValidationError(
                    {name: _("This day lies between birth and today.")}
                )

    def age_on(self, day: date) -> int:
        """Return the age in whole years on a date."""
        before_birthday = (day.month, day.day) < (self.born_on.month, self.born_on.day)
        return day.year - self.born_on.year - before_birthday


class Scope(models.TextChoices):
    """What a token may do; only `READ_PATIENTS` shows a name."""

    READ_PATIENTS = "read_patients", _("Read patients and timelines")
    WRITE_PATIENTS = "write_patients", _("Register patients and lesions")
    WRITE_LEVELS = "write_levels", _("Write trough levels")
    WRITE_DOSES = "write_doses", _("Prescribe, correct and stop doses")
    WRITE_DIARY = "write_diary", _("Write the diary")
    WRITE_RECORDS = "write_records", _("Write what was found and taken besides")
    WRITE_SCHEDULE = "write_schedule", _("Change what is planned and close tasks")
    READ_COHORT = "read_cohort", _("Read the cohort without names")


USUAL_REQUESTS_PER_MINUTE = 600
MOST_REQUESTS_PER_MINUTE = 6000


class ApiToken(AbstractAuthToken):
    """A program's key, kept as a hash only; its account sees the clinics it names."""

    name = models.CharField(_("name"), max_length=80, validators=[plain_text])
    scopes = ArrayField(
        models.CharField(max_length=20, choices=Scope.choices),
        verbose_name=_("what it may do"),
    )
    requests_per_minute = models.PositiveIntegerField(
        _("requests a minute"), default=USUAL_REQUESTS_PER_MINUTE
    )

    objects: ClassVar[AuthTokenManager] = AuthTokenManager()

    class Meta:
        verbose_name = _("API token")
        ordering: ClassVar = ["-created"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="token_has_known_scopes",
                condition=Q(scopes__contained_by=Scope.values, scopes__len__gt=0),
                violation_error_message=_("Choose what the token may do."),
            ),
            models.CheckConstraint(
                name="token_has_a_pace",
                condition=Q(
                    requests_per_minute__range=(1, MOST_REQUESTS_PER_MINUTE),
                ),
                violation_error_code=about("requests_per_minute"),
                violation_error_message=_(
                    "A token sends between 1 and 6000 requests a minute."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def allowed(self) -> list[str]:
        """Return in words what the token may do."""
        return [str(Scope(scope).label) for scope in self.scopes]
