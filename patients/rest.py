"""How every answer of the API is shaped and guarded: strict JSON, scopes, problems."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from http import HTTPStatus
from time import time
from typing import Any

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rest_framework import exceptions, views
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from patients.models import ApiToken, Staff
from patients.models.rules import errors_by_field, refusal_of
from patients.statements import rows

DEEPEST = 20
MOST_DIGITS = 20


class StrictJSONParser(JSONParser):
    """JSON where every key stands once and every number is a decimal as written."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            text = stream.read().decode("utf-8")
            if max_depth(text) > DEEPEST:
                raise exceptions.ParseError(_("The document is nested too deeply."))
            return whole_text(
                json.loads(
                    text,
                    object_pairs_hook=once_each,
                    parse_float=Decimal,
                    parse_int=whole,
                    parse_constant=no_constant,
                )
            )
        except UnicodeDecodeError as error:
            raise exceptions.ParseError(_("The document is not UTF-8.")) from error
        except ValueError as error:
            raise exceptions.ParseError(
                _("The document is not JSON: %(why)s") % {"why": error}
            ) from error


def whole_text(document: Any) -> Any:
    """Refuse half of a character, which no answer could show."""
    json.dumps(document, ensure_ascii=False, default=str).encode()
    return document


TEXTS = re.compile(r'"(?:\\.|[^"\\])*"')


def max_depth(text: str) -> int:
    depth = deepest = 0
    for sign in TEXTS.sub("", text):
        depth += (sign in "[{") - (sign in "]}")
        deepest = max(deepest, depth)
    return deepest


def once_each(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise exceptions.ParseError(
            _("The key %(key)s stands more than once.") % {"key": ascii(twice)}
        )
    return found


def whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(_("a number is too long"))
    return int(digits)


def no_constant(name: str) -> None:
    raise ValueError(_("%(name)s is not a number") % {"name": name})


def caller(request: Request) -> Staff:
    """Return whose token asks; TokenMay has let nobody else through."""
    if not isinstance(request.user, Staff):
        raise exceptions.NotAuthenticated
    return request.user


class Token(TokenAuthentication):
    """Knox's tokens, found by their hash in one statement; none is deleted in passing.

    A key in another script than ours is simply unknown.
    """

    def authenticate(self, request: Request) -> Any:
        try:
            return super().authenticate(request)
        except UnicodeError as error:
            raise exceptions.AuthenticationFailed from error

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        found = rows(
            KNOWN, {"digest": hash_token(token.decode()), "now": timezone.now()}
        )
        if not found:
            raise exceptions.AuthenticationFailed(_("Invalid token."))
        [(digest, scopes, pace, *account)] = found
        key = ApiToken.from_db(
            DEFAULT_DB_ALIAS,
            ["digest", "scopes", "requests_per_minute"],
            [digest, scopes, pace],
        )
        key.user = Staff.from_db(DEFAULT_DB_ALIAS, ACCOUNT, account)
        user, key = self.validate_user(key)
        return user, key


ACCOUNT = ["id", "username", "role", "is_active"]
KNOWN = f"""
SELECT t.digest, t.scopes, t.requests_per_minute, {", ".join(f"s.{n}" for n in ACCOUNT)}
FROM patients_apitoken t JOIN patients_staff s ON s.id = t.user_id
WHERE t.digest = %(digest)s AND t.expiry > %(now)s
"""  # noqa: S608 - of our own words


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description names these tokens."""

    target_class = Token
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization"}


class Throttle(BaseThrottle):
    """Hold a program to its token's pace by the minute.

    The store of the counts being away slows nobody.
    """

    left_s = 60.0

    def allow_request(self, request: Request, view: "views.APIView") -> bool:
        del view
        if not isinstance(request.auth, ApiToken):
            return True
        now = time()
        self.left_s = 60 - now % 60
        key = f"asked:{request.auth.digest}:{now // 60:.0f}"
        try:
            count, _known = counts().incr(key).expire(key, 120).execute()
        except RedisError:
            return True
        return bool(count <= request.auth.requests_per_minute)

    def wait(self) -> float:
        return self.left_s


def counts() -> Pipeline:
    """Return what counts in the cache's store, in one message for several commands."""
    return store().pipeline(transaction=False)


@cache
def store() -> Redis:
    return Redis.from_url(settings.CACHES["default"]["LOCATION"])


class TokenMay(BasePermission):
    """Let a token do what its scopes name; a view says which scope it asks for."""

    def has_permission(self, request: Request, view: "views.APIView") -> bool:
        scopes: Mapping[str, str] = getattr(view, "scopes", {})
        granted = getattr(request.auth, "scopes", ())
        if request.method not in view.allowed_methods:
            return request.auth is not None
        asked = scopes.get(
            "OPTIONS" if request.method == "HEAD" else request.method or ""
        )
        return asked in granted


def problem(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer an error as an RFC 9457 problem document, with a pointer per field."""
    if isinstance(error, IntegrityError):
        error = refusal_of(error)
    if isinstance(error, ValidationError):
        return refused(error)
    if isinstance(error, exceptions.ValidationError):
        errors = list(of_serializer(error.detail, ""))
        return document(HTTPStatus.BAD_REQUEST, errors=errors)
    response = views.exception_handler(error, dict(context))
    if response is None:
        return None
    detail = str(getattr(error, "detail", "")) or None
    answer = document(HTTPStatus(response.status_code), detail=detail)
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
    answer = document(HTTPStatus.PRECONDITION_FAILED, detail=words)
    answer["ETag"] = etag((stale.params or {})["version"])
    return answer


def refused_cells(errors: Sequence[Mapping[str, str]]) -> Response:
    """Say which cells are refused: 409 where one of them says something else by now."""
    stale = any(each["code"] == "stale" for each in errors)
    status = HTTPStatus.CONFLICT if stale else HTTPStatus.UNPROCESSABLE_ENTITY
    return document(status, errors=errors)


def etag(version: object) -> str:
    """Return the tag by which a program names a version of a record."""
    return f'W/"{version}"'


def version_asked(request: Request) -> int:
    """Return the version that `If-Match` names; a change without it is refused."""
    tag = request.headers.get("If-Match")
    if tag is None:
        raise UnconditionalError
    found = TAG.fullmatch(tag.strip())
    if found is None:
        raise exceptions.ParseError(_('Name one version in If-Match, such as W/"3".'))
    return int(found[1])


TAG = re.compile(r'(?:W/)?"([0-9]{1,9})"', re.ASCII)


class UnconditionalError(exceptions.APIException):
    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_detail = gettext_lazy("Name the version that you change in If-Match.")


class TooLargeError(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("The document is too large.")


class CodedError(exceptions.UnsupportedMediaType):
    default_detail = gettext_lazy("Send JSON in UTF-8, without Content-Encoding.")


def check_request(request: Request, parameters: Collection[str]) -> None:
    """Refuse what would be ignored without a word: an encoding, a parameter."""
    if "X-HTTP-Method-Override" in request.headers:
        raise exceptions.ParseError(_("Send the method itself."))
    charset = getattr(request, "content_params", {}).get("charset", "utf-8")
    if "Content-Encoding" in request.headers or charset.lower() != "utf-8":
        raise CodedError(request.content_type, detail=CodedError.default_detail)
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        raise TooLargeError
    for name, values in request.query_params.lists():
        if name not in parameters:
            near = get_close_matches(name, parameters, n=1)
            hint = _(" Did you mean %(near)s?") % {"near": near[0]} if near else ""
            words = _("There is no parameter %(name)s.") % {"name": ascii(name[:40])}
            raise exceptions.ParseError(words + hint, code="unknown_parameter")
        if len(values) > 1:
            words = _("The parameter %(name)s stands more than once.") % {"name": name}
            raise exceptions.ParseError(words)


MOST_BYTES = 1_000_000


def document(
    status: HTTPStatus,
    *,
    detail: str | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> Response:
    body: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
    }
    if detail:
        body["detail"] = detail
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
        for inner in detail:
            yield from of_serializer(inner, pointer)
    else:
        yield {"pointer": pointer, "code": detail.code, "detail": str(detail)}
