"""Where the malformation is, what kind, and what was done to it before."""

from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.people import Patient
from patients.models.rules import (
    about,
    every_version_kept,
    filled,
    never_deleted,
    plain_text,
)


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


class Region(models.TextChoices):
    """Where on the body map; front or back of a limb is said in the free text."""

    HEAD = "head", _("head and face")
    NECK = "neck", _("neck")
    SHOULDER = "shoulder", _("shoulder")
    UPPER_ARM = "upper_arm", _("upper arm")
    ELBOW = "elbow", _("elbow")
    FOREARM = "forearm", _("forearm")
    HAND = "hand", _("hand")
    CHEST = "chest", _("chest")
    ABDOMEN = "abdomen", _("abdomen")
    PELVIS = "pelvis", _("groin and pelvis")
    UPPER_BACK = "upper_back", _("upper back")
    LOWER_BACK = "lower_back", _("lower back")
    BUTTOCK = "buttock", _("buttock")
    THIGH = "thigh", _("thigh")
    KNEE = "knee", _("knee")
    LOWER_LEG = "lower_leg", _("lower leg")
    FOOT = "foot", _("foot")


class Gene(models.TextChoices):
    """What a test of the tissue or blood found; not filled in means not known."""

    NOT_TESTED = "not_tested", _("not tested")
    NONE_FOUND = "none_found", _("tested, none found")
    TEK = "tek", _("TEK (TIE2)")
    PIK3CA = "pik3ca", _("PIK3CA")
    GLOMULIN = "glomulin", _("glomulin (GLMN)")
    OTHER = "other", _("another gene")


class Coagulopathy(models.TextChoices):
    """Localized intravascular coagulation; not filled in means not known."""

    NO = "no", _("no")
    YES = "yes", _("yes")


@every_version_kept
class Lesion(models.Model):
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="lesions")
    body_site = models.CharField(
        _("site of the body"), max_length=160, validators=[plain_text]
    )
    side = models.CharField(_("side"), max_length=10, choices=Side.choices)
    region = models.CharField(
        _("region on the body map"),
        max_length=12,
        choices=Region.choices,
        blank=True,
        default="",
    )
    compartment = models.CharField(
        _("tissue compartment"), max_length=10, choices=Compartment.choices
    )
    issva_type = models.CharField(
        _("ISSVA type"), max_length=20, choices=IssvaType.choices
    )
    gene = models.CharField(
        _("gene"), max_length=12, choices=Gene.choices, blank=True, default=""
    )
    variant = models.CharField(
        _("variant, or which other gene"),
        max_length=120,
        blank=True,
        default="",
        validators=[plain_text],
    )
    coagulopathy = models.CharField(
        _("localized intravascular coagulation"),
        max_length=3,
        choices=Coagulopathy.choices,
        blank=True,
        default="",
    )
    coagulopathy_note = models.CharField(
        _("note on coagulation"),
        max_length=300,
        blank=True,
        default="",
        validators=[plain_text],
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
                    region__in=["", *Region.values],
                    gene__in=["", *Gene.values],
                    coagulopathy__in=["", *Coagulopathy.values],
                ),
                violation_error_message=_("Choose one of the listed codes."),
            ),
            models.CheckConstraint(
                name="other_genes_are_named",
                condition=~Q(gene=Gene.OTHER.value) | filled("variant"),
                violation_error_code=about("variant"),
                violation_error_message=_("Say which gene."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()} · {self.body_site}"

    @property
    def treatments(self) -> list["PreviousTreatment"]:
        """Return what was done before and stands, from what was fetched already."""
        rows = self.previous_treatments.all()
        return [each for each in rows if each.withdrawn_at is None]


class PreviousTreatmentQuerySet(models.QuerySet["PreviousTreatment"]):
    def standing(self) -> Self:
        """Leave out what was entered in error."""
        return self.filter(withdrawn_at=None)


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
    withdrawn_at = models.DateTimeField(
        _("entered in error"), null=True, blank=True, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = PreviousTreatmentQuerySet.as_manager()

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

    def clean(self) -> None:
        """Refuse a day to come, or before birth."""
        patient = self.lesion.patient
        today = patient.site.today(timezone.now())
        if self.done_on and not patient.born_on <= self.done_on <= today:
            raise ValidationError(
                {"done_on": _("A treatment lies between birth and today.")}
            )
