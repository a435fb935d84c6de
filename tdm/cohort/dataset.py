"""The cohort as data: one row per patient, and what each column means."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dosing.models import CohortLine
from dosing.policy import MONTH_WINDOW, WEEK_WINDOW
from dosing.words import plain
from patients.response import AREA_RESPONSE_PERCENT
from tdm.sheets import Cell, Column, Sheet
from tdm.table1 import POOLED_FROM_AGE, percent, pooled_age

SMALLEST_SITE = 5
"""A clinic with fewer patients in the export is not named: a design default [NV]."""

SMALL_SITE = gettext_noop("a clinic with fewer than %(n)s patients here")


@dataclass(frozen=True, slots=True)
class Context:
    """What a row needs besides its line."""

    today: date
    identified: bool
    small_sites: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variable:
    """A column: its name in data, its unit, what it means and where it comes from."""

    name: str
    unit: str
    meaning: str
    value: Callable[[CohortLine, Context], Cell]


def field(name: str, unit: str, meaning: str) -> Variable:
    """Name a column that is a field of the line; yes and no are 1 and 0."""

    def value(line: CohortLine, _context: Context) -> Cell:
        found = getattr(line, name)
        return int(found) if isinstance(found, bool) else found

    return Variable(name, unit, meaning, value)


def site(line: CohortLine, context: Context) -> Cell:
    small = line.site_id in context.small_sites and not context.identified
    return _(SMALL_SITE) % {"n": SMALLEST_SITE} if small else line.site.name


def age(line: CohortLine, context: Context) -> Cell:
    return line.age_at_start if context.identified else pooled_age(line.age_at_start)


def codes_of(name: str) -> Callable[[CohortLine, Context], Cell]:
    def codes(line: CohortLine, _context: Context) -> Cell:
        found = {getattr(lesion, name) for lesion in line.patient.lesions.all()}
        return "; ".join(sorted(filter(None, found))) or None

    return codes


def months_followed(line: CohortLine, context: Context) -> Cell:
    """Count whole months: days up to today would tell the day of the first dose."""
    return line.months_followed(context.today)


def due_on_day(line: CohortLine, _context: Context) -> Cell:
    if line.level_due_on is None or line.started_on is None:
        return None
    return (line.level_due_on - line.started_on).days


def is_overdue(line: CohortLine, context: Context) -> Cell:
    due = line.level_due_on
    return None if due is None else int(due < context.today)


IDENTIFYING = (
    Variable(
        "identifier",
        "",
        gettext_noop("number on the hospital card"),
        lambda line, _c: line.patient.identifier,
    ),
    Variable(
        "name",
        "",
        gettext_noop("family, given name"),
        lambda ln, _c: ln.patient.name,
    ),
    Variable(
        "born_on",
        "YYYY-MM-DD",
        gettext_noop("date of birth"),
        lambda ln, _c: ln.patient.born_on.isoformat(),
    ),
    Variable(
        "started_on",
        "YYYY-MM-DD",
        gettext_noop("day of the first dose"),
        lambda ln, _c: ln.started_on.isoformat() if ln.started_on else None,
    ),
)

VARIABLES = (
    Variable(
        "pseudonym",
        "",
        gettext_noop("place in the register; the same in every export"),
        lambda ln, _c: ln.pseudonym,
    ),
    Variable("site", "", gettext_noop("clinic, unless it is small"), site),
    field("sex", "", gettext_noop("female, male, other, unknown")),
    Variable(
        "age_at_start",
        gettext_noop("years"),
        gettext_noop("whole years at the first dose; %(age)s+ without names"),
        age,
    ),
    Variable(
        "lesion_types",
        "",
        gettext_noop("ISSVA 2018 types of the lesions"),
        codes_of("issva_type"),
    ),
    Variable("lesion_sides", "", gettext_noop("sides of lesions"), codes_of("side")),
    Variable(
        "lesion_regions",
        "",
        gettext_noop("regions of the lesions on the body map"),
        codes_of("region"),
    ),
    Variable(
        "lesion_compartments",
        "",
        gettext_noop("tissue compartments of the lesions"),
        codes_of("compartment"),
    ),
    Variable(
        "protocol",
        "",
        gettext_noop("dosing protocol in force"),
        lambda ln, _c: str(ln.protocol) if ln.protocol else None,
    ),
    Variable(
        "months_followed",
        gettext_noop("months"),
        gettext_noop("first dose to today, or to the end of follow-up"),
        months_followed,
    ),
    field("has_consent", "0/1", gettext_noop("a day of consent is recorded")),
    field("first_mg_per_day", "mg/day", gettext_noop("dose at the start")),
    field("levels", gettext_noop("count"), gettext_noop("used levels since the start")),
    field("first_in_range", "0/1", gettext_noop("first level that can be judged")),
    field("last_in_range", "0/1", gettext_noop("last level that can be judged")),
    field(
        "days_to_range",
        gettext_noop("days"),
        gettext_noop("first dose to first level in range"),
    ),
    field(
        "days_in_range",
        gettext_noop("days"),
        gettext_noop("in range, by linear interpolation (Rosendaal 1993)"),
    ),
    field("days_judged", gettext_noop("days"), gettext_noop("days that were judged")),
    field(
        "days_left_out",
        gettext_noop("days"),
        gettext_noop("gaps too long, or next to a level that is only a limit"),
    ),
    field("mean_ng_per_ml", "ng/mL", gettext_noop("mean of the used levels")),
    field("decisions", gettext_noop("count"), gettext_noop("signed decisions")),
    field(
        "suggested", gettext_noop("count"), gettext_noop("of them with a suggestion")
    ),
    field(
        "overrides",
        gettext_noop("count"),
        gettext_noop("decisions that chose another dose than the suggested one"),
    ),
    Variable(
        "level_due_on_day",
        gettext_noop("days since start"),
        gettext_noop("day on which the next level is due"),
        due_on_day,
    ),
    Variable(
        "level_overdue", "0/1", gettext_noop("the next level is overdue"), is_overdue
    ),
    field("trough_week_2_ng_per_ml", "ng/mL", gettext_noop("level of week 2")),
    field("trough_week_4_ng_per_ml", "ng/mL", gettext_noop("level of week 4")),
    field("pain_month_0", "VAS 0-10", gettext_noop("pain, month 0")),
    field("pain_month_1", "VAS 0-10", gettext_noop("pain, month 1")),
    field("pain_month_3", "VAS 0-10", gettext_noop("pain, month 3")),
    field("limb_month_0_cm", "cm", gettext_noop("limb circumference, month 0")),
    field("limb_month_1_cm", "cm", gettext_noop("limb circumference, month 1")),
    field("limb_month_3_cm", "cm", gettext_noop("limb circumference, month 3")),
    Variable(
        "limb_change_percent",
        "%",
        gettext_noop("(month 3 - month 0) / month 0"),
        lambda ln, _c: percent(ln.limb_month_0_cm, ln.limb_month_3_cm),
    ),
    field("area_month_0_mm2", "mm2", gettext_noop("MRI maximum area, month 0")),
    field("area_month_3_mm2", "mm2", gettext_noop("MRI maximum area, month 3")),
    Variable(
        "area_change_percent",
        "%",
        gettext_noop("(month 3 - month 0) / month 0"),
        lambda ln, _c: percent(ln.area_month_0_mm2, ln.area_month_3_mm2),
    ),
    field(
        "last_area_percent",
        "%",
        gettext_noop("last MRI area against the one before treatment"),
    ),
    field(
        "area_responds",
        "0/1",
        gettext_noop("the last area is smaller by %(percent)s %% or more"),
    ),
    field("side_effects", gettext_noop("count"), gettext_noop("side effects recorded")),
    field("worst_grade", "CTCAE 5.0", gettext_noop("highest grade of a side effect")),
)


NUMBERS = {"age": POOLED_FROM_AGE, "percent": plain(AREA_RESPONSE_PERCENT)}
"""What the meanings name by its place."""


def variables(*, identified: bool) -> tuple[Variable, ...]:
    return (*IDENTIFYING, *VARIABLES) if identified else VARIABLES


def dataset(lines: Iterable[CohortLine], context: Context) -> Sheet:
    """Write one row per patient; an empty cell is missing."""
    asked = variables(identified=context.identified)
    rows = tuple(tuple(each.value(line, context) for each in asked) for line in lines)
    columns = tuple(Column(each.name) for each in asked)
    return Sheet(_("Cohort"), columns, rows, context.notes)


def dictionary(*, identified: bool) -> Sheet:
    """Write what each column of the dataset means, and in which unit."""
    rows = tuple(
        (each.name, _(each.unit) if each.unit else None, _(each.meaning) % NUMBERS)
        for each in variables(identified=identified)
    )
    heads = tuple(Column(name) for name in (_("column"), _("unit"), _("meaning")))
    windows = _(
        "An empty cell is missing. A level belongs to a week within %(days)s days of"
        " it, a measurement to a month within %(month_days)s days of it. Response: a"
        " decrease of the area of %(percent)s %% or more."
    ) % {
        "days": WEEK_WINDOW.days,
        "month_days": MONTH_WINDOW.days,
        "percent": plain(AREA_RESPONSE_PERCENT),
    }
    return Sheet(_("Columns"), heads, rows, (windows,))
