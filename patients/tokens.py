"""Which program asks, what it may do, and how often."""

from collections.abc import Mapping
from functools import cache
from time import time
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from redis import Redis
from redis.exceptions import RedisError
from rest_framework import exceptions, views
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from patients.models import ApiToken, Scope, Staff
from patients.statements import rows


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
            count = store().incr(key)
            if count == 1:
                store().expire(key, 120)
        except RedisError:
            return True
        return bool(count <= request.auth.requests_per_minute)

    def wait(self) -> float:
        return self.left_s


@cache
def store() -> Redis:
    """Return where requests are counted: beside the cache."""
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
        if asked and asked not in granted:
            said = _("This token lacks the scope %(scope)s.")
            self.message = said % {"scope": Scope(asked).value}
        return asked in granted
