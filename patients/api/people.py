"""Patients for programs: listed, looked for, registered, corrected."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from patients import services
from patients.api.fields import Asked, NoUnknownFields, ReasonField, TextField
from patients.api.lesions import LesionAsked, LesionSerializer
from patients.api.once import once
from patients.api.records import (
    ApiView,
    ChangedRecord,
    Records,
    parsed,
    visible_patients,
)
from patients.models import Patient, Scope, Site, Staff
from patients.rest import caller

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


class OfVisible(OfPatients, Records):
    """The patients of the token's clinics."""

    def get_queryset(self) -> QuerySet[Patient]:
        if not self.request.user.is_authenticated:
            return Patient.objects.none()
        return self.every().filter(pk__in=visible_patients(caller(self.request)))


@extend_schema_view(post=extend_schema(examples=[A_PATIENT]))
class PatientsView(OfVisible):
    """The patients of the token's clinics."""

    asked = PatientAsked

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


class SearchAsked(NoUnknownFields):
    """Part of a name or identifier, or a birth date such as 1998-04-02.

    Each word is looked for as it is written; all must be found.
    """

    text = TextField(min_length=2, max_length=200)


A_SEARCH = OpenApiExample(
    "By a part of the name", request_only=True, value={"text": "yamad"}
)


class SearchView(OfVisible):
    """Patients by what would identify them, which stands in no address."""

    asked = SearchAsked
    only_reads = True
    http_method_names: ClassVar = ["post", "options"]  # type: ignore[misc]

    @property
    def scopes(self) -> Mapping[str, Scope | None]:
        return {"POST": self.reads, "OPTIONS": self.reads}

    @extend_schema(examples=[A_SEARCH], responses={200: PatientSerializer(many=True)})
    def post(self, request: Request, **parts: Any) -> Response:
        """Look for patients, as the page does; `next` takes the same document."""
        text = parsed(self.asked, request)["text"]
        found = self.get_queryset().filter(pk__in=Patient.objects.search(text))
        page = self.paginate_queryset(found)
        shown = self.get_serializer(page, many=True).data
        return self.get_paginated_response(shown)


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
