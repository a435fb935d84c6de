"""Did a lesion respond? Rules as data: versioned, cited, each with its raw numbers.

A rule reads each quantity against that quantity's own baseline only: an area rule
never sees a volume or a diameter, and the circumference of a limb is no lesion size.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from patients import sources
from patients.change import Change, Point, change_of, exact_change

AREA_RESPONSE_PERCENT = Decimal(20)
"""Japanese topical sirolimus, phase II: area smaller by 20 % or more [V2]."""

VOLUME_RESPONSE_PERCENT = Decimal(20)
"""A design default [NV]: the trials that judge volume do not give their cut."""


class Aspect(StrEnum):
    """What a rule may read; the dimensions are kept apart."""

    AREA = "area"
    VOLUME = "volume"
    PAIN = "pain"
    FUNCTION = "function"


UNITS = {
    Aspect.AREA: "mm\u00b2",
    Aspect.VOLUME: "cm\u00b3",
    Aspect.PAIN: "VAS 0-10",
    Aspect.FUNCTION: "grade",
}


class Verdict(StrEnum):
    RESPONDS = "responds"
    DOES_NOT = "does not respond"
    UNKNOWN = "cannot be judged"


@dataclass(frozen=True, slots=True)
class Criterion:
    """A quantity that falls: at all, or by so many percent; the limit counts."""

    aspect: Aspect
    falls_by_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Response where any criterion is met (and/or)."""

    key: str
    version: int
    name: str
    short: str
    citation: str
    criteria: tuple[Criterion, ...]


SERIES_RULE = Rule(
    "series",
    1,
    sources.SERIES_NAME,
    sources.SERIES_SHORT,
    sources.SERIES_CITATION,
    (Criterion(Aspect.AREA), Criterion(Aspect.PAIN), Criterion(Aspect.FUNCTION)),
)
AREA_RULE = Rule(
    "area",
    1,
    sources.AREA_NAME,
    sources.AREA_SHORT,
    sources.AREA_CITATION,
    (Criterion(Aspect.AREA, AREA_RESPONSE_PERCENT),),
)
VOLUME_RULE = Rule(
    "volume",
    1,
    sources.VOLUME_NAME,
    sources.VOLUME_SHORT,
    sources.VOLUME_CITATION,
    (Criterion(Aspect.VOLUME, VOLUME_RESPONSE_PERCENT),),
)
RULES: tuple[Rule, ...] = (SERIES_RULE, AREA_RULE, VOLUME_RULE)


@dataclass(frozen=True, slots=True)
class Course:
    """What was measured of one lesion and of its patient.

    `baseline_on` is the day of the chosen baseline study. A higher grade of function
    is worse; its series is empty where function is not graded.
    """

    started_on: date | None
    baseline_on: date | None = None
    area_mm2: tuple[Point, ...] = ()
    volume_cm3: tuple[Point, ...] = ()
    pain_vas: tuple[Point, ...] = ()
    function_grade: tuple[Point, ...] = ()

    @property
    def changes(self) -> Mapping[Aspect, Change]:
        """Return each quantity against its own baseline."""
        imaged = {Aspect.AREA: self.area_mm2, Aspect.VOLUME: self.volume_cm3}
        told = {Aspect.PAIN: self.pain_vas, Aspect.FUNCTION: self.function_grade}
        start, chosen = self.started_on, self.baseline_on
        return {
            **{
                aspect: change_of(points, started_on=start, chosen_on=chosen)
                for aspect, points in imaged.items()
            },
            **{
                aspect: change_of(points, started_on=start)
                for aspect, points in told.items()
            },
        }


@dataclass(frozen=True, slots=True)
class Used:
    """The two raw numbers a criterion compared, and whether it is met."""

    aspect: Aspect
    unit: str
    baseline: Point
    latest: Point
    met: bool

    @property
    def percent(self) -> Decimal | None:
        return Change(self.baseline).percent(self.latest)


@dataclass(frozen=True, slots=True)
class Response:
    """A verdict with the numbers it used; `missing` could not be read."""

    rule: Rule
    verdict: Verdict
    used: tuple[Used, ...]
    missing: tuple[Aspect, ...] = ()


def judge(rule: Rule, course: Course) -> Response:
    """Hold the latest numbers under treatment against their baselines."""
    changes = course.changes if course.started_on is not None else {}
    read = [(each, held(each, changes.get(each.aspect))) for each in rule.criteria]
    used = tuple(found for _criterion, found in read if found is not None)
    missing = tuple(criterion.aspect for criterion, found in read if found is None)
    if not used:
        return Response(rule, Verdict.UNKNOWN, used, missing)
    met = any(each.met for each in used)
    return Response(rule, Verdict.RESPONDS if met else Verdict.DOES_NOT, used, missing)


def held(criterion: Criterion, change: Change | None) -> Used | None:
    """Compare one quantity; None where it has no baseline or nothing later."""
    if change is None or change.baseline is None or change.latest is None:
        return None
    old, new = change.baseline, change.latest
    if criterion.falls_by_percent is None:
        met = new.value < old.value
    elif old.value:
        met = exact_change(old.value, new.value) <= -criterion.falls_by_percent
    else:
        return None
    return Used(criterion.aspect, UNITS[criterion.aspect], old, new, met)
