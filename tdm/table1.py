"""The case series' Table 1, recomputed from what is stored, for any cohort."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dosing.cohort import lines_of
from dosing.models import CohortLine
from dosing.policy import MONTH_WINDOW, WEEK_WINDOW
from dosing.words import plain
from patients import ctcae
from patients.change import is_misprinted, percent_change
from patients.models import Patient, PreviousTreatment, Sex, SideEffect, Site
from tdm import sheets
from tdm.sheets import Cell, Column
from tdm.teaching import case_series


class Comparison(StrEnum):
    """How a printed percentage stands to the one recomputed from raw values."""

    MATCHES = gettext_noop("matches")
    DISCREPANCY = gettext_noop("discrepancy")


Row = dict[str, str]

MISSING = gettext_noop("missing")
NONE = gettext_noop("none")
NOT_PRINTED = gettext_noop("not published")
OTHER_EFFECT = gettext_noop("other side effect")
WORDS = {MISSING, NONE, NOT_PRINTED, *Comparison, *Sex.values}
"""What a cell may say in words that are translated where it is shown."""

TROUGH = gettext_noop("trough (ng/mL)")
PAIN = gettext_noop("pain (VAS 0-10)")
LIMB = gettext_noop("limb circumference")
AREA = gettext_noop("MRI maximum area")
WEEK_2, WEEK_4 = gettext_noop("week 2"), gettext_noop("week 4")
MONTH_0, MONTH_1 = gettext_noop("month 0"), gettext_noop("month 1")
MONTH_3 = gettext_noop("month 3")
CHANGE, PRINTED = gettext_noop("change (%)"), gettext_noop("printed (%)")
COMPARED = gettext_noop("comparison")
CM_0, CM_1 = gettext_noop("month 0 (cm)"), gettext_noop("month 1 (cm)")
CM_3 = gettext_noop("month 3 (cm)")
MM2_0, MM2_3 = gettext_noop("month 0 (mm2)"), gettext_noop("month 3 (mm2)")

ALL_COLUMNS = (
    Column(gettext_noop("case"), width=3),
    Column(gettext_noop("age (years)"), width=2),
    Column(gettext_noop("sex"), width=3),
    Column(gettext_noop("location"), width=6),
    Column(gettext_noop("previous treatment"), width=5),
    Column(gettext_noop("dose (mg/day)"), width=2),
    Column(gettext_noop("trough week 2 (ng/mL)"), TROUGH, WEEK_2, 3),
    Column(gettext_noop("trough week 4 (ng/mL)"), TROUGH, WEEK_4, 3),
    Column(gettext_noop("pain month 0 (VAS 0-10)"), PAIN, MONTH_0, 3),
    Column(gettext_noop("pain month 1 (VAS 0-10)"), PAIN, MONTH_1, 3),
    Column(gettext_noop("pain month 3 (VAS 0-10)"), PAIN, MONTH_3, 3),
    Column(gettext_noop("limb circumference month 0 (cm)"), LIMB, CM_0, 3),
    Column(gettext_noop("limb circumference month 1 (cm)"), LIMB, CM_1, 3),
    Column(gettext_noop("limb circumference month 3 (cm)"), LIMB, CM_3, 3),
    Column(gettext_noop("limb circumference change (%)"), LIMB, CHANGE, 3),
    Column(gettext_noop("limb circumference change printed (%)"), LIMB, PRINTED, 3),
    Column(gettext_noop("limb circumference comparison"), LIMB, COMPARED, 4),
    Column(gettext_noop("MRI maximum area month 0 (mm2)"), AREA, MM2_0, 3),
    Column(gettext_noop("MRI maximum area month 3 (mm2)"), AREA, MM2_3, 3),
    Column(gettext_noop("MRI maximum area change (%)"), AREA, CHANGE, 3),
    Column(gettext_noop("MRI maximum area change printed (%)"), AREA, PRINTED, 3),
    Column(gettext_noop("MRI maximum area comparison"), AREA, COMPARED, 4),
    Column(gettext_noop("adverse effects"), width=6),
    Column(gettext_noop("follow-up (months)"), width=3),
)
COLUMNS = tuple(column.name for column in ALL_COLUMNS)

OF_THE_REPORT = {PRINTED, COMPARED}
"""Columns that only the two published cases fill."""

PRESENT = {
    "age (years)": Q(age_at_start__isnull=False),
    "trough week 2 (ng/mL)": Q(trough_week_2_ng_per_ml__isnull=False),
    "trough week 4 (ng/mL)": Q(trough_week_4_ng_per_ml__isnull=False),
    "pain month 0 (VAS 0-10)": Q(pain_month_0__isnull=False),
    "pain month 1 (VAS 0-10)": Q(pain_month_1__isnull=False),
    "pain month 3 (VAS 0-10)": Q(pain_month_3__isnull=False),
    "limb circumference month 0 (cm)": Q(limb_month_0_cm__isnull=False),
    "limb circumference month 1 (cm)": Q(limb_month_1_cm__isnull=False),
    "limb circumference month 3 (cm)": Q(limb_month_3_cm__isnull=False),
    "limb circumference change (%)": Q(
        limb_month_0_cm__gt=0, limb_month_3_cm__isnull=False
    ),
    "MRI maximum area month 0 (mm2)": Q(area_month_0_mm2__isnull=False),
    "MRI maximum area month 3 (mm2)": Q(area_month_3_mm2__isnull=False),
    "MRI maximum area change (%)": Q(
        area_month_0_mm2__gt=0, area_month_3_mm2__isnull=False
    ),
}
"""When a cell has a value; every other column always has one."""

POOLED_FROM_AGE = 90
"""Ages from here on are pooled without names: over 89, as HIPAA's safe harbour
(45 CFR 164.514(b)(2)(i)(C)) asks [V2]."""


def rows(sites: QuerySet[Site] | None = None) -> list[Row]:
    """Return one row for each published case that is stored, without names."""
    patients = Patient.objects.filter(identifier__in=published_cases())
    if sites is not None:
        patients = patients.filter(site__in=sites)
    lines = lines_of(patients, at=timezone.now())
    lines.sort(key=lambda line: line.patient.identifier)
    today = timezone.localdate()
    return [
        {name: shown(cell) for name, cell in cells(line, today).items()}
        for line in lines
        if not line.excluded
    ]


@cache
def published_cases() -> dict[str, Mapping[str, Any]]:
    return {case["identifier"]: case for case in case_series()["cases"]}


def columns_for(*, published: bool) -> tuple[Column, ...]:
    """Leave out what was printed where no case of the report is among the lines."""
    return tuple(
        column
        for column in ALL_COLUMNS
        if published or column.short not in OF_THE_REPORT
    )


def cells(
    line: CohortLine, today: date, *, identified: bool = False
) -> dict[str, Cell]:
    """Return one row by the names of its columns; what is missing is None."""
    patient = line.patient
    case = published_cases().get(patient.identifier)
    limb = percent(line.limb_month_0_cm, line.limb_month_3_cm)
    area = percent(line.area_month_0_mm2, line.area_month_3_mm2)
    values: list[Cell] = [
        f"{patient.identifier} {patient.name}" if identified else line.pseudonym,
        line.age_at_start if identified else pooled_age(line.age_at_start),
        line.sex,
        location(patient, identified=identified) or None,
        earlier(patient, identified=identified) or NONE,
        line.first_mg_per_day,
        line.trough_week_2_ng_per_ml,
        line.trough_week_4_ng_per_ml,
        line.pain_month_0,
        line.pain_month_1,
        line.pain_month_3,
        line.limb_month_0_cm,
        line.limb_month_1_cm,
        line.limb_month_3_cm,
        *beside_printed(limb, case, "circumference_cm"),
        line.area_month_0_mm2,
        line.area_month_3_mm2,
        *beside_printed(area, case, "mri_max_area_mm2"),
        adverse_effects(line, identified=identified) or NONE,
        line.months_followed(today),
    ]
    return dict(zip(COLUMNS, values, strict=True))


def pooled_age(age: int | None) -> Cell:
    """Return an age, or "90+" for all that would be rare enough to tell who it is."""
    if age is None or age < POOLED_FROM_AGE:
        return age
    return f"{POOLED_FROM_AGE}+"


def percent(first: Decimal | None, last: Decimal | None) -> Decimal | None:
    return percent_change(first, last) if first and last is not None else None


def beside_printed(
    recomputed: Decimal | None, case: Mapping[str, Any] | None, quantity: str
) -> list[Cell]:
    if case is None:
        return [recomputed, NOT_PRINTED, NOT_PRINTED]
    printed = Decimal(case["printed_percent"][quantity])
    if recomputed is None:
        return [None, printed, None]
    wrong = is_misprinted(printed, recomputed)
    said = Comparison.DISCREPANCY if wrong else Comparison.MATCHES
    return [recomputed, printed, said.value]


def location(patient: Patient, *, identified: bool) -> str:
    """Name the lesions by their codes; the site in free words only with names."""
    return "; ".join(
        str(lesion)
        if identified
        else " \u00b7 ".join(
            (
                lesion.get_side_display(),
                *([lesion.get_region_display()] if lesion.region else []),
                lesion.get_compartment_display(),
                lesion.get_issva_type_display(),
            )
        )
        for lesion in patient.lesions.all()
    )


def earlier(patient: Patient, *, identified: bool) -> str:
    treatments: Sequence[PreviousTreatment] = [
        treatment for lesion in patient.lesions.all() for treatment in lesion.treatments
    ]
    return "; ".join(
        str(each) if identified else each.get_kind_display() for each in treatments
    )


def adverse_effects(line: CohortLine, *, identified: bool) -> str:
    effects = sorted(line.patient.side_effects.all(), key=lambda e: (e.onset_on, e.pk))
    return "; ".join(
        effect_in_words(each, line.started_on, identified=identified)
        for each in effects
        if each.withdrawn_at is None
    )


def effect_in_words(effect: SideEffect, start: date | None, *, identified: bool) -> str:
    facts = {
        "effect": effect_name(effect, identified=identified),
        "grade": effect.grade,
        "week": (effect.onset_on - start).days // 7 if start else "?",
    }
    return _("%(effect)s, grade %(grade)s, week %(week)s") % facts


def effect_name(effect: SideEffect, *, identified: bool = False) -> str:
    """Name a side effect by its term; one in free words only with names."""
    if effect.term == ctcae.OTHER and not identified:
        return _(OTHER_EFFECT)
    return str(effect.label)


def shown(cell: Cell) -> str:
    """Write a cell in English; what is missing as missing."""
    if cell is None:
        return MISSING
    return plain(cell) if isinstance(cell, Decimal) else str(cell)


def said(cell: Cell) -> Cell:
    """Return a cell in the reader's language; a number stays a number."""
    if cell is None:
        return _(MISSING)
    return _(cell) if isinstance(cell, str) and cell in WORDS else cell


def counts(lines: QuerySet[CohortLine], columns: Sequence[Column]) -> tuple[Cell, ...]:
    """Return the row that says for how many lines each column has a value."""
    published = Q(patient__identifier__in=published_cases())
    asked = {
        f"n{place}": Count(
            "pk",
            filter=published
            if column.short in OF_THE_REPORT
            else PRESENT.get(column.name, Q()),
        )
        for place, column in enumerate(columns)
    }
    found = lines.aggregate(**asked)
    return ("n", *(found[f"n{place}"] for place in range(1, len(columns))))


def table(
    lines: Iterable[CohortLine],
    columns: Sequence[Column],
    today: date,
    *,
    identified: bool = False,
) -> list[tuple[Cell, ...]]:
    found = []
    for line in lines:
        row = cells(line, today, identified=identified)
        found.append(tuple(said(row[column.name]) for column in columns))
    return found


def headed(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns with their heads in the reader's language."""
    return tuple(
        Column(
            _(column.name),
            _(column.group) if column.group else "",
            _(column.short) if column.short else "",
            column.width,
        )
        for column in columns
    )


def notes() -> tuple[str, ...]:
    """State the windows, and that values are recomputed."""
    return (
        _(
            "Values are recomputed from what is stored. Month 0 is the day of the first"
            " dose. A level belongs to a week within %(days)s days of it, a measurement"
            " to a month within %(month_days)s days of it; the nearest counts, the"
            " earlier of two. These windows are a design default, not verified."
        )
        % {"days": WEEK_WINDOW.days, "month_days": MONTH_WINDOW.days},
        _(
            "Change: (month 3 - month 0) / month 0. Circumference and area are those of"
            " the lesion with the largest area before treatment. n: how many have a"
            " value. Levels that were set aside, or are only a limit, are not used."
        ),
    )


def as_csv(found: Sequence[Row]) -> str:
    """Write the published cases as CSV, in English."""
    lines = tuple(tuple(row[name] for name in COLUMNS) for row in found)
    return sheets.as_csv(sheets.Sheet("Table 1", ALL_COLUMNS, lines))
