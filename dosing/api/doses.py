"""Doses for programs: prescribed with the same questions as on the page."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dosing import policy, services
from dosing.api.supply import protocol_of
from dosing.models import Decision, Dose, SafetyCheck
from dosing.services.safety import PreventedError
from patients.api.fields import (
    Asked,
    ClockField,
    DayField,
    NoUnknownFields,
    ReasonField,
    WholeField,
    YesNoField,
)
from patients.api.once import once
from patients.api.records import (
    AddedRecords,
    ApiView,
    ChangedRecord,
    Facts,
    OfPatient,
    Record,
    Records,
    parsed,
)
from patients.models import Patient, Scope, Staff
from patients.rest import caller

REGIMEN = ("amount_mg", "interval_h", "usual_time", "starts_on")


class RegimenSerializer(serializers.ModelSerializer[Dose]):
    usual_time = ClockField(format="%H:%M")

    class Meta:
        model = Dose
        fields = (
            "id",
            "patient",
            *REGIMEN,
            "stops_on",
            "reason",
            "cancelled_at",
            "version",
        )


class AnswersAsked(Asked):
    """What is asked before every prescription; nothing is assumed."""

    class Meta:
        model = SafetyCheck
        fields = ("pregnancy", "breastfeeding", "live_vaccine", "liver", "surgery_on")


class DoseAsked(Asked):
    """A regimen with the answers to the safety questions.

    A rule that prevents it is lifted by a clinician, on the page.
    """

    protocol = WholeField(min_value=1, required=False, allow_null=True)
    safety = AnswersAsked()

    class Meta:
        model = Dose
        fields = (*REGIMEN, "reason", "protocol", "safety")
        extra_kwargs: ClassVar = {"interval_h": {"required": True}}


class DoseCorrected(Asked):
    reason = ReasonField()
    never_taken = YesNoField(required=False)

    class Meta:
        model = Dose
        fields = (*REGIMEN, "stops_on", "never_taken", "reason")
        extra_kwargs: ClassVar = {
            "interval_h": {"required": True},
            "usual_time": {"required": True},
        }


A_DOSE = OpenApiExample(
    "2 mg once daily",
    request_only=True,
    value={
        "amount_mg": "2",
        "interval_h": 24,
        "usual_time": "08:00",
        "starts_on": "2026-01-05",
        "reason": "Start",
        "safety": {
            "pregnancy": "negative",
            "breastfeeding": "no",
            "live_vaccine": "no",
            "liver": "none",
        },
    },
)


def prescribe(*, patient: Patient, actor: Staff, **facts: Any) -> Dose:
    """Prescribe as the page does: answers that prevent a dose are kept as well."""
    try:
        return services.prescribe_dose(patient=patient, actor=actor, **facts)
    except PreventedError:
        answers = facts["safety"]
        services.record_answers(patient=patient, answers=answers, actor=actor)
        raise


class OfDoses(ApiView):
    model = Dose
    shown = RegimenSerializer
    writes = Scope.WRITE_DOSES


@extend_schema_view(post=extend_schema(examples=[A_DOSE]))
class DosesView(OfDoses, AddedRecords):
    """The regimens of one patient; a new one ends the one before."""

    asked = DoseAsked
    adds = staticmethod(prescribe)
    detail = "api-dose"

    def facts(self, given: Facts) -> Facts:
        given["safety"] = policy.Answers(**given["safety"])
        key = given.get("protocol")
        return {**given, "protocol": protocol_of(key) if key else None}


class DoseView(OfDoses, ChangedRecord):
    """One regimen."""

    asked = DoseCorrected
    corrects = staticmethod(services.correct_dose)
    noun = "dose"


class StopAsked(NoUnknownFields):
    """The first day without the drug."""

    on = DayField()
    reason = ReasonField()


class EndedSerializer(serializers.Serializer):
    """The regimens that end, or that never begin."""

    ended = RegimenSerializer(many=True)


class StopView(OfPatient):
    """Stop the drug."""

    model = Dose
    asked = StopAsked
    shown = EndedSerializer
    writes = Scope.WRITE_DOSES
    http_method_names: ClassVar = ["post", "options"]  # type: ignore[misc]

    @once
    def post(self, request: Request, **parts: Any) -> Response:
        """Stop the drug from a day on; what was planned is cancelled."""
        patient = self.patient
        given = parsed(self.asked, request)
        ended = services.stop_dose(patient=patient, actor=caller(request), **given)
        body = {"ended": RegimenSerializer(ended, many=True).data}
        return Response(body, status=201)


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """What someone signed; a program reads it and never signs."""

    class Meta:
        model = Decision
        fields = (
            "id",
            "patient",
            "level",
            "level_version",
            "chosen_amount_mg",
            "chosen_interval_h",
            "reason",
            "reason_text",
            "dose",
            "next_level_on",
            "engine_version",
            "signed_by",
            "signed_at",
        )


class DecisionsView(Records):
    """The signed decisions of one patient."""

    model = Decision
    shown = DecisionSerializer


class DecisionView(Record):
    """One signed decision."""

    model = Decision
    shown = DecisionSerializer
