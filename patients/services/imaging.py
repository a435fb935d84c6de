"""Imaging studies, what was measured on them, and their key images."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients import audit
from patients.models import (
    OF_IMAGING,
    ImagingStudy,
    KeyImage,
    Lesion,
    Measurement,
    Modality,
    Patient,
    Quantity,
    Staff,
    VolumeMethod,
)
from patients.models.observations import MeasurementQuerySet
from patients.models.rules import errors_by_field
from patients.revision import hold_still, revise, standing, store, withdrawn
from patients.services.photos import cleaned
from patients.services.schedule import settle

PI = Decimal("3.14159265358979")
MM3_PER_CM3 = 1000


@dataclass(frozen=True, slots=True)
class Read:
    """One number of a study: its method, and the change that the report prints."""

    value: Decimal
    method: str = ""
    printed_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was measured of one lesion on one study, as it is typed."""

    area_mm2: Decimal | None = None
    area_printed_percent: Decimal | None = None
    volume_cm3: Decimal | None = None
    volume_method: str = ""
    volume_printed_percent: Decimal | None = None
    diameter_1_mm: Decimal | None = None
    diameter_2_mm: Decimal | None = None
    diameter_3_mm: Decimal | None = None

    @property
    def is_computed(self) -> bool:
        """Say whether the volume follows from its diameters."""
        return self.volume_method == VolumeMethod.ELLIPSOID and not any(
            each is None for each in self.diameters
        )

    @property
    def diameters(self) -> tuple[Decimal | None, ...]:
        return self.diameter_1_mm, self.diameter_2_mm, self.diameter_3_mm

    def read(self) -> dict[Quantity, Read]:
        """Return the numbers that are there; refuse what contradicts itself."""
        volume = self.volume()
        self.check(volume)
        method = self.volume_method if volume is not None else ""
        typed = {
            Quantity.MRI_MAX_AREA_MM2: (self.area_mm2, "", self.area_printed_percent),
            Quantity.MRI_VOLUME_CM3: (volume, method, self.volume_printed_percent),
            Quantity.MRI_DIAMETER_1_MM: (self.diameter_1_mm, "", None),
            Quantity.MRI_DIAMETER_2_MM: (self.diameter_2_mm, "", None),
            Quantity.MRI_DIAMETER_3_MM: (self.diameter_3_mm, "", None),
        }
        return {
            quantity: Read(value, how, printed)
            for quantity, (value, how, printed) in typed.items()
            if value is not None
        }

    def volume(self) -> Decimal | None:
        """Compute an ellipsoid from its diameters; else take what was typed."""
        if not self.is_computed:
            return self.volume_cm3
        if self.volume_cm3 is not None:
            raise ValidationError(
                {
                    "volume_cm3": _(
                        "Leave this empty: the volume is computed from the three"
                        " diameters."
                    )
                }
            )
        return ellipsoid_cm3(*self.diameters)  # type: ignore[arg-type]

    def check(self, volume: Decimal | None) -> None:
        for value, printed, field in (
            (self.area_mm2, self.area_printed_percent, "area_printed_percent"),
            (volume, self.volume_printed_percent, "volume_printed_percent"),
        ):
            if value is None and printed is not None:
                said = _("Enter the number as well, of which the change is printed.")
                raise ValidationError({field: said})
        if volume is None and self.volume_method:
            raise ValidationError({"volume_cm3": _("Enter the volume as well.")})


def ellipsoid_cm3(*diameters_mm: Decimal) -> Decimal:
    """Return pi/6 times the product of three diameters, to two decimals."""
    first, second, third = diameters_mm
    volume = PI / 6 * first * second * third / MM3_PER_CM3
    return volume.quantize(Decimal("0.01"), ROUND_HALF_UP)


@transaction.atomic
def record_imaging(
    *,
    lesion: Lesion,
    done_on: date,
    modality: str,
    actor: Staff,
    sequence: str = "",
    reader_name: str = "",
    is_baseline: bool = False,
    note: str = "",
    numbers: Numbers | None = None,
) -> ImagingStudy:
    """Keep a study with what was measured of one lesion on it."""
    patient = hold_still(lesion.patient)
    study = ImagingStudy(
        patient=patient,
        done_on=done_on,
        modality=modality,
        sequence=sequence,
        reader_name=reader_name,
        is_baseline=is_baseline,
        note=note,
    )
    store(study)
    wanted = (numbers or Numbers()).read()
    check_modality(modality, has_numbers=bool(wanted))
    audit.record("record_imaging", study, patient=patient, actor=actor)
    for quantity, read in wanted.items():
        add_number(study, lesion, quantity, read, actor)
    settle(patient=patient, actor=actor)
    return study


@transaction.atomic
def correct_imaging(
    *,
    study: ImagingStudy,
    lesion: Lesion,
    version: int,
    reason: str,
    actor: Staff,
    numbers: Numbers | None = None,
    **facts: object,
) -> ImagingStudy:
    """Change a study, and what was measured of one lesion on it."""
    patient = hold_still(study.patient)
    fresh = standing(study, version)
    for name, fact in facts.items():
        setattr(fresh, name, fact)
    wanted = (numbers or Numbers()).read()
    others = numbers_of(fresh).exclude(lesion=lesion)
    has_numbers = bool(wanted) or others.exists()
    check_modality(fresh.modality, has_numbers=has_numbers)
    revise(fresh, action="correct_imaging", patient=patient, actor=actor, reason=reason)
    for row in others.exclude(measured_on=fresh.done_on):
        row.measured_on = fresh.done_on
        keep(row, "correct_measurement", actor, reason)
    replace_numbers(fresh, lesion, wanted, actor, reason)
    settle(patient=patient, actor=actor)
    return fresh


def replace_numbers(
    study: ImagingStudy,
    lesion: Lesion,
    wanted: Mapping[Quantity, Read],
    actor: Staff,
    reason: str,
) -> None:
    """Correct, add or withdraw each number of a lesion, so that the wanted stand."""
    present = {row.quantity: row for row in numbers_of(study).filter(lesion=lesion)}
    for quantity in OF_IMAGING:
        row, read = present.get(quantity), wanted.get(quantity)
        if row is None and read is not None:
            add_number(study, lesion, quantity, read, actor)
        elif row is not None and read is None:
            row.withdrawn_at = timezone.now()
            keep(row, "withdraw_measurement", actor, reason)
        elif row is not None and read is not None:
            old = Read(row.value, row.method, row.printed_percent), row.measured_on
            if old != (read, study.done_on):
                row.value, row.method = read.value, read.method
                row.printed_percent = read.printed_percent
                row.measured_on = study.done_on
                keep(row, "correct_measurement", actor, reason)


@transaction.atomic
def withdraw_imaging(
    *, study: ImagingStudy, version: int, reason: str, actor: Staff
) -> ImagingStudy:
    """Take back a study that was entered in error, and its numbers with it."""
    patient = hold_still(study.patient)
    fresh = withdrawn(
        study,
        version=version,
        action="withdraw_imaging",
        patient=patient,
        actor=actor,
        reason=reason,
    )
    for row in numbers_of(fresh):
        row.withdrawn_at = fresh.withdrawn_at
        keep(row, "withdraw_measurement", actor, reason)
    settle(patient=patient, actor=actor)
    return fresh


@transaction.atomic
def attach_key_image(*, study: ImagingStudy, sent: bytes, actor: Staff) -> KeyImage:
    """Keep a picture of a study, without what a machine writes beside its pixels.

    It is read before the patient is locked: a large one takes a while.
    """
    content, content_type = cleaned(sent)
    patient: Patient = hold_still(study.patient)
    if not ImagingStudy.objects.standing().filter(pk=study.pk).exists():
        raise ValidationError(_("This was entered in error already."))
    image = KeyImage(
        study=study,
        content=content,
        content_type=content_type,
        attached_at=timezone.now(),
    )
    store(image)
    audit.record("attach_key_image", image, patient=patient, actor=actor)
    return image


def numbers_of(study: ImagingStudy) -> MeasurementQuerySet:
    return Measurement.objects.standing().filter(imaging=study)


def check_modality(modality: str, *, has_numbers: bool) -> None:
    """Keep numbers of MRI apart: other ways of measuring are not comparable."""
    if has_numbers and modality != Modality.MRI:
        raise ValidationError(
            {"modality": _("Only numbers of an MRI are kept, to stay comparable.")}
        )


def add_number(
    study: ImagingStudy, lesion: Lesion, quantity: Quantity, read: Read, actor: Staff
) -> None:
    row = Measurement(
        patient=study.patient,
        lesion=lesion,
        imaging=study,
        quantity=quantity,
        value=read.value,
        method=read.method,
        printed_percent=read.printed_percent,
        measured_on=study.done_on,
    )
    with said_beside(quantity):
        store(row)
    audit.record("add_measurement", row, patient=study.patient, actor=actor)


FIELDS = {
    Quantity.MRI_MAX_AREA_MM2: ("area_mm2", "area_printed_percent"),
    Quantity.MRI_VOLUME_CM3: ("volume_cm3", "volume_printed_percent"),
    Quantity.MRI_DIAMETER_1_MM: ("diameter_1_mm", ""),
    Quantity.MRI_DIAMETER_2_MM: ("diameter_2_mm", ""),
    Quantity.MRI_DIAMETER_3_MM: ("diameter_3_mm", ""),
}
"""Where a form has a quantity's number, and the change that is printed of it."""


@contextmanager
def said_beside(quantity: Quantity) -> Iterator[None]:
    """Put what is refused of a number beside the field it was typed into."""
    value, printed = FIELDS[quantity]
    fields = {
        "value": value,
        "method": "volume_method",
        "printed_percent": printed,
        "measured_on": "done_on",
    }
    try:
        yield
    except ValidationError as refusal:
        raise ValidationError(
            {
                fields.get(name, NON_FIELD_ERRORS): errors
                for name, errors in errors_by_field(refusal).items()
            }
        ) from refusal


def keep(row: Measurement, action: str, actor: Staff, reason: str) -> None:
    with said_beside(Quantity(row.quantity)):
        revise(row, action=action, patient=row.patient, actor=actor, reason=reason)
