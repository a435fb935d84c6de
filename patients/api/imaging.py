"""Imaging and landmarks for programs: what is measured of a lesion, and where."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from patients import services
from patients.api.fields import (
    Asked,
    NoUnknownFields,
    NumberField,
    ReasonField,
    WholeField,
    WhySerializer,
)
from patients.api.observations import WithNumbers, lesion_of, with_numbers
from patients.api.records import Act, AddedRecords, ApiView, ChangedRecord, Facts
from patients.models import ImagingStudy, Landmark, Patient, Scope, VolumeMethod
from patients.services import Numbers

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
    shows_more = True
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
