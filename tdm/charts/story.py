"""What a chart is told: one patient's treatment, as plain facts without a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from patients.change import exact_change


class Window(StrEnum):
    """How far back the chart looks; the value is the word in the address.

    AHEAD looks a week back and as far ahead as the curve goes.
    """

    FOUR_WEEKS = "4w"
    THREE_MONTHS = "3m"
    ALL = "all"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Span:
    """The days a reader chose to look at, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class LevelPoint:
    """A measured level; one that is censored stands at its limit of quantification.

    `verdict` is below, in, above, urgent or unknown; `label` is the value as
    written, `title` the whole sentence shown on hover.
    """

    at: datetime
    ng_per_ml: Decimal
    verdict: str
    label: str
    title: str
    set_aside: bool
    censored: bool
    method: str


@dataclass(frozen=True, slots=True)
class DosePeriod:
    """One regimen; `stops_on` is the first day without it."""

    starts_on: date
    stops_on: date | None
    amount_mg: Decimal
    interval_h: int
    label: str


@dataclass(frozen=True, slots=True)
class TargetBand:
    """A target and its source; `to_on` is the first day it no longer holds."""

    from_on: date
    to_on: date | None
    low_ng_per_ml: Decimal
    high_ng_per_ml: Decimal
    label: str


@dataclass(frozen=True, slots=True)
class Goal:
    """A response rule's cut, as so many percent less than baseline, and its source."""

    percent: int
    source: str


@dataclass(frozen=True, slots=True)
class ResponseSeries:
    """One outcome over time; `baseline_on` is the day of what it is compared with.

    Without a baseline that is its first value, and its name says so.
    """

    name: str
    unit: str
    points: tuple[tuple[date, Decimal], ...]
    css: str
    baseline_on: date
    goal: Goal | None = None
    """What the response rule asks of it, if one speaks of it."""

    @property
    def in_order(self) -> tuple[tuple[date, Decimal], ...]:
        return tuple(sorted(self.points))

    @property
    def baseline(self) -> Decimal:
        return next(value for on, value in self.points if on == self.baseline_on)

    def change_percent(self, value: Decimal) -> Decimal | None:
        """Change from baseline; a baseline of zero has no percentages."""
        baseline = self.baseline
        return exact_change(baseline, value) if baseline else None


@dataclass(frozen=True, slots=True)
class ExpectedCurve:
    """The curve that the models expect, with its credible band, ng/mL.

    `values` are 5, 25, 50, 75 and 95 % at each instant, one row each.
    """

    at: tuple[datetime, ...]
    values: tuple[tuple[float, ...], ...]
    label: str


@dataclass(frozen=True, slots=True)
class DrugCourse:
    """Another drug that changes the level; `stops_on` is the first day without it."""

    starts_on: date
    stops_on: date | None
    label: str


@dataclass(frozen=True, slots=True)
class EffectBar:
    """An episode of a side effect; `gone_on` is None while it is open."""

    starts_on: date
    gone_on: date | None
    grade: int
    label: str


@dataclass(frozen=True, slots=True)
class Happening:
    """An event beside the drug; `until` is its last day, if it lasted."""

    on: date
    until: date | None
    label: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Days without tablets, the first and the last that is shown."""

    from_on: date
    to_on: date


class Known(StrEnum):
    """What a diary says of one dose."""

    TAKEN = "taken"
    LATE = "late"
    OTHER = "other"
    VOMITED = "vomited"
    UNKNOWN = "unknown"
    MISSED = "missed"

    @property
    def is_swallowed(self) -> bool:
        return self in {Known.TAKEN, Known.LATE, Known.OTHER, Known.VOMITED}


@dataclass(frozen=True, slots=True)
class ToldDose:
    """What the diary says of a dose; the amount is empty where it is as prescribed."""

    known: Known
    amount_mg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """`now` is aware and in the clinic's zone; days are counted in that zone."""

    start_on: date
    now: datetime
    levels: tuple[LevelPoint, ...] = ()
    doses: tuple[DosePeriod, ...] = ()
    bands: tuple[TargetBand, ...] = ()
    urgent_ng_per_ml: Decimal | None = None
    response: tuple[ResponseSeries, ...] = ()
    curve: ExpectedCurve | None = None
    drugs: tuple[DrugCourse, ...] = ()
    effects: tuple[EffectBar, ...] = ()
    diary: Mapping[tuple[date, int], ToldDose] = field(default_factory=dict)
    """What the diary says of each dose, by its day and its place in the day from 0."""

    events: tuple[Happening, ...] = ()
    gap: Gap | None = None
