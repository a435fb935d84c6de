"""What every request passes: privacy, an ended session, the clinic's clock, a lock."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from ipaddress import ip_address

from axes.handlers.database import AxesDatabaseHandler
from csp.constants import HEADER as CSP
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import (
    HttpRequest,
    HttpResponse,
    JsonResponse,
    UnreadablePostError,
)
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone

from patients.models import Staff

Answer = Callable[[HttpRequest], HttpResponse]


class Middleware:
    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response


BODY_WAIT_S = 10
"""How long each part of a request may keep us waiting; its worker ends by itself."""


class NoStalling(Middleware):
    """Let nobody hold a worker who sends the head of a request and not its rest."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        connection = request.META.get("gunicorn.socket")
        if connection is None:
            return self.get_response(request)
        connection.settimeout(BODY_WAIT_S)
        try:
            return self.get_response(request)
        finally:
            connection.settimeout(None)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Say of a page's form that it did not come whole, before anyone reads it."""
        if request.method != "POST" or request.path.startswith(FOR_PROGRAMS):
            return None
        try:
            request.POST  # noqa: B018 - reads the body
        except UnreadablePostError:
            return HttpResponse(render_to_string("408.html"), status=408)
        return None


FOR_PROGRAMS = ("/api/", "/fhir/", "/cds-services")
"""Addresses that programs ask: errors there are documents, never pages."""


class NoPlainApi(Middleware):
    """Refuse a program that sends its key in the clear, instead of redirecting it."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        plain = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if plain and request.path.startswith(FOR_PROGRAMS):
            body = {"type": "about:blank", "title": "Use HTTPS.", "status": 403}
            return JsonResponse(
                body, status=403, content_type="application/problem+json"
            )
        return self.get_response(request)


class ContentPolicy(CSPMiddleware):
    """Say what a page may load; what is for programs loads nothing."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page or not request.path.startswith(FOR_PROGRAMS):
            return super().process_response(request, response)
        response[CSP] = "default-src 'none'; frame-ancestors 'none'"
        return response


class PrivatePages(Middleware):
    """Keep what is shown out of shared caches and other sites' reach."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "no-store")
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        return response


class SignInAgain(Middleware):
    """Tell a page whose session ended, instead of putting the sign-in form into it."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        from_page = "HX-Request" in request.headers
        if (
            from_page
            and response.status_code == HTTPStatus.FOUND
            and not_signed_in(request)
        ):
            login = redirect_to_login("/").url
            again = HttpResponse(status=401)
            again["HX-Trigger"] = json.dumps({"signed-out": {"address": login}})
            return again
        return response


def not_signed_in(request: HttpRequest) -> bool:
    return not request.user.is_authenticated


class ClinicTime(Middleware):
    """Show times by the clock of the signed-in person's clinic."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        site = None
        if isinstance(request.user, Staff):
            site = request.user.sites.order_by("pk").first()
        if site is None:
            return self.get_response(request)
        with timezone.override(site.zone):
            return self.get_response(request)


ADDRESSES_TO_LOCK_ALL = 10


class Lockout(AxesDatabaseHandler):  # type: ignore[misc]
    """Locks a name for one address, and everywhere once ten addresses are locked."""

    def get_failures(
        self, request: HttpRequest, credentials: Mapping[str, str] | None = None
    ) -> int:
        from_here, from_anywhere = (
            sum(attempts.values_list("failures_since_start", flat=True))
            for attempts in self.get_user_attempts(request, credentials)
        )
        return int(max(from_here, from_anywhere // ADDRESSES_TO_LOCK_ALL))


def address_of_asker(request: HttpRequest) -> str | None:
    """Return who asks: what our proxy added last, not what the client wrote before."""
    direct: str | None = request.META.get("REMOTE_ADDR") or None
    if not settings.SECURE_PROXY_SSL_HEADER:
        return direct
    said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return str(ip_address(said.partition("%")[0]))
    except ValueError:
        return direct
