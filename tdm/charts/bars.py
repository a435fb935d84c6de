"""Responses as a waterfall, and side effects over the exposure at their onset."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from tdm.charts.axis import STEPS_WEEKS
from tdm.charts.figure import Chart
from tdm.charts.labels import LINE_PX, text_width
from tdm.charts.lanes import COHORT_WIDTHS_PX, LEAST_WEEKS
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

LEFT_PX, TOP_PX, PLOT_PX, EDGE_PX = 56.0, 14.0, 200.0, 14.0
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


def waterfall_charts(
    bars: Sequence[Response], threshold: Decimal
) -> tuple[tuple[str, Chart], ...]:
    return tuple(
        (name, waterfall(bars, threshold, width))
        for name, width in COHORT_WIDTHS_PX.items()
    )


def waterfall(bars: Sequence[Response], threshold: Decimal, width: int) -> Chart:
    values = [min(float(bar.percent), MOST_PERCENT) for bar in bars]
    high = max([10.0, *values])
    low = min([float(threshold) - 10, *values])
    y_of = lambda v: TOP_PX + (high - v) / (high - low) * PLOT_PX  # noqa: E731
    room = (width - LEFT_PX - EDGE_PX) / len(bars)
    rects: list[Rect] = []
    for place, (bar, value) in enumerate(zip(bars, values, strict=True)):
        slim = min(room, WIDEST_BAR_PX)
        left = LEFT_PX + place * slim
        ends = sorted((y_of(0), y_of(value)))
        box = Box(left, ends[0], left + max(slim - 2, 1.5), max(ends[1], ends[0] + 1))
        css = "fall-yes" if bar.percent <= threshold else "fall-no"
        rects.append(rect(box, css, f"{bar.name}: {signed(bar.percent)} %"))
    lines = [line((LEFT_PX, y_of(0)), (width - EDGE_PX, y_of(0)), "floor")]
    cut = y_of(float(threshold))
    lines.append(line((LEFT_PX, cut), (width - EDGE_PX, cut), "goal"))
    words = [
        text(LEFT_PX - 6, y_of(0) + 4, "0 %", "end", "tick"),
        text(LEFT_PX - 6, cut + 4, f"{signed(threshold)} %", "end", "tick"),
    ]
    said = _("Best change of the MRI area of %(n)s patients, worst to best.")
    drawing = Drawing(rects=tuple(rects), lines=tuple(lines), texts=tuple(words))
    floor = round(TOP_PX + PLOT_PX + 10)
    return Chart(width, floor, said % {"n": len(bars)}, drawing)


def signed(percent: Decimal) -> str:
    return f"{percent.normalize():+f}".replace("-", "\u2212")


def onset_charts(
    onsets: Sequence[Onset], band: tuple[Decimal, Decimal] | None
) -> tuple[tuple[str, Chart], ...]:
    return tuple(
        (name, onset_chart(onsets, band, width))
        for name, width in COHORT_WIDTHS_PX.items()
    )


GRADE_SHAPES = {1: "dot", 2: "square", 3: "up", 4: "diamond", 5: "diamond"}


def onset_chart(
    onsets: Sequence[Onset], band: tuple[Decimal, Decimal] | None, width: int
) -> Chart:
    known = [each for each in onsets if each.ng_per_ml is not None]
    highs = [float(each.ng_per_ml or 0) for each in known]
    high = max([20.0, *highs]) * 1.05
    last = max([LEAST_WEEKS, *(each.week for each in known)])
    room = width - LEFT_PX - EDGE_PX - 20
    floor = TOP_PX + PLOT_PX
    x_of = lambda week: LEFT_PX + 10 + max(week, 0) / last * room  # noqa: E731
    y_of = lambda ng: floor - float(ng) / high * PLOT_PX  # noqa: E731
    marks: list[Mark] = []
    for each in known:
        at = x_of(each.week), y_of(each.ng_per_ml)
        css = f"onset grade-{each.grade}"
        marks.append(mark(GRADE_SHAPES.get(each.grade, "dot"), *at, css, each.title))
    rects: tuple[Rect, ...] = ()
    if band is not None:
        box = Box(LEFT_PX, y_of(band[1]), width - EDGE_PX, y_of(band[0]))
        rects = (rect(box, "band"),)
    lines, words = onset_ticks(last, high, width, floor)
    said = _("Week and last level before onset of %(n)s side effects.")
    drawing = Drawing(rects, (), tuple(lines), (), tuple(marks), tuple(words))
    return Chart(width, round(floor + 1.6 * LINE_PX), said % {"n": len(known)}, drawing)


def onset_ticks(
    last: int, high: float, width: int, floor: float
) -> tuple[Iterable[Line], Iterable[Text]]:
    room = width - LEFT_PX - EDGE_PX - 20
    lines, words = [line((LEFT_PX, floor), (width - EDGE_PX, floor), "floor")], []
    for ng in range(0, int(high) + 1, 5):
        y = floor - ng / high * PLOT_PX
        words.append(text(LEFT_PX - 6, y + 4, str(ng), "end", "tick"))
    words.append(text(2, TOP_PX - 2, "ng/mL", "start", "tick"))
    widest = text_width(week_text(last)) + 8
    step = next((s for s in STEPS_WEEKS if s / last * room >= widest), STEPS_WEEKS[-1])
    for week in range(0, last + 1, step):
        x = LEFT_PX + 10 + week / last * room
        words.append(text(x, floor + LINE_PX, week_text(week), "middle", "tick"))
    return lines, words
