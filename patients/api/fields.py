"""What a program sends, parsed strictly: no field is guessed, none is dropped."""

import re
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any, ClassVar, cast

from django.db import models
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, serializers

KEPT_BY_US = {"id", "version", "patient", "withdrawn_at", "state"}
"""What a program reads and never writes."""


class NoUnknownFields(serializers.Serializer):
    """Refuses what it does not know, instead of dropping it without a word."""

    def to_internal_value(self, data: Any) -> Any:
        wrong: dict[str, Any] = self.not_taken_of(data)
        try:
            given = super().to_internal_value(data)
        except exceptions.ValidationError as error:
            if not wrong:
                raise
            raise exceptions.ValidationError(
                wrong | cast("dict[str, Any]", error.detail)
            ) from error
        if wrong:
            raise exceptions.ValidationError(wrong)
        return given

    def not_taken_of(self, data: Any) -> dict[str, list[serializers.ErrorDetail]]:
        if not isinstance(data, Mapping):
            return {}
        known = {n for n, field in self.fields.items() if not field.read_only}
        return {name: [not_taken(name)] for name in sorted(set(data) - known)}


def not_taken(name: str) -> serializers.ErrorDetail:
    if name in KEPT_BY_US:
        return serializers.ErrorDetail(_("This is only read."), code="read_only")
    return serializers.ErrorDetail(_("Not a field."), code="unknown_field")


class TextField(serializers.CharField):
    """A text; a number is none."""

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)


class NumberField(serializers.DecimalField):
    """A decimal as a JSON number, or as text without spaces or exponent."""

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not NUMBER.fullmatch(str(data)):
            self.fail("invalid")
        return super().to_internal_value(str(data))


class WholeField(serializers.IntegerField):
    """A JSON integer."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class YesNoField(serializers.BooleanField):
    """true or false; a word for them is none."""

    def to_internal_value(self, data: object) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class ChosenField(serializers.ChoiceField):
    """One of the listed codes, as the list writes it."""

    def to_internal_value(self, data: Any) -> Any:
        if data not in list(self.choices) or isinstance(data, bool):
            self.fail("invalid_choice", input=data)
        return data


DAY = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)


class DayField(serializers.DateField):
    """A day such as 2026-01-31."""

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not DAY.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


@extend_schema_field({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"})
class ClockField(serializers.TimeField):
    """A time of day such as 08:05."""

    def to_internal_value(self, value: Any) -> time:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{2}:[0-9]{2}", value):
            self.fail("invalid", format="HH:MM")
        return super().to_internal_value(value)


class Asked(NoUnknownFields, serializers.ModelSerializer):
    """Facts of a record, parsed field by field; the service holds its rules."""

    serializer_field_mapping: ClassVar = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: TextField,
        models.TextField: TextField,
        models.DecimalField: NumberField,
        models.IntegerField: WholeField,
        models.PositiveIntegerField: WholeField,
        models.PositiveSmallIntegerField: WholeField,
        models.BooleanField: YesNoField,
        models.DateField: DayField,
        models.TimeField: ClockField,
    }
    serializer_choice_field = ChosenField

    def get_validators(self) -> list[Any]:
        return []


class ReasonField(TextField):
    """Why something is changed; it stays in the history."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 300, **options})


class WhySerializer(NoUnknownFields):
    """Why a record is taken back."""

    reason = ReasonField()


class NothingAsked(NoUnknownFields):
    """Nothing: send an empty object."""
