"""Files of a clinic that are read in whole, and what each of them stored."""

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from dosing.imports import Encoding, Kind, Order
from patients.models import Site, Staff
from patients.models.rules import about, filled, never_deleted, plain_text

KINDS = [
    (Kind.LEVELS.value, _("Levels")),
    (Kind.DOSES.value, _("Doses")),
    (Kind.DIARY.value, _("Diary")),
]
ENCODINGS = [
    (Encoding.UTF_8.value, _("UTF-8")),
    (Encoding.UTF_8_BOM.value, _("UTF-8 with a byte-order mark")),
    (Encoding.CP932.value, _("Shift-JIS (CP932)")),
    (Encoding.XLSX.value, _("Excel workbook")),
]
ORDERS = [
    (Order.ISO.value, _("year first only (2026-03-01, 2026/3/1, 2026年3月1日)")),
    (Order.DAY_FIRST.value, _("day first too (01/03/2026 is 1 March)")),
]


class Stage(models.TextChoices):
    """How far a file is."""

    READ = "read", _("uploaded")
    CHECKED = "checked", _("checked, not imported")
    IMPORTED = "imported", _("imported")
    UNDONE = "undone", _("undone")
    DISCARDED = "dropped", _("discarded")


ENDED = [Stage.UNDONE.value, Stage.DISCARDED.value]
"""Of a file that has ended nothing is on the record: it may be uploaded again."""


class FileImportQuerySet(models.QuerySet["FileImport"]):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(site__in=staff.sites.all())

    def newest_first(self) -> Self:
        """Order for a list what was not discarded, without the files themselves."""
        kept = self.exclude(stage=Stage.DISCARDED).select_related("uploaded_by")
        return kept.defer("content").order_by("-pk")

    def standing(self) -> Self:
        return self.exclude(stage__in=ENDED)

    def undone_at(self, instant: Combinable) -> Self:
        """Keep what was undone at an instant, to which its levels were set aside."""
        told = Cast(KeyTextTransform("undone_at", "report"), models.DateTimeField())
        return self.filter(stage=Stage.UNDONE).alias(at=told).filter(at=instant)


class FileImport(models.Model):
    """One uploaded file: how it is read, what its check said, what it stored.

    `columns` maps a field to the place of its column, `report` is what the last check
    found, and `made` names what was stored, so that all of it can be undone.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="file_imports")
    kind = models.CharField(_("what it holds"), max_length=8, choices=KINDS)
    name = models.CharField(_("file"), max_length=80, validators=[plain_text])
    digest = models.CharField(max_length=64, editable=False)
    content = models.BinaryField(editable=False)
    encoding = models.CharField(_("encoding"), max_length=9, choices=ENCODINGS)
    order = models.CharField(_("dates"), max_length=9, choices=ORDERS)
    columns = models.JSONField(default=dict, blank=True)
    left_out = models.JSONField(default=list, blank=True)
    laboratory = models.ForeignKey(
        "dosing.Laboratory",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("laboratory and assay"),
    )
    stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.READ)
    report = models.JSONField(default=dict, blank=True)
    made = models.JSONField(default=list, blank=True)
    checked_reason = models.CharField(
        _("how unusual rows were checked"),
        max_length=300,
        blank=True,
        validators=[plain_text],
    )
    undone_because = models.CharField(
        _("why it is undone"), max_length=300, blank=True, validators=[plain_text]
    )
    uploaded_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = FileImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        triggers: ClassVar[list[pgtrigger.Trigger]] = [never_deleted]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_import_of_one_file",
                fields=["site", "kind", "digest"],
                condition=~Q(stage__in=ENDED),
                violation_error_message=_("This file was uploaded before."),
            ),
            models.CheckConstraint(
                name="import_is_coded",
                condition=Q(
                    kind__in=[each.value for each in Kind],
                    encoding__in=[each.value for each in Encoding],
                    order__in=[each.value for each in Order],
                    stage__in=Stage.values,
                ),
                violation_error_message=_("Choose one of the listed answers."),
            ),
            models.CheckConstraint(
                name="import_undone_with_a_reason",
                condition=~Q(stage="undone") | filled("undone_because"),
                violation_error_code=about("reason"),
                violation_error_message=_("Say why the import is undone."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
