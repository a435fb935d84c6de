"""Visits for programs, with what was measured at them."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers

from patients import services
from patients.api.fields import (
    Asked,
    NoUnknownFields,
    NumberField,
    ReasonField,
    WholeField,
    WhySerializer,
    YesNoField,
)
from patients.api.observations import WithNumbers, with_numbers
from patients.api.records import Act, AddedRecords, ApiView, ChangedRecord, Facts
from patients.models import Scope, Visit
from patients.services import Measured

VISIT = (
    "kind",
    "held_on",
    "window_from",
    "window_to",
    "done",
    "function_grade",
    "daily_life",
    "work",
    "appearance",
    "satisfaction",
    "severity",
    "bleeding",
    "qol_name",
    "qol_score",
    "qol_low",
    "qol_high",
    "note",
)


class VisitSerializer(WithNumbers, serializers.ModelSerializer[Visit]):
    class Meta:
        model = Visit
        fields = ("id", "patient", *VISIT, "numbers", "withdrawn_at", "version")


class CircumferenceAsked(NoUnknownFields):
    """A circumference; `same` says that a jump was measured at the same place."""

    landmark = WholeField(min_value=1)
    value_cm = NumberField(max_digits=9, decimal_places=2)
    same = YesNoField(required=False, default=False)


class VisitAsked(Asked):
    pain_vas = NumberField(
        max_digits=9, decimal_places=2, required=False, allow_null=True
    )
    circumferences = CircumferenceAsked(many=True, required=False)

    class Meta:
        model = Visit
        fields = (*VISIT, "pain_vas", "circumferences")


class VisitCorrected(VisitAsked):
    """What was measured is replaced whole: a number that is left out is withdrawn."""

    reason = ReasonField()

    class Meta:
        model = Visit
        fields = (*VISIT, "pain_vas", "circumferences", "reason")


def measured(given: Facts) -> Facts:
    circumferences = given.pop("circumferences", [])
    keys = [each["landmark"] for each in circumferences]
    if len(set(keys)) < len(keys):
        said = [_("Give one circumference for each landmark.")]
        raise exceptions.ValidationError({"circumferences": said})
    found = Measured(
        pain_vas=given.pop("pain_vas", None),
        circumferences_cm={
            each["landmark"]: each["value_cm"] for each in circumferences
        },
        same=frozenset(each["landmark"] for each in circumferences if each["same"]),
    )
    return {**given, "measured": found}


class OfVisits(ApiView):
    model = Visit
    shown = VisitSerializer
    shows_more = True
    writes = Scope.WRITE_RECORDS

    def every(self) -> QuerySet[Any]:
        return with_numbers(Visit.objects.all())


class VisitsView(OfVisits, AddedRecords):
    """The visits of one patient, with what was measured at them."""

    asked = VisitAsked
    adds = staticmethod(services.record_visit)
    detail = "api-visit"

    def facts(self, given: Facts) -> Facts:
        return measured(given)


class VisitView(OfVisits, ChangedRecord):
    """One visit."""

    asked = VisitCorrected
    corrects = staticmethod(services.correct_visit)
    noun = "visit"

    def facts(self, record: Visit, given: Facts) -> Facts:
        return measured(given)


class WithdrawVisitView(OfVisits, Act):
    """Take back a visit that was entered in error, and its numbers with it."""

    asked = WhySerializer
    does = staticmethod(services.withdraw_visit)
    noun = "visit"
