"""Messages of laboratories as they came in, and each result in them with its fate."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dosing.hl7 import moment_in
from dosing.models.levels import TroughLevel
from dosing.words import from_data, say
from patients.models import Site, Staff
from patients.models.rules import (
    about,
    filled,
    never_changed,
    never_deleted,
    plain_text,
)


class LabMessage(models.Model):
    """One HL7 message, whole, with the answers it got; never changed.

    `again` marks a message that reused the control id of another with another body.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="lab_messages")
    sender = models.CharField(_("sender"), max_length=200, blank=True)
    control_id = models.CharField(_("message control id"), max_length=199, blank=True)
    again = models.BooleanField(default=False)
    digest = models.CharField(max_length=64)
    content = models.BinaryField(editable=False)
    code = models.CharField(_("answer"), max_length=2)
    answers = models.JSONField(default=list, blank=True)
    received_at = models.DateTimeField(_("received"), auto_now_add=True)

    class Meta:
        verbose_name = _("laboratory message")
        triggers: ClassVar = [never_changed]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_message_of_one_control_id",
                fields=["site", "sender", "control_id"],
                condition=Q(again=False) & ~Q(control_id=""),
                violation_error_message=_("This message is here already."),
            ),
            models.CheckConstraint(
                name="message_has_an_answer",
                condition=Q(code__in=["AA", "AE", "AR"]),
                violation_error_message=_("An answer is AA, AE or AR."),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["site", "digest"], name="message_by_digest")
        ]

    def __str__(self) -> str:
        return self.control_id or str(_("no control id"))

    @property
    def text(self) -> str:
        """Return the message for reading, one segment a line."""
        raw = bytes(self.content).decode("utf-8", errors="replace")
        return raw.replace("\r\n", "\n").replace("\r", "\n")

    @property
    def answer_in_words(self) -> str:
        return str(ANSWERS[self.code])


ANSWERS = {
    "AA": _("accepted, not to be sent again"),
    "AE": _("error, the sender has to look at it"),
    "AR": _("rejected for good"),
}


class Fate(models.TextChoices):
    """What became of one result."""

    RECORDED = "recorded", _("on the record")
    WAITING = "waiting", _("waits for someone")
    PRELIMINARY = "preliminary", _("preliminary, waits")
    ACCEPTED = "accepted", _("accepted by someone")
    REFUSED = "refused", _("refused by someone")
    NOTHING = "nothing", _("nothing to record")


OPEN_FATES = [Fate.WAITING, Fate.PRELIMINARY]


class LabReportQuerySet(models.QuerySet["LabReport"]):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(message__site__in=staff.sites.all())

    def open(self) -> Self:
        """Keep what waits for someone, oldest first."""
        return self.filter(fate__in=OPEN_FATES).order_by("pk")


class LabReport(models.Model):
    """One result of a message, or a message that nobody could read.

    `facts` is what was read, as text: identifier, born_on, value, unit, drawn_at …,
    and under `said` the sentences of why it stands so, their facts apart.
    """

    message = models.ForeignKey(LabMessage, models.PROTECT, related_name="reports")
    set_id = models.CharField(max_length=20, blank=True)
    order = models.CharField(_("order"), max_length=199, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    said = models.CharField(_("why it waits"), max_length=500, blank=True)
    fate = models.CharField(max_length=11, choices=Fate.choices)
    level = models.ForeignKey(
        TroughLevel, models.PROTECT, null=True, blank=True, related_name="lab_reports"
    )
    level_version = models.PositiveIntegerField(null=True, blank=True)
    decided_by = models.ForeignKey(
        Staff, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(
        _("reason"), max_length=300, blank=True, validators=[plain_text]
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = LabReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("laboratory report")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="report_has_a_known_fate",
                condition=Q(fate__in=Fate.values),
                violation_error_message=_("Choose one of the listed answers."),
            ),
            models.CheckConstraint(
                name="report_on_the_record_has_its_level",
                condition=~Q(fate__in=["recorded", "accepted"])
                | Q(level__isnull=False),
                violation_error_message=_("A report on the record names its level."),
            ),
            models.CheckConstraint(
                name="report_is_refused_with_a_reason",
                condition=~Q(fate="refused")
                | (Q(decided_by__isnull=False) & filled("reason")),
                violation_error_code=about("reason"),
                violation_error_message=_("Say why the report is refused."),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["order"], name="report_by_order")]

    def __str__(self) -> str:
        value, unit = self.facts.get("value", ""), self.facts.get("unit", "")
        return f"{value} {unit}".strip() or str(_("no level read"))

    @property
    def why(self) -> str:
        """Return in the reader's language why it stands as it does."""
        kept = self.facts.get("said")
        if kept is None:  # kept before the facts of a sentence were
            return gettext(self.said) if self.said else ""
        return " ".join(say(from_data(sentence)) for sentence in kept)

    @property
    def is_open(self) -> bool:
        return self.fate in OPEN_FATES

    @property
    def drawn_on_the_wall(self) -> datetime | None:
        """Return when the message says it was drawn, as the clinic's clock shows it."""
        try:
            found = moment_in(self.facts.get("drawn", ""))
        except ValueError:
            return None
        if found is None or found.tzinfo is None:
            return found
        return found.astimezone(self.message.site.zone).replace(tzinfo=None)
