"""What is said when something is not there, not allowed, or not working."""

import sys
from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from psycopg.errors import DeadlockDetected, LockNotAvailable

from patients.statements import STALE
from tdm.fhir.rest import CONTENT, as_json, outcome
from tdm.middleware import FOR_PROGRAMS


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)


@login_not_required
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(FOR_PROGRAMS):
        return problem(request, 404, _("Not found."))
    return render(request, "404.html", status=404)


@login_not_required
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 413 for what is too large, else 400; nothing of it was read."""
    too_large = isinstance(exception, RequestDataTooBig)
    status = 413 if too_large else 400
    if request.path.startswith(FOR_PROGRAMS):
        words = _("Too large.") if too_large else _("Bad request.")
        return problem(request, status, words)
    return HttpResponse(render_to_string(f"{status}.html"), status=status)


BUSY = gettext_noop("Someone is at work on this patient. Try again in a moment.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 while the database cannot be reached or its tables are altered, else
    500; no page needs the database.
    """
    error = sys.exc_info()[1]
    cause = error.__cause__ if error else None
    down = isinstance(error, OperationalError | InterfaceError) or isinstance(
        cause, STALE
    )
    busy = isinstance(cause, LockNotAvailable | DeadlockDetected)
    status = 503 if down else 500
    if request.path.startswith(FOR_PROGRAMS):
        words = _("The database cannot be reached.") if down else _("Something failed.")
        response = problem(request, status, _(BUSY) if busy else words)
    else:
        page = render_to_string(f"{status}.html", {"busy": _(BUSY) if busy else ""})
        response = HttpResponse(page, status=status)
    if down:
        response["Retry-After"] = "10"
    return response


def problem(request: HttpRequest, status: int, title: str) -> HttpResponse:
    """Answer a program: in FHIR's own words where it asked for FHIR."""
    if request.path.startswith("/fhir/"):
        told = as_json(outcome(HTTPStatus(status), title))
        return HttpResponse(told, status=status, content_type=CONTENT)
    body = {"type": "about:blank", "title": title, "status": status}
    return JsonResponse(body, status=status, content_type="application/problem+json")
