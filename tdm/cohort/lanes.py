"""One page of patients as lanes, and the same in words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dosing.history import History, histories_of
from dosing.models import CohortLine
from dosing.words import plain
from patients.models import Measurement, Quantity, SideEffect
from tdm import charts
from tdm.table1 import effect_name

VERDICTS = {
    "below": gettext_lazy("below range"),
    "in": gettext_lazy("in range"),
    "above": gettext_lazy("above range"),
    "urgent": gettext_lazy("urgent"),
    "unknown": gettext_lazy("cannot be placed"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A lane in words: one cell for each kind of event."""

    line: CohortLine
    levels: str
    doses: str
    images: str
    effects: str


@dataclass(frozen=True, slots=True)
class Lanes:
    charts: tuple[tuple[str, charts.Chart], ...]
    rows: tuple[Told, ...]


def lanes_of(lines: Sequence[CohortLine], today: date) -> Lanes:
    """Draw a page of patients: the number of statements is constant."""
    prefetch_related_objects(lines, "patient__site")
    patients = [line.patient for line in lines]
    histories = histories_of(patients)
    images, effects = defaultdict(list), defaultdict(list)
    mri = Measurement.objects.standing().filter(
        patient__in=patients, quantity=Quantity.MRI_MAX_AREA_MM2
    )
    for image in mri.in_time_order():
        images[image.patient_id].append(image)
    for effect in SideEffect.objects.standing().filter(patient__in=patients):
        effects[effect.patient_id].append(effect)
    told = [
        lane_of(line, histories[key], images[key], effects[key], today)
        for line in lines
        for key in (line.patient_id,)
    ]
    drawn = charts.lanes_charts([lane for lane, _row in told])
    return Lanes(drawn, tuple(row for _lane, row in told))


def lane_of(
    line: CohortLine,
    history: History,
    images: Iterable[Measurement],
    effects: Iterable[SideEffect],
    today: date,
) -> tuple[charts.Lane, Told]:
    start = line.started_on or today
    found = {
        "levels": list(levels(history, start)),
        "doses": list(doses(history, start)),
        "images": [
            charts.Event(
                (image.measured_on - start).days,
                "mri",
                f"MRI {plain(image.value)} mm\u00b2",
            )
            for image in images
        ],
        "effects": [
            charts.Event((effect.onset_on - start).days, "effect", graded(effect))
            for effect in effects
        ],
    }
    events = tuple(event for kind in found.values() for event in kind)
    last = ((line.ended_on or today) - start).days
    words = {kind: in_words(each) for kind, each in found.items()}
    return charts.Lane(line.pseudonym, last, events), Told(line, **words)


def levels(history: History, start: date) -> Iterable[charts.Event]:
    for level in history.used_levels:
        reading = history.read(level)
        verdict = reading.verdict.value if reading else "unknown"
        said = VERDICTS[verdict]
        title = f"{level.comparator}{plain(level.ng_per_ml)} ng/mL ({said})"
        yield charts.Event((history.day(level.drawn_at) - start).days, verdict, title)


def doses(history: History, start: date) -> Iterable[charts.Event]:
    """Yield each regimen as it begins, and the pauses between them."""
    for place, dose in enumerate(history.doses):
        yield charts.Event((dose.starts_on - start).days, "dose", str(dose))
        later = history.doses[place + 1 : place + 2]
        if dose.stops_on and (not later or later[0].starts_on > dose.stops_on):
            yield charts.Event((dose.stops_on - start).days, "dose", _("stopped"))


def graded(effect: SideEffect) -> str:
    text = _("%(effect)s, grade %(grade)s")
    return text % {"effect": effect_name(effect), "grade": effect.grade}


def in_words(events: Iterable[charts.Event]) -> str:
    said = (
        _("week %(week)s: %(what)s") % {"week": event.day // 7, "what": event.title}
        for event in sorted(events, key=lambda each: each.day)
    )
    return "; ".join(said) or "\u2013"
