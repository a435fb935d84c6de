"""Safety labs, interacting drugs and events for programs."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dosing import services
from dosing.api.levels import laboratory_of, words
from dosing.models import Comedication, DrugEvent, LabResult
from dosing.models.labs import ALL_UNITS, Analyte
from dosing.services.labs import Typed
from patients.api.fields import (
    Asked,
    ChosenField,
    DayField,
    NoUnknownFields,
    NumberField,
    ReasonField,
    WholeField,
    WhySerializer,
)
from patients.api.once import once
from patients.api.records import (
    Act,
    AddedRecords,
    ApiView,
    ChangedRecord,
    Facts,
    Records,
    parsed,
)
from patients.models import Scope
from patients.models.rules import errors_by_field
from patients.rest import caller


class LabSerializer(serializers.ModelSerializer[LabResult]):
    class Meta:
        model = LabResult
        fields = (
            "id",
            "patient",
            "laboratory",
            "analyte",
            "comparator",
            "value",
            "reported_value",
            "reported_unit",
            "drawn_on",
            "note",
            "withdrawn_at",
            "version",
        )


class ValueAsked(NoUnknownFields):
    """One number of a report and its unit."""

    value = NumberField(max_digits=10, decimal_places=4)
    unit = ChosenField([(unit, unit) for unit in ALL_UNITS])
    comparator = ChosenField(
        [("<", "<"), (">", ">"), ("", "")], required=False, default=""
    )


class ResultAsked(ValueAsked):
    analyte = ChosenField(Analyte.choices)


class PanelAsked(NoUnknownFields):
    """The values of one day, each analyte once; all are stored, or none."""

    drawn_on = DayField()
    laboratory = WholeField(min_value=1, required=False, allow_null=True, default=None)
    note = words()
    results = ResultAsked(many=True, allow_empty=False)

    def validate_results(self, results: list[Facts]) -> list[Facts]:
        analytes = [each["analyte"] for each in results]
        if len(set(analytes)) < len(analytes):
            raise serializers.ValidationError(_("An analyte stands more than once."))
        return results


class PanelSerializer(serializers.Serializer):
    """What was stored."""

    results = LabSerializer(many=True)


class LabCorrected(ValueAsked):
    drawn_on = DayField()
    laboratory = WholeField(min_value=1, required=False, allow_null=True, default=None)
    note = words()
    reason = ReasonField()


def typed(given: Facts) -> Typed:
    return Typed(given.pop("value"), given.pop("unit"), given.pop("comparator"))


class OfLabs(ApiView):
    model = LabResult
    shown = LabSerializer
    writes = Scope.WRITE_RECORDS


A_PANEL = OpenApiExample(
    "Two values of a day",
    request_only=True,
    value={
        "drawn_on": "2026-01-31",
        "results": [
            {"analyte": "alt", "value": "30", "unit": "U/L"},
            {"analyte": "platelets", "value": "250000", "unit": "/uL"},
        ],
    },
)


class LabsView(OfLabs, Records):
    """The safety labs of one patient."""

    asked = PanelAsked

    @extend_schema(examples=[A_PANEL], responses={201: PanelSerializer})
    @once
    def post(self, request: Request, **parts: Any) -> Response:
        """Store the values of one day."""
        patient = self.patient
        given = parsed(self.asked, request)
        given["laboratory"] = laboratory_of(patient, given["laboratory"])
        results = {each.pop("analyte"): typed(each) for each in given.pop("results")}
        try:
            rows = services.record_labs(
                patient=patient, results=results, actor=caller(request), **given
            )
        except ValidationError as refusal:
            raise where_sent(refusal, list(results)) from refusal
        body = {"results": LabSerializer(rows, many=True).data}
        return Response(body, status=201)


def where_sent(refusal: ValidationError, analytes: list[str]) -> ValidationError:
    """Return what is said of an analyte beside the value that was sent of it."""
    places = {name: f"results/{n}/value" for n, name in enumerate(analytes)}
    said = errors_by_field(refusal)
    return ValidationError({places.get(name, name): said[name] for name in said})


class LabView(OfLabs, ChangedRecord):
    """One laboratory value."""

    asked = LabCorrected
    corrects = staticmethod(services.correct_lab)
    noun = "lab"

    def facts(self, record: LabResult, given: Facts) -> Facts:
        laboratory = laboratory_of(record.patient, given["laboratory"])
        return {"typed": typed(given), **given, "laboratory": laboratory}


class WithdrawLabView(OfLabs, Act):
    """Take back a value that was entered in error."""

    asked = WhySerializer
    does = staticmethod(services.withdraw_lab)
    noun = "lab"


COURSE = ("starts_on", "stops_on")


class DrugSerializer(serializers.ModelSerializer[Comedication]):
    class Meta:
        model = Comedication
        fields = ("id", "patient", "drug", *COURSE, "note", "withdrawn_at", "version")


class DrugAsked(Asked):
    class Meta:
        model = Comedication
        fields = ("drug", *COURSE, "note")


class DrugCorrected(Asked):
    reason = ReasonField()

    class Meta:
        model = Comedication
        fields = (*COURSE, "reason")
        extra_kwargs = {"stops_on": {"required": True}}  # noqa: RUF012 - read once


class OfDrugs(ApiView):
    model = Comedication
    shown = DrugSerializer
    writes = Scope.WRITE_RECORDS


class DrugsView(OfDrugs, AddedRecords):
    """The drugs of one patient that change sirolimus."""

    asked = DrugAsked
    adds = staticmethod(services.record_comedication)
    detail = "api-comedication"


class DrugView(OfDrugs, ChangedRecord):
    """One course of another drug."""

    asked = DrugCorrected
    corrects = staticmethod(services.correct_comedication)
    noun = "comedication"


class WithdrawDrugView(OfDrugs, Act):
    """Take back a drug that was entered in error."""

    asked = WhySerializer
    does = staticmethod(services.withdraw_comedication)
    noun = "comedication"


HAPPENED = ("happens_on", "lasts_until", "child_pugh", "detail")


class EventSerializer(serializers.ModelSerializer[DrugEvent]):
    class Meta:
        model = DrugEvent
        fields = ("id", "patient", "kind", *HAPPENED, "withdrawn_at", "version")


class EventAsked(Asked):
    class Meta:
        model = DrugEvent
        fields = ("kind", *HAPPENED)


class EventCorrected(Asked):
    """What stands is replaced: what is left out is empty."""

    reason = ReasonField()

    class Meta:
        model = DrugEvent
        fields = (*HAPPENED, "reason")


class OfEvents(ApiView):
    model = DrugEvent
    shown = EventSerializer
    writes = Scope.WRITE_RECORDS


class EventsView(OfEvents, AddedRecords):
    """What happened to one patient that changes the drug."""

    asked = EventAsked
    adds = staticmethod(services.record_event)
    detail = "api-event"


class EventView(OfEvents, ChangedRecord):
    """One event."""

    asked = EventCorrected
    corrects = staticmethod(services.correct_event)
    noun = "event"


class WithdrawEventView(OfEvents, Act):
    """Take back an event that never was."""

    asked = WhySerializer
    does = staticmethod(services.withdraw_event)
    noun = "event"
