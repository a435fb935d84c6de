"""Why is this level odd? What each cause would have made of it, most likely first."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dosing import pk
from dosing.forecast.panel import fitted
from dosing.forecast.question import Facts, Question
from dosing.interactions import INTERACTIONS
from dosing.units import NMOL_PER_NG, Fact, Sentence

SOON_AFTER_DOSE_H = 3.0
"""A sample taken after the morning dose is drawn about so long after it [NV]."""

RECENT_H = 21 * 24.0
"""A change of dose longer ago than this has arrived [D]."""

STARTED_AGO_H = 7 * 24.0
"""A week into a new drug its effect is there."""

INHIBITOR, INDUCER = INTERACTIONS["verapamil"], INTERACTIONS["rifampicin"]
"""The drugs of either kind whose size is published in a label or trial."""

IMMUNOASSAY_RATIO = 1.219
"""CMIA over LC-MS/MS in proficiency pools, 2007-2012 [V]."""

HAEMATOCRIT_CHANGE = 0.15
"""Asked about from here [NV]."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What would explain a level, and 5, 50, 95 % of what it would then have been."""

    sentence: Sentence
    ng_per_ml: tuple[float, float, float]
    fits: float


@dataclass(frozen=True, slots=True)
class Oddness:
    """A level against what the models foretold from everything before it.

    `foretold` are 5, 50 and 95 % of a measured level, ng/mL; `causes` are given only
    where the level lies outside.
    """

    measured_ng_per_ml: float
    foretold: tuple[float, float, float]
    causes: tuple[Cause, ...]

    @property
    def is_odd(self) -> bool:
        return not self.foretold[0] <= self.measured_ng_per_ml <= self.foretold[2]

    @property
    def is_explained(self) -> bool:
        """Whether one of the causes alone would make such a level usual."""
        value = self.measured_ng_per_ml
        return any(c.ng_per_ml[0] <= value <= c.ng_per_ml[2] for c in self.causes)


def oddness(question: Question) -> Oddness | None:
    """Look at the last level in the light of the ones before it.

    None where there is no level, only a limit, or none of the models may speak of the
    course of time.

    Raises
    ------
    NoForecast
        As `fitted`.
    """
    if not question.levels or question.levels[-1].below:
        return None
    last = question.levels[-1]
    before = fitted(replace(question, levels=question.levels[:-1]))
    panel = before.over_time
    foretold = predicted(panel, before.question.history, last.time_h, 1.0)
    found = Oddness(last.value, foretold, ())
    if not found.is_odd:
        return found
    causes = [cause(panel, last, each) for each in stories(question, last)]
    causes.sort(key=lambda each: -each.fits)
    return replace(found, causes=tuple(causes))


Story = tuple[Sentence, pk.History, float]
"""In words, what would have happened, and by what the level is multiplied."""


def stories(question: Question, last: pk.Observation) -> Iterable[Story]:
    """Tell everything that is asked about, each as a history of its own."""
    told = question.history
    given = [d for dose in question.doses for d in dose.one_by_one]
    past = [dose for dose in given if dose.time_h < last.time_h]
    if past:
        yield from about_doses(question, past, last)
    yield from about_clearance(question, last)
    for sentence, factor in SLIPS:
        yield sentence, told, factor


SLIPS = (
    (Sentence("An immunoassay instead of LC-MS/MS."), IMMUNOASSAY_RATIO),
    (Sentence("LC-MS/MS instead of an immunoassay."), 1 / IMMUNOASSAY_RATIO),
    (Sentence("nmol/L was written as ng/mL."), float(NMOL_PER_NG)),
    (Sentence("The decimal point slipped: ten times too high."), 10.0),
    (Sentence("The decimal point slipped: ten times too low."), 0.1),
    (Sentence("ng/mL was written as ng/dL: a hundred times too low."), 0.01),
)


def about_doses(
    question: Question, past: list[pk.Administration], last: pk.Observation
) -> Iterable[Story]:
    told, latest = question.history, past[-1]
    others = tuple(past[:-1])

    def with_doses(*doses: pk.Administration) -> pk.History:
        return replace(told, doses=doses, observations=())

    yield Sentence("The last dose was missed."), with_doses(*others), 1.0
    if len(past) > 1:
        yield Sentence("The last two doses were missed."), with_doses(*past[:-2]), 1.0
    twice = replace(latest, amount=2 * latest.amount)
    yield Sentence("The last dose was taken twice."), with_doses(*others, twice), 1.0
    soon = replace(latest, time_h=last.time_h - SOON_AFTER_DOSE_H)
    yield (
        Sentence("It was drawn about 3 hours after a dose."),
        with_doses(*past, soon),
        1.0,
    )
    changed = next((d for d in reversed(past) if d.amount != latest.amount), None)
    if changed is not None and last.time_h - changed.time_h < RECENT_H:
        before = tuple(
            replace(d, amount=changed.amount) if d.time_h > changed.time_h else d
            for d in past
        )
        text = "The new dose was not begun: not yet at its steady state."
        yield Sentence(text), with_doses(*before), 1.0


def about_clearance(question: Question, last: pk.Observation) -> Iterable[Story]:
    start = last.time_h - STARTED_AGO_H
    for text, factor in (
        (
            "A CYP3A inhibitor such as verapamil was started (or an inducer stopped).",
            INHIBITOR.clearance_factor,
        ),
        (
            "An inducer such as rifampicin was started (or an inhibitor stopped).",
            INDUCER.clearance_factor,
        ),
    ):
        yield Sentence(text), changed_from(question, start, "CL_FACTOR", factor), 1.0
    if "HCT" in question.known:
        percent: dict[str, Fact] = {"percent": round(100 * HAEMATOCRIT_CHANGE)}
        for sentence, factor in (
            (
                Sentence("The haematocrit rose by %(percent)s %%.", percent),
                1 + HAEMATOCRIT_CHANGE,
            ),
            (
                Sentence("The haematocrit fell by %(percent)s %%.", percent),
                1 - HAEMATOCRIT_CHANGE,
            ),
        ):
            history = changed_from(question, start, "HCT", factor)
            yield sentence, history, 1.0


def changed_from(
    question: Question, start_h: float, name: str, factor: float
) -> pk.History:
    """Return the history with one covariate multiplied from an hour on."""

    def moved(each: Facts) -> Facts:
        values = tuple((n, v * factor if n == name else v) for n, v in each.values)
        return replace(each, values=values)

    earlier = [each for each in question.facts if each.from_h < start_h]
    later = [moved(each) for each in question.facts if each.from_h >= start_h]
    turn = [moved(replace(earlier[-1], from_h=start_h))] if earlier else []
    return replace(question, facts=(*earlier, *turn, *later)).history


def cause(panel: pk.Panel, last: pk.Observation, story: Story) -> Cause:
    sentence, history, factor = story
    return Cause(
        sentence=sentence,
        ng_per_ml=predicted(panel, history, last.time_h, factor),
        fits=density(panel, history, last, factor),
    )


def predicted(
    panel: pk.Panel, history: pk.History, at_h: float, factor: float
) -> tuple[float, float, float]:
    """Return 5, 50 and 95 % of a level measured at an hour, times a factor."""
    bare = replace(history, observations=())
    found = pk.predict_together(
        panel.under(bare), [at_h], (0.05, 0.5, 0.95), with_residual=True
    )
    low, middle, high = (float(value) * factor for value in found.values[:, 0])
    return low, middle, high


def density(
    panel: pk.Panel, history: pk.History, last: pk.Observation, factor: float
) -> float:
    """Return how probable the level is under a history: its density, per ln ng/mL."""
    moved = replace(last, value=last.value / factor)
    return moved.value * sum(
        opinion.weight * pk.level_density(opinion.posterior, moved)
        for opinion in panel.under(replace(history, observations=())).opinions
    )
