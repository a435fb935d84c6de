"""The FHIR edge: JSON that keeps digits, outcomes for every error, versions as tags."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework import exceptions, views
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from patients.models import Scope
from tdm.fhir.parts import Resource

MEDIA_TYPE = "application/fhir+json"
MARK = "\x00"
"""Stands before a number inside the text of a document; no stored text can hold it."""

MARKED = re.compile(r'"\\u0000(-?[0-9.]+)"')


def as_json(document: object) -> str:
    """Write JSON whose decimals keep the digits they are stored with: 13.30."""
    text = json.dumps(document, ensure_ascii=False, default=marked)
    return MARKED.sub(r"\1", text)


def marked(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{MARK}{value:f}"
    return str(value)


class FhirRenderer(BaseRenderer):
    media_type = MEDIA_TYPE
    format = "fhir"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else as_json(data).encode()


class PlainRenderer(FhirRenderer):
    """The same for programs that ask for plain JSON."""

    media_type = "application/json"
    format = "json"


ISSUES = {
    HTTPStatus.BAD_REQUEST: "invalid",
    HTTPStatus.UNAUTHORIZED: "login",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "not-supported",
    HTTPStatus.NOT_ACCEPTABLE: "not-supported",
    HTTPStatus.TOO_MANY_REQUESTS: "throttled",
}


def outcome(status: HTTPStatus, said: str, where: str = "") -> Resource:
    """Return an error as FHIR tells it: what kind, in words, and where."""
    issue: dict[str, object] = {
        "severity": "error",
        "code": ISSUES.get(status, "exception"),
        "diagnostics": said or status.phrase,
    }
    if where:
        issue["expression"] = [where]
    return {"resourceType": "OperationOutcome", "issue": [issue]}


class BadParameterError(exceptions.ValidationError):
    """A parameter that cannot be read, or is not one of ours."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.where = f"http.{name}"


def outcome_of(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer an error of a view; what is none of ours stays an error of the server."""
    answer = views.exception_handler(error, dict(context))
    if answer is None:
        return None
    status = HTTPStatus(answer.status_code)
    said = answer.data
    while isinstance(said, list | dict) and said:
        said = said[0] if isinstance(said, list) else next(iter(said.values()))
    headers = {
        name: value
        for name, value in answer.items()
        if name not in {"Content-Type", "Allow"}
    }
    where = error.where if isinstance(error, BadParameterError) else ""
    body = outcome(status, str(said or ""), where)
    return Response(body, status=status, headers=headers, content_type=CONTENT)


CONTENT = f"{MEDIA_TYPE}; charset=utf-8"


class FhirView(APIView):
    """A view whose every answer is FHIR, for tokens that may read patients."""

    scopes: ClassVar = {"GET": Scope.READ_PATIENTS, "OPTIONS": Scope.READ_PATIENTS}
    renderer_classes = (FhirRenderer, PlainRenderer)
    http_method_names = ["get", "head", "options"]  # noqa: RUF012 - as Django has it
    schema = None  # described by its own CapabilityStatement

    def get_exception_handler(self) -> Any:
        return outcome_of

    def initial(self, request: Request, *args: Any, **facts: Any) -> None:
        super().initial(request, *args, **facts)
        asked = request.query_params.get("_format", "json")
        if "json" not in asked:
            raise exceptions.NotAcceptable(_("Only JSON is served."))
