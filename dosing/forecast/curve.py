"""The curve of one person: behind, ahead under a dose, and what a level may then be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from dosing import pk
from dosing.forecast.panel import Fitted, fitted
from dosing.forecast.question import Question

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
DAY_H = 24.0
TROUGHS_H = (0.0,)
PHASES_H = ((0.0, 1.5, 4.0, 10.0, 17.0), (0.0, 2.0, 12.0), TROUGHS_H)
"""Hours after a dose at which a curve is drawn, finest first; 0 is the trough."""

MOST_POINTS = 420


@dataclass(frozen=True, slots=True)
class Curve:
    """The credible band of the concentration at hours of the question, ng/mL.

    `values` are 5, 25, 50, 75 and 95 %, one row each.
    """

    times_h: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Speakers:
    """The models a curve is of, and whether the person lies outside all of them."""

    names: tuple[str, ...]
    outside: bool


def curve(
    question: Question,
    coming: Sequence[pk.Administration],
    from_h: float,
    until_h: float,
) -> tuple[Curve, Speakers]:
    """Return the curve between two hours under the doses so far and those to come.

    Raises
    ------
    NoForecast
        Where no model may speak of the course of time.
    """
    times = moments((*question.doses, *coming), from_h, until_h)
    return curve_at(question, coming, times), speakers(fitted(question))


def curve_at(
    question: Question, coming: Sequence[pk.Administration], times_h: Sequence[float]
) -> Curve:
    """Return the curve at hours of the caller's choosing.

    Raises
    ------
    NoForecast
        Where no model may speak of the course of time.
    """
    panel = fitted(question).over_time.under(question.after(tuple(coming)))
    found = pk.predict_together(panel, times_h, LEVELS)
    return Curve(tuple(times_h), rounded(found.values))


def speakers(known: Fitted) -> Speakers:
    members = [known.members[each.name] for each in known.over_time.opinions]
    return Speakers(
        tuple(each.population.id for each in members),
        outside=all(each.outside for each in members),
    )


def moments(
    doses: Iterable[pk.Administration], from_h: float, until_h: float
) -> list[float]:
    """Return when to draw: around every dose; where those are many, troughs only.

    A line of troughs has no end soon after a dose: it would stand out as a peak.
    """
    given = sorted({at for dose in doses for at in dose.times_h if at <= until_h})
    ends = {from_h, until_h}
    shown: list[float] = []
    for after in PHASES_H:
        found = {at + later for at in given for later in after}
        if after == TROUGHS_H:
            ends = {
                end for end in ends if not any(0 < end - at < DAY_H for at in given)
            }
        shown = sorted(t for t in found | ends if from_h <= t <= until_h)
        if len(shown) <= MOST_POINTS:
            return shown
    return shown[:: ceil(len(shown) / MOST_POINTS)]


def expected(
    question: Question, coming: Sequence[pk.Administration], at_h: Sequence[float]
) -> tuple[tuple[float, ...], ...]:
    """Return 5, 50 and 95 % of a level measured at hours to come, one row each, ng/mL.

    It is the predictive distribution: with the residual error.

    Raises
    ------
    NoForecast
        Where no model may speak of the course of time.
    """
    panel = fitted(question).over_time.under(question.after(tuple(coming)))
    found = pk.predict_together(panel, at_h, (0.05, 0.5, 0.95), with_residual=True)
    return rounded(found.values)


@dataclass(frozen=True, slots=True)
class Fading:
    """How long one model lets the curve stay above a limit: 5, 50 and 95 %, hours."""

    model: str
    hours: tuple[float, float, float]


def fading(
    question: Question,
    coming: Sequence[pk.Administration],
    stop_h: float,
    limit_ng_per_ml: float,
) -> tuple[Fading, ...]:
    """Say for each model how long after a stop the curve falls under a limit.

    Raises
    ------
    NoForecast
        Where no model may speak of the course of time.
    ValueError
        For a limit that is not above 0.
    """
    panel = fitted(question).over_time.under(question.after(tuple(coming)))
    found = []
    for opinion in panel.opinions:
        hours = pk.hours_until_below(
            opinion.posterior, limit_ng_per_ml, stop_h, (0.05, 0.5, 0.95)
        )
        found.append(Fading(opinion.name, (hours[0.05], hours[0.5], hours[0.95])))
    return tuple(found)


def rounded(values: pk.Array) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(map(float, row)) for row in np.round(values, 3))
