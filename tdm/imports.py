"""Pages on which a file is uploaded, matched, checked, imported and undone."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from dosing import services
from dosing.forms.imports import (
    MAY_IMPORT,
    ColumnsForm,
    DiscardForm,
    StoreForm,
    UndoForm,
    UploadForm,
)
from dosing.imports import FIELDS, Kind, Quotes, Sheet, Told
from dosing.models import FileImport, LabReport, Stage
from dosing.services.uploads import sheet_in
from patients.models import Patient
from patients.web import ServiceForm, StaffRequest, submit
from tdm import filework
from tdm.tasks import work_on_file

SMALL_BYTES = 20_000
"""A file up to here is worked on in the request itself."""

LISTED = 50

OPEN = {Stage.READ, Stage.CHECKED}
"""At these stages a file may still be matched, checked, imported or discarded."""


def visible_file(request: StaffRequest, file_id: int) -> FileImport:
    """Return a file of the asker's clinics, of a kind that they may enter."""
    visible = FileImport.objects.visible_to(request.user).select_related("site")
    file = get_object_or_404(visible, pk=file_id)
    if not request.user.has_perm(MAY_IMPORT[file.kind]):
        raise PermissionDenied
    return file


@permission_required("dosing.add_troughlevel", raise_exception=True)
@require_http_methods(["GET", "POST"])
def imports(request: StaffRequest) -> HttpResponse:
    """List the files of the clinic, and take in another."""
    form = UploadForm(request.POST or None, request.FILES or None, staff=request.user)
    if form.is_bound and form.is_too_large:
        return render(request, "413.html", status=413)
    before = FileImport.objects.order_by("-pk").values_list("pk", flat=True).first()
    file = submit(form, services.keep_upload, actor=request.user)
    if file is not None:
        if before is not None and file.pk <= before:
            messages.info(request, already(file))
        return redirect("import", file.pk)
    visible = FileImport.objects.visible_to(request.user)
    context = {
        "form": form,
        "columns": columns_of(form),
        "files": visible.newest_first()[:LISTED],
        "waiting": LabReport.objects.visible_to(request.user).open().count(),
    }
    refused = form.is_bound
    return render(request, "tdm/imports.html", context, status=422 if refused else 200)


def columns_of(form: UploadForm) -> list[tuple[str, list[str], list[str]]]:
    """Return what files someone may send, the columns they need and may have."""
    return [
        (
            said,
            [str(each.label) for each in FIELDS[Kind(kind)] if each.required],
            [str(each.label) for each in FIELDS[Kind(kind)] if not each.required],
        )
        for kind, said in form.fields["kind"].choices  # type: ignore[attr-defined]
    ]


def already(file: FileImport) -> str:
    if file.stage == Stage.IMPORTED:
        return _("This very file was imported before. Nothing has changed.")
    return _("This very file was uploaded before. Here it is.")


@permission_required("dosing.add_troughlevel", raise_exception=True)
@require_http_methods(["GET", "POST"])
def file_page(request: StaffRequest, file_id: int) -> HttpResponse:
    """Show a file and ask what its columns are; a good answer is checked at once."""
    file = visible_file(request, file_id)
    if file.stage not in OPEN:
        return shown(request, file)
    sheet = sheet_in(file)
    form = ColumnsForm(request.POST or None, file=file, sheet=sheet)
    matched = submit(form, services.match_columns, file=file, actor=request.user)
    if matched is None:
        return shown(request, file, columns=form, refused=form.is_bound)
    return begun(request, matched, "check", {})


def shown(
    request: StaffRequest, file: FileImport, *, refused: bool = False, **forms: object
) -> HttpResponse:
    """Show a file at its stage with the forms that it has there."""
    sheet = None if file.stage == Stage.IMPORTED else maybe_sheet(file)
    touched = touched_by(request, file)
    first = {"version": file.version}
    context = {
        "file": file,
        "sheet": sheet,
        "faults": faults_of(file, sheet),
        "touched": touched[:LISTED],
        "touched_besides": max(0, len(touched) - LISTED),
        "progress": filework.shown(file, at=timezone.now()),
        "store": StoreForm(initial=first),
        "undo": UndoForm(initial=first),
        "discard": DiscardForm(initial=first) if file.stage in OPEN else None,
        **forms,
    }
    return render(request, "tdm/import.html", context, status=422 if refused else 200)


def touched_by(request: StaffRequest, file: FileImport) -> list[Patient]:
    """Return the patients on whose record the file stored something."""
    keys = {made["patient"] for made in file.made}
    visible = Patient.objects.visible_to(request.user)
    return list(visible.filter(pk__in=keys).order_by("identifier")) if keys else []


def maybe_sheet(file: FileImport) -> Sheet | None:
    try:
        return sheet_in(file)
    except ValidationError:
        return None


def faults_of(file: FileImport, sheet: Sheet | None) -> list[tuple[str, list[Told]]]:
    """Return what is wrong or asked, with whose rows they are and what they say."""
    found = [
        (_("Rows that cannot be imported"), file.report.get("errors", [])),
        (_("Unusual rows"), file.report.get("questions", [])),
    ]
    quotes = Quotes(Kind(file.kind), sheet, file.columns)
    return [(title, quotes.told(kept)) for title, kept in found if kept]


def begun(
    request: StaffRequest, file: FileImport, what: str, words: dict
) -> HttpResponse:
    """Send work on a file to a worker, unless it is small enough to do it now."""
    job = filework.Job(
        file_id=file.pk,
        version=file.version,
        actor_id=request.user.pk,
        what=what,
        words=words,
        language=translation.get_language() or "en",
    )
    if len(file.content) <= SMALL_BYTES:
        filework.work(job)
        filework.plan(file.pk, request.user.pk, for_s=filework.PLANNED_IN_REQUEST_S)
        return redirect("import", file.pk)
    try:
        filework.put(file.pk, filework.Shown(version=file.version))
        work_on_file.apply_async((job,), retry=False)
    except (OperationalError, RedisError):
        messages.error(
            request,
            _("The background worker cannot be reached. Nothing is changed."),
        )
    return redirect("import", file.pk)


def sent(
    request: StaffRequest,
    file_id: int,
    form_class: Callable[..., ServiceForm],
    what: str,
) -> HttpResponse:
    """Begin what a button asks for, with the words beside it.

    Whoever only looks here, such as after a refused form, is shown the file.
    """
    file = visible_file(request, file_id)
    if request.method != "POST":
        return redirect("import", file.pk)
    form = form_class(request.POST)
    if not form.is_valid():
        return shown(request, file, refused=True, **{what: form})
    words = dict(form.cleaned_data)
    if words.pop("version") != file.version:
        messages.error(
            request, _("The file was changed meanwhile. Look at it again first.")
        )
        return redirect("import", file.pk)
    return begun(request, file, what, words)


@permission_required("dosing.add_troughlevel", raise_exception=True)
@require_http_methods(["GET", "POST"])
def discard(request: StaffRequest, file_id: int) -> HttpResponse:
    """Take a file off the list before anything of it is stored."""
    file = visible_file(request, file_id)
    form = DiscardForm(request.POST or None)
    if submit(form, services.discard_file, file=file, actor=request.user) is None:
        return shown(request, file, refused=form.is_bound, discard=form)
    messages.info(request, _("The file was discarded. Nothing of it is stored."))
    return redirect("imports")


@permission_required("dosing.add_troughlevel", raise_exception=True)
@require_http_methods(["GET", "POST"])
def store(request: StaffRequest, file_id: int) -> HttpResponse:
    """Import every row of a checked file, or none."""
    return sent(request, file_id, StoreForm, "store")


@permission_required("dosing.add_troughlevel", raise_exception=True)
@require_http_methods(["GET", "POST"])
def undo(request: StaffRequest, file_id: int) -> HttpResponse:
    """Take back a whole import, with a reason."""
    return sent(request, file_id, UndoForm, "undo")


@permission_required("dosing.add_troughlevel", raise_exception=True)
@require_GET
def progress(request: StaffRequest, file_id: int) -> HttpResponse:
    """Say how far the work is; once it has ended the page loads itself again."""
    file = visible_file(request, file_id)
    found = filework.shown(file, at=timezone.now())
    if found is None or found.said:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    context = {"file": file, "progress": found}
    return render(request, "tdm/_import_progress.html", context)
