"""Side effects and measurements for programs, and the numbers of visits and imaging."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from patients import services
from patients.api.fields import Asked, ReasonField, WholeField, WhySerializer
from patients.api.records import (
    Act,
    AddedRecords,
    ApiView,
    ChangedRecord,
    Facts,
    of_patient,
)
from patients.models import Lesion, Measurement, Patient, Scope, SideEffect

EFFECT = (
    "grade",
    "onset_on",
    "resolved_on",
    "action_taken",
    "treatment",
    "relation",
    "note",
)


class EffectSerializer(serializers.ModelSerializer[SideEffect]):
    class Meta:
        model = SideEffect
        fields = (
            "id",
            "patient",
            "term",
            "other_text",
            "ctcae_version",
            *EFFECT,
            "withdrawn_at",
            "version",
        )


class EffectAsked(Asked):
    class Meta:
        model = SideEffect
        fields = ("term", "other_text", *EFFECT)


class EffectCorrected(Asked):
    """What stands is replaced: what is left out is empty, but for the relation."""

    reason = ReasonField()

    class Meta:
        model = SideEffect
        fields = (*EFFECT, "reason")


class OfEffects(ApiView):
    model = SideEffect
    shown = EffectSerializer
    writes = Scope.WRITE_RECORDS


class EffectsView(OfEffects, AddedRecords):
    """The side effects of one patient, by CTCAE."""

    asked = EffectAsked
    adds = staticmethod(services.record_effect)
    detail = "api-side-effect"


class EffectView(OfEffects, ChangedRecord):
    """One side effect."""

    asked = EffectCorrected
    corrects = staticmethod(services.correct_effect)
    noun = "effect"

    def facts(self, record: SideEffect, given: Facts) -> Facts:
        empty = {"resolved_on": None, "action_taken": "none", "treatment": ""}
        return {**empty, "note": "", **given}


class WithdrawEffectView(OfEffects, Act):
    """Take back a side effect that was entered in error."""

    asked = WhySerializer
    does = staticmethod(services.withdraw_effect)
    noun = "effect"


MEASURED = ("value", "measured_on", "note")


class MeasurementSerializer(serializers.ModelSerializer[Measurement]):
    unit = serializers.CharField(read_only=True)

    class Meta:
        model = Measurement
        fields = (
            "id",
            "patient",
            "lesion",
            "imaging",
            "visit",
            "landmark",
            "quantity",
            "value",
            "unit",
            "measured_on",
            "method",
            "printed_percent",
            "note",
            "withdrawn_at",
            "version",
        )


class MeasurementAsked(Asked):
    lesion = WholeField(min_value=1, required=False, allow_null=True)

    class Meta:
        model = Measurement
        fields = ("lesion", "quantity", *MEASURED)


class MeasurementCorrected(Asked):
    reason = ReasonField()

    class Meta:
        model = Measurement
        fields = (*MEASURED, "reason")


class OfMeasurements(ApiView):
    model = Measurement
    shown = MeasurementSerializer
    writes = Scope.WRITE_RECORDS


class MeasurementsView(OfMeasurements, AddedRecords):
    """The measurements of one patient, those of visits and imaging among them."""

    asked = MeasurementAsked
    adds = staticmethod(services.add_measurement)
    detail = "api-measurement"

    def facts(self, given: Facts) -> Facts:
        lesion = lesion_of(self.patient, given.get("lesion"))
        return {**given, "lesion": lesion}


class MeasurementView(OfMeasurements, ChangedRecord):
    """One measurement."""

    asked = MeasurementCorrected
    corrects = staticmethod(services.correct_measurement)
    noun = "measurement"


def lesion_of(patient: Patient, key: int | None) -> Any:
    return of_patient(patient, Lesion.objects.all(), key, "lesion")


class NumberSerializer(serializers.ModelSerializer[Measurement]):
    """A number that was measured at a visit or on a study."""

    unit = serializers.CharField(read_only=True)

    class Meta:
        model = Measurement
        fields = ("id", "quantity", "value", "unit", "lesion", "landmark", "method")


class WithNumbers(serializers.Serializer):
    """Shows with a record the numbers that stand of it."""

    numbers = serializers.SerializerMethodField()

    @extend_schema_field(NumberSerializer(many=True))
    def get_numbers(self, record: Any) -> Any:
        rows = [row for row in record.measurements.all() if row.withdrawn_at is None]
        return NumberSerializer(rows, many=True).data


def with_numbers(rows: QuerySet[Any]) -> QuerySet[Any]:
    numbers = Measurement.objects.order_by("pk")
    return rows.prefetch_related(Prefetch("measurements", numbers))
