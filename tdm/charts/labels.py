"""Words that find a free place: widths without a browser, boxes without overlaps."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import hypot, inf

from tdm.charts.shapes import Box, Line, Text, text

FONT_PX = 13.0
LINE_PX = 17.0
ASCENT_PX, DESCENT_PX = 10.5, 3.5
ELLIPSIS = "…"
SOFT_COST = 4  # a label on a line is as bad as four places further down the list
SLIM = frozenset("iljftrI.,:;'|!()[] \N{NO-BREAK SPACE}–/")
BROAD = frozenset("mwMW%@‼\N{MINUS SIGN}+<>=±…")

JAPANESE = "\u3041-\u30ff\u4e00-\u9fff"
PIECE = re.compile(
    rf"[（「]*(?:[{JAPANESE}]|[^{JAPANESE}（「、。）」 ]+)"
    r"(?: %[^ ]*)?[、。）」ー]* *|.",
    re.DOTALL,
)
"""What no line breaks: a word, a number with its %, a letter with its punctuation."""


@lru_cache(maxsize=4096)
def text_width(words: str) -> float:
    """How wide a text may become in the widest of the fonts we ask for."""
    return sum(_em(letter) for letter in words) * FONT_PX


@lru_cache(maxsize=1024)
def _em(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in {"W", "F"} or letter in BROAD:
        return 1.0
    if letter in SLIM:
        return 0.42
    return 0.74 if letter.isupper() else 0.645


def shortened(words: str, width: float) -> str:
    if text_width(words) <= width:
        return words
    kept = words
    while kept and text_width(kept + ELLIPSIS) > width:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS


def wrapped(words: str, width: float) -> tuple[str, ...]:
    """Break words into lines: at a space, or between two Japanese letters."""
    lines, current = [], ""
    for piece in PIECE.findall(words):
        longer = current + piece
        if current and text_width(longer.rstrip()) > width:
            lines.append(current.rstrip())
            current = piece
        else:
            current = longer
    return tuple(shortened(each, width) for each in [*lines, current.rstrip()])


def text_box(label: Text) -> Box:
    width = text_width(label.text)
    left = {"start": label.x, "middle": label.x - width / 2}.get(
        label.anchor, label.x - width
    )
    return Box(left, label.y - ASCENT_PX, left + width, label.y + DESCENT_PX)


def block(
    lines: Sequence[str], x: float, bottom: float, anchor: str, css: str
) -> tuple[Text, ...]:
    """Lines of one label; `bottom` is the baseline of the last."""
    first = bottom - LINE_PX * (len(lines) - 1)
    return tuple(
        text(x, first + LINE_PX * row, words, anchor, css)
        for row, words in enumerate(lines)
    )


def around(line: Line) -> Iterable[Box]:
    """Small boxes along a line, so that labels can keep off it."""
    steps = max(1, round(hypot(line.x2 - line.x1, line.y2 - line.y1) / 6))
    for step in range(steps + 1):
        share = step / steps
        x = line.x1 + (line.x2 - line.x1) * share
        y = line.y1 + (line.y2 - line.y1) * share
        yield Box(x - 1, y - 1, x + 1, y + 1)


class Placer:
    """Hands out free places inside `bounds`, first come, first served."""

    def __init__(self, bounds: Box, marks: Iterable[Box], lines: Iterable[Line]):
        self._bounds = bounds
        self._taken = list(marks)
        self._soft = [box for line in lines for box in around(line)]

    def place(self, candidates: Iterable[tuple[Text, ...]]) -> tuple[Text, ...]:
        """Take the best free candidate; an empty tuple says there was no room."""
        best: tuple[tuple[Text, ...], list[Box]] = ((), [])
        least = inf
        for rank, label in enumerate(candidates):
            if rank >= least:
                break
            boxes = [text_box(each) for each in label]
            if not self._is_free(boxes):
                continue
            cost = rank + SOFT_COST * self._crossed(boxes)
            if cost < least:
                best, least = (label, boxes), cost
        label, boxes = best
        self._taken += boxes
        return label

    def _is_free(self, boxes: Sequence[Box]) -> bool:
        return all(
            self._bounds.holds(box)
            and not any(box.overlaps(other) for other in self._taken)
            for box in boxes
        )

    def _crossed(self, boxes: Sequence[Box]) -> int:
        return any(box.overlaps(soft) for box in boxes for soft in self._soft)
