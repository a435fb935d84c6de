"""Trough levels for programs: the same service as the form."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.shortcuts import get_object_or_404
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from dosing import services
from dosing.history import history_of
from dosing.models import Laboratory, TroughLevel
from dosing.services.levels import Confirmation
from dosing.units import NotANumberError, Reported, Unit, parse_reported, parse_unit
from dosing.words import say
from patients.api import NoUnknownFields
from patients.models import Patient, Scope
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


YEARS = range(1900, 2200)
"""Years that a clock of a clinic can show."""


def parsed_instant(value: object) -> datetime | None:
    try:
        return parse_datetime(str(value))
    except ValueError:
        return None


class TroughSerializer(NoUnknownFields):
    level = ReportedField()
    unit = UnitField()
    drawn_at = InstantField()
    last_dose_at = InstantField(allow_null=True, required=False, default=None)
    laboratory = serializers.IntegerField(min_value=1)
    note = serializers.CharField(
        max_length=500, required=False, default="", allow_blank=True
    )
    submission = serializers.UUIDField(required=False, default=None, allow_null=True)
    confirmed = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, default=list
    )
    confirmation_reason = serializers.CharField(
        max_length=500, required=False, default="", allow_blank=True
    )


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
            "verdict",
            "version",
        )

    def get_verdict(self, level: TroughLevel) -> str:
        reading = history_of(level.patient).read(level)
        return reading.verdict.value if reading else "unknown"


class LaboratorySerializer(serializers.ModelSerializer[Laboratory]):
    class Meta:
        model = Laboratory
        fields = ("id", "name", "method", "unit", "lower_limit_ng_per_ml", "matrix")


class LaboratoriesView(ListAPIView[Laboratory]):
    """The laboratories of the token's clinic, whose numbers a level names."""

    scopes: ClassVar = {"GET": Scope.WRITE_LEVELS, "OPTIONS": Scope.WRITE_LEVELS}
    serializer_class = LaboratorySerializer
    queryset = Laboratory.objects.none()

    def get_queryset(self) -> models.QuerySet[Laboratory]:
        return Laboratory.objects.filter(
            site__in=caller(self.request).sites.all()
        ).order_by("pk")


class ProblemSerializer(serializers.Serializer):
    """RFC 9457; `errors` point at fields, and `confirm` is what to send back."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(required=False)
    errors = serializers.ListField(  # type: ignore[assignment]
        child=serializers.DictField(child=serializers.CharField()), required=False
    )


PROBLEMS = dict.fromkeys([400, 401, 403, 404, 415, 422, 429], ProblemSerializer)


class TroughsView(APIView):
    """Trough levels of one patient."""

    scopes: ClassVar = {"POST": Scope.WRITE_LEVELS, "OPTIONS": Scope.WRITE_LEVELS}

    @extend_schema(
        request=TroughSerializer,
        responses={201: StoredTroughSerializer, **PROBLEMS},
        examples=[
            OpenApiExample(
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
        ],
    )
    def post(self, request: Request, patient_id: int) -> Response:
        """Record a level; an unusual one is refused with a key that confirms it."""
        visible = Patient.objects.visible_to(caller(request)).select_related("site")
        patient = get_object_or_404(visible, pk=patient_id)
        parsed = TroughSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        facts = dict(parsed.validated_data)
        submission: UUID | None = facts.pop("submission")
        level = services.record_trough(
            patient=patient,
            laboratory=laboratory_of(patient, facts.pop("laboratory")),
            reported=facts.pop("level"),
            unit=facts.pop("unit"),
            confirmation=Confirmation(
                facts.pop("confirmed"), facts.pop("confirmation_reason")
            ),
            submission=submission,
            actor=caller(request),
            **facts,
        )
        body = StoredTroughSerializer(level).data
        where = reverse("api-timeline", args=[patient.pk], request=request)
        return Response(body, status=201, headers={"Location": where})


def laboratory_of(patient: Patient, key: int) -> Laboratory:
    rows: models.QuerySet[Laboratory] = Laboratory.objects.filter(site=patient.site_id)
    found = rows.filter(pk=key).first()
    if found is None:
        raise serializers.ValidationError(
            {"laboratory": [_("Choose a laboratory of this clinic.")]}
        )
    return found
