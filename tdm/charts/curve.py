"""The expected curve with its bands, drawn behind the levels; the future is dashed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from tdm.charts.axis import TimeAxis, clinic_day
from tdm.charts.shapes import Drawing, Path, path
from tdm.charts.story import ExpectedCurve, Story

LOW, LOWER, MIDDLE, UPPER, HIGH = range(5)


class Scale(Protocol):
    """What turns ng/mL into a height."""

    @property
    def axis(self) -> TimeAxis: ...
    @property
    def top(self) -> float: ...
    def y(self, ng_per_ml: Decimal | float) -> float: ...


@dataclass(frozen=True, slots=True)
class Strip:
    """The points of a curve inside the window: days, and a row for each quantile."""

    days: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]


def shown(story: Story, axis: TimeAxis) -> Strip | None:
    """Return the points inside the window, one beyond each edge cut off."""
    curve = story.curve
    if curve is None:
        return None
    days = [clinic_day(at, story) for at in curve.at]
    kept = [place for place, day in enumerate(days) if axis.shows(day)]
    if len(kept) < 2:  # noqa: PLR2004 - a line needs two points
        return None
    return Strip(
        tuple(days[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in curve.values),
    )


def highest_of(story: Story, axis: TimeAxis) -> Decimal:
    """Return how high the middle of the curve goes in the window, ng/mL."""
    strip = shown(story, axis)
    return Decimal(str(max(strip.values[MIDDLE]))) if strip else Decimal(0)


def curve_drawing(story: Story, scale: Scale) -> Drawing:
    strip = shown(story, scale.axis)
    if strip is None or story.curve is None:
        return Drawing()
    return Drawing(paths=tuple(paths(story, story.curve, strip, scale)))


def paths(
    story: Story, curve: ExpectedCurve, strip: Strip, scale: Scale
) -> Iterable[Path]:
    for low, high, css in ((LOW, HIGH, "band-90"), (LOWER, UPPER, "band-50")):
        over = points(strip.days, strip.values[high], scale)
        under = points(strip.days, strip.values[low], scale)
        yield path([*over, *reversed(under)], css, curve.label, area=True)
    now = clinic_day(story.now, story)
    middle = points(strip.days, strip.values[MIDDLE], scale)
    turn = sum(day <= now for day in strip.days)
    for part, css in ((middle[:turn], "curve"), (middle[max(turn - 1, 0) :], "ahead")):
        if len(part) > 1:
            yield path(part, f"curve {css}", curve.label, area=False)


def points(
    days: Sequence[float], values: Sequence[float], scale: Scale
) -> list[tuple[float, float]]:
    """Return pixels; what is above the panel is cut off at its top."""
    return [
        (scale.axis.x(day), max(scale.y(value), scale.top))
        for day, value in zip(days, values, strict=True)
    ]
