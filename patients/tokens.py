"""Which program asks, what it may do, and how often."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from redis.exceptions import RedisError
from rest_framework import exceptions, views
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

from patients.models import ApiToken


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
    """Hold a program to its token's pace; a cache that is away slows nobody."""

    def allow_request(self, request: Request, view: "views.APIView") -> bool:
        pace = getattr(request.auth, "requests_per_minute", None)
        if pace is not None:
            self.num_requests, self.duration = pace, 60
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
