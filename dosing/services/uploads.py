"""Files of a clinic: uploaded, and matched column by column."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from dosing.imports import (
    Encoding,
    FileError,
    Kind,
    Sheet,
    guess,
    missing,
    proven_order,
    read_file,
    safe_name,
)
from dosing.models import FileImport, Laboratory, Stage
from patients import audit
from patients.models import Site, Staff
from patients.revision import locked, store

MOST_DOSES = 2_000
"""Each is prescribed as on its page, by 25 ms on a slow machine: so many are done
before the task that works on a file must end.
"""


@transaction.atomic
def keep_upload(
    *, site: Site, kind: Kind, name: str, content: bytes, actor: Staff
) -> FileImport:
    """Keep a file once, with a guess of its columns and of the order of its dates."""
    digest = sha256(content).hexdigest()
    same = FileImport.objects.standing().filter(site=site, kind=kind, digest=digest)
    known = same.first()
    if known is not None:
        return known
    name = safe_name(name)
    sheet = sheet_of(content, name)
    if kind is Kind.DOSES and len(sheet.lines) > MOST_DOSES:
        said = _("More than %(count)s rows. Split the file.") % {"count": MOST_DOSES}
        raise ValidationError({"file": said})
    columns = guess(kind, sheet.headers)
    file = FileImport(
        site=site,
        kind=kind.value,
        name=name,
        digest=digest,
        content=content,
        encoding=sheet.encoding,
        order=proven_order(sheet, columns).value,
        columns=columns,
        laboratory=Laboratory.objects.filter(site=site).order_by("pk").first()
        if kind is Kind.LEVELS
        else None,
        uploaded_by=actor,
    )
    try:
        store(file)
    except ValidationError:
        sent_meanwhile = same.first()
        if sent_meanwhile is None:
            raise
        return sent_meanwhile
    audit.record("upload_file", file, actor=actor, details={"sha256": digest})
    return file


def sheet_of(content: bytes, name: str, encoding: Encoding | None = None) -> Sheet:
    try:
        return read_file(content, name=name, encoding=encoding)
    except FileError as problem:
        raise ValidationError({"file": str(problem)}) from problem


def sheet_in(file: FileImport) -> Sheet:
    """Read a kept file as it was chosen."""
    encoding = Encoding(file.encoding)
    return sheet_of(bytes(file.content), file.name, encoding)


@transaction.atomic
def match_columns(
    *,
    file: FileImport,
    version: int,
    encoding: str,
    order: str,
    columns: Mapping[str, int],
    left_out: Iterable[int],
    laboratory: Laboratory | None,
    actor: Staff,
) -> FileImport:
    """Say how a file is to be read; whatever was checked before is checked anew."""
    fresh = locked(file, version)
    refuse_ended(fresh)
    kind = Kind(fresh.kind)
    names = missing(kind, columns)
    if names:
        raise ValidationError(
            _("No column is chosen for: %(names)s."), params={"names": ", ".join(names)}
        )
    if kind is Kind.LEVELS and laboratory is None:
        raise ValidationError({"laboratory": _("Choose a laboratory of this clinic.")})
    if laboratory is not None and laboratory.site_id != fresh.site_id:
        raise ValidationError({"laboratory": _("Choose a laboratory of this clinic.")})
    fresh.encoding, fresh.order, fresh.laboratory = encoding, order, laboratory
    fresh.columns, fresh.left_out = dict(columns), sorted(left_out)
    sheet = sheet_in(fresh)
    refuse_undecided(sheet, fresh)
    fresh.stage, fresh.report = Stage.READ, {}
    return revised(fresh, "match_columns", actor)


def refuse_undecided(sheet: Sheet, file: FileImport) -> None:
    """Refuse a column of which nobody said that it is left out."""
    decided = {*file.columns.values(), *file.left_out}
    for place, header in enumerate(sheet.headers):
        if place not in decided and header:
            raise ValidationError(
                _("Say what the column “%(name)s” is, or leave it out."),
                params={"name": header[:40]},
            )
    if decided and max(decided) >= len(sheet.headers):
        raise ValidationError(_("The file has fewer columns. Open it again."))


@transaction.atomic
def discard_file(*, file: FileImport, version: int, actor: Staff) -> FileImport:
    """Take a file off the list that nobody wants to import; its rows are not kept."""
    fresh = locked(file, version)
    refuse_ended(fresh)
    fresh.stage, fresh.report, fresh.content = Stage.DISCARDED, {}, b""
    return revised(fresh, "discard_file", actor)


def refuse_ended(file: FileImport) -> None:
    if file.stage in {Stage.IMPORTED, Stage.UNDONE}:
        raise ValidationError(_("This file was imported already."))
    if file.stage == Stage.DISCARDED:
        raise ValidationError(_("This file was discarded. Upload it again."))


def revised(
    file: FileImport, action: str, actor: Staff, reason: str = ""
) -> FileImport:
    file.version += 1
    store(file)
    audit.record(action, file, actor=actor, reason=reason)
    return file
