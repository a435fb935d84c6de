"""A small plot: average exposure before each MRI, and its change from baseline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import ceil, floor

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tdm.charts.labels import LINE_PX, text_width
from tdm.charts.shapes import MARK_RADIUS, Drawing, Line, Mark, Text, line, mark, text
from tdm.charts.words import axis_percent_text, day_text, number_text, percent_text

WIDTH_PX, HEIGHT_PX = 340, 200
LEFT_PX, TOP_PX, BOTTOM_PX = 52.0, 14.0, 150.0
RIGHT_PX = 326.0
STEP_PERCENT = 20
EXPOSURE_STEPS_NG_PER_ML = (2, 5, 10, 20, 50)
MOST_STEPS = 6
NEAR_PX = 14


@dataclass(frozen=True, slots=True)
class ExposurePoint:
    """One MRI: the mean of the levels before it (ng/mL), and its change in percent."""

    on: date
    mean_ng_per_ml: Decimal
    levels: int
    percent: Decimal
    lesion: str
    area: str
    limits: int = 0
    """How many more levels were only a limit, which no mean counts."""
    days_since_level: int = 0
    """From the last of the levels to the MRI; what came between is not in the mean."""

    @property
    def mean(self) -> str:
        return f"{self.mean_ng_per_ml:.1f}"

    @property
    def change(self) -> str:
        return percent_text(self.percent)

    @property
    def title(self) -> str:
        facts = {
            "day": day_text(self.on),
            "mean": self.mean,
            "change": self.change,
            "lesion": self.lesion,
        }
        return _("%(lesion)s, %(day)s: mean %(mean)s ng/mL, area %(change)s") % facts


@dataclass(frozen=True, slots=True)
class Companion:
    """The plot, its points as a table, and its sentence."""

    width: int
    height: int
    drawing: Drawing
    points: tuple[ExposurePoint, ...]

    @property
    def summary(self) -> str:
        count = len(self.points)
        return ngettext("%(count)s MRI", "%(count)s MRIs", count) % {"count": count}


@dataclass(frozen=True, slots=True)
class Plot:
    """What a pixel means: mean exposure to the right, change upwards."""

    step_ng_per_ml: int
    most_ng_per_ml: int
    low_percent: int
    high_percent: int

    def x(self, ng_per_ml: Decimal | int) -> float:
        share = float(ng_per_ml) / self.most_ng_per_ml
        return LEFT_PX + share * (RIGHT_PX - LEFT_PX)

    def y(self, percent: Decimal | int) -> float:
        span = self.high_percent - self.low_percent
        share = (self.high_percent - float(percent)) / span
        return TOP_PX + share * (BOTTOM_PX - TOP_PX)

    def scales(self) -> Iterable[Text]:
        for mean in range(0, self.most_ng_per_ml + 1, self.step_ng_per_ml):
            words = number_text(Decimal(mean))
            yield text(self.x(mean), BOTTOM_PX + LINE_PX, words, "middle", "tick")
        step = STEP_PERCENT * ceil((self.high_percent - self.low_percent) / 120)
        for percent in range(self.low_percent, self.high_percent + 1, step):
            words = axis_percent_text(percent)
            yield text(LEFT_PX - 6, self.y(percent) + 4.5, words, "end", "tick")
        words = _("mean trough before the MRI, ng/mL")
        middle = (LEFT_PX + RIGHT_PX) / 2
        yield text(middle, BOTTOM_PX + 2.4 * LINE_PX, words, "middle", "tick")

    def lines(self) -> Iterable[Line]:
        zero = self.y(0)
        yield line((LEFT_PX, zero), (RIGHT_PX, zero), "grid")
        yield line((LEFT_PX, BOTTOM_PX), (RIGHT_PX, BOTTOM_PX), "floor")
        yield line((LEFT_PX, TOP_PX), (LEFT_PX, BOTTOM_PX), "floor")


def plot_of(points: Sequence[ExposurePoint]) -> Plot:
    highest = max(point.mean_ng_per_ml for point in points)
    changes = [point.percent for point in points]
    lowest = min([*changes, Decimal(-STEP_PERCENT)])
    step = next(
        (each for each in EXPOSURE_STEPS_NG_PER_ML if highest <= each * MOST_STEPS),
        ceil(highest / MOST_STEPS),
    )
    return Plot(
        step_ng_per_ml=step,
        most_ng_per_ml=step * (floor(highest / step) + 1),
        low_percent=STEP_PERCENT * floor(lowest / STEP_PERCENT),
        high_percent=STEP_PERCENT * ceil(max([*changes, Decimal(0)]) / STEP_PERCENT),
    )


def companion(points: Sequence[ExposurePoint]) -> Companion:
    """Draw each MRI at its mean exposure and its change; no line is fitted."""
    plot = plot_of(points)
    marks = tuple(
        mark(
            "square",
            plot.x(point.mean_ng_per_ml),
            plot.y(point.percent),
            "outcome series-area",
            point.title,
        )
        for point in points
    )
    drawing = Drawing(
        lines=tuple(plot.lines()),
        marks=marks,
        texts=(*plot.scales(), *_numbers(marks)),
    )
    return Companion(WIDTH_PX, HEIGHT_PX, drawing, tuple(points))


def _numbers(marks: Sequence[Mark]) -> Iterable[Text]:
    """Number several marks as the rows of the table; one place has one label."""
    placed: list[tuple[Mark, list[str]]] = []
    for number, each in enumerate(marks, 1):
        near = (
            names
            for other, names in placed
            if abs(other.x - each.x) < NEAR_PX and abs(other.y - each.y) < NEAR_PX
        )
        found = next(near, None)
        if found is None:
            placed.append((each, [str(number)]))
        else:
            found.append(str(number))
    for each, names in placed if len(marks) > 1 else ():
        words = ", ".join(names)
        is_inside = each.x + MARK_RADIUS + 4 + text_width(words) <= WIDTH_PX
        x, anchor = (each.x + 10, "start") if is_inside else (each.x - 10, "end")
        yield text(x, each.y + 4.5, words, anchor, "note")
