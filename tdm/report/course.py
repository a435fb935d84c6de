"""How lesion and pain went: raw numbers, and the change from the first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dosing.words import plain
from patients.change import differs, percent_change
from patients.models import Measurement, Patient, Quantity

COURSES = (
    Quantity.PAIN_VAS,
    Quantity.CIRCUMFERENCE_CM,
    *(each for each in Quantity if each.value.startswith("mri_")),
)
MOST_BETWEEN = 2
"""So many values between the first and the latest are printed one by one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One outcome: its first value, those between, the latest, and the change."""

    what: str
    first: str
    between: str
    latest: str
    change: str


def course_of(patient: Patient) -> Iterable[Row]:
    """Yield one row for each outcome of each lesion, at each landmark apart."""
    rows = Measurement.objects.of(patient).filter(quantity__in=COURSES)
    found = list(rows.select_related("lesion", "landmark").in_time_order())
    lesions = {each.lesion_id for each in found if each.lesion_id}
    kinds: dict[tuple[str, int, int], list[Measurement]] = {}
    for each in found:
        place = (each.quantity, each.lesion_id or 0, each.landmark_id or 0)
        kinds.setdefault(place, []).append(each)
    order = [quantity.value for quantity in COURSES]
    for _kind, values in sorted(
        kinds.items(), key=lambda pair: (order.index(pair[0][0]), *pair[0][1:])
    ):
        yield row(values, several=len(lesions) > 1)


def row(values: Sequence[Measurement], *, several: bool) -> Row:
    first, last = values[0], values[-1]
    what = first.get_quantity_display()
    if first.landmark is not None:
        what = f"{what}, {first.landmark}"
    elif several and first.lesion is not None:
        what = f"{what}, {first.lesion}"
    if len(values) == 1:
        return Row(what, dated(first), "", "", "")
    changes = change(first.value, last.value), beside_printed(first, last)
    return Row(
        what=what,
        first=dated(first),
        between=between(values[1:-1]),
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
