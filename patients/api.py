"""Patients for programs."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers, viewsets
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from patients import services
from patients.models import Lesion, Patient, Scope
from patients.rest import caller


class NoUnknownFields(serializers.Serializer):
    """Refuses what it does not know, instead of dropping it without a word."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {n for n, field in self.fields.items() if not field.read_only}
            unknown = sorted(set(data) - known)
            if unknown:
                message = serializers.ErrorDetail(_("Not a field."), code="unknown")
                raise exceptions.ValidationError({name: [message] for name in unknown})
        return super().to_internal_value(data)


class LesionSerializer(serializers.ModelSerializer[Lesion]):
    class Meta:
        model = Lesion
        fields = ("id", "body_site", "side", "compartment", "issva_type", "version")


class PatientSerializer(serializers.ModelSerializer[Patient]):
    site = serializers.CharField(source="site.name")
    lesions = LesionSerializer(many=True, read_only=True)
    timeline = serializers.HyperlinkedIdentityField(view_name="api-timeline")

    class Meta:
        model = Patient
        fields = (
            "id",
            "site",
            "identifier",
            "family_name",
            "given_name",
            "family_name_kana",
            "given_name_kana",
            "born_on",
            "sex",
            "ended_on",
            "version",
            "lesions",
            "timeline",
        )


class Pages(CursorPagination):
    """Pages that stay in place while patients are added."""

    page_size = 100
    ordering = "pk"

    def decode_cursor(self, request: Request) -> Cursor | None:
        cursor = super().decode_cursor(request)
        position = getattr(cursor, "position", None)
        if position is not None and not re.fullmatch(r"[0-9]{1,18}", str(position)):
            raise exceptions.NotFound(_("This cursor is not one of ours."))
        return cursor


class PatientViewSet(viewsets.ReadOnlyModelViewSet[Patient]):
    """The patients of the token's clinic."""

    serializer_class = PatientSerializer
    pagination_class = Pages
    queryset = Patient.objects.none()
    lookup_value_regex = r"\d{1,18}"
    scopes: ClassVar = {"GET": Scope.READ_PATIENTS, "OPTIONS": Scope.READ_PATIENTS}

    def retrieve(self, request: Request, *args: Any, **facts: Any) -> Response:
        services.note_reading(
            patient=self.get_object(), by="api", actor=caller(request)
        )
        return super().retrieve(request, *args, **facts)

    def get_queryset(self) -> QuerySet[Patient]:
        if not self.request.user.is_authenticated:
            return self.queryset
        return (
            Patient.objects.visible_to(self.request.user)
            .select_related("site")
            .prefetch_related("lesions")
        )
