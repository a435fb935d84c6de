"""The models fitted to one person, remembered by the exact question."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from dosing import pk
from dosing.forecast.models import Chosen, Member, chosen
from dosing.forecast.question import Question
from dosing.units import Sentence

DRAWS = 1000
"""Of each posterior: what docs/validation.md counts the coverage of."""


class NoForecast(Exception):  # noqa: N818 - it says what is missing
    """No model can speak; carries why, in a sentence, and which model said what."""

    def __init__(
        self, why: Sentence, models: tuple[tuple[str, Sentence], ...] = ()
    ) -> None:
        super().__init__(why.text)
        self.why, self.models = why, models


@dataclass(frozen=True)
class Fitted:
    """What the models that could be fitted say of a question."""

    question: Question
    panel: pk.Panel
    asked: Chosen

    @property
    def members(self) -> Mapping[str, Member]:
        return {each.model.name: each for each in self.asked.members}

    @property
    def over_time(self) -> pk.Panel:
        """The models whose time course may be shown, their weights made to sum to 1.

        Raises NoForecast where none is left.
        """
        kept = [
            opinion
            for opinion in self.panel.opinions
            if self.members[opinion.name].population.suitable_for("time_course")
        ]
        whole = sum(opinion.weight for opinion in kept)
        if not whole:
            raise NoForecast(Sentence("These models speak of steady troughs only."))
        shared = tuple(replace(each, weight=each.weight / whole) for each in kept)
        return pk.Panel(shared, self.panel.failed)


@lru_cache(maxsize=32)
def fitted(question: Question) -> Fitted:
    """Fit every model that may be asked.

    Raises
    ------
    NoForecast
        With what is missing, or what failed.
    """
    asked = chosen(question)
    if not question.doses:
        raise NoForecast(Sentence("Without doses there is nothing to predict from."))
    if not asked.members:
        raise NoForecast(Sentence("No model can be asked."), asked.left_out)
    try:
        panel = pk.consult(
            [member.model for member in asked.members],
            question.history,
            list(asked.weights),
            n=DRAWS,
        )
    except pk.FitDidNotConverge as problem:
        text = "No model could be fitted: %(reason)s."
        raise NoForecast(Sentence(text, {"reason": str(problem)})) from problem
    return Fitted(question, panel, asked)


def parameters_today(
    opinion: pk.Opinion, question: Question, eta: pk.Array | None = None
) -> dict[str, float]:
    """Return the parameters of an eta under today's covariates; by default its own."""
    model = opinion.posterior.model
    chosen = opinion.estimate.eta if eta is None else eta
    found = pk.individual(model, chosen[None], question.present)
    return {name: float(np.ravel(found[name])[0]) for name, _rule in model.parameters}


def clearance_sd(opinion: pk.Opinion, question: Question) -> float:
    """Return how many SD of its population a model puts this person's CL/F from it."""
    model = opinion.posterior.model
    place = model.etas.index("cl")
    spread = float(np.sqrt(model.omega[place, place]))
    own = parameters_today(opinion, question)["cl"]
    nobody = np.zeros(len(model.etas))
    typical = parameters_today(opinion, question, nobody)["cl"]
    return float(np.log(own / typical)) / spread
