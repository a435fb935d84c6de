"""Patients as lanes over the weeks since their first dose."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from django.utils.translation import gettext as _

from tdm.charts.axis import STEPS_WEEKS
from tdm.charts.figure import WIDTHS_PX, Chart
from tdm.charts.labels import LINE_PX, text_width
from tdm.charts.shapes import (
    VERDICT_SHAPES,
    Drawing,
    Line,
    Mark,
    Text,
    line,
    px,
    shape_path,
    text,
)
from tdm.charts.words import week_text

LANE_PX, TOP_PX, NAME_PX, EDGE_PX = 24.0, 12.0, 62.0, 16.0
SMALL = 4.5
LEAST_WEEKS = 4
SHAPES = {**VERDICT_SHAPES, "mri": "square"}


@dataclass(frozen=True, slots=True)
class Event:
    """Something in a lane: its day since the start, what it is, and in words.

    `kind` is a verdict for a level; otherwise dose, mri or effect.
    """

    day: int
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    name: str
    last_day: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """Days to pixels."""

    first: int
    last: int
    left: float
    right: float

    def x(self, day: float) -> float:
        width = self.right - self.left
        return self.left + (day - self.first) / (self.last - self.first) * width


def lanes_charts(lanes: Sequence[Lane]) -> tuple[tuple[str, Chart], ...]:
    return tuple((name, lanes_chart(lanes, width)) for name, width in WIDTHS_PX.items())


def lanes_chart(lanes: Sequence[Lane], width: int) -> Chart:
    scale = scale_of(lanes, width)
    floor = TOP_PX + LANE_PX * len(lanes)
    lines: list[Line] = []
    marks: list[Mark] = []
    words: list[Text] = []
    for week in weeks(scale):
        x = scale.x(7 * week)
        lines.append(line((x, TOP_PX), (x, floor), "grid"))
        words.append(week_word(week, x, floor + LINE_PX, width))
    for place, lane in enumerate(lanes):
        y = TOP_PX + LANE_PX * (place + 0.5)
        words.append(text(2, y + 4.5, lane.name, "start", "lane-name"))
        ends = (scale.x(0), y), (scale.x(max(lane.last_day, 0)), y)
        lines.append(line(*ends, "lane"))
        lines += dose_lines(lane, scale, y)
        marks += marks_of(lane, scale, y)
    said = _("Lanes of %(n)s patients over the weeks since their first dose.")
    drawing = Drawing(lines=tuple(lines), marks=tuple(marks), texts=tuple(words))
    return Chart(width, round(floor + 1.6 * LINE_PX), said % {"n": len(lanes)}, drawing)


def scale_of(lanes: Sequence[Lane], width: int) -> Scale:
    days = [event.day for lane in lanes for event in lane.events]
    last = max([7 * LEAST_WEEKS, *days, *(lane.last_day for lane in lanes)])
    return Scale(min([0, *days]), last, NAME_PX, width - EDGE_PX)


def weeks(scale: Scale) -> Iterable[int]:
    """Return the weeks whose words fit beside each other."""
    room = (scale.right - scale.left) / (scale.last - scale.first) * 7
    widest = text_width(week_text(ceil(scale.last / 7))) + 8
    fitting = (step for step in STEPS_WEEKS if step * room >= widest)
    return range(0, scale.last // 7 + 1, next(fitting, STEPS_WEEKS[-1]))


def week_word(week: int, x: float, y: float, width: int) -> Text:
    """Write a week under its place, or as near to it as the edge allows."""
    words = week_text(week)
    return text(min(x, width - text_width(words) / 2), y, words, "middle", "tick")


def dose_lines(lane: Lane, scale: Scale, y: float) -> Iterable[Line]:
    half = LANE_PX / 2 - 2
    for event in lane.events:
        if event.kind == "dose":
            x = scale.x(event.day)
            yield line((x, y - half), (x, y + half), "lane-dose", event.title)


def marks_of(lane: Lane, scale: Scale, y: float) -> Iterable[Mark]:
    for event in lane.events:
        x = scale.x(event.day)
        if event.kind == "effect":
            yield cross(x, y, event.title)
        elif event.kind != "dose":
            shape = SHAPES.get(event.kind, "dot")
            css = "lane-mri" if event.kind == "mri" else f"level v-{event.kind}"
            path = shape_path(shape, x, y, SMALL)
            yield Mark(px(x), px(y), path, css, event.title)


def cross(x: float, y: float, title: str) -> Mark:
    r = SMALL
    path = (
        f"M{px(x - r)} {px(y - r)}L{px(x + r)} {px(y + r)}"
        f"M{px(x - r)} {px(y + r)}L{px(x + r)} {px(y - r)}"
    )
    return Mark(px(x), px(y), path, "lane-effect", title)
