"""How lesion and pain went: raw numbers, and the change from baseline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dosing.history import History
from dosing.words import plain
from patients.change import differs, percent_change
from patients.models import Measurement, Quantity
from tdm.response import Alike, chosen_baseline, measured_alike

COURSES = (
    Quantity.PAIN_VAS,
    Quantity.CIRCUMFERENCE_CM,
    *(each for each in Quantity if each.value.startswith("mri_")),
)
MOST_BETWEEN = 2
"""So many values between the first and the latest are printed one by one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One outcome: its baseline, what lies between, the latest, and the change."""

    what: str
    first: str
    between: str
    latest: str
    change: str


def course_of(history: History) -> Iterable[Row]:
    """Yield one row for each outcome of each lesion, landmark and method."""
    patient, start = history.patient, history.course.starts_on()
    rows = Measurement.objects.of(patient).filter(quantity__in=COURSES)
    found = list(rows.select_related("lesion", "landmark").in_time_order())
    several = len({each.lesion_id for each in found if each.lesion_id}) > 1
    chosen = chosen_baseline(patient)
    order = [quantity.value for quantity in COURSES]
    alike = list(measured_alike(found, start, chosen))
    for each in sorted(alike, key=lambda each: place(each.first, order)):
        yield row(named(each.first, several=several), each)


def place(first: Measurement, order: Sequence[str]) -> tuple[int, int, int, str]:
    return (
        order.index(first.quantity),
        first.lesion_id or 0,
        first.landmark_id or 0,
        first.method,
    )


def named(first: Measurement, *, several: bool) -> str:
    """Name an outcome by its landmark, or lesion, and by how it was measured."""
    where = first.landmark or (first.lesion if several else None)
    method = first.get_method_display() if first.method else ""
    parts = [first.get_quantity_display(), str(where or ""), str(method)]
    return ", ".join(filter(None, parts))


NO_BASELINE = "\N{EN DASH}"


def row(what: str, alike: Alike) -> Row:
    """Print a course against its baseline; without one, no percentage."""
    base, last = alike.baseline, alike.values[-1]
    if base is None:
        return Row(what, NO_BASELINE, between(alike.values[:-1]), dated(last), "")
    later = [each for each in alike.values if each.measured_on > base.measured_on]
    if not later:
        return Row(what, dated(base), "", "", "")
    changes = change(base.value, last.value), beside_printed(base, last)
    return Row(
        what=what,
        first=dated(base),
        between=between(later[:-1]),
        latest=dated(last),
        change=" ".join(filter(None, changes)),
    )


def beside_printed(first: Measurement, last: Measurement) -> str:
    """Say what a report printed, where that does not follow from its numbers."""
    printed = last.printed_percent
    if printed is None or not first.value:
        return ""
    if not differs(printed, first.value, last.value):
        return ""
    return _("(the report prints %(percent)s)") % {"percent": signed(plain(printed))}


def dated(each: Measurement) -> str:
    day = date_format(each.measured_on, "SHORT_DATE_FORMAT")
    return f"{plain(each.value)} ({day})"


def between(values: Sequence[Measurement]) -> str:
    if len(values) <= MOST_BETWEEN:
        return ", ".join(map(dated, values))
    numbers = [each.value for each in values]
    words = ngettext(
        "%(count)s value, %(low)s to %(high)s",
        "%(count)s values, %(low)s to %(high)s",
        len(values),
    )
    return words % {
        "count": len(values),
        "low": plain(min(numbers)),
        "high": plain(max(numbers)),
    }


def change(first: Decimal, last: Decimal) -> str:
    """Write the change in percent; from zero there is none."""
    if not first:
        return _("no percentage from 0")
    return signed(f"{percent_change(first, last):.1f}")


def signed(percent: str) -> str:
    """Write a percentage with its sign; `percent` is a plain number."""
    minus, plus = percent.startswith("-"), Decimal(percent) > 0
    sign = "\N{MINUS SIGN}" if minus else "+" if plus else ""
    return f"{sign}{percent.removeprefix('-')} %"
