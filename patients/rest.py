"""How every answer of the API is shaped and guarded: versions, parameters, problems."""

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError
from django.http import Http404, UnreadablePostError
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, views
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from patients.models import Staff
from patients.models.rules import errors_by_field, refusal_of
from patients.strict_json import CodedError


def caller(request: Request) -> Staff:
    """Return whose token asks; TokenMay has let nobody else through."""
    if not isinstance(request.user, Staff):
        raise exceptions.NotAuthenticated
    return request.user


def problem(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer an error as an RFC 9457 problem document, with a pointer per field."""
    if isinstance(error, IntegrityError):
        error = refusal_of(error)
    if isinstance(error, UnreadablePostError):
        error = StalledError()
    if isinstance(error, ValidationError):
        return refused(error)
    if isinstance(error, exceptions.ValidationError):
        errors = list(of_serializer(error.detail, ""))
        return document(HTTPStatus.BAD_REQUEST, errors=errors)
    response = views.exception_handler(error, dict(context))
    if response is None:
        return None
    detail = getattr(error, "detail", "")
    answer = document(
        HTTPStatus(response.status_code),
        detail=str(detail) or None,
        code=getattr(detail, "code", None),
    )
    for header, value in response.items():
        if header not in {"Content-Type", "Allow"}:
            answer[header] = value
    return answer


def refused(error: ValidationError) -> Response:
    """Say what a service refuses; of a record that moved on, its version now."""
    said = [each for errors in errors_by_field(error).values() for each in errors]
    stale = next((each for each in said if each.code == "stale"), None)
    if stale is None:
        return document(HTTPStatus.UNPROCESSABLE_ENTITY, errors=of_service(error))
    words = _("This record has changed. Read it again before you change it.")
    answer = document(HTTPStatus.PRECONDITION_FAILED, detail=words, code="stale")
    answer["ETag"] = etag((stale.params or {})["version"])
    return answer


def refused_cells(errors: Sequence[Mapping[str, str]]) -> Response:
    """Say which cells are refused: 409 where one of them says something else by now."""
    stale = any(each["code"] == "stale" for each in errors)
    status = HTTPStatus.CONFLICT if stale else HTTPStatus.UNPROCESSABLE_ENTITY
    return document(status, errors=errors)


def etag(version: object, shown: object = None) -> str:
    """Return the tag by which a program names a version of a record.

    Where an answer shows more than the record itself, the tag tells what was shown.
    """
    if shown is None:
        return f'W/"{version}"'
    text = json.dumps(shown, default=str)
    return f'W/"{version}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


def version_asked(request: Request) -> int:
    """Return the version that `If-Match` names; a change without it is refused."""
    tag = request.headers.get("If-Match")
    if tag is None:
        raise UnconditionalError
    found = TAG.fullmatch(tag.strip())
    if found is None:
        raise exceptions.ParseError(_('Name one version in If-Match, such as W/"3".'))
    return int(found[1])


TAG = re.compile(r'(?:W/)?"([0-9]{1,9})(?:-[0-9a-f]{16})?"', re.ASCII)


def is_known(request: Request, tag: str) -> bool:
    """Return whether a program holds this version already, by `If-None-Match`."""
    held = parse_etags(request.headers.get("If-None-Match", ""))
    return held == ["*"] or tag in held


class UnconditionalError(exceptions.APIException):
    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_detail = gettext_lazy("Name the version that you change in If-Match.")
    default_code = "no_version"


class StalledError(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_TIMEOUT
    default_detail = gettext_lazy("The rest of the request did not come in time.")
    default_code = "stalled"


class TooLargeError(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("The document is too large.")
    default_code = "too_large"


class TooLongError(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_URI_TOO_LONG
    default_detail = gettext_lazy("The address is too long.")
    default_code = "too_long"


OTHER_METHODS = (
    "X-HTTP-Method-Override",
    "X-HTTP-Method",
    "X-Method-Override",
)
MOST_BYTES = 1_000_000
LONGEST_QUERY = 4_000


def check_request(request: Request, parameters: Collection[str]) -> None:
    """Refuse what would be ignored without a word: an encoding, a parameter."""
    check_headers(request)
    if len(request.META["QUERY_STRING"]) > LONGEST_QUERY:
        raise TooLongError
    check_parameters(request, parameters)


def check_headers(request: Request) -> None:
    if any(name in request.headers for name in OTHER_METHODS):
        raise exceptions.ParseError(_("Send the method itself."))
    if request.get_host().partition(":")[0].endswith("."):
        raise exceptions.ParseError(_("Name the host without a dot at its end."))
    if not request.META.get("RAW_URI", "/").startswith("/"):
        raise exceptions.ParseError(_("Ask for a path, not for a whole address."))
    charset = getattr(request, "content_params", {}).get("charset", "utf-8")
    if "Content-Encoding" in request.headers or charset.lower() != "utf-8":
        raise CodedError(request.content_type, detail=CodedError.default_detail)
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        raise TooLargeError


def check_parameters(request: Request, parameters: Collection[str]) -> None:
    for name, values in request.query_params.lists():
        if name not in parameters:
            near = get_close_matches(name, parameters, n=1)
            hint = _(" Did you mean %(near)s?") % {"near": near[0]} if near else ""
            words = _("There is no parameter %(name)s.") % {"name": ascii(name[:40])}
            raise bad_parameter(name, words + hint, "unknown_parameter")
        if len(values) > 1:
            words = _("The parameter %(name)s stands more than once.") % {"name": name}
            raise bad_parameter(name, words, "repeated_parameter")


def bad_parameter(name: str, words: str, code: str) -> exceptions.ValidationError:
    """Return a refusal that points at a parameter of the address."""
    said = exceptions.ErrorDetail(words, code=code)
    return exceptions.ValidationError({name[:40]: [said]})


def limit_of(text: str, most: int) -> int:
    """Read how many a page has, in plain digits."""
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= most:
        words = _("The limit lies between 1 and %(most)s.") % {"most": most}
        raise exceptions.ValidationError(words, code="limit")
    return int(text)


class Negotiation(DefaultContentNegotiation):
    """Refuses a format that is none of ours with 406, and no format with 404."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:  # noqa: A002
        try:
            return super().filter_renderers(renderers, format)
        except Http404:
            if format.isalnum():
                raise exceptions.NotAcceptable(available_renderers=renderers) from None
            raise


def document(
    status: HTTPStatus,
    *,
    detail: str | None = None,
    code: str | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> Response:
    body: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
    }
    if detail:
        body["detail"] = detail
    if code:
        body["code"] = code
    if errors:
        body["errors"] = errors
    return Response(body, status=status, content_type="application/problem+json")


FIELDS = {"reported_value": "level", "ng_per_ml": "level", "reported_unit": "unit"}
"""Where a record's field has another name in the API."""


def of_service(error: ValidationError) -> list[dict[str, str]]:
    return [
        said("" if name == NON_FIELD_ERRORS else f"/{FIELDS.get(name, name)}", e)
        for name, errors in errors_by_field(error).items()
        for e in errors
    ]


def said(pointer: str, error: ValidationError) -> dict[str, str]:
    found = {
        "pointer": pointer,
        "code": error.code or "invalid",
        "detail": error.messages[0],
    }
    key = (error.params or {}).get("confirm")
    return {**found, "confirm": key} if key else found


def of_serializer(detail: Any, pointer: str) -> Any:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            step = "" if name == "non_field_errors" else f"/{name}"
            yield from of_serializer(inner, pointer + step)
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            step = f"/{number}" if isinstance(inner, Mapping) else ""
            yield from of_serializer(inner, pointer + step)
    else:
        yield {"pointer": pointer, "code": detail.code, "detail": str(detail)}
