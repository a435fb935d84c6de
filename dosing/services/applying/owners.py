"""Whose rows they are: by identifier and birth date, in one clinic."""

from collections import defaultdict
from collections.abc import Iterable

from django.utils.translation import gettext as _

from dosing.imports import Row
from dosing.models import FileImport
from dosing.services.applying.found import Found
from patients.models import Patient


def owners(
    file: FileImport, rows: Iterable[Row], found: Found
) -> dict[Patient, list[Row]]:
    """Sort rows by patient: by identifier and birth date, in this clinic."""
    rows = list(rows)
    known = {
        patient.identifier: patient
        for patient in Patient.objects.filter(
            site=file.site, identifier__in={row.identifier for row in rows}
        ).select_related("site")
    }
    near = Near(file)
    sorted_rows = defaultdict(list)
    for row in rows:
        patient = known.get(row.identifier)
        if patient is None:
            found.wrong(row, "identifier", near.said(row))
        elif patient.born_on != row.born_on:
            found.wrong(
                row,
                "born_on",
                _("The patient of this identifier was born on another day."),
            )
        else:
            sorted_rows[patient].append(row)
    return dict(sorted_rows)


class Near:
    """Finds identifiers of a clinic that have lost their leading zeros."""

    def __init__(self, file: FileImport) -> None:
        self.file = file
        self.bare: dict[str, str] | None = None

    def said(self, row: Row) -> str:
        if self.bare is None:
            all_of_them = Patient.objects.filter(site=self.file.site)
            self.bare = {
                each.lstrip("0"): each
                for each in all_of_them.values_list("identifier", flat=True)
            }
        near = self.bare.get(row.identifier.lstrip("0"))
        if near is None:
            return _("No patient of this clinic has this identifier.")
        return _("No patient has this identifier. Is it %(near)s?") % {"near": near}
