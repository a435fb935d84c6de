"""Responses as a waterfall, and side effects over the exposure at their onset."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from tdm.charts.axis import STEPS_WEEKS
from tdm.charts.figure import WIDTHS_PX, Chart
from tdm.charts.labels import LINE_PX, text_width
from tdm.charts.lanes import LEAST_WEEKS, week_word
from tdm.charts.shapes import (
    Box,
    Drawing,
    Line,
    Mark,
    Rect,
    Text,
    line,
    mark,
    rect,
    text,
)
from tdm.charts.words import week_text

LEFT_PX, TOP_PX, PLOT_PX, EDGE_PX = 56.0, 18.0, 200.0, 14.0
INNER_PX = LEFT_PX + 10
WIDEST_BAR_PX = 34.0
MOST_PERCENT = 100
"""Larger increases are cut off in the drawing; the table has the number."""


@dataclass(frozen=True, slots=True)
class Response:
    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Onset:
    """A side effect: its week and grade, and the level before it in ng/mL."""

    week: int
    grade: int
    ng_per_ml: Decimal | None
    title: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Numbers to pixels, between a left and a right edge."""

    right: float
    last: float
    high: float
    low: float = 0.0

    def x(self, value: float) -> float:
        return INNER_PX + max(value, 0) / self.last * (self.right - INNER_PX - 10)

    def y(self, value: float | Decimal) -> float:
        share = (self.high - float(value)) / (self.high - self.low)
        return TOP_PX + share * PLOT_PX


def waterfall_charts(
    bars: Sequence[Response], threshold: Decimal
) -> tuple[tuple[str, Chart], ...]:
    return tuple(
        (name, waterfall(bars, threshold, width)) for name, width in WIDTHS_PX.items()
    )


def waterfall(bars: Sequence[Response], threshold: Decimal, width: int) -> Chart:
    values = [min(float(bar.percent), MOST_PERCENT) for bar in bars]
    high = max([10.0, *values])
    low = min([float(threshold) - 10, *values])
    plot = Plot(width - EDGE_PX, len(bars), high, low)
    room = (width - LEFT_PX - EDGE_PX) / len(bars)
    rects: list[Rect] = []
    for place, (bar, value) in enumerate(zip(bars, values, strict=True)):
        slim = min(room, WIDEST_BAR_PX)
        left = LEFT_PX + place * slim
        ends = sorted((plot.y(0), plot.y(value)))
        box = Box(left, ends[0], left + max(slim - 2, 1.5), max(ends[1], ends[0] + 1))
        css = "fall-yes" if bar.percent <= threshold else "fall-no"
        rects.append(rect(box, css, f"{bar.name}: {signed(bar.percent)} %"))
    zero, cut = plot.y(0), plot.y(threshold)
    lines = [
        line((LEFT_PX, zero), (plot.right, zero), "floor"),
        line((LEFT_PX, cut), (plot.right, cut), "goal"),
    ]
    words = [
        text(LEFT_PX - 6, zero + 4, "0 %", "end", "tick"),
        text(LEFT_PX - 6, cut + 4, f"{signed(threshold)} %", "end", "tick"),
    ]
    said = _("Last change of the MRI area of %(n)s patients, worst to best.")
    drawing = Drawing(rects=tuple(rects), lines=tuple(lines), texts=tuple(words))
    floor = round(TOP_PX + PLOT_PX + 10)
    return Chart(width, floor, said % {"n": len(bars)}, drawing)


def signed(percent: Decimal) -> str:
    return f"{percent.normalize():+f}".replace("-", "\u2212")


def onset_charts(
    onsets: Sequence[Onset], band: tuple[Decimal, Decimal] | None
) -> tuple[tuple[str, Chart], ...]:
    return tuple(
        (name, onset_chart(onsets, band, width)) for name, width in WIDTHS_PX.items()
    )


GRADE_SHAPES = {1: "dot", 2: "square", 3: "up", 4: "diamond", 5: "diamond"}


def onset_chart(
    onsets: Sequence[Onset], band: tuple[Decimal, Decimal] | None, width: int
) -> Chart:
    known = [each for each in onsets if each.ng_per_ml is not None]
    highs = [float(each.ng_per_ml or 0) for each in known]
    high = max([20.0, *highs]) * 1.05
    last = max([LEAST_WEEKS, *(each.week for each in known)])
    plot = Plot(width - EDGE_PX, last, high)
    marks: list[Mark] = []
    for each in known:
        at = plot.x(each.week), plot.y(each.ng_per_ml or 0)
        css = f"onset grade-{each.grade}"
        marks.append(mark(GRADE_SHAPES.get(each.grade, "dot"), *at, css, each.title))
    rects: tuple[Rect, ...] = ()
    if band is not None:
        box = Box(LEFT_PX, plot.y(band[1]), plot.right, plot.y(band[0]))
        rects = (rect(box, "band"),)
    lines, words = onset_ticks(plot)
    said = _("Week and last level before onset of %(n)s side effects.")
    drawing = Drawing(rects, (), tuple(lines), (), tuple(marks), tuple(words))
    height = round(TOP_PX + PLOT_PX + 1.6 * LINE_PX)
    return Chart(width, height, said % {"n": len(known)}, drawing)


def onset_ticks(plot: Plot) -> tuple[Iterable[Line], Iterable[Text]]:
    floor = plot.y(0)
    words = [text(2, TOP_PX - 2, "ng/mL", "start", "tick")]
    words += [
        text(LEFT_PX - 6, plot.y(ng) + 4, str(ng), "end", "tick")
        for ng in range(0, int(plot.high) + 1, 5)
    ]
    last = int(plot.last)
    widest = text_width(week_text(last)) + 8
    fitting = (s for s in STEPS_WEEKS if plot.x(s) - plot.x(0) >= widest)
    for week in range(0, last + 1, next(fitting, STEPS_WEEKS[-1])):
        x = plot.x(week)
        words.append(week_word(week, x, floor + LINE_PX, round(plot.right + EDGE_PX)))
    return [line((LEFT_PX, floor), (plot.right, floor), "floor")], words
