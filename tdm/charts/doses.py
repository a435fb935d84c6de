"""The dose strip: a bar for every day a dose falls on, or a step when days are thin."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil, floor

from django.utils.translation import gettext as _

from tdm.charts.axis import TimeAxis, clinic_day
from tdm.charts.labels import LINE_PX, shortened, text_box
from tdm.charts.shapes import Bars, Box, Drawing, Line, Rect, Text, line, rect, text
from tdm.charts.story import DosePeriod, Story
from tdm.charts.words import day_text

STRIP_PX = 30.0
MOST_LABEL_ROWS = 3
MOST_DAYS_AS_BARS = 200
THINNEST_DAY_PX = 2.2
LABEL_GAP_PX = 10.0


@dataclass(frozen=True, slots=True)
class Strip:
    axis: TimeAxis
    now_day: float
    top: float
    bottom: float
    tallest_mg: Decimal
    by_day: bool
    missed: frozenset[date] = frozenset()
    unknown: frozenset[date] = frozenset()

    def rect(self, left: float, right: float, mg: Decimal) -> Rect:
        tall = float(mg / self.tallest_mg) * (self.bottom - self.top)
        return rect(Box(left, self.bottom - tall, right, self.bottom), "dose")


def dose_strip(story: Story, axis: TimeAxis, top: float) -> tuple[Drawing, float]:
    """Return the strip and where it ends; nothing is drawn for no doses."""
    periods = [each for each in story.doses if _span(each, axis)]
    if not periods:
        return Drawing(), top
    labels = _labels(periods, axis)
    rows = 1 + max((row for _text, row in labels), default=0)
    strip = _strip(story, axis, top + rows * LINE_PX + 4, periods)
    floor_line = line((axis.left, strip.bottom), (axis.right, strip.bottom), "floor")
    drawing = Drawing(
        lines=(floor_line, *_starts(periods, strip)),
        bars=tuple(bars for each in periods for bars in _bars(each, strip)),
        texts=tuple(_lowered(label, row, strip) for label, row in labels),
    )
    return drawing, strip.bottom


def _strip(
    story: Story, axis: TimeAxis, top: float, periods: list[DosePeriod]
) -> Strip:
    days = axis.last_day - axis.first_day
    by_day = days <= MOST_DAYS_AS_BARS and axis.px_per_day >= THINNEST_DAY_PX
    tallest = max(_height_mg(each, by_day=by_day) for each in periods)
    now = clinic_day(story.now, story)
    return Strip(
        axis,
        now,
        top,
        top + STRIP_PX,
        tallest or Decimal(1),
        by_day,
        story.missed,
        story.unknown,
    )


def _height_mg(period: DosePeriod, *, by_day: bool) -> Decimal:
    if by_day:
        return period.amount_mg * ceil(24 / period.interval_h)
    return _mg_per_day(period)


def _mg_per_day(period: DosePeriod) -> Decimal:
    return period.amount_mg * 24 / period.interval_h


def _span(period: DosePeriod, axis: TimeAxis) -> tuple[float, float] | None:
    first = max(float(period.starts_on.toordinal()), axis.first_day)
    last = axis.last_day
    if period.stops_on is not None:
        last = min(last, float(period.stops_on.toordinal()))
    return (first, last) if last > first else None


def _bars(period: DosePeriod, strip: Strip) -> Iterable[Bars]:
    """What was due until now, then what is planned."""
    rects = _daily(period, strip) if strip.by_day else _stepped(period, strip)
    titles = {
        "dose": _title(period),
        "dose planned": _title(period),
        "dose missed": _("missed"),
        "dose unknown": _("not known whether it was taken"),
    }
    for css, title in titles.items():
        alike = tuple(each for each, kind in rects if kind == css)
        if alike:
            yield Bars(alike, css, title)


def _kind(day: int, strip: Strip) -> str:
    on = date.fromordinal(day)
    if on in strip.missed:
        return "dose missed"
    if on in strip.unknown:
        return "dose unknown"
    return "dose planned" if day > floor(strip.now_day) else "dose"


def _daily(period: DosePeriod, strip: Strip) -> list[tuple[Rect, str]]:
    first, last = _span(period, strip.axis) or (0.0, 0.0)
    pitch = strip.axis.px_per_day
    width = min(max(pitch * 0.5, 1.2), 9.0)
    bars = []
    for day in range(ceil(first), ceil(last)):
        doses = doses_on(period, date.fromordinal(day))
        left = strip.axis.x(day) + (pitch - width) / 2
        if doses and left + width <= strip.axis.right:
            bar = strip.rect(left, left + width, period.amount_mg * doses)
            bars.append((bar, _kind(day, strip)))
    return bars


def doses_on(period: DosePeriod, on: date) -> int:
    """How many doses fall on a day, counted from the period's first midnight."""
    day = (on - period.starts_on).days
    until = ceil(24 * (day + 1) / period.interval_h)
    return until - ceil(24 * day / period.interval_h)


def _stepped(period: DosePeriod, strip: Strip) -> list[tuple[Rect, str]]:
    first, last = _span(period, strip.axis) or (0.0, 0.0)
    turn = min(max(strip.now_day, first), last)
    spans = (((first, turn), "dose"), ((turn, last), "dose planned"))
    return [
        (strip.rect(strip.axis.x(a), strip.axis.x(b), _mg_per_day(period)), kind)
        for (a, b), kind in spans
        if b > a
    ]


def _title(period: DosePeriod) -> str:
    facts = {"dose": period.label, "start": day_text(period.starts_on)}
    if period.stops_on is None:
        return _("%(dose)s from %(start)s") % facts
    facts["last"] = day_text(period.stops_on - timedelta(days=1))
    return _("%(dose)s from %(start)s to %(last)s") % facts


def _starts(periods: list[DosePeriod], strip: Strip) -> list[Line]:
    days = [period.starts_on.toordinal() for period in periods]
    return [
        line(
            (strip.axis.x(day), strip.top - 4),
            (strip.axis.x(day), strip.bottom),
            "turn",
        )
        for day in days
        if strip.axis.shows(day)
    ]


def _labels(periods: list[DosePeriod], axis: TimeAxis) -> list[tuple[Text, int]]:
    """Each label with its row over the bars; the newest are seated first and lowest."""
    seated: list[tuple[Text, int]] = []
    for period in sorted(periods, key=lambda each: each.starts_on, reverse=True):
        label = _label(period, axis)
        row = next(
            (row for row in range(MOST_LABEL_ROWS) if _is_free(label, row, seated)),
            None,
        )
        if row is not None:
            seated.append((label, row))
    return seated


def _label(period: DosePeriod, axis: TimeAxis) -> Text:
    words = shortened(period.label, axis.right - axis.left)
    first, _last = _span(period, axis) or (axis.first_day, axis.last_day)
    label = text(axis.x(first), 0, words, "start", "dose-label")
    if text_box(label).right <= axis.right:
        return label
    return text(axis.right, 0, words, "end", "dose-label")


def _is_free(label: Text, row: int, seated: list[tuple[Text, int]]) -> bool:
    box = text_box(label)
    neighbours = [text_box(other) for other, seat in seated if seat == row]
    return all(
        box.right + LABEL_GAP_PX <= other.left or other.right + LABEL_GAP_PX <= box.left
        for other in neighbours
    )


def _lowered(label: Text, row: int, strip: Strip) -> Text:
    y = strip.top - 8 - row * LINE_PX
    return text(label.x, y, label.text, label.anchor, label.css)
