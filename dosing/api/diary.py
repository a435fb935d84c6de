"""The diary for programs: read by days, written cell by cell, all or nothing."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
)
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dosing import services
from dosing.diary import Entry, Place, week_of
from dosing.services import Outcome
from patients import services as people
from patients.api.fields import (
    DAY,
    ChosenField,
    DayField,
    NoUnknownFields,
    TextField,
    WholeField,
    YesNoField,
)
from patients.api.once import once
from patients.api.records import Facts, OfPatient, parsed
from patients.models import DiaryDay, Patient, Quantity, Scope, Source
from patients.models.rules import plain_text
from patients.rest import caller, refused_cells

OF_DOSE = ("dose", "at", "amount", "food", "vomited")
ROWS = (
    *OF_DOSE,
    Quantity.TEMPERATURE_C.value,
    "pressure",
    Quantity.PULSE_PER_MIN.value,
    Quantity.RESPIRATORY_PER_MIN.value,
    Quantity.SPO2_PERCENT.value,
    Quantity.WEIGHT_KG.value,
    Quantity.PAIN_VAS.value,
    "none",
    "note",
)
MOST_DAYS = 31
MOST_CELLS = 500


class CellSerializer(serializers.Serializer):
    """One cell that says something; the unit is part of the row's name."""

    day = serializers.DateField()
    row = serializers.ChoiceField(ROWS)
    slot = serializers.IntegerField()
    text = serializers.CharField()


class DiarySerializer(serializers.Serializer):
    patient = serializers.IntegerField()
    first_on = serializers.DateField()
    last_on = serializers.DateField()
    cells = CellSerializer(many=True)


class EntryAsked(NoUnknownFields):
    """One cell: what it said when it was read, and what it is to say.

    `confirmed` answers the question with which an unusual value is refused.
    """

    day = DayField()
    row = ChosenField(ROWS)
    slot = WholeField(min_value=0, max_value=1, required=False, default=0)
    was = TextField(required=False, default="", allow_blank=True, max_length=2000)
    now = TextField(allow_blank=True, max_length=2000)
    confirmed = YesNoField(required=False, default=False)


class DiaryAsked(NoUnknownFields):
    """Cells of at most 31 days in a row; all are saved, or none."""

    source = ChosenField(Source.choices)  # type: ignore[assignment]
    reason = TextField(
        required=False,
        default="",
        allow_blank=True,
        max_length=300,
        validators=[plain_text],
    )
    entries = EntryAsked(many=True, allow_empty=False)

    def validate_entries(self, entries: list[Facts]) -> list[Facts]:
        if len(entries) > MOST_CELLS:
            raise serializers.ValidationError(_("Send at most 500 cells."))
        places = [(each["day"], each["row"], each["slot"]) for each in entries]
        days = sorted(day for day, _row, _slot in places)
        if days[-1] - days[0] >= timedelta(days=MOST_DAYS):
            raise serializers.ValidationError(_("Send at most 31 days in a row."))
        if len(set(places)) < len(places):
            raise serializers.ValidationError(_("A cell stands more than once."))
        return entries


A_DAY = OpenApiExample(
    "A dose taken and a temperature",
    request_only=True,
    value={
        "source": "phone",
        "entries": [
            {"day": "2026-01-31", "row": "dose", "now": "taken"},
            {"day": "2026-01-31", "row": "temperature_c", "now": "36.6"},
        ],
    },
)


def a_day(name: str) -> OpenApiParameter:
    return OpenApiParameter(name, {"type": "string", "format": "date"})


class DiaryView(OfPatient):
    """The diary of one patient."""

    model = DiaryDay
    asked = DiaryAsked
    shown = DiarySerializer
    writes = Scope.WRITE_DIARY
    parameters = frozenset({"from", "to"})

    @extend_schema(parameters=[a_day("from"), a_day("to")], responses=DiarySerializer)
    def get(self, request: Request, **parts: Any) -> Response:
        """Read the cells that say something, of at most 31 days; a week if not said."""
        today = self.patient.site.today(timezone.now())
        first, last = span(request.query_params, today)
        people.note_reading(patient=self.patient, by="api", actor=caller(request))
        return Response(told(self.patient, first, last, today))

    @extend_schema(examples=[A_DAY])
    @once
    def post(self, request: Request, **parts: Any) -> Response:
        """Save cells; one that says something else by now is refused with 409."""
        patient = self.patient
        given = parsed(self.asked, request)
        cells = [entry_of(each) for each in given.pop("entries")]
        with transaction.atomic():
            outcome = services.save_diary(
                patient=patient, entries=cells, actor=caller(request), **given
            )
            if outcome.unsaved:
                transaction.set_rollback(True)
        if outcome.unsaved:
            return refused_cells(list(errors_of(outcome, cells)))
        days = [each.place.day for each in cells]
        today = patient.site.today(timezone.now())
        body = told(patient, min(days), max(days), today)
        return Response(body, status=201)


def span(asked: Mapping[str, str], today: date) -> tuple[date, date]:
    """Return the days that are asked for: the last seven where none is said."""
    last = day_of(asked.get("to"), "to") or today
    first = day_of(asked.get("from"), "from") or last - timedelta(days=6)
    if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
        raise exceptions.ParseError(
            _("Ask for 1 to 31 days, the first before the last.")
        )
    return first, last


def day_of(text: str | None, name: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text) if DAY.fullmatch(text) else not_a_day(name)
    except ValueError:
        return not_a_day(name)


def not_a_day(name: str) -> date:
    raise exceptions.ParseError(
        _("%(name)s is a day such as 2026-01-31.") % {"name": name}
    )


def told(patient: Patient, first: date, last: date, today: date) -> Facts:
    """Return the cells of some days that say something."""
    week = week_of(patient, first, today=today, count=(last - first).days + 1)
    places = [Place(day, row.name, row.slot) for day in week.days for row in week.rows]
    cells = [
        {"day": place.day, "row": place.row, "slot": place.slot, "text": text}
        for place in places
        if (text := week.current(place))
    ]
    body = {"patient": patient.pk, "first_on": first, "last_on": last, "cells": cells}
    shown: Facts = DiarySerializer(body).data
    return shown


def entry_of(sent: Facts) -> Entry:
    slot = sent["slot"] if sent["row"] in OF_DOSE else 0
    place = Place(sent["day"], sent["row"], slot)
    return Entry(place, sent["was"], sent["now"], sent["confirmed"])


def errors_of(outcome: Outcome, cells: list[Entry]) -> Any:
    """Yield an error for each cell that was not saved, and where it was sent."""
    for number, cell in enumerate(cells):
        pointer = f"/entries/{number}"
        if cell.place in outcome.conflicts:
            now = outcome.conflicts[cell.place]
            said = _("This cell says %(now)s by now.") % {"now": now or '""'}
            yield {"pointer": f"{pointer}/was", "code": "stale", "detail": said}
        elif cell.place in outcome.refused:
            said = outcome.refused[cell.place]
            yield {"pointer": f"{pointer}/now", "code": "invalid", "detail": said}
        elif cell.place in outcome.questions:
            said = outcome.questions[cell.place]
            where = f"{pointer}/confirmed"
            yield {"pointer": where, "code": "confirm", "detail": said}
