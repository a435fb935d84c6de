"""The one time axis all panels share: days in, pixels out, ticks in weeks."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import ceil, floor

from tdm.charts.labels import LINE_PX, text_box, text_width
from tdm.charts.shapes import Drawing, Line, Text, line, text
from tdm.charts.story import Span, Story, Window
from tdm.charts.words import month_text, short_day_text, week_text

STEPS_WEEKS = (1, 2, 4, 8, 13, 26, 52, 104, 208, 520)
DAYS_BACK = {Window.FOUR_WEEKS: 28, Window.THREE_MONTHS: 91, Window.AHEAD: 7}
LEAD_IN_DAYS = 28
SHORTEST_DAYS = 28
FUTURE_SHARE = 0.15
DAYS_WITHOUT_YEAR = 330
DAY_S = 86400

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Days are ordinals of the clinic's calendar, so a day has no daylight saving."""

    start_day: int
    first_day: float
    last_day: float
    left: float
    right: float

    px_per_day: float = field(init=False)

    def __post_init__(self) -> None:
        wide = (self.right - self.left) / (self.last_day - self.first_day)
        object.__setattr__(self, "px_per_day", wide)

    def x(self, day: float) -> float:
        return self.left + (day - self.first_day) * self.px_per_day

    def shows(self, day: float) -> bool:
        return self.first_day <= day <= self.last_day

    def clipped(self, start: Point, end: Point) -> tuple[Point, Point] | None:
        """Both ends as pixels in x; the parts outside the window are cut off."""
        if end[0] < self.first_day or start[0] > self.last_day or end[0] <= start[0]:
            return None
        (one, low), (two, high) = start, end
        days = max(one, self.first_day), min(two, self.last_day)
        first, last = (
            (self.x(day), low + (high - low) * (day - one) / (two - one))
            for day in days
        )
        return first, last


def clinic_day(moment: datetime, story: Story) -> float:
    local = moment.astimezone(story.now.tzinfo)
    since_midnight = timedelta(
        hours=local.hour, minutes=local.minute, seconds=local.second
    )
    return local.toordinal() + since_midnight.total_seconds() / DAY_S


def time_axis(
    story: Story, window: Window, left: float, right: float, span: Span | None = None
) -> TimeAxis:
    start, now = story.start_on.toordinal(), clinic_day(story.now, story)
    if span is not None:
        begin, end = float(span.first.toordinal()), float(span.last.toordinal() + 1)
        return TimeAxis(start, begin, end, left, right)
    days = [*_days_told(story), now, float(start)]
    first = max(min(days), float(start - LEAD_IN_DAYS))
    if window in DAYS_BACK:
        first = max(first, floor(now) - DAYS_BACK[window])
    last = max(days)
    if window is Window.AHEAD and story.curve is not None:
        last = clinic_day(story.curve.at[-1], story)
        return TimeAxis(start, first, last, left, right)
    last = max(last + (last - first) * FUTURE_SHARE, first + SHORTEST_DAYS)
    return TimeAxis(start, first, last, left, right)


def _days_told(story: Story) -> Iterable[float]:
    for level in story.levels:
        yield clinic_day(level.at, story)
    for series in story.response:
        for on, _value in series.points:
            yield float(on.toordinal())
    for dose in story.doses:
        yield float(dose.starts_on.toordinal())
    if story.gap is not None:
        yield float(story.gap.to_on.toordinal())


def ticks(axis: TimeAxis, top: float, bottom: float, edge: float) -> Drawing:
    """Lines through all panels and two rows of words under them."""
    step = next((step for step in STEPS_WEEKS if _fits(axis, step)), STEPS_WEEKS[-1])
    weeks = _weeks(axis, step)
    grid: list[Line] = []
    words: list[Text] = []
    for week in weeks:
        x = axis.x(axis.start_day + 7 * week)
        grid.append(line((x, top), (x, bottom), "grid"))
        words += _tick_words(axis, week, x, bottom, edge)
    return Drawing(lines=tuple(grid), texts=tuple(words))


def _tick_words(
    axis: TimeAxis, week: int, x: float, bottom: float, edge: float
) -> tuple[Text, ...]:
    name, calendar = _tick_labels(axis, week)
    rows = (
        text(x, bottom + LINE_PX, name, "middle", "tick"),
        text(x, bottom + 2 * LINE_PX, calendar, "middle", "tick date"),
    )
    boxes = [text_box(row) for row in rows]
    return rows if all(box.left >= 0 and box.right <= edge for box in boxes) else ()


def _tick_labels(axis: TimeAxis, week: int) -> tuple[str, str]:
    on = date.fromordinal(axis.start_day + 7 * week)
    is_long = axis.last_day - axis.first_day > DAYS_WITHOUT_YEAR
    return week_text(week), month_text(on) if is_long else short_day_text(on)


def _weeks(axis: TimeAxis, step: int) -> list[int]:
    first = ceil((axis.first_day - axis.start_day) / 7)
    last = floor((axis.last_day - axis.start_day) / 7)
    return [week for week in range(first, last + 1) if week % step == 0]


def _fits(axis: TimeAxis, step: int) -> bool:
    labels = [
        words for week in _weeks(axis, step) for words in _tick_labels(axis, week)
    ]
    widest = max((text_width(words) for words in labels), default=0.0)
    return widest + 8 <= step * 7 * axis.px_per_day
