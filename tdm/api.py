"""A patient's timeline for programs, and where the API's pieces are joined."""

from typing import ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from patients import services
from patients.models import Patient, Scope
from patients.rest import caller
from tdm.timeline import KINDS, Entry, timeline_of


class QuantitySerializer(serializers.Serializer):
    name = serializers.CharField()
    comparator = serializers.CharField()
    value = serializers.DecimalField(max_digits=9, decimal_places=4)
    unit = serializers.CharField()


class EntrySerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=KINDS)
    id = serializers.IntegerField(source="record_id")
    version = serializers.IntegerField()
    at = serializers.DateTimeField()
    title = serializers.CharField()
    quantities = QuantitySerializer(many=True)
    verdict = serializers.CharField(source="mark")
    set_aside = serializers.BooleanField()
    note = serializers.CharField()
    author = serializers.SerializerMethodField()
    recorded_at = serializers.SerializerMethodField()

    def get_author(self, entry: Entry) -> str | None:
        return entry.author.name if entry.author else None

    def get_recorded_at(self, entry: Entry) -> str | None:
        return entry.author.at.isoformat() if entry.author else None


class TimelineSerializer(serializers.Serializer):
    patient = serializers.IntegerField()
    entries = EntrySerializer(many=True)


class TimelineView(APIView):
    """Everything that happened to one patient, newest first."""

    scopes: ClassVar = {"GET": Scope.READ_PATIENTS, "OPTIONS": Scope.READ_PATIENTS}

    @extend_schema(responses=TimelineSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Return every event in clinical time, with a unit on every number."""
        visible = Patient.objects.visible_to(caller(request)).select_related("site")
        patient = get_object_or_404(visible, pk=pk)
        services.note_reading(patient=patient, by="api", actor=caller(request))
        story = {"patient": patient.pk, "entries": timeline_of(patient)}
        return Response(TimelineSerializer(story).data)
