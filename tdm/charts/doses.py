"""The dose strip: a bar for every day a dose falls on, or a step when days are thin."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from math import ceil, floor

from django.utils.translation import gettext as _

from tdm.charts.axis import TimeAxis
from tdm.charts.diary import ORDER, Cell, Kind, cells_on, doses_on, kind_text
from tdm.charts.labels import LINE_PX, shortened, text_box, text_width
from tdm.charts.shapes import Bars, Box, Drawing, Line, Rect, Text, line, rect, text
from tdm.charts.story import DosePeriod, Story
from tdm.charts.words import day_text

STRIP_PX = 30.0
MOST_LABEL_ROWS = 3
MOST_DAYS_AS_BARS = 200
THINNEST_DAY_PX = 4.0
"""A thinner hollow cell would be all outline, and look as if it were taken."""

LABEL_GAP_PX = 10.0


@dataclass(frozen=True, slots=True)
class Strip:
    axis: TimeAxis
    top: float
    bottom: float
    tallest_mg: Decimal
    by_day: bool
    story: Story

    def rect(
        self, left: float, right: float, mg: Decimal, over_mg: Decimal = Decimal(0)
    ) -> Rect:
        px_per_mg = (self.bottom - self.top) / float(self.tallest_mg)
        base = self.bottom - float(over_mg) * px_per_mg
        return rect(Box(left, base - float(mg) * px_per_mg, right, base), "dose")


def dose_strip(story: Story, axis: TimeAxis, top: float) -> tuple[Drawing, float]:
    """Return the strip and where it ends; nothing is drawn for no doses."""
    periods = [each for each in story.doses if _span(each, axis)]
    if not periods:
        return Drawing(), top
    labels = _labels(periods, axis)
    rows = 1 + max((row for _text, row in labels), default=0)
    strip = _strip(story, axis, top + rows * LINE_PX + 4, periods)
    floor_line = line((axis.left, strip.bottom), (axis.right, strip.bottom), "floor")
    bars = tuple(bars for each in periods for bars in _bars(each, strip))
    drawing = Drawing(
        lines=(floor_line, *_starts(periods, strip), *_crosses(bars)),
        bars=bars,
        texts=tuple(_lowered(label, row, strip) for label, row in labels),
    )
    return drawing, strip.bottom


def _strip(
    story: Story, axis: TimeAxis, top: float, periods: list[DosePeriod]
) -> Strip:
    days = axis.last_day - axis.first_day
    by_day = days <= MOST_DAYS_AS_BARS and axis.px_per_day >= THINNEST_DAY_PX
    strip = Strip(axis, top, top + STRIP_PX, Decimal(1), by_day, story)
    tallest = max((_tallest_mg(each, strip) for each in periods), default=Decimal(0))
    return replace(strip, tallest_mg=tallest or Decimal(1))


def _tallest_mg(period: DosePeriod, strip: Strip) -> Decimal:
    if strip.by_day:
        days = (_day_mg(cells) for _day, cells in _days(period, strip))
        return max(days, default=Decimal(0))
    return max((run.mg for run in _runs(period, strip)), default=Decimal(0))


def _day_mg(cells: tuple[Cell, ...]) -> Decimal:
    return sum((cell.mg for cell in cells), Decimal(0))


def _days(period: DosePeriod, strip: Strip) -> Iterable[tuple[int, tuple[Cell, ...]]]:
    """Yield each day of the window that has a dose, with its cells."""
    first, last = _span(period, strip.axis) or (0.0, 0.0)
    for day in range(floor(first), ceil(last)):
        cells = cells_on(strip.story, period, date.fromordinal(day))
        if cells:
            yield day, cells


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
    dose = _title(period)
    titles = {
        Kind.TAKEN: dose,
        Kind.PLANNED: dose,
        Kind.SILENT: _("%(dose)s; the diary says nothing") % {"dose": dose},
        Kind.OTHER: _("another amount than prescribed"),
        Kind.UNKNOWN: _("not known whether it was taken"),
        Kind.VOMITED: _("vomited so soon that it may not have been taken"),
    }
    for kind in Kind:
        alike = tuple(each for each, known in rects if known is kind)
        if alike:
            yield Bars(alike, kind, titles.get(kind) or kind_text(kind))


def _daily(period: DosePeriod, strip: Strip) -> list[tuple[Rect, Kind]]:
    """Return a cell for each day; doses of which not the same is known are stacked."""
    pitch = strip.axis.px_per_day
    width = min(max(pitch * 0.5, 1.2), 9.0)
    bars = []
    for day, cells in _days(period, strip):
        left = strip.axis.x(day) + (pitch - width) / 2
        if left < strip.axis.left or left + width > strip.axis.right:
            continue
        base = Decimal(0)
        for cell in cells:
            bars.append((strip.rect(left, left + width, cell.mg, base), cell.kind))
            base += cell.mg
    return bars


@dataclass(frozen=True, slots=True)
class Run:
    """Days that are alike, drawn as one step of so many mg a day."""

    begins: int
    kind: Kind
    mg: Decimal


def _runs(period: DosePeriod, strip: Strip) -> Iterable[Run]:
    """Yield each run of days that are alike; a day is its least certain dose."""
    known = (
        Run(
            day,
            max((c.kind for c in cells), key=ORDER.index),
            _pace(period, day, cells),
        )
        for day, cells in _days(period, strip)
    )
    for _alike, run in groupby(known, key=lambda each: (each.kind, each.mg)):
        yield next(run)


def _pace(period: DosePeriod, day: int, cells: tuple[Cell, ...]) -> Decimal:
    """Return a day's mg as its share of the pace that is prescribed."""
    due = doses_on(period, date.fromordinal(day))
    if not due:
        return _day_mg(cells)
    return _mg_per_day(period) * _day_mg(cells) / (period.amount_mg * due)


def _stepped(period: DosePeriod, strip: Strip) -> list[tuple[Rect, Kind]]:
    first, last = _span(period, strip.axis) or (0.0, 0.0)
    runs = list(_runs(period, strip))
    begins = [max(float(run.begins), first) for run in runs]
    return [
        (strip.rect(strip.axis.x(a), strip.axis.x(b), run.mg), run.kind)
        for run, a, b in zip(runs, begins, [*begins[1:], last], strict=True)
    ]


def _crosses(bars: Iterable[Bars]) -> Iterable[Line]:
    """Strike out what was missed, and write a v over what was vomited: no colour."""
    for each in bars:
        for box in each.rects:
            left, top = box.x, box.y
            right, bottom = left + box.width, top + box.height
            if each.css.startswith(Kind.MISSED):
                yield line((left, bottom), (right, top), "cross missed-cross")
            elif each.css.startswith(Kind.VOMITED):
                middle = ((left + right) / 2, bottom)
                yield line((left, top), middle, "cross vomited-cross")
                yield line(middle, (right, top), "cross vomited-cross")


KEY_BOX_PX = (7.0, 11.0)
KEY_GAP_PX = 5.0
KEY_APART_PX = 16.0


def dose_key(
    drawn: Drawing, axis: TimeAxis, top: float, edge: float
) -> tuple[Drawing, float]:
    """Name the cells that occur; a strip of doses taken needs no key."""
    shown = [kind for kind in Kind if any(bars.css == kind for bars in drawn.bars)]
    if set(shown) <= {Kind.TAKEN, Kind.PLANNED}:
        return Drawing(), top
    width, height = KEY_BOX_PX
    x, y = axis.left, top + LINE_PX + 1
    bars, texts = [], []
    for kind in shown:
        words = kind_text(kind)
        wide = width + KEY_GAP_PX + text_width(words)
        if x + wide > edge and x > axis.left:
            x, y = axis.left, y + LINE_PX + 1
        box = rect(Box(x, y - height, x + width, y), kind)
        bars.append(Bars((box,), f"{kind} key", words))
        texts.append(text(x + width + KEY_GAP_PX, y, words, "start", "note"))
        x += wide + KEY_APART_PX
    return Drawing(
        lines=tuple(_crosses(bars)), bars=tuple(bars), texts=tuple(texts)
    ), y + 4


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
