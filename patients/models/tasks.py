"""What someone has to see to, until a human says it is done."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.models.people import Patient, Role, Staff
from patients.models.rules import every_version_kept, never_deleted, plain_text

OWNERS = [
    (Role.CLINICIAN.value, Role.CLINICIAN.label),
    (Role.NURSE.value, Role.NURSE.label),
    (Role.PHARMACIST.value, Role.PHARMACIST.label),
]


class TaskQuerySet(models.QuerySet["Task"]):
    def open(self) -> Self:
        return self.filter(closed_at=None)

    def most_urgent_first(self) -> Self:
        return self.order_by("-is_urgent", "raised_at", "pk")


@every_version_kept
class Task(models.Model):
    """One thing to see to, raised once for each `key`, owned by a role.

    `text` is an English template and `facts` what it says, so that every reader sees
    it in their own language.
    """

    class Kind(models.TextChoices):
        FEVER = "fever", _("Fever")
        SEVERE = "severe", _("Severe side effect")
        LUNG = "lung", _("Cough with dyspnoea")
        VALUE = "value", _("Abnormal value")
        LABORATORY = "laboratory", _("Laboratory limit crossed")
        OTHER = "other", _("Other task")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="tasks")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=120)
    text = models.CharField(_("what"), max_length=300, validators=[plain_text])
    facts = models.JSONField(default=dict, blank=True)
    is_urgent = models.BooleanField(_("urgent"), default=False)
    owner = models.CharField(_("owner"), max_length=20, choices=OWNERS)
    raised_at = models.DateTimeField(_("raised"))
    closed_at = models.DateTimeField(_("done"), null=True, blank=True)
    closed_by = models.ForeignKey(
        Staff, models.PROTECT, related_name="closed_tasks", null=True, blank=True
    )
    outcome = models.CharField(
        _("what was done"), max_length=300, blank=True, validators=[plain_text]
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_task_for_each_reason",
                fields=["patient", "kind", "key"],
                violation_error_message=_("This task exists already."),
            ),
            models.CheckConstraint(
                name="task_is_closed_by_someone",
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                violation_error_message=_("A task is closed by someone."),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="open_tasks", fields=["patient"], condition=Q(closed_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def needs_clinician(self) -> bool:
        """Whether no one else may say that it is done."""
        return self.is_urgent and self.owner == Role.CLINICIAN

    def may_be_closed_by(self, actor: Staff) -> bool:
        return not self.needs_clinician or actor.role == Role.CLINICIAN
