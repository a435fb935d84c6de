"""The same facts in words: one sentence for the ear, one row for every mark."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from math import ceil, floor

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tdm.charts.axis import TimeAxis, clinic_day
from tdm.charts.diary import Cell, Kind, cells_on, kind_text, period_on
from tdm.charts.story import DosePeriod, LevelPoint, ResponseSeries, Story, TargetBand
from tdm.charts.words import day_text, number_text, percent_text, verdict_text


@dataclass(frozen=True, slots=True)
class Row:
    """`treatment_day` is counted from the start of treatment, which is day 0."""

    on: date
    when: str
    treatment_day: int
    what: str
    value: str
    meaning: str
    until: date
    """The last day of it that a chart draws."""

    @property
    def day_said(self) -> str:
        return _("day %(day)s") % {"day": self.treatment_day}


def rows(story: Story, axis: TimeAxis) -> tuple[Row, ...]:
    """Everything drawn in the window, in the order it began."""
    first, last = floor(axis.first_day), ceil(axis.last_day) - 1
    told = (
        *_levels(story),
        *_doses(story),
        *_diary(story, date.fromordinal(first), date.fromordinal(last)),
        *_besides(story),
        *_effects(story),
        *_expected(story),
        *_targets(story),
        *_outcomes(story),
    )
    shown = [
        each
        for each in told
        if each.on.toordinal() <= last and each.until.toordinal() >= first
    ]
    return tuple(sorted(shown, key=lambda each: each.on))


def _row(
    story: Story,
    on: date,
    what: str,
    value: str,
    meaning: str,
    *,
    until: date | None = None,
) -> Row:
    day = (on - story.start_on).days
    return Row(on, day_text(on), day, what, value, meaning, until or on)


def _last(stop: date | None) -> date:
    """Return the last day; `stop` is the first without it, if it ever stops."""
    return stop - timedelta(days=1) if stop else date.max


def _levels(story: Story) -> Iterable[Row]:
    for level in story.levels:
        on = level.at.astimezone(story.now.tzinfo).date()
        value = f"{level.label} ng/mL"
        yield _row(story, on, _("level"), value, _level_meaning(level))


def _level_meaning(level: LevelPoint) -> str:
    parts = [verdict_text(level.verdict), level.method]
    parts += [_("set aside")] if level.set_aside else []
    return ", ".join(part for part in parts if part)


def _doses(story: Story) -> Iterable[Row]:
    for dose in story.doses:
        until, last = _until(dose.stops_on), _last(dose.stops_on)
        yield _row(story, dose.starts_on, _("dose"), dose.label, until, until=last)


def _besides(story: Story) -> Iterable[Row]:
    for drug in story.drugs:
        until, last = _until(drug.stops_on), _last(drug.stops_on)
        what = _("interacting drug")
        yield _row(story, drug.starts_on, what, drug.label, until, until=last)
    for event in story.events:
        until = _until(event.until and event.until + timedelta(days=1))
        yield _row(story, event.on, _("event"), event.label, until, until=event.until)
    if story.gap is not None:
        gap, words = story.gap, _("no tablets")
        yield _row(story, gap.from_on, _("dose"), words, "", until=gap.to_on)


def _diary(story: Story, first: date, last: date) -> Iterable[Row]:
    """What is known of the doses until today, days that are alike in one row."""
    begin, end = max(first, story.start_on), min(last, story.now.date())
    days = [begin + timedelta(days=n) for n in range((end - begin).days + 1)]
    known: dict[str, list[date]] = {}
    for on in days:
        period = period_on(story, on)
        cells = cells_on(story, period, on) if period else ()
        words = "; ".join(_cell_text(cell, cells) for cell in cells)
        if words:
            known.setdefault(words, []).append(on)
    for words, alike in known.items():
        for start, stop in runs(alike):
            until = "" if start == stop else _until(stop + timedelta(days=1))
            yield _row(story, start, _("dose"), words, until, until=stop)


def _cell_text(cell: Cell, cells: tuple[Cell, ...]) -> str:
    """Name the amount where a day is not as prescribed or is of several kinds."""
    if cell.kind is not Kind.OTHER and len(cells) == 1:
        return kind_text(cell.kind)
    facts = {"what": kind_text(cell.kind), "amount": number_text(cell.mg)}
    return _("%(what)s: %(amount)s mg") % facts


def runs(days: Iterable[date]) -> Iterable[tuple[date, date]]:
    """Yield the first and the last of each run of days without a gap."""
    numbered = enumerate(sorted(days))
    for _apart, run in groupby(
        numbered, key=lambda each: each[1].toordinal() - each[0]
    ):
        found = [day for _place, day in run]
        yield found[0], found[-1]


def _effects(story: Story) -> Iterable[Row]:
    for effect in story.effects:
        meaning = _("open")
        if effect.gone_on is not None:
            meaning = _("gone on %(day)s") % {"day": day_text(effect.gone_on)}
        until, what = effect.gone_on or story.now.date(), _("side effect")
        yield _row(story, effect.starts_on, what, effect.label, meaning, until=until)


def _expected(story: Story) -> Iterable[Row]:
    """The curve once a week, at its first point of that day."""
    curve = story.curve
    told: set[date] = set()
    for place, at in enumerate(curve.at if curve else ()):
        on = at.astimezone(story.now.tzinfo).date()
        if curve is None or on in told or (on - story.start_on).days % 7:
            continue
        told.add(on)
        low, middle, high = (curve.values[row][place] for row in (0, 2, 4))
        value = f"{middle:.1f} ({low:.1f}\u2013{high:.1f}) ng/mL"
        meaning = _("90 %% credible band of the curve") % ()
        yield _row(story, on, _("expected"), value, meaning)


def _targets(story: Story) -> Iterable[Row]:
    for band in story.bands:
        value = f"{_range_text(band)} ng/mL"
        meaning = "; ".join(part for part in (band.label, _until(band.to_on)) if part)
        last = _last(band.to_on)
        yield _row(story, band.from_on, _("target"), value, meaning, until=last)


def _range_text(band: TargetBand) -> str:
    return f"{number_text(band.low_ng_per_ml)}–{number_text(band.high_ng_per_ml)}"


def _until(stop: date | None) -> str:
    """Name the last day; `stop` is the first day without it."""
    if stop is None:
        return ""
    return _("last day %(day)s") % {"day": day_text(stop - timedelta(days=1))}


def _outcomes(story: Story) -> Iterable[Row]:
    for series in story.response:
        days = [on for on, _value in series.in_order]
        until = [*days[1:], days[-1]] if days else []
        for place, (on, value) in enumerate(series.in_order):
            change = series.change_percent(value)
            meaning = percent_text(change) if change is not None else ""
            meaning = _("baseline") if on == series.baseline_on else meaning
            words = f"{number_text(value)} {series.unit}".strip()
            yield _row(story, on, series.name, words, meaning, until=until[place])


def summary(story: Story, axis: TimeAxis) -> str:
    """One sentence after another: span, levels, dose, response."""
    parts = (_span(story, axis), _last_level(story, axis), _dose_now(story))
    changes = [_change(each) for each in story.response if len(each.points) > 1]
    response = "; ".join(each for each in changes if each)
    spoken = [part for part in (*parts, response) if part]
    return " ".join(f"{part}." for part in spoken)


def _span(story: Story, axis: TimeAxis) -> str:
    first = date.fromordinal(int(axis.first_day))
    return _("From %(first)s to now, %(now)s") % {
        "first": day_text(first),
        "now": day_text(story.now),
    }


def _last_level(story: Story, axis: TimeAxis) -> str:
    shown = [each for each in story.levels if axis.shows(clinic_day(each.at, story))]
    if not shown:
        return _("No level")
    last = max(shown, key=lambda each: each.at)
    count = ngettext("%(count)s level", "%(count)s levels", len(shown))
    return _("%(levels)s, the last %(value)s ng/mL on %(day)s, %(verdict)s") % {
        "levels": count % {"count": len(shown)},
        "value": last.label,
        "day": day_text(last.at.astimezone(story.now.tzinfo)),
        "verdict": _("set aside") if last.set_aside else verdict_text(last.verdict),
    }


def _dose_now(story: Story) -> str:
    current = [each for each in story.doses if _holds(each, story.now.date())]
    if not current:
        return _("No dose now")
    return _("Dose now: %(dose)s") % {"dose": current[-1].label}


def _holds(dose: DosePeriod, on: date) -> bool:
    return dose.starts_on <= on and (dose.stops_on is None or on < dose.stops_on)


def _change(series: ResponseSeries) -> str:
    change = series.change_percent(series.in_order[-1][1])
    return f"{series.name} {percent_text(change)}" if change is not None else ""
