"""What the models say of each dose that can be taken, together and one by one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dosing import pk
from dosing.forecast.models import MAY_BE_UNKNOWN, NAMES
from dosing.forecast.panel import Fitted, clearance_sd, fitted, parameters_today
from dosing.forecast.question import Question
from dosing.policy import Regimen, Target
from dosing.units import Fact, Sentence

UNUSUAL_CLEARANCE_SD = Decimal("0.8")
"""Further than this from every population asks for what would explain it: both cases
of Carolino 2025 lie 0.8 to 2 SD below, pharmacology reference 0.6 [D]."""


VOICE = 0.05
"""A model believed less than this, for what it foretold of the levels, cannot make the
others disagree [NV]."""

BODY = ("cl", "v", "q", "v2")

NEARLY_AS_GOOD = 0.05
"""Chances in range that differ by less do not choose a dose: the aim does [NV]."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A regimen at steady state under all models together.

    Parameters
    ----------
    trough_ng_per_ml : tuple of float
        5, 50 and 95 % of the credible distribution.
    below, inside, above : float
        Chances of a measured trough, the residual error with it, against the target;
        they sum to 1.
    auc24_ng_h_per_ml : float
        Median.
    allowed : bool
        Whether the chance of the true trough above is within `pk.MOST_ABOVE`.
    """

    regimen: Regimen
    trough_ng_per_ml: tuple[float, float, float]
    below: float
    inside: float
    above: float
    auc24_ng_h_per_ml: float
    allowed: bool


@dataclass(frozen=True, slots=True)
class View:
    """One model: what it estimates, how much it is believed, what it prefers.

    `shrinkage` is posterior / prior variance of each random effect; `troughs` are
    medians by regimen.
    """

    id: str
    citation: str
    people: str
    weight: float
    parameters: tuple[tuple[str, float], ...]
    clearance_sd: float
    shrinkage: tuple[tuple[str, float], ...]
    residual_sd: tuple[float, float]
    prefers: Regimen
    troughs: tuple[tuple[Regimen, float], ...]
    outside: tuple[Sentence, ...]
    averaged: tuple[Sentence, ...]

    @property
    def shown(self) -> tuple[tuple[str, float], ...]:
        """The parameters of the body: CL/F and Q in L/h, volumes in L."""
        known = dict(self.parameters)
        return tuple((name, known[name]) for name in BODY if name in known)

    @property
    def clearance(self) -> float:
        """CL/F, L/h."""
        return dict(self.parameters)["cl"]

    @property
    def shrinkage_of_clearance(self) -> float:
        return dict(self.shrinkage)["cl"]

    @property
    def preferred_trough(self) -> float:
        """Median, ng/mL."""
        return dict(self.troughs)[self.prefers]


@dataclass(frozen=True, slots=True)
class Outlook:
    """Choices ranked by all models together, best first, and each model's own view."""

    choices: tuple[Choice, ...]
    views: tuple[View, ...]
    left_out: tuple[tuple[str, Sentence], ...]
    disagree: bool
    unusual: Sentence | None

    def choice(self, regimen: Regimen | None) -> Choice | None:
        return next((c for c in self.choices if c.regimen == regimen), None)

    @property
    def outside(self) -> bool:
        """Whether the person lies outside the population of every model."""
        return all(view.outside for view in self.views)


def consider(
    question: Question, regimens: Sequence[Regimen], target: Target
) -> Outlook:
    """Ask the models about regimens.

    Raises
    ------
    NoForecast
        With what is missing, or what failed.
    """
    found = fitted(question)
    by_core = {in_hours(regimen): regimen for regimen in regimens}
    aim = float(target.aim_ng_per_ml)
    advice = pk.advise(
        found.panel,
        question.present,
        list(by_core),
        float(target.low_ng_per_ml),
        float(target.high_ng_per_ml),
    )
    views = tuple(
        view(found, opinion, by_aim(advice.by_model[opinion.name], aim), by_core)
        for opinion in found.panel.opinions
    )
    return Outlook(
        choices=tuple(choice(each, by_core) for each in by_aim(advice.ranked, aim)),
        views=views,
        left_out=(*found.asked.left_out, *failed(found)),
        disagree=len({each.prefers for each in views if each.weight >= VOICE}) > 1,
        unusual=unusual(found),
    )


def by_aim(ranked: Sequence[pk.Candidate], aim: float) -> list[pk.Candidate]:
    """Put those that are nearly as good as the first in order of the aim."""
    first = ranked[0]

    def order(each: pk.Candidate) -> float:
        nearly = first.chances.curve.inside - NEARLY_AS_GOOD
        as_good = each.allowed and each.chances.curve.inside >= nearly
        return abs(each.median_trough - aim) if as_good else float("inf")

    return sorted(ranked, key=order) if first.allowed else list(ranked)


def in_hours(regimen: Regimen) -> pk.Regimen:
    return pk.Regimen(float(regimen.amount_mg), float(regimen.interval_h))


def choice(found: pk.Candidate, by_core: Mapping[pk.Regimen, Regimen]) -> Choice:
    chances = found.chances.measured
    return Choice(
        regimen=by_core[found.regimen],
        trough_ng_per_ml=found.trough,
        below=chances.below,
        inside=chances.inside,
        above=chances.above,
        auc24_ng_h_per_ml=found.auc24[1],
        allowed=found.allowed,
    )


def view(
    found: Fitted,
    opinion: pk.Opinion,
    ranked: Sequence[pk.Candidate],
    by_core: Mapping[pk.Regimen, Regimen],
) -> View:
    member, estimate = found.members[opinion.name], opinion.estimate
    population, model = member.population, opinion.posterior.model
    residual = model.residual[model.observed]
    named = zip(model.etas, estimate.shrinkage, strict=True)
    return View(
        id=population.id,
        citation=population.citation,
        people=" / ".join(population.domain.indications),
        weight=opinion.weight,
        parameters=tuple(parameters_today(opinion, found.question).items()),
        clearance_sd=clearance_sd(opinion, found.question),
        shrinkage=tuple((name, float(share)) for name, share in named),
        residual_sd=(residual.proportional**0.5, residual.additive**0.5),
        prefers=by_core[ranked[0].regimen],
        troughs=tuple((by_core[c.regimen], c.median_trough) for c in ranked),
        outside=member.outside,
        averaged=tuple(averaged(member.averaged, population)),
    )


def averaged(names: Sequence[str], population: pk.Population) -> Iterable[Sentence]:
    """Say what is not known and averaged over."""
    references = {each.name: each.reference for each in population.covariates}
    for name in names:
        yield Sentence(
            "The %(what)s is not known: averaged about %(value)s, SD %(spread)s %%.",
            {
                "what": Sentence(NAMES[name]),
                "value": f"{references[name]:g}",
                "spread": f"{100 * MAY_BE_UNKNOWN[name]:.0f}",
            },
        )


def failed(found: Fitted) -> Iterable[tuple[str, Sentence]]:
    for name, reason in found.panel.failed.items():
        yield name, Sentence("It could not be fitted: %(why)s.", {"why": reason})


def unusual(found: Fitted) -> Sentence | None:
    """Ask for an explanation where every model finds the clearance far from usual."""
    if not found.question.levels:
        return None
    opinions = found.panel.opinions
    apart = [tenths(clearance_sd(each, found.question)) for each in opinions]
    low = all(sd <= -UNUSUAL_CLEARANCE_SD for sd in apart)
    if not low and not all(sd >= UNUSUAL_CLEARANCE_SD for sd in apart):
        return None
    sizes = sorted(map(abs, apart))
    facts: dict[str, Fact] = {"least": sizes[0], "most": sizes[-1]}
    if low:
        text = (
            "Every model needs a clearance %(least)s to %(most)s SD below its"
            " population's. Ask: is it a true trough? Which assay? A CYP3A inhibitor?"
            " A low weight? CYP3A5*3/*3?"
        )
    else:
        text = (
            "Every model needs a clearance %(least)s to %(most)s SD above its"
            " population's. Ask: were doses missed? An inducer? Which assay? A low"
            " haematocrit? A CYP3A5*1 carrier?"
        )
    return Sentence(text, facts)


def tenths(number: float) -> Decimal:
    return Decimal(f"{number:.1f}")
