"""The cohort page and its exports."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Count, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dosing import services as dosing
from dosing.models import CohortLine, Protocol
from patients import services
from patients.models import Lesion, SideEffect
from patients.response import AREA_RESPONSE_PERCENT
from patients.web import StaffRequest
from tdm import charts, sheets, table1
from tdm.cohort.counters import (
    Counts,
    counters,
    counts_of,
    responses,
)
from tdm.cohort.dataset import SMALLEST_SITE, Context, dataset, dictionary
from tdm.cohort.filters import CohortForm
from tdm.cohort.lanes import lanes_of
from tdm.cohort.onset import beside_exposure, drawn_onsets, episodes

LINES_AT_ONCE = 100
"""So many lines are brought up to date while someone waits for the page."""

LINES_FOR_A_FILE = 1000
A_PAGE = 25
"""So many lanes, rows and side effects are shown at once."""

MOST_IN_PRINT = 500
"""A printed table of more patients is no longer read; data have no such limit."""


@permission_required("patients.view_cohort", raise_exception=True)
@require_GET
def cohort(request: StaffRequest) -> HttpResponse:
    """Show the cohort that the filters ask for."""
    waiting = dosing.refresh_cohort(at=timezone.now(), at_most=LINES_AT_ONCE)
    form = CohortForm(request.GET, staff=request.user)
    context: dict[str, object] = {"form": form, "waiting": waiting}
    if not form.is_valid():
        return render(request, "tdm/cohort.html", context, status=422)
    today = timezone.localdate()
    found = counts_of(form.lines, today, table1.published_cases())
    context |= {
        "found": found,
        "counters": counters(found),
        "query": form.address,
        "most_in_print": MOST_IN_PRINT,
        "pooled_from_age": table1.POOLED_FROM_AGE,
        "smallest_site": SMALLEST_SITE,
        **(drawn(request, form, found, today) if found.n else {}),
    }
    return render(request, "tdm/cohort.html", context)


def drawn(
    request: HttpRequest, form: CohortForm, found: Counts, today: date
) -> dict[str, object]:
    lines = form.lines.included()
    lanes = page_of(
        request, "lanes", lines.in_order().select_related("patient"), found.n
    )
    every, last = responses(lines, found.with_area)
    bars = [
        charts.Response(line.pseudonym, line.last_area_percent or Decimal(0))
        for line in last
    ]
    effects = page_of(request, "effects", episodes(lines))
    onset = beside_exposure(list(effects.object_list))
    columns = table1.columns_for(published=found.published > 0)
    rows = page_of(request, "rows", with_records(lines.gaps_first()), found.n)
    return {
        "lanes_page": lanes,
        "lanes": lanes_of(list(lanes.object_list), today),
        "bars": bars,
        "bars_each": every,
        "waterfall": charts.waterfall_charts(bars, -AREA_RESPONSE_PERCENT)
        if bars
        else (),
        "threshold": AREA_RESPONSE_PERCENT,
        "effects_page": effects,
        "onset": onset,
        "onset_charts": charts.onset_charts(drawn_onsets(onset), band_of(form)),
        "rows_page": rows,
        "columns": table1.headed(columns),
        "counts": table1.counts(lines, columns),
        "table": table1.table(rows.object_list, columns, today),
        "notes": table1.notes(),
    }


def band_of(form: CohortForm) -> tuple[Decimal, Decimal] | None:
    """Return the range to draw, where everyone shown follows one protocol."""
    protocol: Protocol | None = form.cleaned_data["protocol"]
    if protocol is None:
        return None
    return protocol.target_low_ng_per_ml, protocol.target_high_ng_per_ml


def page_of(
    request: HttpRequest, name: str, rows: QuerySet, n: int | None = None
) -> Page:
    """Return the page of a list that the address asks for; a slip shows the nearest.

    A list of which it is known how long it is need not be counted again.
    """
    pages = Paginator(rows, A_PAGE)
    if n is not None:
        pages.count = n
    return pages.get_page(request.GET.get(name))


def with_records(lines: QuerySet[CohortLine]) -> QuerySet[CohortLine]:
    """Read with each line what a table names in words."""
    lesions = Lesion.objects.order_by("pk").prefetch_related("previous_treatments")
    return lines.select_related("patient", "site", "protocol").prefetch_related(
        Prefetch("patient__lesions", lesions),
        Prefetch("patient__side_effects", SideEffect.objects.standing()),
    )


KINDS = {
    "table1": {"csv", "xlsx", "docx"},
    "dataset": {"csv", "xlsx"},
    "dictionary": {"csv"},
}
CONTENT = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@permission_required("patients.view_cohort", raise_exception=True)
@require_GET
def export(request: StaffRequest, what: str, kind: str) -> HttpResponse:
    """Give the cohort that the filters ask for as a file, and note who took it."""
    if kind not in KINDS.get(what, ()):
        raise Http404
    identified = request.GET.get("identified") == "1"
    if identified and not request.user.has_perm("patients.export_identified"):
        raise PermissionDenied
    waiting = dosing.refresh_cohort(at=timezone.now(), at_most=LINES_FOR_A_FILE)
    form = CohortForm(request.GET, staff=request.user)
    if not form.is_valid():
        return redirect(f"{reverse('cohort')}?{request.GET.urlencode()}")
    lines = form.lines.included()
    n = lines.count()
    if kind == "docx" and n > MOST_IN_PRINT:
        return redirect(f"{reverse('cohort')}?{form.address}")
    pages = pages_of(what, lines, form, identified=identified, waiting=waiting)
    content = as_file(pages, kind)
    note(request, what, kind, form, n, identified=identified)
    name = f"{'identified-' if identified else ''}{what}.{kind}"
    answer = HttpResponse(content, content_type=CONTENT[kind])
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


def note(
    request: StaffRequest,
    what: str,
    kind: str,
    form: CohortForm,
    n: int,
    *,
    identified: bool,
) -> None:
    """Leave an audit line: what was taken, as what, by which filters, of how many."""
    named = f"identified_{what}" if identified else f"cohort_{what}"
    details = {"file": kind, "filters": form.chosen, "n": n, "identified": identified}
    services.note_export(what=named, actor=request.user, details=details)


def as_file(pages: Sequence[sheets.Sheet], kind: str) -> bytes:
    if kind == "xlsx":
        return sheets.as_xlsx(pages)
    if kind == "docx":
        return sheets.as_docx(pages[0])
    return ("\ufeff" + sheets.as_csv(pages[0])).encode()


def pages_of(
    what: str,
    lines: QuerySet[CohortLine],
    form: CohortForm,
    *,
    identified: bool,
    waiting: int,
) -> list[sheets.Sheet]:
    today = timezone.localdate()
    if what == "table1":
        return [table1_sheet(lines, form, today, identified=identified, wait=waiting)]
    meaning = dictionary(identified=identified)
    if what == "dictionary":
        return [meaning]
    context = Context(today, identified, small_sites(lines), still_waiting(waiting))
    return [dataset(with_records(lines).order_by("patient_id"), context), meaning]


def still_waiting(n: int) -> tuple[str, ...]:
    """Say that the file lacks what is not worked out yet, or holds what it was."""
    if not n:
        return ()
    said = _("%(n)s patients are still being brought up to date.")
    return (said % {"n": n},)


def small_sites(lines: QuerySet[CohortLine]) -> frozenset[int]:
    each = lines.order_by().values("site").annotate(n=Count("pk"))
    return frozenset(line["site"] for line in each if line["n"] < SMALLEST_SITE)


def table1_sheet(
    lines: QuerySet[CohortLine],
    form: CohortForm,
    today: date,
    *,
    identified: bool,
    wait: int,
) -> sheets.Sheet:
    """Write Table 1 as the page previews it: n, then the rows with gaps first."""
    found = counts_of(form.lines, today, table1.published_cases())
    columns = table1.columns_for(published=found.published > 0)
    ordered = with_records(lines.order_by("-missing_cells", "patient_id"))
    rows = table1.table(ordered, columns, today, identified=identified)
    left_out = [f"{why}: {n}" for why, n in found.excluded]
    notes = [
        *table1.notes(),
        _("Left out: %(who)s.") % {"who": ", ".join(left_out) or _("nobody")},
        *still_waiting(wait),
    ]
    return sheets.Sheet(
        title=_("Table 1"),
        columns=table1.headed(columns),
        rows=(table1.counts(lines, columns), *rows),
        notes=tuple(notes),
    )
