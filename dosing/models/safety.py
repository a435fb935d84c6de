"""What was asked before a dose was prescribed, and what was answered."""

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dosing import policy
from dosing.interactions import INTERACTIONS
from dosing.models.events import CLASSES, FURTHEST, check_days
from dosing.units import Sentence
from patients.models import Patient
from patients.models.rules import every_version_kept, never_deleted

PREGNANCY = [
    (policy.Pregnancy.NOT_APPLICABLE.value, _("not applicable")),
    (policy.Pregnancy.NEGATIVE.value, _("test negative")),
    (policy.Pregnancy.POSITIVE.value, _("test positive")),
    (policy.Pregnancy.UNKNOWN.value, _("not known")),
]
ASKED = [
    (policy.Asked.NO.value, _("no")),
    (policy.Asked.YES.value, _("yes")),
    (policy.Asked.UNKNOWN.value, _("not known")),
]
LIVER = [
    (policy.Liver.NONE.value, _("none")),
    *CLASSES,
    (policy.Liver.UNKNOWN.value, _("not known")),
]


class SafetyCheckQuerySet(models.QuerySet["SafetyCheck"]):
    def latest_of(self, patient: Patient) -> "SafetyCheck | None":
        return self.filter(patient=patient).order_by("asked_on", "pk").last()


@every_version_kept
class SafetyCheck(models.Model):
    """The answers with which a dose was prescribed, and the rules lifted with them.

    `lifted` is a list of {"rule", "reason"}.
    """

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="safety_checks")
    asked_on = models.DateField(_("asked on"))
    pregnancy = models.CharField(_("pregnancy"), max_length=8, choices=PREGNANCY)
    breastfeeding = models.CharField(_("breastfeeding"), max_length=8, choices=ASKED)
    live_vaccine = models.CharField(
        _("live vaccine within 4 weeks, or planned"), max_length=8, choices=ASKED
    )
    liver = models.CharField(_("liver impairment"), max_length=8, choices=LIVER)
    surgery_on = models.DateField(_("planned surgery"), null=True, blank=True)
    lifted = models.JSONField(_("rules lifted"), default=list, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = SafetyCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("safety questions")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="safety_answers_are_coded",
                condition=Q(
                    pregnancy__in=[str(each) for each in policy.Pregnancy],
                    breastfeeding__in=[str(each) for each in policy.Asked],
                    live_vaccine__in=[str(each) for each in policy.Asked],
                    liver__in=[str(each) for each in policy.Liver],
                ),
                violation_error_message=_("Choose one of the listed answers."),
            ),
        ]

    def __str__(self) -> str:
        return str(_("Safety questions"))

    def clean(self) -> None:
        """Refuse days that are a slip of the year."""
        check_days(self, self.patient, "surgery_on", ahead=FURTHEST)

    def is_recent(self, today: date) -> bool:
        """Ask whether the answers still hold on a day."""
        return (today - self.asked_on).days < policy.ANSWERS_LAST_DAYS

    @property
    def lifted_in_words(self) -> list[tuple[Sentence, str]]:
        """Pair the name of each rule that was lifted with the reason."""
        return [
            (
                policy.rule_in_words(each["rule"], drug_named(each["rule"])),
                each["reason"],
            )
            for each in self.lifted
        ]

    @property
    def answers(self) -> policy.Answers:
        return policy.Answers(
            pregnancy=self.pregnancy,
            breastfeeding=self.breastfeeding,
            live_vaccine=self.live_vaccine,
            liver=self.liver,
            surgery_on=self.surgery_on,
        )


def drug_named(rule: str) -> str:
    drug = INTERACTIONS.get(policy.drug_of(rule))
    return drug.name if drug else ""
