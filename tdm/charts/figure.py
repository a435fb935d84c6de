"""Panels stacked over one time axis, drawn once for each width of screen."""

from dataclasses import dataclass
from datetime import date
from math import ceil, floor

from django.utils.translation import gettext as _

from tdm.charts.axis import TimeAxis, clinic_day, ticks, time_axis
from tdm.charts.doses import dose_key, dose_strip
from tdm.charts.drugs import drug_bars
from tdm.charts.effects import effect_bars
from tdm.charts.events import event_marks, gap_hatch
from tdm.charts.labels import LINE_PX, text_width
from tdm.charts.levels import levels_panel
from tdm.charts.response import response_panel
from tdm.charts.shapes import Drawing, line, stacked, text
from tdm.charts.story import Span, Story, Window
from tdm.charts.table import Row, rows, summary
from tdm.charts.words import day_text

WIDTHS_PX = {"wide": 1040, "medium": 680, "narrow": 358}
LEFT_PX = 56
HEADER_PX = 30
LEVELS_PX = 210
GAP_PX = 18
AXIS_PX = 2 * LINE_PX + 8
ROOMY_PX = 900


@dataclass(frozen=True, slots=True)
class Chart:
    width: int
    height: int
    summary: str
    drawing: Drawing
    left: float = 0
    right: float = 0
    """Where the days begin and end, in pixels from the left."""


@dataclass(frozen=True, slots=True)
class Figure:
    """The chart at every width, its twin as a table, and its window."""

    window: Window
    charts: tuple[tuple[str, Chart], ...]
    rows: tuple[Row, ...]
    first: date
    last: date
    span: Span | None = None
    """The days that were chosen; None where the window says what is shown."""

    @property
    def query(self) -> str:
        """Return what an address says to show the same days."""
        if self.span is None:
            return f"range={self.window}"
        return f"from={self.span.first}&to={self.span.last}"

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def figure(
    story: Story, window: Window = Window.ALL, span: Span | None = None
) -> Figure:
    charts = tuple(
        (name, chart(story, width=width, window=window, span=span))
        for name, width in WIDTHS_PX.items()
    )
    axis = _axis(story, WIDTHS_PX["wide"], window, span)
    return Figure(
        window,
        charts,
        rows(story, axis),
        date.fromordinal(floor(axis.first_day)),
        date.fromordinal(ceil(axis.last_day) - 1),
        span,
    )


def chart(
    story: Story, *, width: int, window: Window = Window.ALL, span: Span | None = None
) -> Chart:
    axis = _axis(story, width, window, span)
    end = float(HEADER_PX + LEVELS_PX)
    levels = levels_panel(story, axis, HEADER_PX, end)
    doses, end = dose_strip(story, axis, end + GAP_PX)
    gap, end = gap_hatch(story, axis, end)
    key, end = dose_key(doses, axis, end, width - 4)
    drugs, end = drug_bars(story, axis, end)
    effects, end = effect_bars(story, axis, end)
    events, end = event_marks(story, axis, end)
    response, end = response_panel(story, axis, end + GAP_PX, width - 4)
    drawing = stacked(
        (
            ticks(axis, HEADER_PX, end, width),
            levels,
            doses,
            gap,
            key,
            drugs,
            effects,
            events,
            response,
            _now(story, axis, end),
        )
    )
    height = round(end + AXIS_PX)
    told = summary(story, axis)
    return Chart(width, height, told, drawing, axis.left, axis.right)


def _axis(story: Story, width: int, window: Window, span: Span | None) -> TimeAxis:
    margin = 52 if width >= ROOMY_PX else 14
    return time_axis(story, window, LEFT_PX, width - margin, span)


def _now(story: Story, axis: TimeAxis, bottom: float) -> Drawing:
    """Keep the word off the unit at the left edge, even on the first day."""
    day = clinic_day(story.now, story)
    if not axis.shows(day):
        return Drawing()
    x, words = axis.x(day), _("now")
    title = _("now, %(day)s") % {"day": day_text(story.now)}
    centre = max(x, axis.left + text_width(words) / 2)
    return Drawing(
        lines=(line((x, HEADER_PX - 8), (x, bottom), "now", title),),
        texts=(text(centre, HEADER_PX - 14, words, "middle", "now-word"),),
    )
