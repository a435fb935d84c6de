"""The usual way to answer a timeline: model serializers, in a view with our token.

Of patients with a diary only. Each event says what ours says, so that both answers can
be held against each other: see `same`.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from operator import itemgetter
from typing import Any, ClassVar

from django.db.models import Model
from django.shortcuts import get_object_or_404
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dosing.models import Intake
from patients import services
from patients.api.strict import StrictView
from patients.models import (
    AuditEvent,
    DiaryDay,
    Measurement,
    Patient,
    Role,
    Scope,
)
from patients.models.observations import UNITS, Quantity
from patients.rest import caller
from tdm import urls
from tdm.timeline_api import QuantitySerializer


class EventSerializer(serializers.ModelSerializer):
    """What every event says; the rest is said by its own kind."""

    KIND: ClassVar[str]
    DAY: ClassVar[str]
    FACTS: ClassVar[tuple[str, ...]]

    kind = serializers.SerializerMethodField()
    phase = serializers.SerializerMethodField()
    at = serializers.SerializerMethodField()
    day = serializers.SerializerMethodField()
    set_aside = serializers.SerializerMethodField()
    author = serializers.SerializerMethodField()
    recorded_at = serializers.SerializerMethodField()
    source = serializers.SerializerMethodField()  # type: ignore[assignment]
    quantities = serializers.SerializerMethodField()
    facts = serializers.SerializerMethodField()
    link = serializers.SerializerMethodField()

    def get_kind(self, _record: Model) -> str:
        return self.KIND

    def get_phase(self, _record: Model) -> str:
        return ""

    def get_at(self, record: Model) -> datetime:
        return datetime.combine(self.get_day(record), time(), self.context["zone"])

    def get_day(self, record: Model) -> date:
        found: date = getattr(record, self.DAY)
        return found

    def get_set_aside(self, record: Model) -> bool:
        return getattr(record, "withdrawn_at", None) is not None

    def line(self, record: Model) -> AuditEvent:
        found: AuditEvent = self.context["lines"][str(record.pk)]
        return found

    def get_author(self, record: Model) -> str:
        actor = self.line(record).actor
        return actor.get_full_name() or actor.username

    def get_recorded_at(self, record: Model) -> datetime:
        return self.line(record).at

    def get_source(self, record: Model) -> str:
        is_program = self.line(record).actor.role == Role.API_CLIENT
        return "program" if is_program else "person"

    def get_quantities(self, record: Model) -> object:
        return QuantitySerializer(self.measured(record), many=True).data

    def measured(self, _record: Any) -> list[Mapping[str, str]]:
        return []

    def get_facts(self, record: Model) -> Mapping[str, object]:
        return {name.removesuffix("_id"): getattr(record, name) for name in self.FACTS}

    def get_link(self, record: Model) -> str:
        return f"/history/{self.KIND}/{record.pk}/"


EVENT = (
    "kind", "id", "phase", "version", "at", "day", "set_aside", "author",
    "recorded_at", "source", "quantities", "facts", "link",
)  # fmt: skip


class DaySerializer(EventSerializer):
    KIND, DAY = "diary", "day"
    FACTS = ("no_side_effects", "note")

    class Meta:
        model = DiaryDay
        fields = EVENT

    def get_source(self, record: Model) -> str:
        return str(record.source)  # type: ignore[attr-defined]


class IntakeSerializer(EventSerializer):
    KIND, DAY = "intake", "due_on"
    FACTS = ("state", "due_on", "slot", "reason", "with_food", "vomited_at")

    class Meta:
        model = Intake
        fields = EVENT


class MeasurementSerializer(EventSerializer):
    KIND, DAY = "measurement", "measured_on"
    FACTS = ("lesion_id", "imaging_id", "visit_id", "landmark_id", "method", "note")

    class Meta:
        model = Measurement
        fields = EVENT

    def measured(self, record: Measurement) -> list[Mapping[str, str]]:
        return [
            {
                "name": record.quantity,
                "comparator": "",
                "value": f"{record.value.normalize():f}",
                "unit": UNITS[Quantity(record.quantity)],
            }
        ]


SERIALIZERS = (MeasurementSerializer, DaySerializer, IntakeSerializer)
"""In the order in which a day is told, newest first."""


class UsualView(StrictView):
    scopes: ClassVar = {"GET": Scope.READ_PATIENTS}
    parameters = frozenset({"limit"})

    def get(self, request: Request, pk: int) -> Response:
        visible = Patient.objects.visible_to(caller(request)).select_related("site")
        patient = get_object_or_404(visible, pk=pk)
        services.note_reading(patient=patient, by="api", actor=caller(request))
        count = int(request.query_params["limit"])
        told = [
            event
            for serializer in SERIALIZERS
            for event in self.newest(serializer, patient, count // 3 + 1)
        ]
        told.sort(key=itemgetter("day"), reverse=True)
        return Response({"patient": patient.pk, "events": told[:count]})

    def newest(
        self, serializer: type[EventSerializer], patient: Patient, count: int
    ) -> list[Any]:
        model: Any = serializer.Meta.model
        records = model.objects.filter(patient=patient).order_by(f"-{serializer.DAY}")
        records = list(records[:count])
        lines = AuditEvent.objects.filter(
            object_type=model._meta.label_lower,
            object_id__in=[str(each.pk) for each in records],
        ).select_related("actor")
        last = {each.object_id: each for each in lines.order_by("pk")}
        context = {"lines": last, "zone": patient.site.zone}
        return list(serializer(records, many=True, context=context).data)


def served() -> None:
    """Let our own application answer in the usual way too, behind the same doors."""
    urls.urlpatterns.append(path("api/usual/<int:pk>/", UsualView.as_view()))


def same(ours: list[dict[str, Any]], usual: list[dict[str, Any]]) -> bool:
    """Return whether both answers say the same, however instants are written."""
    return [*map(plain, ours)] == [*map(plain, usual)]


def plain(event: dict[str, Any]) -> dict[str, Any]:
    instants = {
        name: datetime.fromisoformat(event[name]) for name in ("at", "recorded_at")
    }
    return {**event, **instants}
