"""The advice on a patient, for programs."""

from typing import ClassVar

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dosing import forecast, policy
from dosing.advice import Advice, advise
from dosing.words import say
from patients import services
from patients.api.strict import StrictView
from patients.models import Patient, Scope
from patients.rest import caller


class ChancesSerializer(serializers.Serializer):
    """Of a measured trough at steady state; they sum to 1."""

    below = serializers.FloatField()
    inside = serializers.FloatField()
    above = serializers.FloatField()


class DoseSerializer(serializers.Serializer):
    """A dose that can be taken: its trough at steady state, 5, 50 and 95 %."""

    dose = serializers.CharField()
    amount_mg = serializers.DecimalField(max_digits=6, decimal_places=2)
    interval_h = serializers.IntegerField()
    trough = serializers.ListField(child=serializers.FloatField())
    unit = serializers.CharField()
    chances = ChancesSerializer()
    auc24_ng_h_per_ml = serializers.FloatField()


class ModelSerializer(serializers.Serializer):
    id = serializers.CharField()
    citation = serializers.CharField()
    weight = serializers.FloatField()
    clearance_l_per_h = serializers.FloatField()
    outside = serializers.ListField(child=serializers.CharField())


class AdviceSerializer(serializers.Serializer):
    """What a clinician is shown; nothing is applied by itself."""

    patient = serializers.IntegerField()
    level = serializers.IntegerField()
    verdict = serializers.CharField()
    recommended = serializers.CharField(allow_null=True)
    by_rule = serializers.CharField(allow_null=True)
    withheld = serializers.BooleanField()
    models_disagree = serializers.BooleanField()
    outside_every_model = serializers.BooleanField(allow_null=True)
    doses = DoseSerializer(many=True)
    models = ModelSerializer(many=True)
    said = serializers.ListField(child=serializers.CharField())
    versions = serializers.CharField()


class AdviceView(StrictView):
    """What the rules and the models say of a patient's latest level."""

    scopes: ClassVar = {"GET": Scope.READ_PATIENTS, "OPTIONS": Scope.READ_PATIENTS}

    @extend_schema(responses=AdviceSerializer)
    def get(self, request: Request, patient_id: int) -> Response:
        """Return the advice with its models and where the patient lies outside them."""
        visible = Patient.objects.visible_to(caller(request)).select_related("site")
        patient = get_object_or_404(visible, pk=patient_id)
        services.note_reading(patient=patient, by="api", actor=caller(request))
        advice = advise(patient, at=timezone.now())
        if advice is None:
            raise Http404
        return Response(AdviceSerializer(told(advice)).data)


def told(advice: Advice) -> dict[str, object]:
    outlook = advice.prognosis.outlook
    findings = [say(each.sentence) for each in advice.suggestion.findings]
    silence = advice.prognosis.silence
    return {
        "patient": advice.patient.pk,
        "level": advice.level.pk,
        "verdict": advice.reading.verdict.value,
        "recommended": in_words(advice.recommended),
        "by_rule": in_words(advice.suggestion.recommended),
        "withheld": advice.withheld,
        "models_disagree": bool(outlook and outlook.disagree),
        "outside_every_model": outlook.outside if outlook else None,
        "doses": [dose_of(each) for each in outlook.choices] if outlook else [],
        "models": [model_of(each) for each in outlook.views] if outlook else [],
        "said": findings + ([say(silence)] if silence else []),
        "versions": f"{policy.ENGINE_VERSION}, {forecast.CORE_VERSION}",
    }


def in_words(regimen: policy.Regimen | None) -> str | None:
    return say(policy.regimen_in_words(regimen)) if regimen else None


def dose_of(choice: forecast.Choice) -> dict[str, object]:
    return {
        "dose": in_words(choice.regimen),
        "amount_mg": choice.regimen.amount_mg,
        "interval_h": choice.regimen.interval_h,
        "trough": choice.trough_ng_per_ml,
        "unit": "ng/mL",
        "chances": {
            "below": choice.below,
            "inside": choice.inside,
            "above": choice.above,
        },
        "auc24_ng_h_per_ml": choice.auc24_ng_h_per_ml,
    }


def model_of(view: forecast.View) -> dict[str, object]:
    return {
        "id": view.id,
        "citation": view.citation,
        "weight": view.weight,
        "clearance_l_per_h": view.clearance,
        "outside": [say(each) for each in view.outside],
    }
