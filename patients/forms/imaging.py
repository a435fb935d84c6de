"""An imaging study and what was measured of a lesion on it, as it is typed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.fields import (
    NOT_CHOSEN,
    Correction,
    DateInput,
    PlainNumberField,
    asked,
)
from patients.models import ImagingStudy, Measurement, Modality, Quantity, VolumeMethod
from patients.models.rules import plain_text
from patients.services import Numbers
from patients.services.imaging import FIELDS
from patients.web import ServiceForm


class Number(PlainNumberField):
    """A number of a study that may be left out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=9, decimal_places=2, **options)


class ImagingForm(ServiceForm):
    done_on = forms.DateField(label=_("Done on"), widget=DateInput())
    modality = forms.ChoiceField(
        label=_("Modality"), choices=asked(Modality), initial=Modality.MRI
    )
    sequence = forms.CharField(
        label=_("Sequence"), max_length=120, required=False, validators=[plain_text]
    )
    reader_name = forms.CharField(
        label=_("Read by"), max_length=120, required=False, validators=[plain_text]
    )
    is_baseline = forms.BooleanField(
        label=_("This is the baseline"),
        required=False,
        help_text=_("Every percentage is compared with the baseline."),
    )
    area_mm2 = Number(label=_("Maximum area (mm²)"))
    area_printed_percent = Number(
        label=_("Area change in the report (%)"),
        help_text=_("A decrease is negative, such as -29."),
    )
    diameter_1_mm = Number(label=_("First diameter (mm)"))
    diameter_2_mm = Number(label=_("Second diameter (mm)"))
    diameter_3_mm = Number(label=_("Third diameter (mm)"))
    volume_method = forms.ChoiceField(
        label=_("Volume by"),
        choices=[NOT_CHOSEN, *VolumeMethod.choices],
        required=False,
    )
    volume_cm3 = Number(
        label=_("Volume (cm³)"),
        help_text=_("An ellipsoid is computed from its three diameters."),
    )
    volume_printed_percent = Number(
        label=_("Volume change in the report (%)"),
        help_text=_("A decrease is negative, such as -29."),
    )
    note = forms.CharField(
        label=_("Note"), max_length=500, required=False, validators=[plain_text]
    )

    def facts(self) -> dict[str, object]:
        typed = dict(self.cleaned_data)
        numbers = {name: typed.pop(name) for name in Numbers.__dataclass_fields__}
        return {**typed, "numbers": Numbers(**numbers)}


class CorrectImagingForm(ImagingForm, Correction):
    """The same facts and numbers again, with a reason."""


def typed_before(study: ImagingStudy, rows: list[Measurement]) -> dict[str, object]:
    """Return what the form said of a study; a computed volume was not typed."""
    names = ("done_on", "modality", "sequence", "reader_name", "is_baseline", "note")
    said: dict[str, object] = {name: getattr(study, name) for name in names}
    by_quantity = {Quantity(row.quantity): row for row in rows}
    numbers = {FIELDS[quantity][0]: row.value for quantity, row in by_quantity.items()}
    area = by_quantity.get(Quantity.MRI_MAX_AREA_MM2)
    volume = by_quantity.get(Quantity.MRI_VOLUME_CM3)
    if area is not None:
        said["area_printed_percent"] = area.printed_percent
    if volume is not None:
        said["volume_printed_percent"] = volume.printed_percent
        said["volume_method"] = volume.method
        diameters = {
            name: value for name, value in numbers.items() if "diameter" in name
        }
        if Numbers(volume_method=volume.method, **diameters).is_computed:
            del numbers["volume_cm3"]
    return {**said, **numbers, "version": study.version}
