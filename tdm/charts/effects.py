"""Side effects as bars over the same days: the higher the grade, the taller."""

from django.utils.translation import gettext as _

from tdm.charts.axis import TimeAxis, clinic_day
from tdm.charts.labels import LINE_PX, shortened, text_width
from tdm.charts.shapes import Box, Drawing, rect, text
from tdm.charts.story import EffectBar, Story
from tdm.charts.words import day_text

STEP_PX = 2.5
"""A bar grows by so much for each grade."""

SLIMMEST_PX = 4.0


def effect_bars(story: Story, axis: TimeAxis, top: float) -> tuple[Drawing, float]:
    """Return one row for each episode in the window, and where they end."""
    bars, words, base = [], [], top
    for effect in story.effects:
        ends = span(effect, story, axis)
        if ends is None:
            continue
        left, right = ends
        height = STEP_PX * effect.grade
        base += LINE_PX + height + 3
        box = Box(left, base - height, max(right, left + SLIMMEST_PX), base)
        bars.append(rect(box, f"effect grade-{effect.grade}", title(effect)))
        label = shortened(effect.label, axis.right - axis.left)
        x = max(axis.left, min(left, axis.right - text_width(label)))
        words.append(text(x, base - height - 3, label, "start", "note"))
    return Drawing(rects=tuple(bars), texts=tuple(words)), base


def span(effect: EffectBar, story: Story, axis: TimeAxis) -> tuple[float, float] | None:
    """Return both ends; what is open ends now, not in days to come."""
    begins = float(effect.starts_on.toordinal())
    now = clinic_day(story.now, story)
    ends = now if effect.gone_on is None else float(effect.gone_on.toordinal())
    if ends < axis.first_day or begins > axis.last_day:
        return None
    first, last = max(begins, axis.first_day), min(max(ends, begins), axis.last_day)
    return axis.x(first), axis.x(last)


def title(effect: EffectBar) -> str:
    facts = {"effect": effect.label, "start": day_text(effect.starts_on)}
    if effect.gone_on is None:
        return _("%(effect)s, open since %(start)s") % facts
    facts["gone"] = day_text(effect.gone_on)
    return _("%(effect)s from %(start)s, gone on %(gone)s") % facts
