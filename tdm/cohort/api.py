"""The cohort for programs: the rows of the export without names."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dosing import services as dosing
from dosing.models import CohortLine
from patients import services
from patients.api.records import ApiView
from patients.models import Scope
from patients.rest import caller
from tdm.cohort.dataset import VARIABLES, Context, dataset
from tdm.cohort.filters import CohortForm
from tdm.cohort.pages import LINES_FOR_A_FILE, small_sites, with_records

FILTERS = frozenset(CohortForm.base_fields)


class CohortSerializer(serializers.Serializer):
    """One row per patient, by the names of the data dictionary; null is missing.

    `waiting` patients are still being brought up to date.
    """

    waiting = serializers.IntegerField()
    units = serializers.DictField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.DictField())


class CohortView(ApiView):
    """The cohort of the token's clinics, without names; small clinics are not named."""

    reads = Scope.READ_COHORT
    model = CohortLine
    shown = CohortSerializer
    parameters = FILTERS

    @extend_schema(
        parameters=[OpenApiParameter(name, str) for name in sorted(FILTERS)],
        responses=CohortSerializer,
    )
    def get(self, request: Request, **parts: Any) -> Response:
        """Read one row per patient; a filter is that of the page."""
        actor = caller(request)
        waiting = dosing.refresh_cohort(at=timezone.now(), at_most=LINES_FOR_A_FILE)
        form = CohortForm(request.query_params, staff=actor)
        if not form.is_valid():
            errors = {name: list(said) for name, said in form.errors.items()}
            raise exceptions.ValidationError(errors)  # type: ignore[arg-type]
        lines = form.lines.included()
        today = timezone.localdate()
        context = Context(today, identified=False, small_sites=small_sites(lines))
        sheet = dataset(with_records(lines).order_by("patient_id"), context)
        details = {"file": "api", "filters": form.chosen, "n": len(sheet.rows)}
        services.note_export(what="cohort_dataset", actor=actor, details=details)
        names = [each.name for each in VARIABLES]
        rows = [
            {name: plain(value) for name, value in zip(names, row, strict=True)}
            for row in sheet.rows
        ]
        units = {each.name: each.unit for each in VARIABLES if each.unit}
        return Response({"waiting": waiting, "units": units, "rows": rows})


def plain(cell: object) -> object:
    """Return a cell as JSON has it: decimals as text, days in ISO form."""
    return str(cell) if isinstance(cell, Decimal | date) else cell
