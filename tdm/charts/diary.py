"""What is known of the doses of a day; what the diary does not say is not taken."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tdm.charts.story import DosePeriod, Known, Story

DOSES_A_DAY_TOLD = 2
"""A diary tells of so many doses of a day."""


class Kind(StrEnum):
    """How a dose is drawn, from the floor of a day's cell upwards."""

    TAKEN = "dose"
    LATE = "dose late"
    OTHER = "dose other"
    SILENT = "dose silent"
    VOMITED = "dose vomited"
    UNKNOWN = "dose unknown"
    MISSED = "dose missed"
    PLANNED = "dose planned"


BY_KNOWN = {
    Known.TAKEN: Kind.TAKEN,
    Known.LATE: Kind.LATE,
    Known.OTHER: Kind.OTHER,
    Known.VOMITED: Kind.VOMITED,
    Known.UNKNOWN: Kind.UNKNOWN,
    Known.MISSED: Kind.MISSED,
}
ORDER = list(Kind)


WORDS = {
    Kind.TAKEN: gettext_noop("taken"),
    Kind.LATE: gettext_noop("taken late"),
    Kind.OTHER: gettext_noop("another amount"),
    Kind.SILENT: gettext_noop("diary says nothing"),
    Kind.VOMITED: gettext_noop("vomited soon after"),
    Kind.UNKNOWN: gettext_noop("not known"),
    Kind.MISSED: gettext_noop("missed"),
    Kind.PLANNED: gettext_noop("planned"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """The doses of a day of which the same is known, and what they sum to."""

    kind: Kind
    mg: Decimal


def kind_text(kind: Kind) -> str:
    return _(WORDS[kind])


def doses_on(period: DosePeriod, on: date) -> int:
    """How many doses fall on a day, counted from the period's first midnight."""
    day = (on - period.starts_on).days
    until = ceil(24 * (day + 1) / period.interval_h)
    return until - ceil(24 * day / period.interval_h)


def period_on(story: Story, on: date) -> DosePeriod | None:
    """Return the dose prescribed on a day."""
    found = (
        each
        for each in reversed(story.doses)
        if each.starts_on <= on and (each.stops_on is None or on < each.stops_on)
    )
    return next(found, None)


def cells_on(story: Story, period: DosePeriod, on: date) -> tuple[Cell, ...]:
    """Return the cells of a day, what was surely taken first."""
    known = list(_doses(story, period, on))
    if len(known) == 1:
        return tuple(known)
    known.sort(key=lambda cell: ORDER.index(cell.kind))
    return tuple(
        Cell(kind, sum((cell.mg for cell in alike), Decimal(0)))
        for kind, alike in groupby(known, key=lambda cell: cell.kind)
    )


def _doses(story: Story, period: DosePeriod, on: date) -> Iterable[Cell]:
    """Yield each dose that was due or was taken without being due."""
    due = doses_on(period, on)
    is_ahead = on > story.now.date()
    for slot in range(max(due, DOSES_A_DAY_TOLD)):
        told = story.diary.get((on, slot))
        if slot < due and (told is None or is_ahead):
            yield Cell(Kind.PLANNED if is_ahead else Kind.SILENT, period.amount_mg)
        elif told is not None and (slot < due or told.known.is_swallowed):
            mg = told.amount_mg or period.amount_mg
            yield Cell(BY_KNOWN[told.known], mg)
