"""The concentration panel: target, limit, measured levels and their values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import ceil

from django.utils.translation import gettext as _

from tdm.charts.axis import TimeAxis, clinic_day
from tdm.charts.curve import curve_drawing, highest_of
from tdm.charts.labels import LINE_PX, Placer, block, wrapped
from tdm.charts.shapes import (
    VERDICT_SHAPES,
    Box,
    Drawing,
    Line,
    Mark,
    Rect,
    Text,
    line,
    mark,
    mark_box,
    rect,
    text,
)
from tdm.charts.story import LevelPoint, Story, TargetBand
from tdm.charts.words import number_text

HEADROOM_OVER_TARGET = Decimal("1.4")
HEADROOM_OVER_LEVEL = Decimal("1.15")
EMPTY_TOP_NG_PER_ML = Decimal(20)
STEPS_NG_PER_ML = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
MOST_STEPS = 6
VALUE_GAP_PX = 11.0


@dataclass(frozen=True, slots=True)
class Plot:
    """Where the panel stands and what a pixel of height means."""

    axis: TimeAxis
    top: float
    bottom: float
    step_ng_per_ml: int
    max_ng_per_ml: int

    def y(self, ng_per_ml: Decimal | float) -> float:
        share = float(ng_per_ml) / self.max_ng_per_ml
        return self.bottom - share * (self.bottom - self.top)

    @property
    def area(self) -> Box:
        return Box(self.axis.left, self.top, self.axis.right, self.bottom)


@dataclass(frozen=True, slots=True)
class Placed:
    level: LevelPoint
    day: float
    x: float
    y: float

    @property
    def shape(self) -> str:
        if self.level.censored:
            return "arrow"
        return VERDICT_SHAPES.get(self.level.verdict, "square")


def levels_panel(story: Story, axis: TimeAxis, top: float, bottom: float) -> Drawing:
    plot = _plot(story, axis, top, bottom)
    told = _placed(story, plot)
    shown = [each for each in told if axis.shows(each.day)]
    bands = [band for band in story.bands if _band_box(band, plot) is not None]
    joins = [] if story.curve else _joins(told, plot)
    breaks = _breaks(told, plot)
    limit = _urgent_line(story, plot)
    placer = Placer(
        plot.area,
        [mark_box(each.shape, each.x, each.y) for each in shown],
        [*joins, *breaks, *limit, *_now_line(story, plot)],
    )
    values = [placer.place(_value_places(each)) for each in _by_weight(shown)]
    notes = [placer.place(_break_places(each, plot)) for each in breaks]
    notes += [placer.place(_limit_places(each, plot)) for each in limit]
    notes += [placer.place(_band_places(band, plot)) for band in bands]
    notes += [] if shown else [placer.place(_empty_places(story, plot))]
    return Drawing(
        rects=tuple(_band_rect(band, plot) for band in bands),
        paths=curve_drawing(story, plot).paths,
        lines=(*_value_grid(plot), *limit, *breaks, *joins),
        marks=tuple(_mark(each) for each in shown),
        texts=(
            *_scale(plot),
            *(each for label in values + notes for each in label),
        ),
    )


def _plot(story: Story, axis: TimeAxis, top: float, bottom: float) -> Plot:
    wanted = [EMPTY_TOP_NG_PER_ML] if not (story.levels or story.bands) else []
    wanted += [band.high_ng_per_ml * HEADROOM_OVER_TARGET for band in story.bands]
    wanted += [
        level.ng_per_ml * HEADROOM_OVER_LEVEL
        for level in story.levels
        if not level.set_aside and axis.shows(clinic_day(level.at, story))
    ]
    wanted.append(highest_of(story, axis))
    if story.urgent_ng_per_ml is not None:
        wanted.append(story.urgent_ng_per_ml * HEADROOM_OVER_LEVEL)
    highest = max(wanted, default=EMPTY_TOP_NG_PER_ML) or EMPTY_TOP_NG_PER_ML
    step = next(
        (step for step in STEPS_NG_PER_ML if highest <= step * MOST_STEPS),
        ceil(highest / MOST_STEPS),
    )
    return Plot(axis, top, bottom, step, step * ceil(highest / step))


def _placed(story: Story, plot: Plot) -> list[Placed]:
    """Place each level; one set aside that lies above the plot stands at its top."""
    days = [(clinic_day(level.at, story), level) for level in story.levels]
    return [
        Placed(level, day, plot.axis.x(day), max(plot.top, plot.y(level.ng_per_ml)))
        for day, level in sorted(days, key=lambda entry: entry[0])
    ]


def _mark(each: Placed) -> Mark:
    css = f"level v-{each.level.verdict}"
    css += " censored" if each.level.censored else ""
    css += " hollow" if each.level.set_aside else ""
    return mark(each.shape, each.x, each.y, css, each.level.title)


def _trusted_pairs(told: Sequence[Placed]) -> Iterable[tuple[Placed, Placed]]:
    return pairwise(each for each in told if not each.level.set_aside)


def _joins(told: Sequence[Placed], plot: Plot) -> list[Line]:
    pairs = (
        plot.axis.clipped((one.day, one.y), (two.day, two.y))
        for one, two in _trusted_pairs(told)
        if one.level.method == two.level.method
    )
    return [line(*pair, "join") for pair in pairs if pair]


def _breaks(told: Sequence[Placed], plot: Plot) -> list[Line]:
    lines = []
    for one, two in _trusted_pairs(told):
        day = (one.day + two.day) / 2
        if one.level.method != two.level.method and plot.axis.shows(day):
            title = _("assay change: %(before)s to %(after)s") % {
                "before": one.level.method,
                "after": two.level.method,
            }
            x = plot.axis.x(day)
            lines.append(line((x, plot.top), (x, plot.bottom), "break", title))
    return lines


def _by_weight(shown: Sequence[Placed]) -> list[Placed]:
    """Newest first, urgent before all: those keep their words when room is short."""
    newest_first = list(reversed(shown))
    return sorted(newest_first, key=lambda each: each.level.verdict != "urgent")


def _value_places(each: Placed) -> Iterable[tuple[Text, ...]]:
    css = f"value v-{each.level.verdict}"
    for words in _wordings(each.level):
        for x, y, anchor in _spots(each):
            yield (text(x, y, words, anchor, css),)


def _wordings(level: LevelPoint) -> list[str]:
    value = f"‼ {level.label}" if level.verdict == "urgent" else level.label
    if level.set_aside:
        return [_("%(value)s set aside") % {"value": value}, value]
    return [value]


def _spots(each: Placed) -> Iterable[tuple[float, float, str]]:
    above = each.y - VALUE_GAP_PX
    below = each.y + VALUE_GAP_PX + (16.0 if each.shape == "arrow" else 10.0)
    for row in range(3):
        yield each.x, above - row * LINE_PX, "middle"
        yield each.x, below + row * LINE_PX, "middle"
        yield each.x + VALUE_GAP_PX, each.y + 4.5 - row * LINE_PX, "start"
        yield each.x - VALUE_GAP_PX, each.y + 4.5 - row * LINE_PX, "end"


def _break_places(each: Line, plot: Plot) -> Iterable[tuple[Text, ...]]:
    words = _("assay change")
    for y in _rows(plot.top + 14, plot.bottom - 5):
        yield (text(each.x1 + 5, y, words, "start", "note"),)
        yield (text(each.x1 - 5, y, words, "end", "note"),)


def _urgent_line(story: Story, plot: Plot) -> list[Line]:
    if story.urgent_ng_per_ml is None:
        return []
    y = plot.y(story.urgent_ng_per_ml)
    words = _("urgent from %(limit)s ng/mL") % {
        "limit": number_text(story.urgent_ng_per_ml)
    }
    return [line((plot.axis.left, y), (plot.axis.right, y), "urgent-limit", words)]


def _limit_places(each: Line, plot: Plot) -> Iterable[tuple[Text, ...]]:
    for y in (each.y1 - 6, each.y1 + 15):
        x = plot.axis.right - 6
        while x > plot.axis.left:
            yield (text(x, y, each.title, "end", "note v-urgent"),)
            x -= 24


def _now_line(story: Story, plot: Plot) -> list[Line]:
    x = plot.axis.x(clinic_day(story.now, story))
    return [line((x, plot.top), (x, plot.bottom), "now")]


def _band_box(band: TargetBand, plot: Plot) -> Box | None:
    axis = plot.axis
    first = max(float(band.from_on.toordinal()), axis.first_day)
    last = axis.last_day
    if band.to_on is not None:
        last = min(float(band.to_on.toordinal()), last)
    if last <= first:
        return None
    top, bottom = plot.y(band.high_ng_per_ml), plot.y(band.low_ng_per_ml)
    return Box(axis.x(first), top, axis.x(last), bottom)


def _band_rect(band: TargetBand, plot: Plot) -> Rect:
    return rect(_band_box(band, plot) or plot.area, "band", band.label)


def _band_places(band: TargetBand, plot: Plot) -> Iterable[tuple[Text, ...]]:
    """Inside the band from its floor upwards, then under it, then over it."""
    box = _band_box(band, plot) or plot.area
    lines = wrapped(band.label, box.right - box.left - 12)
    tall = LINE_PX * (len(lines) - 1)
    inside = list(_rows(box.top + 15 + tall, box.bottom - 6))
    under = list(_rows(box.bottom + 15 + tall, plot.bottom - 5))
    over = list(_rows(plot.top + 14 + tall, box.top - 6))
    for y in (*reversed(inside), *under, *reversed(over)):
        yield block(lines, box.right - 6, y, "end", "note band-source")
        yield block(lines, box.left + 6, y, "start", "note band-source")
        yield block(lines, (box.left + box.right) / 2, y, "middle", "note band-source")


def _empty_places(story: Story, plot: Plot) -> Iterable[tuple[Text, ...]]:
    words = _("no level in this window") if story.levels else _("no level yet")
    middle = (plot.axis.left + plot.axis.right) / 2
    for y in _rows(plot.top + 14, plot.bottom - 5):
        yield (text(middle, y, words, "middle", "note"),)


def _rows(first: float, last: float) -> Iterable[float]:
    while first <= last:
        yield first
        first += LINE_PX / 2


def _value_grid(plot: Plot) -> list[Line]:
    left, right = plot.axis.left, plot.axis.right
    rows = [plot.y(value) for value in _scale_values(plot)]
    return [
        line((left, y), (right, y), "grid" if y < plot.bottom else "floor")
        for y in rows
    ]


def _scale(plot: Plot) -> list[Text]:
    x = plot.axis.left - 8
    ticks = [
        text(x, plot.y(value) + 4.5, str(value), "end", "tick")
        for value in _scale_values(plot)
    ]
    return [text(x, plot.top - 14, "ng/mL", "end", "tick"), *ticks]


def _scale_values(plot: Plot) -> range:
    return range(0, plot.max_ng_per_ml + 1, plot.step_ng_per_ml)
