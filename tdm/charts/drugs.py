"""Interacting drugs as bars over the same days."""

from datetime import timedelta

from django.utils.translation import gettext as _

from tdm.charts.axis import TimeAxis
from tdm.charts.labels import LINE_PX, shortened, text_width
from tdm.charts.shapes import Box, Drawing, rect, text
from tdm.charts.story import DrugCourse, Story
from tdm.charts.words import day_text

BAR_PX = 6.0


def drug_bars(story: Story, axis: TimeAxis, top: float) -> tuple[Drawing, float]:
    """Return one row for each course in the window, and where they end."""
    shown = [course for course in story.drugs if span(course, axis)]
    bars, words = [], []
    for row, course in enumerate(shown):
        left, right = span(course, axis) or (axis.left, axis.right)
        base = top + (row + 1) * (LINE_PX + BAR_PX)
        box = Box(left, base - BAR_PX, max(right, left + 2), base)
        bars.append(rect(box, "drug", title(course)))
        label = shortened(course.label, axis.right - axis.left)
        x = max(axis.left, min(left, axis.right - text_width(label)))
        words.append(text(x, base - BAR_PX - 3, label, "start", "note"))
    bottom = top + len(shown) * (LINE_PX + BAR_PX)
    return Drawing(rects=tuple(bars), texts=tuple(words)), bottom


def span(course: DrugCourse, axis: TimeAxis) -> tuple[float, float] | None:
    first = max(float(course.starts_on.toordinal()), axis.first_day)
    last = axis.last_day
    if course.stops_on is not None:
        last = min(last, float(course.stops_on.toordinal()))
    return (axis.x(first), axis.x(last)) if last > first else None


def title(course: DrugCourse) -> str:
    facts = {"drug": course.label, "start": day_text(course.starts_on)}
    if course.stops_on is None:
        return _("%(drug)s from %(start)s") % facts
    facts["last"] = day_text(course.stops_on - timedelta(days=1))
    return _("%(drug)s from %(start)s to %(last)s") % facts
