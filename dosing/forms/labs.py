"""Safety labs as they are typed: a panel of one day, or one value again."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dosing.forms.fields import day_field
from dosing.models import Analyte, Laboratory, LabResult
from dosing.policy.labs import UNITS, Substance, kept_unit, sign_of
from dosing.services.labs import Typed
from dosing.units import FULL_WIDTH
from dosing.words import plain
from patients.forms.fields import Correction
from patients.models import Patient
from patients.models.rules import plain_text
from patients.web import ServiceForm

THOUSANDS = re.compile(r"[1-9]\d{0,2}(,\d{3})+", re.ASCII)
"""What may be a thousand or a decimal: 150,000 read wrongly is a thousandth."""


class LabNumberField(forms.DecimalField):
    """A number as laboratories print it: `13.3`, `13,3`, `<0.5`, or in full width.

    It is cleaned to its bound, if it has one, and the number.
    """

    default_error_messages: ClassVar = {
        "invalid": _("Type the number alone, such as 13.3, or a bound such as <0.5."),
        "thousands": _(
            "Is the comma a decimal point? Write 150000 without it, or 150.0."
        ),
    }

    def __init__(self, **options: object) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(
            max_digits=10,
            decimal_places=4,
            widget=forms.TextInput(attrs=attrs),
            **options,  # type: ignore[arg-type]
        )

    def clean(self, value: object) -> tuple[str, Decimal] | None:
        typed = str(value or "").strip().translate(FULL_WIDTH)
        bound = typed[:1] if typed[:1] in {"<", ">"} else ""
        number: Decimal | None = super().clean(typed.removeprefix(bound).strip())
        return None if number is None else (bound, number)

    def to_python(self, value: object) -> Decimal | None:  # type: ignore[override]
        typed = str(value or "").strip().translate(FULL_WIDTH)
        if THOUSANDS.fullmatch(typed):
            raise ValidationError(self.error_messages["thousands"], code="thousands")
        number: Decimal | None = super().to_python(typed.replace(",", "."))
        return number


def unit_field(substance: Substance, label: object) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,  # type: ignore[arg-type]
        choices=[(unit, sign_of(unit)) for unit in UNITS[substance]],
    )


def laboratory_field(patient: Patient) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        Laboratory.objects.filter(site=patient.site).order_by("pk"),
        label=_("Laboratory"),
        required=False,
        empty_label=_("not known"),
    )


def note_field() -> forms.CharField:
    return forms.CharField(
        label=_("Note"), max_length=500, required=False, validators=[plain_text]
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One analyte of the form: its number and its unit side by side."""

    value: forms.BoundField
    unit: forms.BoundField


class LabsForm(ServiceForm):
    """A panel of one day; what is left empty was not measured."""

    drawn_on = day_field(_("Drawn on"))

    def __init__(self, *args: object, patient: Patient, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["laboratory"] = laboratory_field(patient)
        for analyte in Analyte:
            unit = _("Unit of %(analyte)s") % {"analyte": analyte.label}
            self.fields[analyte.value] = LabNumberField(
                label=analyte.label, required=False
            )
            self.fields[unit_name(analyte)] = unit_field(Substance(analyte), unit)
        self.fields["note"] = note_field()

    @property
    def rows(self) -> Iterable[Row]:
        for analyte in Analyte:
            yield Row(self[analyte.value], self[unit_name(analyte)])

    def facts(self) -> dict[str, object]:
        typed = self.cleaned_data
        names = ("drawn_on", "laboratory", "note")
        results = {
            analyte.value: typed_of(typed[analyte.value], typed[unit_name(analyte)])
            for analyte in Analyte
            if typed[analyte.value] is not None
        }
        return {**{name: typed[name] for name in names}, "results": results}


def unit_name(analyte: str) -> str:
    return f"{Substance(analyte)}_unit"


def units_last_used(patient: Patient) -> dict[str, str]:
    """Return the unit in which the clinic last entered each analyte."""
    used = (
        LabResult.objects.standing()
        .filter(patient__site=patient.site)
        .order_by("analyte", "-pk")
        .distinct("analyte")
        .values_list("analyte", "reported_unit")
    )
    return {
        **{unit_name(each): kept_unit(Substance(each)) for each in Analyte},
        **{unit_name(analyte): unit for analyte, unit in used},
    }


def first_labs(patient: Patient, today: date) -> dict[str, object]:
    """Fill in today, the laboratory of the last panel and the units last used."""
    last = LabResult.objects.of(patient).exclude(laboratory=None).order_by("pk").last()
    known = Laboratory.objects.filter(site=patient.site).order_by("pk").first()
    laboratory = last.laboratory if last else known
    return {"drawn_on": today, "laboratory": laboratory, **units_last_used(patient)}


class CorrectLabForm(Correction):
    """One value again, with the version that was opened and a reason."""

    aliases: ClassVar[Mapping[str, str]] = {
        "reported_value": "value",
        "reported_unit": "unit",
    }

    value = LabNumberField(label=_("Value"))
    drawn_on = day_field(_("Drawn on"))

    field_order = ("value", "unit", "drawn_on", "laboratory", "note", "reason")

    def __init__(self, *args: object, lab: LabResult, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["unit"] = unit_field(lab.substance, _("Unit"))
        self.fields["laboratory"] = laboratory_field(lab.patient)
        self.fields["note"] = note_field()
        self.order_fields(self.field_order)

    def facts(self) -> dict[str, object]:
        facts = dict(self.cleaned_data)
        return {"typed": typed_of(facts.pop("value"), facts.pop("unit")), **facts}


def typed_of(cleaned: tuple[str, Decimal], unit: str) -> Typed:
    bound, number = cleaned
    return Typed(number, unit, bound)


def values_of_lab(lab: LabResult) -> dict[str, object]:
    return {
        "value": f"{lab.comparator}{plain(lab.reported_value)}",
        "unit": lab.reported_unit,
        "drawn_on": lab.drawn_on,
        "laboratory": lab.laboratory,
        "note": lab.note,
        "version": lab.version,
    }


class WithdrawLabForm(Correction):
    """Which version was opened, and why it is taken back."""
