"""Which models have spoken, and whether they were built on people like this one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dosing import forecast
from dosing.advice import Advice
from dosing.forecast.models import chosen
from dosing.models import Decision
from dosing.templatetags.words import model as model_name
from dosing.words import say
from tdm.forecasts import Expectation


@dataclass(frozen=True, slots=True)
class Domain:
    """The badge that no page goes without, and a sentence for each model."""

    badge: str
    words: str
    warns: bool
    models: tuple[str, ...]


def domain_of(
    decision: Decision | None, advice: Advice | None, expected: Expectation
) -> Domain:
    """Say how far the models may speak: those of the decision, else those of now."""
    if decision is not None and decision.forecast:
        question = forecast.from_data(decision.forecast["question"])
        return judged(question, decision.forecast["models"])
    outlook = advice.prognosis.outlook if advice and decision is None else None
    if outlook is not None and advice is not None and advice.prognosis.asked:
        weights = {view.id: view.weight for view in outlook.views}
        return judged(advice.prognosis.asked.question, weights)
    if expected.curve is not None:
        return Domain(
            badge=_("Outside the models' populations")
            if expected.outside
            else _("Within the population of a model"),
            words=_("The curve is what is expected for someone like this."),
            warns=True,
            models=tuple(map(model_name, expected.models)),
        )
    silence = expected.silence or (advice.prognosis.silence if advice else None)
    return Domain(
        badge=_("No model was used"),
        words=say(silence) if silence else _("Nothing here was worked out by a model."),
        warns=True,
        models=(),
    )


def judged(question: forecast.Question, weights: Mapping[str, float]) -> Domain:
    members = [m for m in chosen(question).members if m.population.id in weights]
    inside = [m for m in members if not m.outside]
    models = tuple(told(question, weights))
    if inside:
        return Domain(
            badge=_("Within the population of a model"),
            words=_("At least one model was built on people and assays like these."),
            warns=False,
            models=models,
        )
    return Domain(
        badge=_("Outside the models' populations"),
        words=_("No model was built on people and assays like these."),
        warns=True,
        models=models,
    )


def told(question: forecast.Question, weights: Mapping[str, float]) -> Iterable[str]:
    """Name each model, how much it is believed, and where the person is outside."""
    for member in chosen(question).members:
        name = member.population.id
        if name not in weights:
            continue
        said = " ".join(say(sentence) for sentence in member.outside)
        said = said or _("This person is like those it was built on.")
        yield _("%(model)s, weight %(weight)s %%: %(said)s") % {
            "model": model_name(name),
            "weight": f"{100 * weights[name]:.0f}",
            "said": said,
        }
