"""What a program was answered, so that asking again changes nothing."""

from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from patients.models.people import Staff

LONGEST_KEY = 80


class ApiReplyQuerySet(models.QuerySet["ApiReply"]):
    def made_before(self, at: object) -> Self:
        return self.filter(made_at__lt=at)


class ApiReply(models.Model):
    """The answer to one request of one program, kept as it was sent.

    `request_hash` is that of method, address and body; `headers` are those that belong
    to the answer. A row is no part of a person's record, and the clock removes it.
    """

    actor = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    key = models.CharField(max_length=LONGEST_KEY)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict, blank=True)
    body = models.TextField(blank=True)
    made_at = models.DateTimeField(db_default=Now())

    objects = ApiReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer to a program")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="a_key_is_answered_once",
                fields=["actor", "key"],
                violation_error_message=_("This key was used already."),
            ),
        ]
        indexes: ClassVar = [models.Index(name="replies_by_age", fields=["made_at"])]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"
