"""Numbers to SVG geometry: levels, doses and response on one axis of treatment weeks.

Everything is in viewBox pixels; templates draw it without arithmetic.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dosing.words import plain


class Window(StrEnum):
    FOUR_WEEKS = "4w"
    THREE_MONTHS = "3m"
    ALL = "all"


WINDOW_DAYS = {Window.FOUR_WEEKS: 28, Window.THREE_MONTHS: 91}


@dataclass(frozen=True, slots=True)
class LevelPoint:
    at: datetime
    ng_per_ml: Decimal
    verdict: str
    label: str
    title: str
    method: str
    set_aside: bool = False
    censored: bool = False


@dataclass(frozen=True, slots=True)
class DosePeriod:
    """From the first day up to, not including, the day it stops."""

    starts_on: date
    stops_on: date | None
    mg_per_day: Decimal
    interval_h: int
    label: str


@dataclass(frozen=True, slots=True)
class TargetBand:
    from_on: date
    to_on: date | None
    low_ng_per_ml: Decimal
    high_ng_per_ml: Decimal
    label: str


@dataclass(frozen=True, slots=True)
class ResponseSeries:
    name: str
    unit: str
    css: str
    points: tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Story:
    start_on: date
    now: datetime
    levels: tuple[LevelPoint, ...] = ()
    doses: tuple[DosePeriod, ...] = ()
    bands: tuple[TargetBand, ...] = ()
    urgent_ng_per_ml: Decimal | None = None
    response: tuple[ResponseSeries, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    x: float
    y: float
    words: str
    css: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    css: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    x1: float
    y1: float
    x2: float
    y2: float
    css: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A measured level: its shape says what its colour says."""

    x: float
    y: float
    path: str
    css: str
    title: str


@dataclass(frozen=True, slots=True)
class Curve:
    points: str
    css: str


@dataclass(frozen=True, slots=True)
class Chart:
    width: int
    height: int
    summary: str
    boxes: tuple[Box, ...]
    rules: tuple[Rule, ...]
    curves: tuple[Curve, ...]
    marks: tuple[Mark, ...]
    texts: tuple[Text, ...]


LEFT, RIGHT_WIDE, RIGHT_NARROW, TOP = 44, 130, 16, 26
LEVEL_HEIGHT, GAP, STRIP_HEIGHT, RESPONSE_HEIGHT, AXIS_HEIGHT = 200, 18, 28, 96, 42
LINE = 15
NARROW = 600

SHAPES = {
    "below": "M-6,-5 L6,-5 L0,6 Z",
    "in": "M-5,0 a5,5 0 1,0 10,0 a5,5 0 1,0 -10,0 Z",
    "above": "M-6,5 L6,5 L0,-6 Z",
    "urgent": "M0,-8 L7,0 L0,8 L-7,0 Z",
    "unknown": "M-5,-5 L5,-5 L5,5 L-5,5 Z",
    "censored": "M0,-7 L0,3 M-5,-1 L0,6 L5,-1",
}
"""Paths around the point they mark."""


def one(number: float) -> float:
    return round(number, 1)


@dataclass(frozen=True, slots=True)
class Axis:
    """Days to pixels, from the start of the window to a little beyond now."""

    first: datetime
    days: float
    left: float
    right: float

    def x(self, at: datetime) -> float:
        share = (at - self.first).total_seconds() / 86_400 / self.days
        return one(self.left + share * (self.right - self.left))

    def day(self, day: date) -> float:
        return self.x(datetime.combine(day, time(0), self.first.tzinfo))

    def holds(self, at: datetime) -> bool:
        return self.left <= self.x(at) <= self.right

    def inside(self, x: float) -> float:
        return min(max(x, self.left), self.right)


class Painter:
    """Collects the shapes of one chart, panel by panel, from top to bottom."""

    def __init__(self, story: Story, width: int, window: Window) -> None:
        self.story = story
        self.width = width
        self.narrow = width < NARROW
        margin = RIGHT_NARROW if self.narrow or not story.response else RIGHT_WIDE
        self.axis = axis_of(story, window, width - margin)
        self.boxes: list[Box] = []
        self.rules: list[Rule] = []
        self.curves: list[Curve] = []
        self.marks: list[Mark] = []
        self.texts: list[Text] = []
        self.bottom = float(TOP)

    def draw(self) -> Chart:
        self.levels()
        self.strip()
        self.response()
        self.weeks()
        self.now()
        return Chart(
            width=self.width,
            height=int(self.bottom + AXIS_HEIGHT),
            summary=summary(self.story),
            boxes=tuple(self.boxes),
            rules=tuple(self.rules),
            curves=tuple(self.curves),
            marks=tuple(self.marks),
            texts=tuple(self.texts),
        )

    def levels(self) -> None:
        most = top_of(self.story)
        top, base = self.bottom, self.bottom + LEVEL_HEIGHT

        def y(ng_per_ml: Decimal) -> float:
            return one(base - float(ng_per_ml) / most * LEVEL_HEIGHT)

        step = 5 if most <= 30 else 10
        for tick in range(0, int(most) + 1, step):
            line = y(Decimal(tick))
            self.rules.append(Rule(LEFT, line, self.axis.right, line, "grid"))
            self.texts.append(Text(LEFT - 8, line + 4, str(tick), "end"))
        self.texts.append(Text(LEFT - 8, top - 10, "ng/mL", "end" if self.narrow else ""))
        for band in self.story.bands:
            self.band(band, y(band.low_ng_per_ml), y(band.high_ng_per_ml))
        urgent = self.story.urgent_ng_per_ml
        if urgent is not None:
            line = y(urgent)
            self.rules.append(Rule(LEFT, line, self.axis.right, line, "urgent"))
            words = _("urgent %(limit)s") % {"limit": plain(urgent)}
            self.texts.append(Text(self.axis.right - 4, line - 4, words, "end urgent"))
        self.points(y, top, base)
        self.bottom = base + GAP

    def band(self, band: TargetBand, low: float, high: float) -> None:
        left = self.axis.inside(self.axis.day(band.from_on))
        right = self.axis.right
        if band.to_on is not None:
            right = self.axis.inside(self.axis.day(band.to_on))
        if right > left:
            self.boxes.append(Box(left, high, one(right - left), one(low - high), "band"))
            words = band.label
            self.texts.append(Text(one(right - 4), low - 5, words, "end band"))

    def points(self, y: Callable[..., float], top: float, base: float) -> None:
        shown = [p for p in self.story.levels if self.axis.holds(p.at)]
        used = [p for p in shown if not p.set_aside]
        for before, after in zip(used, used[1:], strict=False):
            here, there = self.axis.x(before.at), self.axis.x(after.at)
            if before.method and after.method and before.method != after.method:
                middle = one((here + there) / 2)
                self.rules.append(Rule(middle, top, middle, base, "break"))
                self.texts.append(Text(middle, top + 12, _("assay change"), "mid muted"))
                continue
            ends = f"{here},{y(before.ng_per_ml)} {there},{y(after.ng_per_ml)}"
            self.curves.append(Curve(ends, "joined"))
        taken: list[tuple[float, float]] = []
        for point in shown:
            x, height = self.axis.x(point.at), y(point.ng_per_ml)
            shape = "censored" if point.censored else point.verdict
            css = f"{point.verdict}{' hollow' if point.set_aside else ''}"
            self.marks.append(Mark(x, height, SHAPES[shape], css, point.title))
            self.label(point, x, height, taken, base)

    def label(
        self,
        point: LevelPoint,
        x: float,
        y: float,
        taken: list[tuple[float, float]],
        base: float,
    ) -> None:
        """Write a value above its mark, else below it, else not at all."""
        half = 4 * len(point.label) + 2
        at = min(max(x, LEFT + half), self.width - half)
        for candidate in (y - 11, y + 20):
            clear = all(
                abs(at - other) > 2 * half or abs(candidate - line) > LINE
                for other, line in taken
            )
            if clear and TOP - 4 <= candidate <= base - 2:
                css = f"mid value {point.verdict}"
                self.texts.append(Text(one(at), one(candidate), point.label, css))
                taken.append((at, candidate))
                return

    def strip(self) -> None:
        base = self.bottom + STRIP_HEIGHT
        most = max((float(d.mg_per_day) for d in self.story.doses), default=1.0)
        last_label = -1000.0
        for period in self.story.doses:
            self.period(period, base, most)
            left = self.axis.inside(self.axis.day(period.starts_on))
            begins = self.axis.day(period.starts_on) <= self.axis.right
            ends = period.stops_on is None or self.axis.day(period.stops_on) > LEFT
            room = self.width - left > 7 * len(period.label)
            if begins and ends and room and left - last_label > 7 * len(period.label):
                self.texts.append(Text(left, base + 14, period.label, "muted"))
                last_label = left
        self.rules.append(Rule(LEFT, base, self.axis.right, base, "axis"))
        self.bottom = base + GAP + LINE

    def period(self, period: DosePeriod, base: float, most: float) -> None:
        """Draw one bar a dosing day, or one block where days are too thin to tell."""
        pitch = (self.axis.right - LEFT) / self.axis.days
        every = max(period.interval_h // 24, 1)
        height = one(STRIP_HEIGHT * min(float(period.mg_per_day) * every / most, 1))
        last = period.stops_on or self.last_day() + timedelta(days=1)
        if pitch < 3:
            left = self.axis.inside(self.axis.day(period.starts_on))
            right = self.axis.inside(self.axis.day(last))
            if right > left:
                top = one(base - height)
                self.boxes.append(
                    Box(left, top, one(right - left), height, "dose", period.label)
                )
            return
        day = period.starts_on
        while day < last:
            x = self.axis.day(day)
            if LEFT <= x <= self.axis.right - pitch / 2:
                css = "dose" if day <= self.story.now.date() else "dose planned"
                wide = one(min(pitch * 0.45, 6))
                self.boxes.append(
                    Box(x, one(base - height), wide, height, css, period.label)
                )
            day += timedelta(days=every)

    def last_day(self) -> date:
        return (self.axis.first + timedelta(days=self.axis.days)).date()

    def response(self) -> None:
        series = [s for s in self.story.response if len(s.points) > 0 and s.points[0][1]]
        if not series:
            return
        top, base = self.bottom + LINE, self.bottom + LINE + RESPONSE_HEIGHT
        changes = [
            float(change_percent(s.points[0][1], v)) for s in series for _d, v in s.points
        ]
        low, high = min([-40.0, *changes]), max([0.0, *changes])

        def y(percent: float) -> float:
            return one(top + (high - percent) / (high - low) * RESPONSE_HEIGHT)

        for tick, css in ((0, "axis"), (-20, "threshold")):
            self.rules.append(Rule(LEFT, y(tick), self.axis.right, y(tick), css))
            self.texts.append(Text(LEFT - 6, y(tick) + 4, f"{tick or 0} %", "end"))
        ends: list[Text] = []
        for one_series in series:
            ends.extend(self.trend(one_series, y))
        self.texts.extend(apart(ends, base))
        self.bottom = base + GAP + (LINE * len(series) if self.narrow else 0)
        if self.narrow:
            self.legend(ends, base)

    def trend(self, series: ResponseSeries, y: Callable[..., float]) -> Iterable[Text]:
        baseline = series.points[0][1]
        places = []
        for day, value in series.points:
            at = datetime.combine(day, time(12), self.axis.first.tzinfo)
            if not self.axis.holds(at):
                continue
            change = change_percent(baseline, value)
            places.append((self.axis.x(at), y(float(change))))
            title = f"{series.name}: {plain(value)} {series.unit}, " + date_format(
                day, "D j M Y"
            )
            self.marks.append(
                Mark(*places[-1], SHAPES["in"], f"hollow {series.css}", title)
            )
        if not places:
            return
        self.curves.append(Curve(" ".join(f"{x},{h}" for x, h in places), series.css))
        change = change_percent(baseline, series.points[-1][1])
        words = f"{series.name} {signed(change)}"
        yield Text(one(places[-1][0] + 10), places[-1][1] + 4, words, series.css)

    def legend(self, ends: Sequence[Text], base: float) -> None:
        """On a phone the names stand under the panel, not at the ends."""
        self.texts = [text for text in self.texts if text.css not in RESPONSE_CSS]
        for number, text in enumerate(ends):
            self.texts.append(
                Text(LEFT, base + LINE * (number + 1), "\u25cb " + text.words, text.css)
            )

    def weeks(self) -> None:
        base = self.bottom
        first = (self.axis.first.date() - self.story.start_on).days
        weeks = range(first // 7, int(first + self.axis.days) // 7 + 1)
        room = 46 if self.narrow else 62
        pitch = (self.axis.right - LEFT) / self.axis.days * 7
        every = next((n for n in (1, 2, 4, 8, 13, 26, 52) if n * pitch >= room), 104)
        for week in weeks:
            day = self.story.start_on + timedelta(weeks=week)
            x = self.axis.day(day)
            if week % every or not LEFT <= x <= self.axis.right:
                continue
            words = _("start") if week == 0 else _("week %(n)s") % {"n": week}
            self.rules.append(Rule(x, TOP, x, base, "grid"))
            self.texts.append(Text(x, base + 14, words, "mid"))
            self.texts.append(
                Text(x, base + 29, date_format(day, "j M"), "mid muted small")
            )

    def now(self) -> None:
        if not self.axis.holds(self.story.now):
            return
        x = self.axis.x(self.story.now)
        self.rules.append(Rule(x, TOP - 8, x, self.bottom, "now"))
        self.texts.append(Text(x, TOP - 12, _("now"), "mid muted"))


RESPONSE_CSS = {"pain", "circumference", "area"}


def change_percent(baseline: Decimal, value: Decimal) -> Decimal:
    """Return (new - old) / old in percent."""
    return (value - baseline) / baseline * 100


def signed(percent: Decimal) -> str:
    rounded = int(percent.to_integral_value(rounding="ROUND_HALF_UP"))
    return f"{'\u2212' if rounded < 0 else '+' if rounded else ''}{abs(rounded)} %"


def apart(texts: Sequence[Text], base: float) -> list[Text]:
    """Push labels down, then up again, until none lies on another."""
    placed: list[Text] = []
    for text in sorted(texts, key=lambda t: t.y):
        least = placed[-1].y + LINE if placed else text.y
        placed.append(Text(text.x, max(text.y, least), text.words, text.css))
    over = placed[-1].y - base if placed else 0
    if over <= 0:
        return placed
    return [Text(t.x, one(t.y - over), t.words, t.css) for t in placed]


def axis_of(story: Story, window: Window, right: float) -> Axis:
    zone = story.now.tzinfo
    start = datetime.combine(story.start_on, time(0), zone)
    dates = [p.at for p in story.levels]
    first = min([start, *dates]) if window is Window.ALL else start
    days = WINDOW_DAYS.get(window)
    if days is not None:
        first = max(first, story.now - timedelta(days=days))
    span = max((story.now - first).total_seconds() / 86_400, 14)
    return Axis(first=first, days=span * 1.15, left=LEFT, right=right)


def top_of(story: Story) -> float:
    highest = [float(p.ng_per_ml) * 1.15 for p in story.levels]
    limits = [float(b.high_ng_per_ml) * 1.4 for b in story.bands]
    urgent = [float(story.urgent_ng_per_ml) * 1.1] if story.urgent_ng_per_ml else []
    most = max([10.0, *highest, *limits, *urgent])
    return float(-(-most // 5) * 5)


def summary(story: Story) -> str:
    used = [p for p in story.levels if not p.set_aside]
    if not used:
        return _("No level yet.")
    words = ngettext("%(n)s level", "%(n)s levels", len(used)) % {"n": len(used)}
    last = _("the last %(value)s ng/mL on %(day)s") % {
        "value": used[-1].label,
        "day": date_format(used[-1].at, "j M Y"),
    }
    return f"{words}, {last}."


def chart(story: Story, *, width: int, window: Window = Window.ALL) -> Chart:
    """Draw one patient's story at a width in pixels."""
    return Painter(story, width, window).draw()


@dataclass(frozen=True, slots=True)
class Sparkline:
    """The last levels over the target band, 130 x 40 pixels."""

    band: Box
    points: str
    last_x: float
    last_y: float
    css: str


def sparkline(
    levels: Sequence[tuple[datetime, Decimal]],
    low: Decimal,
    high: Decimal,
    verdict: str,
) -> Sparkline | None:
    if not levels:
        return None
    most = max(float(high) * 1.3, *(float(v) * 1.1 for _at, v in levels))
    first, last = levels[0][0], levels[-1][0]
    span = (last - first).total_seconds() or 1.0

    def place(at: datetime, value: float) -> tuple[float, float]:
        along = (at - first).total_seconds() / span if last > first else 1.0
        return one(6 + along * 116), one(38 - value / most * 34)

    places = [place(at, float(value)) for at, value in levels]
    top, bottom = place(last, float(high))[1], place(last, float(low))[1]
    return Sparkline(
        band=Box(0, top, 130, one(bottom - top), "band"),
        points=" ".join(f"{x},{y}" for x, y in places),
        last_x=places[-1][0],
        last_y=places[-1][1],
        css=verdict,
    )
