"""Visits, imaging and landmarks for programs, with what was measured at them."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, serializers

from patients import services
from patients.api.fields import (
    Asked,
    NoUnknownFields,
    NumberField,
    ReasonField,
    WholeField,
    WhySerializer,
)
from patients.api.observations import lesion_of
from patients.api.records import Act, AddedRecords, ApiView, ChangedRecord, Facts
from patients.models import (
    ImagingStudy,
    Landmark,
    Measurement,
    Patient,
    Scope,
    Visit,
    VolumeMethod,
)
from patients.services import Measured, Numbers


class NumberSerializer(serializers.ModelSerializer[Measurement]):
    """A number that was measured at a visit or on a study."""

    unit = serializers.CharField(read_only=True)

    class Meta:
        model = Measurement
        fields = ("id", "quantity", "value", "unit", "lesion", "landmark", "method")


class WithNumbers(serializers.Serializer):
    """Shows with a record the numbers that stand of it."""

    numbers = serializers.SerializerMethodField()

    @extend_schema_field(NumberSerializer(many=True))
    def get_numbers(self, record: Any) -> Any:
        rows = [row for row in record.measurements.all() if row.withdrawn_at is None]
        return NumberSerializer(rows, many=True).data


def with_numbers(rows: QuerySet[Any]) -> QuerySet[Any]:
    numbers = Measurement.objects.order_by("pk")
    return rows.prefetch_related(Prefetch("measurements", numbers))


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
    same = serializers.BooleanField(required=False, default=False)


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


STUDY = ("done_on", "modality", "sequence", "reader_name", "is_baseline", "note")


class ImagingSerializer(WithNumbers, serializers.ModelSerializer[ImagingStudy]):
    class Meta:
        model = ImagingStudy
        fields = ("id", "patient", *STUDY, "numbers", "withdrawn_at", "version")


def number_field() -> NumberField:
    return NumberField(max_digits=9, decimal_places=2, required=False, allow_null=True)


class NumbersAsked(NoUnknownFields):
    """What was measured of the lesion; a volume may follow from three diameters."""

    area_mm2 = number_field()
    area_printed_percent = number_field()
    volume_cm3 = number_field()
    volume_method = serializers.ChoiceField(
        VolumeMethod.choices, required=False, allow_blank=True
    )
    volume_printed_percent = number_field()
    diameter_1_mm = number_field()
    diameter_2_mm = number_field()
    diameter_3_mm = number_field()


class ImagingAsked(Asked):
    lesion = WholeField(min_value=1)
    numbers = NumbersAsked(required=False)

    class Meta:
        model = ImagingStudy
        fields = ("lesion", *STUDY, "numbers")


class ImagingCorrected(ImagingAsked):
    """The numbers of the lesion are replaced whole."""

    reason = ReasonField()

    class Meta:
        model = ImagingStudy
        fields = ("lesion", *STUDY, "numbers", "reason")


def read(patient: Patient, given: Facts) -> Facts:
    lesion = lesion_of(patient, given.pop("lesion"))
    numbers = Numbers(**given.pop("numbers", {}))
    return {**given, "lesion": lesion, "numbers": numbers}


def add_imaging(*, patient: Patient, **facts: Any) -> ImagingStudy:
    """Record a study; the service knows the patient by the lesion."""
    return services.record_imaging(**facts)


class OfImaging(ApiView):
    model = ImagingStudy
    shown = ImagingSerializer
    writes = Scope.WRITE_RECORDS

    def every(self) -> QuerySet[Any]:
        return with_numbers(ImagingStudy.objects.all())


class ImagingView(OfImaging, AddedRecords):
    """The imaging studies of one patient, with what was measured on them."""

    asked = ImagingAsked
    adds = staticmethod(add_imaging)
    detail = "api-imaging-study"

    def facts(self, given: Facts) -> Facts:
        return read(self.patient, given)


class ImagingStudyView(OfImaging, ChangedRecord):
    """One imaging study."""

    asked = ImagingCorrected
    corrects = staticmethod(services.correct_imaging)
    noun = "study"

    def facts(self, record: ImagingStudy, given: Facts) -> Facts:
        return read(record.patient, given)


class WithdrawImagingView(OfImaging, Act):
    """Take back a study that was entered in error, and its numbers with it."""

    asked = WhySerializer
    does = staticmethod(services.withdraw_imaging)
    noun = "study"


class LandmarkSerializer(serializers.ModelSerializer[Landmark]):
    class Meta:
        model = Landmark
        fields = (
            "id",
            "patient",
            "lesion",
            "limb",
            "side",
            "place",
            "instrument",
            "is_retired",
            "version",
        )


class LandmarkAsked(Asked):
    lesion = WholeField(min_value=1)

    class Meta:
        model = Landmark
        fields = ("lesion", "limb", "side", "place", "instrument")


class LandmarkCorrected(Asked):
    reason = ReasonField()

    class Meta:
        model = Landmark
        fields = ("limb", "side", "place", "instrument", "is_retired", "reason")


def add_landmark(*, patient: Patient, **facts: Any) -> Landmark:
    """Keep a landmark; the service knows the patient by the lesion."""
    return services.add_landmark(**facts)


class OfLandmarks(ApiView):
    model = Landmark
    shown = LandmarkSerializer
    writes = Scope.WRITE_RECORDS


class LandmarksView(OfLandmarks, AddedRecords):
    """Where the limbs of one patient are measured."""

    asked = LandmarkAsked
    adds = staticmethod(add_landmark)
    detail = "api-landmark"

    def facts(self, given: Facts) -> Facts:
        return {**given, "lesion": lesion_of(self.patient, given["lesion"])}


class LandmarkView(OfLandmarks, ChangedRecord):
    """One landmark."""

    asked = LandmarkCorrected
    corrects = staticmethod(services.correct_landmark)
    noun = "landmark"
