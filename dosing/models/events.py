"""Events that change the drug, or that the drug makes dangerous."""

from datetime import date, timedelta
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dosing import policy
from patients.models import Patient
from patients.models.rules import (
    about,
    every_version_kept,
    filled,
    never_deleted,
    plain_text,
)

FURTHEST = timedelta(days=366)
"""A day further ahead is a slip of the year."""

HAPPENINGS = [
    (policy.Happening.FORM.value, _("change of form (tablets, solution, granules)")),
    (policy.Happening.FOOD.value, _("change of eating habits around the dose")),
    (policy.Happening.ASSAY.value, _("change of assay or laboratory")),
    (policy.Happening.PROCEDURE.value, _("procedure")),
    (policy.Happening.SURGERY.value, _("planned surgery")),
    (policy.Happening.LIVE_VACCINE.value, _("live vaccine")),
    (policy.Happening.LIVER.value, _("liver impairment")),
    (policy.Happening.OTHER.value, _("other event")),
]
CLASSES = [(each.value, f"Child-Pugh {each.value}") for each in policy.ChildPugh]


class DrugEventQuerySet(models.QuerySet["DrugEvent"]):
    def standing(self) -> Self:
        return self.filter(withdrawn_at=None)

    def of(self, patient: Patient) -> Self:
        """Keep what stands, in the order it happened."""
        return self.standing().filter(patient=patient).order_by("happens_on", "pk")


@every_version_kept
class DrugEvent(models.Model):
    """Something that changes the drug, or that the drug makes dangerous."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="drug_events")
    kind = models.CharField(_("what"), max_length=12, choices=HAPPENINGS)
    happens_on = models.DateField(_("day"))
    lasts_until = models.DateField(_("last day"), null=True, blank=True)
    child_pugh = models.CharField(
        _("class of the liver impairment"), max_length=1, choices=CLASSES, blank=True
    )
    detail = models.CharField(
        _("detail"), max_length=300, blank=True, validators=[plain_text]
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = DrugEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_event_of_a_kind_on_a_day",
                fields=["patient", "kind", "happens_on"],
                condition=Q(withdrawn_at=None) & ~Q(kind="other"),
                violation_error_message=_("This is already recorded on that day."),
            ),
            models.CheckConstraint(
                name="event_is_coded",
                condition=Q(kind__in=[str(each) for each in policy.Happening]),
                violation_error_message=_("Choose one of the listed events."),
            ),
            models.CheckConstraint(
                name="event_ends_after_it_begins",
                condition=Q(lasts_until=None) | Q(lasts_until__gte=F("happens_on")),
                violation_error_code=about("lasts_until"),
                violation_error_message=_("The last day is not before the first."),
            ),
            models.CheckConstraint(
                name="liver_impairment_has_a_class",
                condition=Q(kind="liver", child_pugh__in=["A", "B", "C"])
                | (~Q(kind="liver") & Q(child_pugh="")),
                violation_error_code=about("child_pugh"),
                violation_error_message=_(
                    "Liver impairment, and nothing else, has a Child-Pugh class."
                ),
            ),
            models.CheckConstraint(
                name="other_events_are_put_in_words",
                condition=~Q(kind="other") | filled("detail"),
                violation_error_code=about("detail"),
                violation_error_message=_("Say what happened."),
            ),
        ]

    def __str__(self) -> str:
        parts = (str(self.get_kind_display()), self.get_child_pugh_display())
        return ", ".join(part for part in parts if part)

    def clean(self) -> None:
        """Refuse days that are a slip of the year."""
        check_days(self, self.patient, "happens_on", "lasts_until", ahead=FURTHEST)

    @property
    def event(self) -> policy.Event:
        return policy.Event(
            policy.Happening(self.kind),
            self.happens_on,
            self.lasts_until,
            self.child_pugh,
        )


def check_days(
    record: models.Model, patient: Patient, *names: str, ahead: timedelta
) -> None:
    """Refuse a day before birth, or further ahead than it can be meant."""
    latest = patient.site.today(timezone.now()) + ahead
    for name in names:
        day: date | None = getattr(record, name)
        if day is not None and not patient.born_on <= day <= latest:
            text = (
                _("This day lies between birth and a year from now.")
                if ahead
                else _("This day lies between birth and today.")
            )
            raise ValidationError({name: text})
