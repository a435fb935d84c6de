"""A POST with an Idempotency-Key is done once: asking again gives the first answer."""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from patients import services
from patients.models import ApiReply
from patients.models.replies import LONGEST_KEY
from patients.rest import caller

KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}")
KEPT_HEADERS = ("Content-Type", "Location", "ETag")
REFUSALS = (
    exceptions.APIException,
    ValidationError,
    IntegrityError,
    Http404,
    PermissionDenied,
)

Handler = Callable[..., Any]


class BusyError(exceptions.APIException):
    """Answers 409; `wait` is said as Retry-After, in seconds."""

    status_code = HTTPStatus.CONFLICT
    default_detail = _("The first request with this key is still being answered.")
    default_code = "key_busy"
    wait = 1


class ReusedError(exceptions.APIException):
    status_code = HTTPStatus.CONFLICT
    default_detail = _("This Idempotency-Key was used for another request.")
    default_code = "key_reused"


def once(handler: Handler) -> Handler:
    """Let a handler act once for each key of a program.

    The answer is kept in the transaction of what it answers: both or neither. What
    the handler refuses is kept as well; what breaks is not, and may be asked again.
    """

    @wraps(handler)
    def answered(view: APIView, request: Request, **parts: Any) -> Any:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return handler(view, request, **parts)
        if not KEY.fullmatch(key):
            raise exceptions.ParseError(
                _("An Idempotency-Key has 1 to 80 visible ASCII characters.")
            )
        keyed = key, fingerprint(request)  # read whole before anything is held
        with transaction.atomic():
            return first_or_again(handler, view, request, keyed, parts)

    return answered


def first_or_again(
    handler: Handler,
    view: APIView,
    request: Request,
    keyed: tuple[str, str],
    parts: dict[str, Any],
) -> HttpResponse:
    actor = caller(request)
    key, asked = keyed
    if not services.claim_key(actor=actor, key=key):
        raise BusyError
    known = ApiReply.objects.filter(actor=actor, key=key).first()
    if known is None:
        answer = rendered(handler, view, request, parts)
        services.keep_reply(
            actor=actor,
            key=key,
            request_hash=asked,
            status=answer.status_code,
            headers={name: answer[name] for name in KEPT_HEADERS if name in answer},
            body=answer.content.decode(),
        )
        return answer
    if known.request_hash != asked:
        raise ReusedError
    headers = {**known.headers, "Idempotent-Replayed": "true"}
    return HttpResponse(known.body, status=known.status, headers=headers)


def fingerprint(request: Request) -> str:
    """Return what tells one request from another: method, address, version, body."""
    asked = (request.method, request.get_full_path(), request.headers.get("If-Match"))
    return hashlib.sha256(repr(asked).encode() + request.body).hexdigest()


def rendered(
    handler: Handler, view: APIView, request: Request, parts: dict[str, Any]
) -> Response:
    try:
        answer = handler(view, request, **parts)
    except REFUSALS as error:
        answer = view.handle_exception(error)
    view.finalize_response(request, answer)
    answer.render()
    kept: Response = answer
    return kept
