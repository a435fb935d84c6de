"""Lesions, and what was done to them before, for programs."""

from typing import Any

from rest_framework import serializers

from patients import services
from patients.api.fields import Asked, ReasonField, WholeField, WhySerializer
from patients.api.observations import lesion_of
from patients.api.records import Act, AddedRecords, ApiView, ChangedRecord, Facts
from patients.models import Lesion, Patient, PreviousTreatment, Scope

LESION = (
    "body_site",
    "side",
    "region",
    "compartment",
    "issva_type",
    "gene",
    "variant",
    "coagulopathy",
    "coagulopathy_note",
    "note",
)


class LesionSerializer(serializers.ModelSerializer[Lesion]):
    class Meta:
        model = Lesion
        fields = ("id", "patient", *LESION, "version")


class LesionAsked(Asked):
    class Meta:
        model = Lesion
        fields = LESION


class LesionCorrected(LesionAsked):
    reason = ReasonField()

    class Meta:
        model = Lesion
        fields = (*LESION, "reason")


class OfLesions(ApiView):
    model = Lesion
    shown = LesionSerializer
    writes = Scope.WRITE_PATIENTS


class LesionsView(OfLesions, AddedRecords):
    """The lesions of one patient."""

    asked = LesionAsked
    adds = staticmethod(services.add_lesion)
    detail = "api-lesion"


class LesionView(OfLesions, ChangedRecord):
    """One lesion."""

    asked = LesionCorrected
    corrects = staticmethod(services.correct_lesion)
    noun = "lesion"


TREATMENT = ("kind", "agent", "done_on", "outcome")


class TreatmentSerializer(serializers.ModelSerializer[PreviousTreatment]):
    class Meta:
        model = PreviousTreatment
        fields = ("id", "lesion", *TREATMENT, "withdrawn_at", "version")


class TreatmentAsked(Asked):
    lesion = WholeField(min_value=1)

    class Meta:
        model = PreviousTreatment
        fields = ("lesion", *TREATMENT)


class TreatmentCorrected(Asked):
    """What stands is replaced: what is left out is empty."""

    reason = ReasonField()

    class Meta:
        model = PreviousTreatment
        fields = (*TREATMENT, "reason")


def add_treatment(*, patient: Patient, **facts: Any) -> PreviousTreatment:
    """Keep a treatment; the service knows the patient by the lesion."""
    return services.add_previous_treatment(**facts)


class OfTreatments(ApiView):
    model = PreviousTreatment
    whose = "lesion__patient"
    shown = TreatmentSerializer
    writes = Scope.WRITE_PATIENTS


class TreatmentsView(OfTreatments, AddedRecords):
    """What was done to the lesions of one patient before."""

    asked = TreatmentAsked
    adds = staticmethod(add_treatment)
    detail = "api-previous-treatment"

    def facts(self, given: Facts) -> Facts:
        return {**given, "lesion": lesion_of(self.patient, given["lesion"])}


class TreatmentView(OfTreatments, ChangedRecord):
    """One previous treatment."""

    asked = TreatmentCorrected
    corrects = staticmethod(services.correct_previous_treatment)
    noun = "treatment"

    def facts(self, record: PreviousTreatment, given: Facts) -> Facts:
        return {"agent": "", "done_on": None, "outcome": "", **given}


class WithdrawTreatmentView(OfTreatments, Act):
    """Take back a treatment that was entered in error."""

    asked = WhySerializer
    does = staticmethod(services.withdraw_previous_treatment)
    noun = "treatment"
