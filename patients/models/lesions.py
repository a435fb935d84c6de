"""Where the malformation is, what kind, and what was done to it before."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.models.people import Patient
from patients.models.rules import every_version_kept, filled, never_deleted, plain_text


class Side(models.TextChoices):
    LEFT = "left", _("left")
    RIGHT = "right", _("right")
    BOTH = "both", _("both sides")
    MIDLINE = "midline", _("midline")


class IssvaType(models.TextChoices):
    """Venous malformations after the ISSVA 2018 classification."""

    COMMON_VM = "common_vm", _("Common venous malformation")
    FAMILIAL_VM = "familial_vm", _("Familial venous malformation (VMCM)")
    BLUE_RUBBER_BLEB = "brbns", _("Blue rubber bleb naevus syndrome")
    GLOMUVENOUS = "glomuvenous", _("Glomuvenous malformation")
    VERRUCOUS = "verrucous", _("Verrucous venous malformation")
    COMBINED = "combined", _("Combined malformation with a venous part")
    KLIPPEL_TRENAUNAY = "kts", _("Klippel-Trenaunay syndrome")
    FAVA = "fava", _("Fibro-adipose vascular anomaly")
    OTHER = "other", _("Other vascular anomaly")


class Compartment(models.TextChoices):
    SKIN = "skin", _("skin and subcutis")
    MUSCLE = "muscle", _("muscle")
    JOINT = "joint", _("joint")
    BONE = "bone", _("bone")
    VISCERA = "viscera", _("viscera")
    SEVERAL = "several", _("several compartments")


@every_version_kept
class Lesion(models.Model):
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="lesions")
    body_site = models.CharField(
        _("site of the body"), max_length=160, validators=[plain_text]
    )
    side = models.CharField(_("side"), max_length=10, choices=Side.choices)
    compartment = models.CharField(
        _("tissue compartment"), max_length=10, choices=Compartment.choices
    )
    issva_type = models.CharField(
        _("ISSVA type"), max_length=20, choices=IssvaType.choices
    )
    note = models.CharField(
        _("note"), max_length=500, blank=True, validators=[plain_text]
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("lesion")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="lesion_has_a_site",
                condition=filled("body_site"),
                violation_error_message=_("Say where the lesion is."),
            ),
            models.CheckConstraint(
                name="lesion_is_coded",
                condition=Q(
                    side__in=Side.values,
                    compartment__in=Compartment.values,
                    issva_type__in=IssvaType.values,
                ),
                violation_error_message=_("Choose one of the listed codes."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()} · {self.body_site}"


@every_version_kept
class PreviousTreatment(models.Model):
    """What was done to a lesion before; the day may be unknown."""

    class Kind(models.TextChoices):
        SCLEROTHERAPY = "sclerotherapy", _("Sclerotherapy")
        SURGERY = "surgery", _("Surgery")
        ABLATION = "ablation", _("Ablation")
        OTHER = "other", _("Other treatment")

    lesion = models.ForeignKey(
        Lesion, models.PROTECT, related_name="previous_treatments"
    )
    kind = models.CharField(_("treatment"), max_length=20, choices=Kind.choices)
    agent = models.CharField(
        _("agent"), max_length=120, blank=True, validators=[plain_text]
    )
    done_on = models.DateField(_("done on"), null=True, blank=True)
    outcome = models.CharField(
        _("outcome"), max_length=300, blank=True, validators=[plain_text]
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("previous treatment")
        triggers: ClassVar = [never_deleted]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="treatment_is_coded",
                condition=Q(kind__in=["sclerotherapy", "surgery", "ablation", "other"]),
                violation_error_message=_("Choose one of the listed treatments."),
            ),
        ]

    def __str__(self) -> str:
        return " · ".join(filter(None, [self.get_kind_display(), self.agent]))
