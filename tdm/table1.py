"""The case series' Table 1, recomputed from what is stored."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from dosing.history import History, histories_of
from dosing.words import plain
from patients.change import percent_change
from patients.models import Patient, Quantity, Site
from tdm.teaching import MONTH_WINDOW, case_series, months


class Comparison(StrEnum):
    """How a printed percentage stands to the one recomputed from raw values."""

    MATCHES = gettext_noop("matches")
    ROUNDING = gettext_noop("rounding")
    DISCREPANCY = gettext_noop("discrepancy")


def compare(printed: Decimal, recomputed: Decimal) -> Comparison:
    """Say whether a printed whole percentage follows from the raw values.

    It matches if it is the rounded value, is a matter of rounding if it is the value
    cut off, and is a discrepancy otherwise.
    """
    if printed == recomputed.quantize(Decimal(1), ROUND_HALF_UP):
        return Comparison.MATCHES
    if printed == recomputed.quantize(Decimal(1), ROUND_DOWN):
        return Comparison.ROUNDING
    return Comparison.DISCREPANCY


Row = dict[str, str]

MISSING = gettext_noop("missing")
NONE = gettext_noop("none")

COLUMNS = (
    gettext_noop("case"),
    gettext_noop("age (years)"),
    gettext_noop("sex"),
    gettext_noop("location"),
    gettext_noop("previous treatment"),
    gettext_noop("dose (mg/day)"),
    gettext_noop("trough week 2 (ng/mL)"),
    gettext_noop("trough week 4 (ng/mL)"),
    gettext_noop("pain month 0 (VAS 0-10)"),
    gettext_noop("pain month 1 (VAS 0-10)"),
    gettext_noop("pain month 3 (VAS 0-10)"),
    gettext_noop("limb circumference month 0 (cm)"),
    gettext_noop("limb circumference month 1 (cm)"),
    gettext_noop("limb circumference month 3 (cm)"),
    gettext_noop("limb circumference change (%)"),
    gettext_noop("limb circumference change printed (%)"),
    gettext_noop("limb circumference comparison"),
    gettext_noop("MRI maximum area month 0 (mm2)"),
    gettext_noop("MRI maximum area month 3 (mm2)"),
    gettext_noop("MRI maximum area change (%)"),
    gettext_noop("MRI maximum area change printed (%)"),
    gettext_noop("MRI maximum area comparison"),
    gettext_noop("adverse effects"),
    gettext_noop("follow-up (months)"),
)


def rows(sites: QuerySet[Site] | None = None) -> list[Row]:
    """Return one row for each published case that is stored, without names."""
    cases = {case["identifier"]: case for case in case_series()["cases"]}
    patients = Patient.objects.filter(identifier__in=cases).order_by("identifier")
    if sites is not None:
        patients = patients.filter(site__in=sites)
    found = list(
        patients.prefetch_related("lesions__previous_treatments", "measurements")
    )
    stories = histories_of(found)
    return [
        row(number, stories[patient.pk], cases[patient.identifier])
        for number, patient in enumerate(found, start=1)
    ]


def row(number: int, history: History, case: Mapping[str, Any]) -> Row:
    patient = history.patient
    start = history.doses[0].starts_on
    lesion = patient.lesions.all()[0]
    earlier = "; ".join(map(str, lesion.treatments))
    pain, limb, area = (
        by_month(patient, quantity, start)
        for quantity in (
            Quantity.PAIN_VAS,
            Quantity.CIRCUMFERENCE_CM,
            Quantity.MRI_MAX_AREA_MM2,
        )
    )
    cells = [
        str(number),
        str(patient.age_on(start)),
        patient.sex,
        str(lesion),
        earlier or NONE,
        plain(history.doses[0].mg_per_day),
        *(text(level_in_week(history, week)) for week in (2, 4)),
        *(text(pain[month]) for month in MONTHS),
        *(text(limb[month]) for month in MONTHS),
        *change(limb, case, Quantity.CIRCUMFERENCE_CM),
        *(text(area[month]) for month in (0, 3)),
        *change(area, case, Quantity.MRI_MAX_AREA_MM2),
        case["adverse_effects"],
        str(case["follow_up_months"]),
    ]
    return dict(zip(COLUMNS, cells, strict=True))


MONTHS = (0, 1, 3)
WEEK_WINDOW = timedelta(days=3)
"""How far from its mark a level or a measurement still belongs to it."""


def level_in_week(history: History, week: int) -> Decimal | None:
    """Return the used level nearest to a week of treatment, in ng/mL."""
    mark = history.doses[0].starts_on + timedelta(weeks=week)
    gaps = [
        (abs(history.day(level.drawn_at) - mark), level)
        for level in history.used_levels
    ]
    near = [(gap, level.ng_per_ml) for gap, level in gaps if gap <= WEEK_WINDOW]
    return min(near)[1] if near else None


def by_month(
    patient: Patient, quantity: Quantity, start: date
) -> dict[int, Decimal | None]:
    """Return the value nearest to each month of treatment."""
    rows_ = [
        m
        for m in patient.measurements.all()
        if m.quantity == quantity and m.withdrawn_at is None
    ]
    found: dict[int, Decimal | None] = {}
    for month in MONTHS:
        gaps = [(abs(m.measured_on - start - months(month)), m.value) for m in rows_]
        near = [entry for entry in gaps if entry[0] <= MONTH_WINDOW]
        found[month] = min(near)[1] if near else None
    return found


def text(value: Decimal | None) -> str:
    """Show what is missing as missing."""
    return MISSING if value is None else plain(value)


def change(
    values: Mapping[int, Decimal | None], case: Mapping[str, Any], quantity: Quantity
) -> list[str]:
    printed = Decimal(case["printed_percent"][quantity.value])
    first, last = values[0], values[3]
    if not first or last is None:
        return [MISSING, plain(printed), MISSING]
    percent = percent_change(first, last)
    return [plain(percent), plain(printed), compare(printed, percent).value]


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(table: Sequence[Row]) -> str:
    """Write rows as CSV; text that a spreadsheet would run is quoted."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for line in table:
        writer.writerow({name: harmless(cell) for name, cell in line.items()})
    return out.getvalue()


def harmless(cell: str) -> str:
    """Put a quote before what a spreadsheet would take for a formula."""
    try:
        Decimal(cell)
    except ArithmeticError:
        return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
    return cell
