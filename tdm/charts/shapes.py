"""What a drawing is made of; every number is a pixel rounded to one decimal."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

VERDICT_SHAPES = {"below": "down", "in": "dot", "above": "up", "urgent": "diamond"}
SERIES_SHAPES = ("dot", "square", "diamond", "up", "down")
MARK_RADIUS = 6.0


@dataclass(frozen=True, slots=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: "Box") -> bool:
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True, slots=True)
class Text:
    """`anchor` is SVG's: start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str
    css: str


@dataclass(frozen=True, slots=True)
class Line:
    x1: float
    y1: float
    x2: float
    y2: float
    css: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Rect:
    x: float
    y: float
    width: float
    height: float
    css: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars that share a meaning; drawn as one path."""

    rects: tuple[Rect, ...]
    css: str
    title: str

    @property
    def d(self) -> str:
        return "".join(
            f"M{r.x} {r.y}h{r.width}v{r.height}h-{r.width}z" for r in self.rects
        )


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points, or the surface that they go around."""

    d: str
    css: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    y: float
    path: str
    css: str
    title: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Layers from back to front.

    Of lines, marks and words there are hundreds, through which a template is slow.
    """

    rects: tuple[Rect, ...] = ()
    paths: tuple[Path, ...] = ()
    lines: tuple[Line, ...] = ()
    bars: tuple[Bars, ...] = ()
    marks: tuple[Mark, ...] = ()
    texts: tuple[Text, ...] = ()

    @property
    def lines_drawn(self) -> SafeString:
        return format_html_join(
            "\n",
            '<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}">{}</line>',
            (
                (each.css, each.x1, each.y1, each.x2, each.y2, titled(each.title))
                for each in self.lines
            ),
        )

    @property
    def marks_drawn(self) -> SafeString:
        return format_html_join(
            "\n",
            '<path class="{}" d="{}"><title>{}</title></path>',
            ((each.css, each.path, each.title) for each in self.marks),
        )

    @property
    def texts_drawn(self) -> SafeString:
        return format_html_join(
            "\n",
            '<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>',
            ((each.css, each.x, each.y, each.anchor, each.text) for each in self.texts),
        )


def titled(title: str) -> str:
    return format_html("<title>{}</title>", title) if title else ""


def stacked(drawings: Iterable[Drawing]) -> Drawing:
    parts = tuple(drawings)
    return Drawing(
        rects=tuple(rect for part in parts for rect in part.rects),
        paths=tuple(path for part in parts for path in part.paths),
        lines=tuple(line for part in parts for line in part.lines),
        bars=tuple(bars for part in parts for bars in part.bars),
        marks=tuple(mark for part in parts for mark in part.marks),
        texts=tuple(text for part in parts for text in part.texts),
    )


def path(
    points: Iterable[tuple[float, float]], css: str, title: str = "", *, area: bool
) -> Path:
    steps = "L".join(f"{px(x)} {px(y)}" for x, y in points)
    return Path(f"M{steps}{'Z' if area else ''}", css, title)


def px(value: float) -> float:
    """Round a coordinate, without a negative zero."""
    return round(value, 1) + 0.0


def line(
    start: tuple[float, float], end: tuple[float, float], css: str, title: str = ""
) -> Line:
    return Line(px(start[0]), px(start[1]), px(end[0]), px(end[1]), css, title)


def rect(box: Box, css: str, title: str = "") -> Rect:
    width, height = box.right - box.left, box.bottom - box.top
    return Rect(px(box.left), px(box.top), px(width), px(height), css, title)


def text(x: float, y: float, words: str, anchor: str, css: str) -> Text:
    return Text(px(x), px(y), words, anchor, css)


def mark(shape: str, x: float, y: float, css: str, title: str) -> Mark:
    return Mark(px(x), px(y), shape_path(shape, x, y), css, title)


def shape_path(shape: str, x: float, y: float, radius: float = MARK_RADIUS) -> str:
    """SVG path of a mark; equal areas look alike, so pointed shapes reach further."""
    r, far = radius, radius * 1.2
    corners = {
        "up": ((0, -far), (far, r), (-far, r)),
        "down": ((0, far), (far, -r), (-far, -r)),
        "diamond": ((0, -far), (far, 0), (0, far), (-far, 0)),
        "square": tuple(
            (x * r * 0.85, y * r * 0.85)
            for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ),
    }
    if shape == "arrow":
        tip = f"M{px(x - 4)} {px(y + 8)}L{px(x)} {px(y + 13)}L{px(x + 4)} {px(y + 8)}"
        return f"M{px(x - r)} {px(y)}H{px(x + r)}M{px(x)} {px(y)}V{px(y + 13)}{tip}"
    if shape == "dot":
        turn = f"A{px(r)} {px(r)} 0 1 1"
        return (
            f"M{px(x - r)} {px(y)}{turn} {px(x + r)} {px(y)}{turn} {px(x - r)} {px(y)}Z"
        )
    points = (f"{px(x + dx)} {px(y + dy)}" for dx, dy in corners[shape])
    return f"M{'L'.join(points)}Z"


def mark_box(shape: str, x: float, y: float) -> Box:
    reach = MARK_RADIUS * 1.2
    below = 13.0 if shape == "arrow" else reach
    return Box(x - reach, y - reach, x + reach, y + below)
