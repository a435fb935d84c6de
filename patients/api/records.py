"""What every resource shares: records of a patient, listed, added, read and changed."""

from collections.abc import Callable, Mapping
from functools import cached_property, reduce
from typing import Any, ClassVar

from django.core.exceptions import ObjectDoesNotExist
from django.core.signing import BadSignature, Signer
from django.db.models import Model, QuerySet
from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework import exceptions, generics, mixins, serializers
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from patients import services
from patients.api.once import once
from patients.api.strict import StrictView
from patients.models import Patient, Scope, Staff
from patients.rest import (
    bad_parameter,
    caller,
    etag,
    is_known,
    limit_of,
    version_asked,
)

Service = Callable[..., Any]
Facts = dict[str, Any]


MOST = 200


class Pages(CursorPagination):
    """Pages that stay in place while records are added."""

    page_size = 100
    page_size_query_param = "limit"
    max_page_size = MOST
    ordering = "pk"

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get("limit")
        try:
            return self.page_size if asked is None else limit_of(asked, MOST)
        except exceptions.ValidationError as error:
            raise exceptions.ValidationError({"limit": error.detail}) from error

    def get_schema_operation_parameters(self, view: APIView) -> list[Any]:
        """Describe the limit as it is held, and the cursor as DRF does."""
        bounds = {"minimum": 1, "maximum": MOST, "default": self.page_size}
        return [
            each | {"schema": {"type": "integer", **bounds}}
            if each["name"] == self.page_size_query_param
            else each
            for each in super().get_schema_operation_parameters(view)
        ]

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        self.signer = Signer(salt=f"{caller(request).pk} {request.path}")
        return super().paginate_queryset(queryset, request, view)

    def encode_cursor(self, cursor: Cursor) -> str:
        """Return the address of a page; its cursor is signed for whom it was made."""
        signed = self.signer.sign_object(list(cursor))
        return replace_query_param(self.base_url or "", self.cursor_query_param, signed)

    def decode_cursor(self, request: Request) -> Cursor | None:
        sent = request.query_params.get(self.cursor_query_param)
        try:
            return None if sent is None else Cursor(*self.signer.unsign_object(sent))
        except BadSignature as error:
            said = _("This cursor is not one of ours.")
            raise bad_parameter("cursor", said, "invalid_cursor") from error


class ApiView(StrictView, generics.GenericAPIView[Any]):
    """What has records of one kind; scopes say who may read and write them.

    `whose` is the way from a record to its patient; `shows_more` says that an answer
    shows what other records say as well, so that a version alone does not name it.
    """

    reads: ClassVar[Scope] = Scope.READ_PATIENTS
    writes: ClassVar[Scope | None] = None
    whose: ClassVar[str] = "patient"
    shows_more: ClassVar[bool] = False
    model: ClassVar[type[Model]]
    shown: ClassVar[type[serializers.BaseSerializer[Any]]]

    @property
    def scopes(self) -> Mapping[str, Scope | None]:
        writes = self.writes
        return {"GET": self.reads, "OPTIONS": self.reads, "POST": writes, "PUT": writes}

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return self.shown

    def every(self) -> QuerySet[Any]:
        """Return the records of this kind, with what showing them reads."""
        return self.model._default_manager.all()

    def show(self, record: Model, status: int = 200) -> Response:
        """Answer with a record and the tag of its version."""
        body = self.shown(record, context=self.get_serializer_context()).data
        version = getattr(record, "version", None)
        if version is None:
            return Response(body, status=status)
        tag = etag(version, body if self.shows_more else None)
        return Response(body, status=status, headers={"ETag": tag})


def visible_patients(staff: Staff) -> QuerySet[Patient]:
    return Patient.objects.visible_to(staff).select_related("site")


def parsed(asked: type[serializers.BaseSerializer[Any]], request: Request) -> Facts:
    """Return what a program sent, by name; else refuse each field that is wrong."""
    given = asked(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


class OfPatient(ApiView):
    """Something of the patient whom the address names."""

    @cached_property
    def patient(self) -> Patient:
        visible = visible_patients(caller(self.request))
        return get_object_or_404(visible, pk=self.kwargs["patient_id"])

    def get_queryset(self) -> QuerySet[Any]:
        if "patient_id" not in self.kwargs:  # while the description is made
            return self.model._default_manager.none()
        return self.every().filter(**{self.whose: self.patient})


class Records(mixins.ListModelMixin, OfPatient):
    """The records of one kind of one patient."""

    pagination_class = Pages
    parameters = frozenset({"cursor", "limit"})

    def get(self, request: Request, **parts: Any) -> Response:
        actor = caller(request)
        services.note_reading(patient=self.patient, by="api", actor=actor)
        return self.list(request)


class AddedRecords(Records):
    """Records that a program adds: `adds` is the service, `asked` what it takes."""

    asked: ClassVar[type[serializers.BaseSerializer[Any]]]
    adds: ClassVar[Service]
    detail: ClassVar[str]

    def facts(self, given: Facts) -> Facts:
        """Return the facts for the service."""
        return given

    @once
    def post(self, request: Request, **parts: Any) -> Response:
        record = type(self).adds(
            patient=self.patient,
            actor=caller(request),
            **self.facts(parsed(self.asked, request)),
        )
        answer = self.show(record, status=201)
        answer["Location"] = reverse(self.detail, args=[record.pk], request=request)
        return answer


class Record(ApiView):
    """One record; another clinic's does not exist."""

    @property
    def has_tag(self) -> bool:
        """Return whether an answer names a version that a program may hold."""
        return hasattr(self.model, "version")

    def of(self, record: Any) -> Patient:
        """Return whose record it is."""
        patient: Patient = reduce(getattr, self.whose.split("__"), record)
        return patient

    def get_queryset(self) -> QuerySet[Any]:
        if "pk" not in self.kwargs:
            return self.model._default_manager.none()
        visible = visible_patients(caller(self.request))
        rows = self.every().filter(**{f"{self.whose}__in": visible})
        return rows.select_related(f"{self.whose}__site")

    def get(self, request: Request, **parts: Any) -> HttpResponse:
        record = self.get_object()
        answer = self.show(record)
        if "ETag" in answer and is_known(request, answer["ETag"]):
            return HttpResponseNotModified(headers={"ETag": answer["ETag"]})
        actor = caller(request)
        services.note_reading(patient=self.of(record), by="api", actor=actor)
        return answer


class ChangedRecord(Record):
    """A record that a program corrects: `corrects` is the service, `noun` its name."""

    asked: ClassVar[type[serializers.BaseSerializer[Any]]]
    corrects: ClassVar[Service]
    noun: ClassVar[str]

    def facts(self, record: Any, given: Facts) -> Facts:
        """Return the facts for the service."""
        return given

    def put(self, request: Request, **parts: Any) -> Response:
        record = self.get_object()
        version = version_asked(request)
        given = self.facts(record, parsed(self.asked, request))
        actor = caller(request)
        fresh = type(self).corrects(
            **{self.noun: record}, version=version, actor=actor, **given
        )
        return self.show(fresh)


class Act(Record):
    """Something done to a record: withdrawn, set aside, booked, closed."""

    asked: ClassVar[type[serializers.BaseSerializer[Any]]]
    does: ClassVar[Service]
    noun: ClassVar[str]
    http_method_names: ClassVar = ["post", "options"]  # type: ignore[misc]

    @once
    def post(self, request: Request, **parts: Any) -> Response:
        record = self.get_object()
        version = version_asked(request)
        given = parsed(self.asked, request)
        actor = caller(request)
        type(self).does(**{self.noun: record}, version=version, actor=actor, **given)
        return self.show(self.get_object())


def of_patient(
    patient: Patient, rows: QuerySet[Any], key: int | None, name: str
) -> Any:
    """Return a record of a patient that a program names; None where it names none."""
    if key is None:
        return None
    try:
        return rows.get(patient=patient, pk=key)
    except ObjectDoesNotExist:
        said = [_("This patient has no such record.")]
        raise exceptions.ValidationError({name: said}) from None
