"""Tablets that were handed out, and the protocols patients follow, for programs."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers
from rest_framework.generics import ListAPIView

from dosing import services
from dosing.models import Dispensing, Protocol, ProtocolAssignment
from patients.api.fields import Asked, ReasonField, WholeField, WhySerializer
from patients.api.records import Act, AddedRecords, ApiView, ChangedRecord, Facts
from patients.models import Scope

HANDED_OUT = ("dispensed_on", "strength_mg", "tablets")


class DispensingSerializer(serializers.ModelSerializer[Dispensing]):
    class Meta:
        model = Dispensing
        fields = ("id", "patient", *HANDED_OUT, "withdrawn_at", "version")


class DispensingAsked(Asked):
    class Meta:
        model = Dispensing
        fields = HANDED_OUT


class DispensingCorrected(Asked):
    reason = ReasonField()

    class Meta:
        model = Dispensing
        fields = (*HANDED_OUT, "reason")


class OfDispensings(ApiView):
    model = Dispensing
    shown = DispensingSerializer
    writes = Scope.WRITE_RECORDS


class DispensingsView(OfDispensings, AddedRecords):
    """The tablets that were handed out to one patient."""

    asked = DispensingAsked
    adds = staticmethod(services.record_dispensing)
    detail = "api-dispensing"


class DispensingView(OfDispensings, ChangedRecord):
    """Tablets of one strength, handed out on a day."""

    asked = DispensingCorrected
    corrects = staticmethod(services.correct_dispensing)
    noun = "dispensing"


class WithdrawDispensingView(OfDispensings, Act):
    """Take back tablets that were never handed out."""

    asked = WhySerializer
    does = staticmethod(services.withdraw_dispensing)
    noun = "dispensing"


class ProtocolSerializer(serializers.ModelSerializer[Protocol]):
    class Meta:
        model = Protocol
        fields = (
            "id",
            "name",
            "version",
            "target_low_ng_per_ml",
            "target_high_ng_per_ml",
            "aim_ng_per_ml",
            "urgent_ng_per_ml",
            "start_dose_mg_per_day",
            "ceiling_mg_per_day",
            "step_limit_percent",
            "strengths_mg",
            "alternate_days",
            "schedule",
            "citation",
        )


class ProtocolsView(ApiView, ListAPIView[Protocol]):
    """The versions of protocols, whose numbers doses and assignments name."""

    model = Protocol
    shown = ProtocolSerializer
    pagination_class = None

    def get_queryset(self) -> QuerySet[Protocol]:
        return Protocol.objects.order_by("pk")


class AssignmentSerializer(serializers.ModelSerializer[ProtocolAssignment]):
    class Meta:
        model = ProtocolAssignment
        fields = (
            "id", "patient", "protocol", "starts_on", "reason", "withdrawn_at",
            "version",
        )  # fmt: skip


class AssignmentAsked(Asked):
    protocol = WholeField(min_value=1)

    class Meta:
        model = ProtocolAssignment
        fields = ("protocol", "starts_on", "reason")


def protocol_of(key: int) -> Any:
    found = Protocol.objects.filter(pk=key).first()
    if found is None:
        said = [_("There is no such protocol.")]
        raise exceptions.ValidationError({"protocol": said})
    return found


class OfAssignments(ApiView):
    model = ProtocolAssignment
    shown = AssignmentSerializer
    writes = Scope.WRITE_DOSES


class AssignmentsView(OfAssignments, AddedRecords):
    """The protocols of one patient, each from its day on."""

    asked = AssignmentAsked
    adds = staticmethod(services.assign_protocol)
    detail = "api-assignment"

    def facts(self, given: Facts) -> Facts:
        return {**given, "protocol": protocol_of(given["protocol"])}


class AssignmentView(OfAssignments, ChangedRecord):
    """One protocol of a patient; `reason` says why it is corrected."""

    asked = AssignmentAsked
    corrects = staticmethod(services.correct_assignment)
    noun = "assignment"

    def facts(self, record: ProtocolAssignment, given: Facts) -> Facts:
        return {**given, "protocol": protocol_of(given["protocol"])}
