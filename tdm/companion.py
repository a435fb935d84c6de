"""Average exposure before each MRI beside its change: told, never fitted."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from dosing.history import History
from dosing.models import TroughLevel
from dosing.words import plain
from patients.change import exact_change
from patients.response import Aspect
from tdm import charts
from tdm.response import LesionStory


def companion_of(
    history: History, stories: Sequence[LesionStory]
) -> charts.Companion | None:
    """Set the mean of the used levels before each MRI beside its change of area.

    The mean is over the levels drawn from the first dose up to the day of the MRI;
    None where no lesion has a baseline and one more MRI with a level before it.
    """
    points = [point for story in stories for point in points_of(history, story)]
    return charts.companion(points) if points else None


def mean_of(levels: Sequence[TroughLevel]) -> Decimal:
    return sum((level.ng_per_ml for level in levels), Decimal(0)) / len(levels)


def points_of(history: History, story: LesionStory) -> Iterable[charts.ExposurePoint]:
    change = story.course.changes[Aspect.AREA]
    base = change.baseline
    if base is None or not base.value:
        return
    for point in change.later:
        before = [
            level
            for level in history.used_levels
            if history.day(level.drawn_at) <= point.on
        ]
        if before:
            yield charts.ExposurePoint(
                on=point.on,
                mean_ng_per_ml=mean_of(before),
                levels=len(before),
                at_limit=sum(level.comparator == "<" for level in before),
                percent=exact_change(base.value, point.value),
                lesion=str(story.lesion),
                days_since_level=(point.on - history.day(before[-1].drawn_at)).days,
                area=f"{plain(base.value)} \u2192 {plain(point.value)} mm\u00b2",
            )
