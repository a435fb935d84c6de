"""Events as marks over the same days, and days without tablets on the dose strip."""

from collections.abc import Iterable
from math import floor

from django.utils.translation import gettext as _

from tdm.charts.axis import TimeAxis, clinic_day
from tdm.charts.doses import STRIP_PX
from tdm.charts.drugs import BAR_PX
from tdm.charts.labels import LINE_PX, shortened, text_width
from tdm.charts.shapes import Box, Drawing, Line, Text, line, mark, rect, text
from tdm.charts.story import Happening, Story
from tdm.charts.words import day_text

HATCH_PX = 7.0
MARK_PX = 8.0


def event_marks(story: Story, axis: TimeAxis, top: float) -> tuple[Drawing, float]:
    """Return one row for each event in the window, and where they end."""
    shown = [each for each in story.events if span(each, axis)]
    parts = []
    for row, event in enumerate(shown):
        left, right = span(event, axis) or (axis.left, axis.left)
        base = top + (row + 1) * (LINE_PX + BAR_PX)
        middle = base - LINE_PX / 2
        box = Box(left, middle - BAR_PX / 2, right, middle + BAR_PX / 2)
        bar = rect(box, "event-span", title(event))
        parts.append(
            Drawing(
                rects=(bar,) if right > left else (),
                marks=(mark("diamond", left, middle, "event", title(event)),),
                texts=(beside(event.label, max(left, right), left, middle, axis),),
            )
        )
    bottom = top + len(shown) * (LINE_PX + BAR_PX)
    return together(parts), bottom


def beside(words: str, right: float, left: float, y: float, axis: TimeAxis) -> Text:
    """Put the words where there is more room: after the mark or before it."""
    after, before = axis.right - right - MARK_PX, left - axis.left - MARK_PX
    y += LINE_PX / 3
    if after >= min(before, text_width(words)):
        return text(right + MARK_PX, y, shortened(words, after), "start", "note")
    return text(left - MARK_PX, y, shortened(words, before), "end", "note")


def together(parts: Iterable[Drawing]) -> Drawing:
    drawn = list(parts)
    return Drawing(
        rects=tuple(each for part in drawn for each in part.rects),
        marks=tuple(each for part in drawn for each in part.marks),
        texts=tuple(each for part in drawn for each in part.texts),
    )


def span(event: Happening, axis: TimeAxis) -> tuple[float, float] | None:
    """Return where an event begins and ends in the window; alike for a single day."""
    first = float(event.on.toordinal())
    last = first if event.until is None else float(event.until.toordinal() + 1)
    if last < axis.first_day or first > axis.last_day:
        return None
    return axis.x(max(first, axis.first_day)), axis.x(min(last, axis.last_day))


def title(event: Happening) -> str:
    facts = {"event": event.label, "start": day_text(event.on)}
    if event.until is None:
        return _("%(event)s on %(start)s") % facts
    facts["last"] = day_text(event.until)
    return _("%(event)s from %(start)s to %(last)s") % facts


def gap_hatch(story: Story, axis: TimeAxis, bottom: float) -> tuple[Drawing, float]:
    """Hatch the days without tablets, from now on, over the strip ending at `bottom`.

    A row under the strip says so in words.
    """
    if story.gap is None:
        return Drawing(), bottom
    now = floor(clinic_day(story.now, story))
    first = max(float(story.gap.from_on.toordinal()), float(now), axis.first_day)
    last = min(float(story.gap.to_on.toordinal() + 1), axis.last_day)
    if last <= first:
        return Drawing(), bottom
    box = Box(axis.x(first), bottom - STRIP_PX, axis.x(last), bottom)
    words = _("No tablets from %(day)s") % {"day": day_text(story.gap.from_on)}
    shown = shortened(words, axis.right - axis.left)
    x = min(max(box.right, axis.left + text_width(shown)), axis.right)
    drawing = Drawing(
        rects=(rect(box, "gap", words),),
        lines=tuple(hatching(box)),
        texts=(text(x, bottom + LINE_PX, shown, "end", "gap-word"),),
    )
    return drawing, bottom + LINE_PX + 4


def hatching(box: Box) -> Iterable[Line]:
    """Return strokes that rise to the right and end at the box's edges."""
    height, x = box.bottom - box.top, box.left - (box.bottom - box.top)
    while x < box.right:
        start, end = max(x, box.left), min(x + height, box.right)
        if end > start:
            low, high = box.bottom - (start - x), box.bottom - (end - x)
            yield line((start, low), (end, high), "hatch")
        x += HATCH_PX
