"""Average exposure before each MRI beside its change: told, never fitted."""

from collections.abc import Iterable, Sequence

from dosing import policy
from dosing.cohort import drawn
from dosing.history import History
from dosing.words import plain
from patients.change import exact_change
from patients.response import Aspect
from tdm import charts
from tdm.response import LesionStory


def companion_of(
    history: History, stories: Sequence[LesionStory]
) -> charts.Companion | None:
    """Set the mean of the used levels before each MRI beside its change of area.

    The mean is over the levels drawn from the first dose up to the day of the MRI, as
    the cohort counts it: without those that are only a limit. None where no lesion has
    a baseline and one more MRI with a level before it.
    """
    points = [point for story in stories for point in points_of(history, story)]
    return charts.companion(points) if points else None


def points_of(history: History, story: LesionStory) -> Iterable[charts.ExposurePoint]:
    change = story.course.changes[Aspect.AREA]
    base = change.baseline
    start = history.course.starts_on()
    if base is None or not base.value or start is None:
        return
    levels = drawn(history, start)
    for point in change.later:
        before = [level for level in levels if level.on <= point.on]
        mean = policy.mean_of(before)
        if mean is not None:
            yield charts.ExposurePoint(
                on=point.on,
                mean_ng_per_ml=mean.ng_per_ml,
                levels=mean.of,
                limits=mean.limits,
                percent=exact_change(base.value, point.value),
                lesion=str(story.lesion),
                days_since_level=(point.on - before[-1].on).days,
                area=f"{plain(base.value)} \u2192 {plain(point.value)} mm\u00b2",
            )
