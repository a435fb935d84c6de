"""What every resource shares: records of a patient, listed, added, read and changed."""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, generics, mixins, serializers
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from patients import services
from patients.api.once import once
from patients.models import Patient, Scope, Staff
from patients.rest import caller, check_request, etag, version_asked

Service = Callable[..., Any]
Facts = dict[str, Any]


class Pages(CursorPagination):
    """Pages that stay in place while records are added."""

    page_size = 100
    page_size_query_param = "limit"
    max_page_size = 200
    ordering = "pk"

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get("limit")
        if asked is None:
            return self.page_size
        if not re.fullmatch(r"[0-9]{1,3}", asked) or not 1 <= int(asked) <= self.most:
            raise exceptions.ParseError(_("The limit lies between 1 and 200."))
        return int(asked)

    @property
    def most(self) -> int:
        return self.max_page_size or self.page_size

    def decode_cursor(self, request: Request) -> Cursor | None:
        sent = request.query_params.get("cursor")
        if sent is not None and not CURSOR.fullmatch(sent):
            raise exceptions.ParseError(NOT_OURS, code="invalid_cursor")
        try:
            cursor = super().decode_cursor(request)
        except exceptions.NotFound as error:
            raise exceptions.ParseError(NOT_OURS, code="invalid_cursor") from error
        position = getattr(cursor, "position", None)
        if position is not None and not re.fullmatch(r"[0-9]{1,18}", str(position)):
            raise exceptions.ParseError(NOT_OURS, code="invalid_cursor")
        return cursor


CURSOR = re.compile(r"[A-Za-z0-9+/=]{1,200}")
NOT_OURS = gettext_lazy("This cursor is not one of ours.")


class ApiView(generics.GenericAPIView[Any]):
    """A view that ignores nothing it is sent; scopes say who may read and write."""

    reads: ClassVar[Scope] = Scope.READ_PATIENTS
    writes: ClassVar[Scope | None] = None
    parameters: ClassVar[frozenset[str]] = frozenset()
    model: ClassVar[type[Model]]
    shown: ClassVar[type[serializers.BaseSerializer[Any]]]

    @property
    def scopes(self) -> Mapping[str, Scope | None]:
        writes = self.writes
        return {"GET": self.reads, "OPTIONS": self.reads, "POST": writes, "PUT": writes}

    def initial(self, request: Request, *args: Any, **parts: Any) -> None:
        super().initial(request, *args, **parts)
        check_request(request, self.parameters)

    def http_method_not_allowed(
        self,
        request: Any,
        *args: Any,
        **parts: Any,
    ) -> Response:
        if request.method == "DELETE":
            raise exceptions.MethodNotAllowed(
                "DELETE", _("Nothing is deleted: withdraw what was entered in error.")
            )
        return super().http_method_not_allowed(request, *args, **parts)

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return self.shown

    def every(self) -> QuerySet[Any]:
        """Return the records of this kind, with what showing them reads."""
        return self.model._default_manager.all()

    def show(self, record: Model, status: int = 200) -> Response:
        """Answer with a record and the tag of its version."""
        body = self.shown(record, context=self.get_serializer_context()).data
        version = getattr(record, "version", None)
        headers = {} if version is None else {"ETag": etag(version)}
        return Response(body, status=status, headers=headers)


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
        return self.every().filter(patient=self.patient)


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

    def of(self, record: Any) -> Patient:
        """Return whose record it is."""
        patient: Patient = record.patient
        return patient

    def get_queryset(self) -> QuerySet[Any]:
        if "pk" not in self.kwargs:
            return self.model._default_manager.none()
        visible = visible_patients(caller(self.request))
        return self.every().filter(patient__in=visible).select_related("patient__site")

    def get(self, request: Request, **parts: Any) -> Response:
        record = self.get_object()
        actor = caller(request)
        services.note_reading(patient=self.of(record), by="api", actor=actor)
        return self.show(record)


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
