"""A patient's timeline for programs: pages, changes since a mark, nothing twice."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from dosing import policy
from dosing.history import history_of
from dosing.words import say
from patients import services
from patients.api.strict import StrictView
from patients.models import Patient, Scope
from patients.models.rules import YEARS
from patients.rest import caller, is_known, limit_of
from tdm.cursors import Cursor, NotOursError, decoded
from tdm.events import KINDS, LONGEST_PAGE, PAGE, Asked, Mark, Told, events, opened


class QuantitySerializer(serializers.Serializer):
    """A number as it is stored, with its unit."""

    name = serializers.CharField()
    comparator = serializers.CharField(allow_blank=True)
    value = serializers.CharField()
    unit = serializers.CharField()


class ReadingSerializer(serializers.Serializer):
    """How a level reads in its context."""

    verdict = serializers.CharField()
    target_low_ng_per_ml = serializers.CharField()
    target_high_ng_per_ml = serializers.CharField()
    said = serializers.ListField(child=serializers.CharField())


class TimelineEventSerializer(serializers.Serializer):
    """One event; `day` is set where only the day is known, `at` is then its start."""

    kind = serializers.ChoiceField(choices=KINDS)
    id = serializers.IntegerField()
    phase = serializers.ChoiceField(choices=["", "begins", "ends"])
    version = serializers.IntegerField()
    at = serializers.DateTimeField()
    day = serializers.DateField(allow_null=True)
    set_aside = serializers.BooleanField()
    author = serializers.CharField(allow_null=True)
    recorded_at = serializers.DateTimeField(allow_null=True)
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    quantities = QuantitySerializer(many=True)
    facts = serializers.DictField()
    link = serializers.CharField()
    reading = ReadingSerializer(required=False)


class TimelineSerializer(serializers.Serializer):
    """A page: `next` is the address of the next, `since` the mark for the next poll."""

    patient = serializers.IntegerField()
    events = TimelineEventSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    since = serializers.CharField()


class NdjsonRenderer(BaseRenderer):
    """One event on each line; the last line has `next` and `since`."""

    media_type = "application/x-ndjson"
    format = "ndjson"

    def render(
        self, data: object, accepted_media_type: object = None, context: object = None
    ) -> bytes:
        """Write what is no page, such as a problem, as one line."""
        del accepted_media_type, context
        return json.dumps(data, default=str).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Query:
    """What an address asks for."""

    kinds: Collection[str] = KINDS
    first: datetime | date | None = None
    last: datetime | date | None = None
    since: Cursor | None = None
    cursor: Cursor | None = None
    limit: int = PAGE


def query_of(asked: Mapping[str, str], patient: int) -> Query:
    """Read the parameters of an address; each that cannot be read is named."""
    found: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name, text in asked.items():
        try:
            if name != "format":
                field, read = READ_BY[name]
                found[field] = read(text, patient)
        except serializers.ValidationError as error:
            errors[name] = error.detail
    if errors:
        raise serializers.ValidationError(errors)
    return Query(**found)


def kinds_of(text: str, _patient: int) -> Collection[str]:
    kinds = frozenset(text.split(","))
    unknown = sorted(kinds - set(KINDS))
    if unknown:
        raise serializers.ValidationError(
            _("Not a kind of event: %(kinds)s. There are: %(known)s.")
            % {"kinds": ", ".join(unknown), "known": ", ".join(KINDS)}
        )
    return kinds


def cursor_of(text: str, patient: int) -> Cursor:
    try:
        return decoded(text, patient)
    except NotOursError as error:
        said = _("This cursor is not one of ours.")
        raise serializers.ValidationError(said) from error


def mark_of(text: str, patient: int) -> Cursor:
    """Read where a poll goes on; a page that was not read yet is no such place."""
    found = cursor_of(text, patient)
    if found.after is not None:
        raise serializers.ValidationError(_("This cursor is not one of ours."))
    return found


def length_of(text: str, _patient: int) -> int:
    return limit_of(text, LONGEST_PAGE)


WRITTEN = re.compile(
    r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d))?", re.ASCII
)
"""A day, or an instant with its offset."""


def instant(text: str, _patient: int) -> datetime | date:
    """Read a day of the clinic, or an instant with its offset."""
    found = None
    if WRITTEN.fullmatch(text):
        is_day = len(text) == len("2026-01-01")
        with suppress(ValueError):
            found = (date if is_day else datetime).fromisoformat(text)
    if found is None or found.year not in YEARS:
        said = _("Give a day (2026-03-01) or an instant with its offset.")
        raise serializers.ValidationError(said)
    return found


READ_BY: Mapping[str, tuple[str, Callable[[str, int], object]]] = {
    "kinds": ("kinds", kinds_of),
    "from": ("first", instant),
    "to": ("last", instant),
    "since": ("since", mark_of),
    "cursor": ("cursor", cursor_of),
    "limit": ("limit", length_of),
}
"""Parameter -> what it is of the question, and how it is read."""


@dataclass(frozen=True, slots=True)
class Page:
    """Finished events, and how to go on."""

    told: Sequence[Told]
    following: str | None
    since: str


PARAMETERS = [
    OpenApiParameter("kinds", str, description="Kinds of events, apart by commas."),
    OpenApiParameter("from", str, description="A day or an instant, included."),
    OpenApiParameter("to", str, description="A day (included) or an instant (not)."),
    OpenApiParameter("since", str, description="`since` of an earlier answer."),
    OpenApiParameter("cursor", str, description="As it stands in `next`."),
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": PAGE},
        description="Events on a page.",
    ),
]


@method_decorator(gzip_page, name="dispatch")
class TimelineView(StrictView):
    """Everything that happened to one patient, newest first."""

    scopes: ClassVar = {"GET": Scope.READ_PATIENTS, "OPTIONS": Scope.READ_PATIENTS}
    renderer_classes = (JSONRenderer, NdjsonRenderer)
    parameters = frozenset({"format", *READ_BY})
    has_tag = True

    @extend_schema(responses=TimelineSerializer, parameters=PARAMETERS)
    def get(self, request: Request, pk: int) -> HttpResponse | Response:
        """Return events in clinical time, or with `since` only what changed after it.

        A record that changed is told whole, set aside or not: what a program holds of
        the same kind and id is replaced by it.
        """
        try:
            patient, mark = opened(pk, caller(request))
        except Patient.DoesNotExist as error:
            raise Http404 from error
        query = query_of(request.query_params.dict(), patient.pk)
        etag = etag_of(request, mark)
        if is_known(request, etag):
            return HttpResponseNotModified(headers={"ETag": etag, "Cache-Control": OWN})
        services.note_reading(patient=patient, by="api", actor=caller(request))
        page = page_of(request, patient, query, mark)
        answer = rendered(request, patient, page)
        answer["ETag"] = etag
        answer["Cache-Control"] = OWN
        return answer


OWN = "private, no-cache"
"""May be kept by the program that asked, which asks each time whether it stands."""


def etag_of(request: Request, mark: Mark) -> str:
    """Name the state of the record and what was asked of it."""
    asked = [
        mark.position,
        mark.newest,
        sorted(request.query_params.items()),
        request.accepted_renderer.format,
        get_language(),
        policy.ENGINE_VERSION,
    ]
    return f'W/"{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]}"'


def page_of(request: Request, patient: Patient, query: Query, mark: Mark) -> Page:
    earlier = query.since.mark if query.since else None
    go_on = query.cursor or Cursor(mark, earlier)
    count = query.limit
    first, last = bound(query.first, patient), bound(query.last, patient, days=1)
    if first and last and first > last:
        said = _("This is after the end of what is asked for.")
        raise serializers.ValidationError({"from": [said]})
    asked = Asked(
        kinds=query.kinds,
        first=first,
        last=last,
        since=go_on.since,
        after=go_on.after,
        count=count,
    )
    found = events(patient, asked)
    told = with_readings(patient, found[:count])
    following = None
    if len(found) > count:
        after = replace(go_on, after=told[-1].place).encoded(patient.pk)
        following = address(request, after)
    return Page(told, following, Cursor(go_on.mark).encoded(patient.pk))


def bound(
    asked: datetime | date | None, patient: Patient, *, days: int = 0
) -> datetime | None:
    """Return the instant of a bound; days begin and end at the clinic's midnight."""
    if asked is None or isinstance(asked, datetime):
        return asked
    return datetime.combine(asked + timedelta(days=days), time(), patient.site.zone)


def address(request: Request, cursor: str) -> str:
    asked = {**request.query_params.dict(), "cursor": cursor}
    asked.pop("since", None)
    return request.build_absolute_uri(f"{request.path}?{urlencode(asked)}")


def with_readings(patient: Patient, told: Sequence[Told]) -> list[Told]:
    """Add to each level how it reads; where there is none, nothing is worked out."""
    if not any(each.kind == "level" for each in told):
        return list(told)
    history = history_of(patient)
    levels = {level.pk: level for level in history.levels}
    return [
        each._replace(text=with_reading(each.text, reading))
        if each.kind == "level"
        and (reading := history.read(levels[each.record])) is not None
        else each
        for each in told
    ]


def with_reading(text: str, reading: policy.Reading) -> str:
    said = {
        "verdict": reading.verdict.value,
        "target_low_ng_per_ml": str(reading.target.low_ng_per_ml),
        "target_high_ng_per_ml": str(reading.target.high_ng_per_ml),
        "said": [
            *map(say, policy.in_words(reading)),
            *(say(finding.sentence) for finding in reading.findings),
        ],
    }
    return f'{text[:-1]}, "reading": {json.dumps(said, ensure_ascii=False)}}}'


def rendered(request: Request, patient: Patient, page: Page) -> HttpResponse:
    """Put finished events together."""
    ends = {"next": page.following, "since": page.since}
    texts = [each.text for each in page.told]
    if request.accepted_renderer.format == "ndjson":
        lines = [*texts, json.dumps(ends), ""]
        return HttpResponse("\n".join(lines), content_type=NdjsonRenderer.media_type)
    head = json.dumps({"patient": patient.pk, **ends})[:-1]
    body = f'{head}, "events": [{",".join(texts)}]}}'
    return HttpResponse(body, content_type="application/json")
