"""CDS Hooks 2.0: the reading of the latest level and its advice, as a card.

A card proposes and nothing acts: its suggestions hold no action, and none is marked as
recommended, for a clinician signs on the page that the card links to.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import uuid4

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dosing import forecast, policy
from dosing.advice import Advice, Offer, advise
from dosing.models import Reason
from dosing.policy.sources import US_LABEL
from dosing.words import say
from patients import services
from patients.models import AuditEvent, Patient, Scope
from patients.rest import caller

SERVICE = "sirolimus-tdm"
HOOK = "patient-view"
LONGEST_SUMMARY = 139
"""The specification asks for fewer than 140 signs."""

INDICATORS = {
    policy.Verdict.URGENT: "critical",
    policy.Verdict.IN: "info",
}
"""What is neither in range nor urgent warns."""


class NoContextError(exceptions.APIException):
    """The hook came without what it needs to be answered."""

    status_code = HTTPStatus.PRECONDITION_FAILED.value
    default_detail = "context.patientId"


class Discovery(APIView):
    """Which services there are; open to all, as it names no patient."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    schema = None

    def get(self, request: Request) -> Response:
        service = {
            "hook": HOOK,
            "id": SERVICE,
            "title": _("Sirolimus drug monitoring"),
            "description": _(
                "Reads the latest trough level and offers doses to review."
            ),
            "usageRequirements": _(
                "The patient's id is that of this server's FHIR Patient; a token of"
                " the clinic stands in the Authorization header."
            ),
        }
        return Response({"services": [service]})


class ContextSerializer(serializers.Serializer):
    patientId = serializers.RegexField(r"^(Patient/)?[0-9]{1,18}$")  # noqa: N815 - the specification's name


class Cards(APIView):
    """What is said when someone opens a patient."""

    scopes: ClassVar = {"POST": Scope.READ_PATIENTS, "OPTIONS": Scope.READ_PATIENTS}
    schema = None

    def post(self, request: Request) -> Response:
        """Return one card, or none where there is nothing to read."""
        patient = patient_in(request)
        advice = advise(patient, at=timezone.now())
        card = card_of(advice, request) if advice else None
        services.note_reading(
            patient=patient,
            by="cds",
            actor=caller(request),
            details={"card": card["uuid"] if card else ""},
        )
        return Response({"cards": [card] if card else []})


def patient_in(request: Request) -> Patient:
    """Find whom a hook is about, among the patients of the token's clinics."""
    asked = request.data if isinstance(request.data, dict) else {}
    if asked.get("hook") != HOOK:
        raise exceptions.ValidationError({"hook": [_("Not a hook of this service.")]})
    context = asked.get("context")
    if not isinstance(context, dict) or not context.get("patientId"):
        raise NoContextError
    parsed = ContextSerializer(data=context)
    parsed.is_valid(raise_exception=True)
    key = parsed.validated_data["patientId"].removeprefix("Patient/")
    visible = Patient.objects.visible_to(caller(request)).select_related("site")
    patient = visible.filter(pk=key).first()
    if patient is None:
        raise Http404
    return patient


def card_of(advice: Advice, request: Request) -> dict[str, object]:
    reading = advice.reading
    first, *others = policy.in_words(reading)
    page = request.build_absolute_uri(reverse("patient", args=[advice.patient.pk]))
    card: dict[str, object] = {
        "uuid": str(uuid4()),
        "summary": _("Sirolimus: %(reading)s") % {"reading": say(first)},
        "detail": "\n".join(f"- {line}" for line in basis(advice, map(say, others))),
        "indicator": INDICATORS.get(reading.verdict, "warning"),
        "source": {"label": "Troughline", "url": page},
        "links": [{"label": _("Open in Troughline"), "url": page, "type": "absolute"}],
        "overrideReasons": [
            {"code": code, "system": "urn:troughline:reason", "display": str(label)}
            for code, label in Reason.choices
            if code != Reason.AS_SUGGESTED
        ],
    }
    card["summary"] = str(card["summary"])[:LONGEST_SUMMARY]
    suggestions = [] if advice.withheld else list(map(suggestion, advice.offers))
    if not suggestions:
        return card
    return {**card, "suggestions": suggestions, "selectionBehavior": "at-most-one"}


def basis(advice: Advice, context: Iterable[str]) -> Iterable[str]:
    """Say what the card rests on, each line with its source."""
    yield from context
    for finding in advice.suggestion.findings:
        yield f"{say(finding.sentence)} ({_(finding.source)})"
    if advice.suggestion.formula is not None:
        yield f"{say(advice.suggestion.formula)} ({_(US_LABEL)})"
    protocol = advice.protocol
    yield _("Target of %(protocol)s: %(source)s") % {
        "protocol": protocol,
        "source": protocol.citation,
    }
    outlook = advice.prognosis.outlook
    for model in outlook.views if outlook else ():
        yield _("Model: %(citation)s") % {"citation": model.citation}
    yield _("Rules %(rules)s, models %(models)s.") % {
        "rules": policy.ENGINE_VERSION,
        "models": forecast.CORE_VERSION,
    }


def suggestion(offer: Offer) -> dict[str, object]:
    """Return a dose to look at; accepting it changes nothing here."""
    dose = say(policy.regimen_in_words(offer.regimen))
    return {"label": _("Review %(dose)s") % {"dose": dose}, "uuid": str(uuid4())}


class ReasonSerializer(serializers.Serializer):
    code = serializers.CharField(max_length=80)
    system = serializers.CharField(max_length=200, required=False)


class OverrideSerializer(serializers.Serializer):
    reason = ReasonSerializer(required=False)
    userComment = serializers.CharField(max_length=500, required=False)  # noqa: N815 - the specification's name


class SuggestionSerializer(serializers.Serializer):
    id = serializers.UUIDField()


class AnswerSerializer(serializers.Serializer):
    """What became of one card; other fields are left unread, as the hook has many."""

    card = serializers.UUIDField()
    outcome = serializers.ChoiceField(["accepted", "overridden"])
    outcomeTimestamp = serializers.CharField(max_length=40)  # noqa: N815 - the specification's name
    acceptedSuggestions = SuggestionSerializer(  # noqa: N815 - the specification's name
        many=True, required=False
    )
    overrideReason = OverrideSerializer(required=False)  # noqa: N815 - the specification's name


class FeedbackSerializer(serializers.Serializer):
    feedback = AnswerSerializer(many=True, allow_empty=False)


class Feedback(APIView):
    """What a clinician made of a card, kept with the patient's history."""

    scopes: ClassVar = {"POST": Scope.READ_PATIENTS, "OPTIONS": Scope.READ_PATIENTS}
    schema = None

    def post(self, request: Request) -> Response:
        parsed = FeedbackSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        answers = {
            str(each["card"]): each for each in parsed.validated_data["feedback"]
        }
        shown = AuditEvent.objects.filter(
            action="read_cds", actor=caller(request), details__card__in=list(answers)
        ).select_related("patient")
        whose = {line.details["card"]: line.patient for line in shown if line.patient}
        if set(whose) != set(answers):
            raise Http404
        for card, said in answers.items():
            services.note_feedback(
                patient=whose[card], details=kept_of(said), actor=caller(request)
            )
        return Response()


def kept_of(answer: Mapping[str, Any]) -> dict[str, object]:
    """Return an answer as the audit keeps it."""
    override = answer.get("overrideReason", {})
    accepted = answer.get("acceptedSuggestions", [])
    return {
        "card": str(answer["card"]),
        "outcome": answer["outcome"],
        "at": answer["outcomeTimestamp"],
        "accepted": [str(each["id"]) for each in accepted],
        "reason": override.get("reason", {}).get("code", ""),
        "comment": override.get("userComment", ""),
    }
