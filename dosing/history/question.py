"""A patient's rows as a question to the models, in hours and floats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from dosing import forecast, pk, units
from dosing.history.beside import Around, factor_on, last_value, measured_on
from dosing.history.doses import (
    DosesUsed,
    Due,
    as_reported,
    doses_due,
    doses_used,
    hours_between,
)
from dosing.history.record import History, method_of
from dosing.models import (
    State,
    TroughLevel,
)
from patients.models import Quantity

INDICATION = "venous malformation"
"""What every patient here is treated for, in the words of the model files."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the models, the instant its hours count from, and the doses."""

    question: forecast.Question
    origin: datetime
    doses: DosesUsed
    known: frozenset[tuple[date, int]] = frozenset()
    """The doses of which the diary says something already, by day and slot."""

    unused: tuple[tuple[TroughLevel, units.Sentence], ...] = ()
    """Levels that no model can use, and why."""

    def hour(self, at: datetime) -> float:
        return hours_between(self.origin, at)

    def at(self, hour: float) -> datetime:
        return self.origin + timedelta(hours=hour)


def question_of(
    history: History, beside: Around, *, at: datetime, with_aside: bool = False
) -> Asked | None:
    """Put a patient's rows as a question to the models; None without a dose.

    `with_aside` asks as if no level had been set aside.
    """
    protocol = history.protocol_on(history.day(at))
    due = as_reported(list(doses_due(history, beside.intakes, at)), history)
    if protocol is None or not due:
        return None
    origin = due[0].at
    levels = history.levels if with_aside else history.used_levels
    unused = tuple(unusable(levels, origin))
    left_out = {level.pk for level, _why in unused}
    usable = [level for level in levels if level.pk not in left_out]
    midnight = datetime.combine(history.day(at), time(0), history.patient.site.zone)
    running = history.running(history.day(at))
    asked = forecast.Question(
        person=forecast.Person(
            age_years=float(history.patient.age_on(history.day(at))),
            weight_kg=last_value(beside, Quantity.WEIGHT_KG),
            indication=INDICATION,
            methods=tuple(sorted({method_of(v) for v in usable} - {""})),
            dose_mg=float(running.amount_mg) if running else 0.0,
        ),
        weights=tuple(sorted(protocol.model_weights.items())),
        doses=tuple(administrations(due, origin)),
        levels=tuple(
            pk.Observation(
                hours_between(origin, level.drawn_at),
                float(level.ng_per_ml),
                below=level.comparator == "<",
            )
            for level in usable
        ),
        facts=tuple(facts_of(history, beside, origin)),
        today_h=hours_between(origin, midnight),
    )
    known = frozenset((each.due_on, each.slot) for each in beside.intakes)
    return Asked(asked, origin, doses_used(due), known, unused)


def unusable(
    levels: Iterable[TroughLevel], first_dose: datetime
) -> Iterable[tuple[TroughLevel, units.Sentence]]:
    """Yield the levels that say nothing to a model, and why."""
    for level in levels:
        if level.comparator == ">":
            yield level, units.Sentence("Only a lower limit: no model can use it.")
        elif level.drawn_at <= first_dose:
            yield level, units.Sentence("Drawn before the first dose that is recorded.")


def administrations(
    due: Iterable[Due], origin: datetime
) -> Iterable[pk.Administration]:
    """Yield the doses in hours; equal ones at an even pace as one series."""
    given = [
        (hours_between(origin, each.at), float(each.amount_mg), each.probability)
        for each in due
        if each.state != State.MISSED
    ]
    for (amount, chance), doses in groupby(given, key=lambda each: each[1:]):
        yield from series([hour for hour, *_rest in doses], amount, chance)


def series(
    hours: Sequence[float], amount: float, chance: float
) -> Iterable[pk.Administration]:
    first = 0
    while first < len(hours):
        last = first
        if first + 1 < len(hours) and hours[first + 1] > hours[first]:
            last = first + 1
            while last + 1 < len(hours) and paced(hours[last - 1 : last + 2]):
                last += 1
        count = last - first + 1
        every = hours[first + 1] - hours[first] if count > 1 else 0.0
        yield pk.Administration(
            hours[first], amount, count=count, every_h=every, probability=chance
        )
        first += count


def paced(three: Sequence[float]) -> bool:
    before, now, after = three
    return round(after - now, 6) == round(now - before, 6)


def facts_of(
    history: History, beside: Around, origin: datetime
) -> Iterable[forecast.Facts]:
    """Yield the covariates from each day on which one of them changed.

    What was measured holds until it is measured again; before its first measurement
    the first one holds.
    """
    first = history.day(origin)
    drugs = beside.comedications
    turns = {
        first,
        *(each.on for each in beside.measured),
        *(drug.starts_on for drug in drugs),
        *(drug.stops_on for drug in drugs if drug.stops_on),
    }
    zone = history.patient.site.zone
    for day in sorted(turn for turn in turns if turn >= first):
        midnight = datetime.combine(day, time(0), zone)
        hour = max(0.0, hours_between(origin, midnight))
        values = {**measured_on(day, beside), "CL_FACTOR": factor_on(day, drugs)}
        yield forecast.Facts(hour, tuple(sorted(values.items())))
