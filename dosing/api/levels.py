"""Trough levels for programs: the same service as the form."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from dosing import services
from dosing.history import History, history_of
from dosing.models import Laboratory, TroughLevel
from dosing.services.levels import Confirmation
from dosing.units import NotANumberError, Reported, Unit, parse_reported, parse_unit
from dosing.words import say
from patients.api.fields import (
    NoUnknownFields,
    ReasonField,
    TextField,
    WholeField,
    WhySerializer,
)
from patients.api.records import (
    Act,
    AddedRecords,
    ApiView,
    ChangedRecord,
    Facts,
)
from patients.models import Patient, Scope
from patients.models.rules import YEARS, plain_text
from patients.rest import caller


@extend_schema_field({"type": "string", "example": "13.3"})
class ReportedField(serializers.Field[Reported, str, str, TroughLevel]):
    """A level as reported: "13.3", "<2.0" or ">60", or a JSON number."""

    def to_internal_value(self, data: object) -> Reported:
        text = str(data)
        if isinstance(data, bool | list | dict) or text != text.strip():
            raise serializers.ValidationError(_("Not a number."))
        try:
            return parse_reported(text)
        except NotANumberError as problem:
            raise serializers.ValidationError(say(problem.sentence)) from problem

    def to_representation(self, value: Reported) -> str:
        return f"{value.comparator}{value.value}"


@extend_schema_field({"type": "string", "enum": [unit.value for unit in Unit]})
class UnitField(serializers.Field[Unit, str, str, TroughLevel]):
    """A unit of a level; case and the sign for micro do not matter."""

    def to_internal_value(self, data: object) -> Unit:
        unit = parse_unit(data) if isinstance(data, str) else None
        if unit is None:
            raise serializers.ValidationError(
                _("Give one of these units: %(units)s.")
                % {"units": ", ".join(unit.value for unit in Unit)}
            )
        return unit

    def to_representation(self, value: Unit) -> str:
        return value.value


class InstantField(serializers.DateTimeField):
    """An instant with its zone; a bare local time is refused."""

    def to_internal_value(self, value: object) -> datetime:
        parsed = parsed_instant(value)
        if parsed is None or parsed.tzinfo is None or parsed.year not in YEARS:
            raise serializers.ValidationError(
                _("Give date, time and zone, such as 2026-01-31T08:00:00+09:00.")
            )
        return super().to_internal_value(parsed)


def parsed_instant(value: object) -> datetime | None:
    try:
        return parse_datetime(str(value))
    except ValueError:
        return None


def words(length: int = 500) -> TextField:
    return TextField(
        max_length=length,
        required=False,
        default="",
        allow_blank=True,
        validators=[plain_text],
    )


class TroughAsked(NoUnknownFields):
    level = ReportedField()
    unit = UnitField()
    drawn_at = InstantField()
    last_dose_at = InstantField(allow_null=True, required=False, default=None)
    laboratory = WholeField(min_value=1)
    note = words()
    confirmed = serializers.ListField(
        child=TextField(max_length=80), required=False, default=list
    )
    confirmation_reason = words()


class TroughSerializer(TroughAsked):
    submission = serializers.UUIDField(required=False, default=None, allow_null=True)


class TroughCorrected(TroughAsked):
    reason = ReasonField(validators=[plain_text])


class StoredTroughSerializer(serializers.ModelSerializer[TroughLevel]):
    verdict = serializers.SerializerMethodField()
    unit = serializers.CharField(source="reported_unit")

    class Meta:
        model = TroughLevel
        fields = (
            "id",
            "patient",
            "laboratory",
            "comparator",
            "reported_value",
            "unit",
            "ng_per_ml",
            "drawn_at",
            "last_dose_at",
            "note",
            "set_aside_at",
            "verdict",
            "version",
        )

    def get_verdict(self, level: TroughLevel) -> str:
        """Read a level; the history of a patient is read once for a whole list."""
        known: dict[int, History] = self.context["histories"]  # of one request
        if level.patient_id not in known:
            known[level.patient_id] = history_of(level.patient)
        reading = known[level.patient_id].read(level)
        return reading.verdict.value if reading else "unknown"


class LaboratorySerializer(serializers.ModelSerializer[Laboratory]):
    class Meta:
        model = Laboratory
        fields = ("id", "name", "method", "unit", "lower_limit_ng_per_ml", "matrix")


class LaboratoriesView(ApiView, ListAPIView[Laboratory]):
    """The laboratories of the token's clinics, whose numbers a level names."""

    reads = Scope.WRITE_LEVELS
    model = Laboratory
    shown = LaboratorySerializer
    pagination_class = None

    def get_queryset(self) -> models.QuerySet[Laboratory]:
        if not self.request.user.is_authenticated:
            return Laboratory.objects.none()
        sites = caller(self.request).sites.all()
        return Laboratory.objects.filter(site__in=sites).order_by("pk")


def laboratory_of(patient: Patient, key: int | None) -> Any:
    rows: models.QuerySet[Laboratory] = Laboratory.objects.filter(site=patient.site_id)
    if key is None:
        return None
    found = rows.filter(pk=key).first()
    if found is None:
        raise serializers.ValidationError(
            {"laboratory": [_("Choose a laboratory of this clinic.")]}
        )
    return found


def measured(patient: Patient, given: Facts) -> Facts:
    """Return what a service takes of a level as it was sent."""
    keys, reason = given.pop("confirmed"), given.pop("confirmation_reason")
    reported = given.pop("level")
    laboratory = laboratory_of(patient, given.pop("laboratory"))
    return {
        **given,
        "reported": reported,
        "laboratory": laboratory,
        "confirmation": Confirmation(keys, reason),
    }


class OfLevels(ApiView):
    model = TroughLevel
    shown = StoredTroughSerializer
    shows_more = True
    writes = Scope.WRITE_LEVELS

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "histories": {}}


A_TROUGH = OpenApiExample(
    "A trough",
    request_only=True,
    value={
        "level": "13.3",
        "unit": "ng/mL",
        "drawn_at": "2026-01-31T08:00:00+09:00",
        "last_dose_at": "2026-01-30T08:00:00+09:00",
        "laboratory": 1,
    },
)


@extend_schema_view(post=extend_schema(examples=[A_TROUGH]))
class TroughsView(OfLevels, AddedRecords):
    """Trough levels of one patient; an unusual one is refused with its question."""

    asked = TroughSerializer
    adds = staticmethod(services.record_trough)
    detail = "api-trough"

    def every(self) -> models.QuerySet[Any]:
        return TroughLevel.objects.select_related("patient__site", "laboratory")

    def facts(self, given: Facts) -> Facts:
        return measured(self.patient, given)


class TroughView(OfLevels, ChangedRecord):
    """One trough level, as it was reported and in ng/mL."""

    asked = TroughCorrected
    corrects = staticmethod(services.correct_trough)
    noun = "level"

    def facts(self, record: TroughLevel, given: Facts) -> Facts:
        return measured(record.patient, given)


class SetAsideView(OfLevels, Act):
    """Keep a level on the record but out of every judgement."""

    asked = WhySerializer
    does = staticmethod(services.set_aside_trough)
    noun = "level"
