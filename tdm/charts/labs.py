"""One small trend for each analyte, against the laboratory's range of its last day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tdm.charts.shapes import Box, Path, Rect, path, px, rect, shape_path

WIDTH_PX, HEIGHT_PX = 150, 48
EDGE_PX = 7.0
RADIUS_PX = 3.0
LAST_RADIUS_PX = 4.5
HEADROOM = 0.1
"""The share of the span that stays free above and below."""

SIDE_SHAPES = {"low": "down", "inside": "dot", "high": "up", "unknown": "square"}
SIDE_CSS = {"low": "below", "inside": "in", "high": "above", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class LabPoint:
    """A value in its kept unit; `side` is low, inside, high or unknown."""

    on: date
    value: float
    side: str


@dataclass(frozen=True, slots=True)
class LabMark:
    d: str
    css: str


@dataclass(frozen=True, slots=True)
class LabTrend:
    """A drawing of one analyte; days run from the first panel to the last one."""

    width: int
    height: int
    band: Rect | None
    line: Path
    marks: tuple[LabMark, ...]
    title: str


def lab_trend(
    points: Sequence[LabPoint],
    band: tuple[float | None, float | None],
    days: tuple[date, date],
    title: str,
) -> LabTrend:
    """Draw values in time order; an open end of the band runs to the edge."""
    ends = [end for end in band if end is not None]
    reached = [*(each.value for each in points), *ends]
    spare = (max(reached) - min(reached) or abs(reached[0]) or 1.0) * HEADROOM
    bottom, top = min(reached) - spare, max(reached) + spare

    def y(value: float) -> float:
        free = HEIGHT_PX - 2 * EDGE_PX
        return EDGE_PX + free * (top - value) / (top - bottom)

    def x(on: date) -> float:
        span = (days[1] - days[0]).days
        share = (on - days[0]).days / span if span else 1.0
        return EDGE_PX + (WIDTH_PX - 2 * EDGE_PX) * share

    low, high = band
    normal = Box(
        0,
        0 if high is None else y(high),
        WIDTH_PX,
        HEIGHT_PX if low is None else y(low),
    )
    places = [(x(each.on), y(each.value)) for each in points]
    return LabTrend(
        width=WIDTH_PX,
        height=HEIGHT_PX,
        band=rect(normal, "band") if ends else None,
        line=path([(px(across), px(down)) for across, down in places], "", area=False),
        marks=tuple(
            _mark(each, place, is_last=each is points[-1])
            for each, place in zip(points, places, strict=True)
        ),
        title=title,
    )


def _mark(point: LabPoint, place: tuple[float, float], *, is_last: bool) -> LabMark:
    radius = LAST_RADIUS_PX if is_last else RADIUS_PX
    d = shape_path(SIDE_SHAPES[point.side], *place, radius)
    return LabMark(d, f"v-{SIDE_CSS[point.side]}{' last' if is_last else ''}")
