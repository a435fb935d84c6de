"""Why: the signer's reason, the rules that fired, and what is expected of the dose."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from dosing import policy
from dosing.advice import Advice
from dosing.models import Decision
from dosing.words import from_data, say
from tdm.forecasts import Expectation


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in a sentence, and what the sentence rests on."""

    words: str
    source: str


def reasons(
    decision: Decision | None, advice: Advice | None, expected: Expectation
) -> Iterable[Reason]:
    """Give the signer's reason first, then what the rules and the models say."""
    if decision is not None:
        said = decision.get_reason_display()
        if decision.reason_text:
            said = f"{said}: {decision.reason_text}"
        yield Reason(said, _("the signer's reason"))
        yield from kept(decision)
        return
    if advice is None:
        if expected.silence:
            yield Reason(say(expected.silence), "")
        return
    found = (*advice.reading.findings, *advice.suggestion.findings)
    yield from dict.fromkeys(Reason(say(f.sentence), _(f.source)) for f in found)
    outlook = advice.prognosis.outlook
    if outlook and outlook.disagree and not advice.withheld:
        words = _(
            "The models disagree: no dose is suggested. Look at the proportional rule,"
            " and repeat the level."
        )
        yield Reason(words, _("the models named below"))
    if advice.suggestion.formula:
        yield by_rule(say(advice.suggestion.formula))
    if advice.recommended and (choice := advice.choice_of(advice.recommended)):
        yield expected_on(choice.regimen, choice.trough_ng_per_ml, choice.inside)


def kept(decision: Decision) -> Iterable[Reason]:
    """Give the rules that fired at signing, and what was expected of the choice."""
    for finding in decision.findings:
        yield Reason(say(from_data(finding["sentence"])), _(finding["source"]))
    if decision.offered.get("formula"):
        yield by_rule(say(from_data(decision.offered["formula"])))
    chosen = policy.Regimen(decision.chosen_amount_mg, decision.chosen_interval_h)
    for choice in (decision.forecast or {}).get("choices", ()):
        regimen = policy.Regimen(Decimal(choice["amount_mg"]), choice["interval_h"])
        if regimen == chosen:
            yield expected_on(regimen, choice["trough_ng_per_ml"], choice["inside"])


def by_rule(formula: str) -> Reason:
    words = _("In proportion to the latest level alone: %(formula)s")
    return Reason(words % {"formula": formula}, _("proportional rule"))


def expected_on(
    regimen: policy.Regimen, trough: Sequence[float], inside: float
) -> Reason:
    """Say in plain words what level a dose will bring, and how sure that is."""
    words = _(
        "On %(dose)s the level before a dose is expected at about %(middle)s ng/mL"
        " (90 %% likely between %(low)s and %(high)s); %(percent)s of 100 such levels"
        " would lie in the range."
    )
    low, middle, high = (f"{each:.1f}" for each in trough)
    facts = {
        "dose": say(policy.regimen_in_words(regimen)),
        "low": low,
        "middle": middle,
        "high": high,
        "percent": f"{100 * inside:.0f}",
    }
    return Reason(words % facts, _("the models named below"))
