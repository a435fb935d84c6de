"""The dose strip: a bar for every day a dose falls on, or a step when days are thin."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
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
    story: Story

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
    heights = [_height_mg(each, by_day=by_day) for each in periods]
    tallest = max([*heights, *(story.amounts_mg.values() if by_day else ())])
    now = clinic_day(story.now, story)
    return Strip(
        axis,
        now,
        top,
        top + STRIP_PX,
        tallest or Decimal(1),
        by_day,
        story,
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
    """What is known of each day until now, then what is planned."""
    rects = _daily(period, strip) if strip.by_day else _stepped(period, strip)
    titles = {
        "dose": _title(period),
        "dose late": _("taken late"),
        "dose other": _("another amount than prescribed"),
        "dose silent": _("%(dose)s; the diary says nothing") % {"dose": _title(period)},
        "dose planned": _title(period),
        "dose missed": _("missed"),
        "dose unknown": _("not known whether it was taken"),
    }
    for css, title in titles.items():
        alike = tuple(each for each, kind in rects if kind == css)
        if alike:
            yield Bars(alike, css, title)


def _kind(day: int, strip: Strip) -> str:
    on, story = date.fromordinal(day), strip.story
    if day > floor(strip.now_day):
        return "dose planned"
    kinds = {
        "dose missed": story.missed,
        "dose unknown": story.unknown,
        "dose other": story.amounts_mg.keys(),
        "dose late": story.late,
        "dose": story.told,
    }
    known = (kind for kind, days in kinds.items() if on in days)
    return next(known, "dose silent")


def _daily(period: DosePeriod, strip: Strip) -> list[tuple[Rect, str]]:
    first, last = _span(period, strip.axis) or (0.0, 0.0)
    pitch = strip.axis.px_per_day
    width = min(max(pitch * 0.5, 1.2), 9.0)
    bars = []
    for day in range(ceil(first), ceil(last)):
        doses = doses_on(period, date.fromordinal(day))
        left = strip.axis.x(day) + (pitch - width) / 2
        if doses and left + width <= strip.axis.right:
            told = strip.story.amounts_mg.get(date.fromordinal(day))
            mg = period.amount_mg * doses if told is None else told
            bars.append((strip.rect(left, left + width, mg), _kind(day, strip)))
    return bars


def doses_on(period: DosePeriod, on: date) -> int:
    """How many doses fall on a day, counted from the period's first midnight."""
    day = (on - period.starts_on).days
    until = ceil(24 * (day + 1) / period.interval_h)
    return until - ceil(24 * day / period.interval_h)


def _stepped(period: DosePeriod, strip: Strip) -> list[tuple[Rect, str]]:
    """Return one step for each run of days that are alike."""
    first, last = _span(period, strip.axis) or (0.0, 0.0)
    due = [
        day
        for day in range(floor(first), ceil(last))
        if doses_on(period, date.fromordinal(day))
    ]
    steps = []
    for kind, run in groupby(due, key=lambda day: _kind(day, strip)):
        begin = max(float(next(run)), first)
        steps.append((begin, kind))
    ends = [begin for begin, _kind_ in steps[1:]] + [last]
    return [
        (strip.rect(strip.axis.x(a), strip.axis.x(b), _mg_per_day(period)), kind)
        for (a, kind), b in zip(steps, ends, strict=True)
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
