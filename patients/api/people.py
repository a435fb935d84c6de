"""Patients and their lesions for programs."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from patients import services
from patients.api.fields import Asked, ReasonField, TextField
from patients.api.once import once
from patients.api.records import (
    AddedRecords,
    ApiView,
    ChangedRecord,
    Records,
    parsed,
    visible_patients,
)
from patients.models import Lesion, Patient, Scope, Site, Staff
from patients.rest import caller

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
PERSON = (
    "identifier",
    "family_name",
    "given_name",
    "family_name_kana",
    "given_name_kana",
    "born_on",
    "sex",
    "phone",
    "email",
    "consented_on",
    "ended_on",
    "ended_because",
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


class PatientSerializer(serializers.ModelSerializer[Patient]):
    site = serializers.CharField(source="site.name")
    lesions = LesionSerializer(many=True, read_only=True)
    timeline = serializers.HyperlinkedIdentityField(view_name="api-timeline")

    class Meta:
        model = Patient
        fields = ("id", "site", *PERSON, "version", "lesions", "timeline")


class PatientCorrected(Asked):
    reason = ReasonField()

    class Meta:
        model = Patient
        fields = (*PERSON, "reason")


class PatientAsked(Asked):
    """A patient, with the first lesion if it is known; both or neither.

    `site` is the name of the clinic, for a token that sees several.
    """

    site = TextField(required=False, max_length=80)
    lesion = LesionAsked(required=False)

    class Meta:
        model = Patient
        fields = (*PERSON[:-2], "site", "lesion")


A_PATIENT = OpenApiExample(
    "A patient with a lesion",
    request_only=True,
    value={
        "identifier": "4711",
        "family_name": "Yamada",
        "given_name": "Hanako",
        "born_on": "1998-04-02",
        "sex": "female",
        "lesion": {
            "body_site": "left calf",
            "side": "left",
            "compartment": "muscle",
            "issva_type": "common_vm",
        },
    },
)


class OfPatients(ApiView):
    """What the list of patients and one of them share."""

    model = Patient
    shown = PatientSerializer
    shows_more = True
    writes = Scope.WRITE_PATIENTS

    def every(self) -> QuerySet[Patient]:
        return Patient.objects.select_related("site").prefetch_related("lesions")


@extend_schema_view(post=extend_schema(examples=[A_PATIENT]))
class PatientsView(OfPatients, Records):
    """The patients of the token's clinics."""

    asked = PatientAsked

    def get_queryset(self) -> QuerySet[Patient]:
        if not self.request.user.is_authenticated:
            return Patient.objects.none()
        return self.every().filter(pk__in=visible_patients(caller(self.request)))

    def get(self, request: Request, **parts: Any) -> Response:
        """List the patients in the order in which they were registered."""
        return self.list(request)

    @once
    def post(self, request: Request, **parts: Any) -> Response:
        """Register a patient."""
        given = parsed(self.asked, request)
        site = site_of(caller(request), given.pop("site", None))
        registered = services.register_patient(
            site=site, actor=caller(request), **given
        )
        answer = self.show(registered, status=201)
        where = reverse("api-patient", args=[registered.pk], request=request)
        answer["Location"] = where
        return answer


def site_of(actor: Staff, name: str | None) -> Site:
    """Return the clinic a program names, or its only one."""
    sites = actor.sites.all() if name is None else actor.sites.filter(name=name)
    if len(sites) != 1:
        said = [_("Name one of the token's clinics.")]
        raise exceptions.ValidationError({"site": said})
    return sites[0]


class PatientView(OfPatients, ChangedRecord):
    """One patient."""

    asked = PatientCorrected
    corrects = staticmethod(services.correct_patient)
    noun = "patient"

    def of(self, record: Patient) -> Patient:
        return record

    def get_queryset(self) -> QuerySet[Patient]:
        if "pk" not in self.kwargs:
            return Patient.objects.none()
        return self.every().filter(pk__in=visible_patients(caller(self.request)))


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
