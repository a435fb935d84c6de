"""The response panel: every outcome as percent change from its own baseline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor

from django.utils.translation import gettext as _

from tdm.charts.axis import TimeAxis, clinic_day
from tdm.charts.labels import LINE_PX, shortened, text_box, text_width, wrapped
from tdm.charts.shapes import (
    MARK_RADIUS,
    SERIES_SHAPES,
    Drawing,
    Line,
    Mark,
    Path,
    Text,
    line,
    mark,
    px,
    text,
)
from tdm.charts.story import Goal, ResponseSeries, Story
from tdm.charts.words import axis_percent_text, day_text, number_text, percent_text

PANEL_PX = 116.0
STEPS_PERCENT = (20, 40, 100, 200, 500, 1000)
MOST_STEPS = 5
KEY_INDENT_PX = 14.0


@dataclass(frozen=True, slots=True)
class Measured:
    on: date
    value: Decimal
    percent: float


@dataclass(frozen=True, slots=True)
class Trend:
    """A series that can be drawn: in order, with a baseline that is not zero."""

    series: ResponseSeries
    shape: str
    points: tuple[Measured, ...]
    last: Measured
    """The last one that the window reaches."""

    @property
    def css(self) -> str:
        return f"series-{self.series.css}"

    @property
    def caption(self) -> str:
        if self.last is self.points[0]:
            return _("%(name)s (baseline)") % {"name": self.series.name}
        change = self.series.change_percent(self.last.value) or Decimal(0)
        return f"{self.series.name} {percent_text(change)}"


@dataclass(frozen=True, slots=True)
class Plot:
    axis: TimeAxis
    top: float
    bottom: float
    low_percent: int
    high_percent: int
    step_percent: int

    def y(self, percent: float) -> float:
        share = (self.high_percent - percent) / (self.high_percent - self.low_percent)
        return self.top + share * (self.bottom - self.top)


def response_panel(
    story: Story, axis: TimeAxis, top: float, edge: float
) -> tuple[Drawing, float]:
    """Return the panel and where it ends; nothing is drawn without measurements."""
    trends = list(_trends(story, axis))
    if not trends:
        return Drawing(), top
    column = _caption_column(story, trends, axis)
    beside = all(column + text_width(each.caption) <= edge for each in trends)
    goals = _goal_key(trends, top, edge)
    below = max((label.y for label in goals.texts), default=top)
    key = Drawing() if beside else _key(trends, below, edge)
    panel_top = max((label.y for label in key.texts), default=below) + 14
    plot = _plot(trends, axis, panel_top)
    captions = _captions(trends, plot, column) if beside else Drawing()
    drawing = Drawing(
        lines=(
            *_levels_of_change(plot, trends),
            *goals.lines,
            *captions.lines,
        ),
        paths=tuple(found for each in trends if (found := _joined(each, plot)).d),
        marks=(*key.marks, *(m for each in trends for m in _marks(each, plot))),
        texts=(*_scale(plot), *goals.texts, *key.texts, *captions.texts),
    )
    return drawing, plot.bottom + MARK_RADIUS


def _trends(story: Story, axis: TimeAxis) -> Iterable[Trend]:
    """Yield the series that lie in the window or pass through it."""
    drawn = [each for each in story.response if each.points and each.baseline]
    for place, series in enumerate(drawn):
        points = tuple(
            Measured(on, value, float(series.change_percent(value) or 0))
            for on, value in series.in_order
        )
        reached = [p for p in points if p.on.toordinal() <= axis.last_day]
        if reached and points[-1].on.toordinal() >= axis.first_day:
            shape = SERIES_SHAPES[place % len(SERIES_SHAPES)]
            yield Trend(series, shape, points, reached[-1])


def _plot(trends: Sequence[Trend], axis: TimeAxis, top: float) -> Plot:
    values = [point.percent for each in trends for point in each.points]
    asked = [-goal.percent for goal in _goals(trends)]
    low, high = min([*values, *asked, -STEPS_PERCENT[0]]), max([*values, 0])
    step = next(
        (step for step in STEPS_PERCENT if high - low <= step * (MOST_STEPS - 1)),
        ceil((high - low) / MOST_STEPS),
    )
    bottom = top + max(PANEL_PX, LINE_PX * len(trends))
    return Plot(axis, top, bottom, _down(low, step), -_down(-high, step), step)


def _down(percent: float, step: int) -> int:
    return floor(percent / step) * step


def _scale(plot: Plot) -> list[Text]:
    values = range(plot.low_percent, plot.high_percent + 1, plot.step_percent)
    return [
        text(
            plot.axis.left - 8,
            plot.y(value) + 4.5,
            axis_percent_text(value),
            "end",
            "tick",
        )
        for value in values
    ]


def _levels_of_change(plot: Plot, trends: Sequence[Trend]) -> Iterable[Line]:
    left, right = plot.axis.left, plot.axis.right
    yield line((left, plot.y(0)), (right, plot.y(0)), "floor")
    for percent in dict.fromkeys(goal.percent for goal in _goals(trends)):
        height = plot.y(-percent)
        told = [_goal_text(each) for each in _goals(trends) if each.percent == percent]
        yield line((left, height), (right, height), "goal", "; ".join(told))


def _goals(trends: Sequence[Trend]) -> list[Goal]:
    """Return the rules that speak of something drawn."""
    found = [each.series.goal for each in trends if each.series.goal]
    return list(dict.fromkeys(found))


def _goal_text(goal: Goal) -> str:
    facts = {"percent": goal.percent, "source": _(goal.source)}
    return _("MRI: response from %(percent)s %% less (%(source)s)") % facts


def _goal_key(trends: Sequence[Trend], top: float, edge: float) -> Drawing:
    """Name the lines of the rules and their sources over the panel."""
    lines: list[Line] = []
    texts: list[Text] = []
    y, left = top, 2 * KEY_INDENT_PX
    for goal in _goals(trends):
        dash = y + LINE_PX - 4.5
        lines.append(line((4, dash), (left - 4, dash), "goal"))
        for words in wrapped(_goal_text(goal), edge - left):
            y += LINE_PX
            texts.append(text(left, y, words, "start", "goal-word"))
    return Drawing(lines=tuple(lines), texts=tuple(texts))


def _joined(trend: Trend, plot: Plot) -> Path:
    """Join measurements of different days; outside the window the line is cut off."""
    told = [(point.on.toordinal(), plot.y(point.percent)) for point in trend.points]
    steps, reached = [], None
    for one, two in pairwise(told):
        ends = plot.axis.clipped(one, two)
        if ends:
            start = "" if one == reached else f"M{px(ends[0][0])} {px(ends[0][1])}"
            steps.append(f"{start}L{px(ends[1][0])} {px(ends[1][1])}")
            reached = two
    return Path("".join(steps), f"trend {trend.css}")


MARK_GAP_PX = 14
"""A daily diary draws a line; only marks so far apart are told from each other."""


def _marks(trend: Trend, plot: Plot) -> Iterable[Mark]:
    """Yield the marks that have room, and always the last."""
    before = -float("inf")
    for point in trend.points:
        day = point.on.toordinal()
        x, y = plot.axis.x(day), plot.y(point.percent)
        has_room = x - before >= MARK_GAP_PX or point is trend.last
        if plot.axis.shows(day) and has_room:
            before = x
            title = point_title(trend.series, point.on, point.value)
            yield mark(trend.shape, x, y, f"outcome {trend.css}", title)


def point_title(series: ResponseSeries, on: date, value: Decimal) -> str:
    facts = {
        "name": series.name,
        "value": number_text(value),
        "unit": series.unit,
        "day": day_text(on),
    }
    change = series.change_percent(value)
    if change is None or on == series.baseline_on:
        return _("%(name)s %(value)s %(unit)s, %(day)s") % facts
    facts["change"] = percent_text(change)
    return _("%(name)s %(value)s %(unit)s (%(change)s), %(day)s") % facts


def _caption_column(story: Story, trends: Sequence[Trend], axis: TimeAxis) -> float:
    """Right of the last measurement and of the line that says now."""
    days = [float(each.last.on.toordinal()) for each in trends]
    now = clinic_day(story.now, story)
    return axis.x(max([*days, now])) + MARK_RADIUS + 6


def _captions(trends: Sequence[Trend], plot: Plot, column: float) -> Drawing:
    wanted = [plot.y(each.last.percent) for each in trends]
    heights = spread(wanted, plot.top, plot.bottom)
    texts, leads = [], []
    for trend, height in zip(trends, heights, strict=True):
        css = f"caption {trend.css}"
        texts.append(text(column, height + 4.5, trend.caption, "start", css))
        end = plot.axis.x(trend.last.on.toordinal()), plot.y(trend.last.percent)
        leads.append(line(end, (column - 4, height), f"lead {trend.css}"))
    return Drawing(lines=tuple(leads), texts=tuple(texts))


def spread(wanted: Sequence[float], top: float, bottom: float) -> list[float]:
    """Push heights apart by a line of text, in their order, inside top and bottom."""
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    heights = list(wanted)
    floor_px = top
    for place in order:
        heights[place] = max(heights[place], floor_px)
        floor_px = heights[place] + LINE_PX
    ceiling_px = bottom
    for place in reversed(order):
        heights[place] = min(heights[place], ceiling_px)
        ceiling_px = heights[place] - LINE_PX
    return heights


def _key(trends: Sequence[Trend], top: float, edge: float) -> Drawing:
    """Name and last value in rows over the panel, for drawings with no room beside."""
    x, y = KEY_INDENT_PX, top + LINE_PX
    marks: list[Mark] = []
    texts: list[Text] = []
    for trend in trends:
        words = shortened(trend.caption, edge - 2 * KEY_INDENT_PX)
        if x + KEY_INDENT_PX + text_width(words) > edge and texts:
            x, y = KEY_INDENT_PX, y + LINE_PX + 1
        css = trend.css
        marks.append(mark(trend.shape, x, y - 4.5, f"outcome {css}", trend.caption))
        label = text(x + KEY_INDENT_PX, y, words, "start", f"caption {css}")
        texts.append(label)
        x = text_box(label).right + 2 * KEY_INDENT_PX
    return Drawing(marks=tuple(marks), texts=tuple(texts))
