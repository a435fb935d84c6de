"""How every answer of the API is shaped and guarded: strict JSON, scopes, problems."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from redis.exceptions import RedisError
from rest_framework import exceptions, views
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle

from patients.models import ApiToken, Staff
from patients.models.rules import errors_by_field, refusal_of

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
        digest = hash_token(token.decode())
        known = ApiToken.objects.select_related("user").filter(digest=digest)
        found = known.filter(expiry__gt=timezone.now()).first()
        if found is None:
            raise exceptions.AuthenticationFailed(_("Invalid token."))
        user, key = self.validate_user(found)
        return user, key


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description names these tokens."""

    target_class = Token
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization"}


class Throttle(UserRateThrottle):
    """Slow a hasty program down; a cache that is away slows nobody."""

    def allow_request(self, request: Request, view: "views.APIView") -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError:
            return True


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
        return document(HTTPStatus.UNPROCESSABLE_ENTITY, errors=of_service(error))
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
