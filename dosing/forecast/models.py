"""Which published models may speak of a person, and how far the person is from theirs.

The set and its weights are the protocol's; here is only what each model allows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dosing import pk
from dosing.forecast import names
from dosing.forecast.question import Person, Question
from dosing.units import Fact, Sentence

ADULT_YEARS = 18
"""From here the models of adults are asked, before it those of children."""

YOUNGEST_YEARS = 2
"""Under it clearance still matures: no model is asked (Mizuno/Emoto: mature by 2 y)."""

HAEMATOCRIT_SPREAD = 0.15
"""SD of the log of an unknown haematocrit about a model's reference [NV]."""

MAY_BE_UNKNOWN = {"HCT": HAEMATOCRIT_SPREAD}
"""Covariates that a model averages over when they are not known."""

DEFAULT_WEIGHTS: Mapping[str, float] = {
    "mao_2024_liver_adult": 1.0,
    "wu_2012_cancer_adult": 1.0,
    "zimmerman_1997_nca_renal_adult": 1.0,
    "fan_2024_va_children": 1.0,
    "chen_2020_khe_children": 1.0,
    "chen_2021_tsc_children": 1.0,
    "cheng_2020_cytopenia_children": 1.0,
}
"""Equal belief before the levels, pharmacology reference 1.2 and 1.4 [D]."""


NAMES: Mapping[str, str] = {
    "HCT": names.HAEMATOCRIT,
    "WT": names.WEIGHT,
    "TBIL": names.BILIRUBIN,
    "CYP3A5_EXPR": names.GENOTYPE,
    "OXC": names.OXCARBAZEPINE,
    "CL_FACTOR": names.INTERACTION,
}


@dataclass(frozen=True)
class Member:
    """A model that is asked: what it averages over, and where the person lies outside.

    `averaged` are covariates that are not known; `outside` one sentence for each way
    in which the person differs from the model's population.
    """

    population: pk.Population
    model: pk.Model
    averaged: tuple[str, ...]
    outside: tuple[Sentence, ...]


@dataclass(frozen=True)
class Chosen:
    """The models that are asked with their weights, and in words why others are not."""

    members: tuple[Member, ...]
    weights: tuple[float, ...]
    left_out: tuple[tuple[str, Sentence], ...]


def is_for_children(population: pk.Population) -> bool:
    ages = population.domain.age_years
    return ages is not None and ages[1] < ADULT_YEARS


def chosen(question: Question) -> Chosen:
    """Ask the models of the person's age group that may and can be asked."""
    child = question.person.age_years < ADULT_YEARS
    members, weights, left_out = [], [], []
    for name, weight in question.weights:
        population = pk.library().get(name)
        if population is None:
            left_out.append((name, Sentence("There is no such model.")))
            continue
        if is_for_children(population) != child:
            continue
        why_not = refusal(population, question)
        if why_not is not None:
            left_out.append((name, why_not))
            continue
        members.append(member(population, question))
        weights.append(weight)
    return Chosen(tuple(members), tuple(weights), tuple(left_out))


def refusal(population: pk.Population, question: Question) -> Sentence | None:
    """Say why a model cannot be asked; children only within a model's ages."""
    person, domain = question.person, population.domain
    if person.age_years < YOUNGEST_YEARS:
        text = "No model is asked under %(years)s years: clearance still matures."
        return Sentence(text, {"years": YOUNGEST_YEARS})
    if is_for_children(population) and beyond(domain.age_years, person.age_years):
        return ages(population, person)
    if is_for_children(population) and beyond(domain.weight_kg, person.weight_kg):
        return heaviness(population, person)
    open_ones = [n for n in unknown(population, question) if n not in MAY_BE_UNKNOWN]
    if open_ones:
        named = Sentence(NAMES.get(open_ones[0], open_ones[0]))
        return Sentence("It needs the %(what)s, which is not known.", {"what": named})
    return implausible(population, question)


def implausible(population: pk.Population, question: Question) -> Sentence | None:
    """Refuse a model a covariate outside what it takes for possible."""
    limits = {each.name: each.plausible for each in population.covariates}
    for each in question.facts:
        for name, value in each.values:
            if name in limits and beyond(limits[name], value):
                text = "A %(what)s of %(value)s is outside what it can be asked about."
                facts: dict[str, Fact] = {
                    "what": Sentence(NAMES[name]),
                    "value": f"{value:g}",
                }
                return Sentence(text, facts)
    return None


def unknown(population: pk.Population, question: Question) -> list[str]:
    held = {*question.known, *population.fixed}
    return [each.name for each in population.covariates if each.name not in held]


def member(population: pk.Population, question: Question) -> Member:
    averaged = tuple(unknown(population, question))
    model = pk.as_chosen(population)
    for name in averaged:
        model = pk.with_unknown(population, name, MAY_BE_UNKNOWN[name])
    away = tuple(outside(population, question.person))
    return Member(population, model, averaged, away)


def outside(population: pk.Population, person: Person) -> Iterable[Sentence]:
    """Say in what a person differs from those a model was built on."""
    domain = population.domain
    indications = {each.casefold() for each in domain.indications}
    if indications and person.indication.casefold() not in indications:
        text = "Built on people with %(theirs)s, not %(own)s."
        theirs = " / ".join(domain.indications)
        yield Sentence(text, {"theirs": theirs, "own": person.indication})
    if beyond(domain.age_years, person.age_years):
        yield ages(population, person)
    if beyond(domain.weight_kg, person.weight_kg):
        yield heaviness(population, person)
    if person.weight_kg is None and domain.weight_kg is not None:
        yield Sentence("Weight is not known, so it cannot be compared.")
    assays = {each.casefold() for each in domain.assays}
    others = [m for m in person.methods if assays and m.casefold() not in assays]
    if others:
        text = "Built on levels by %(theirs)s, not %(own)s."
        facts: dict[str, Fact] = {
            "theirs": " / ".join(domain.assays),
            "own": ", ".join(others),
        }
        yield Sentence(text, facts)
    if domain.max_dose_mg is not None and person.dose_mg > domain.max_dose_mg:
        text = "Built on single doses up to %(most)s mg."
        yield Sentence(text, {"most": f"{domain.max_dose_mg:g}"})


def beyond(studied: tuple[float, float] | None, value: float | None) -> bool:
    if studied is None or value is None:
        return False
    return not studied[0] <= value <= studied[1]


def ages(population: pk.Population, person: Person) -> Sentence:
    low, high = population.domain.age_years or (0.0, 0.0)
    text = "Built on ages of %(low)s to %(high)s years; this person is %(own)s."
    own = f"{person.age_years:.0f}"
    return Sentence(text, {"low": f"{low:g}", "high": f"{high:g}", "own": own})


def heaviness(population: pk.Population, person: Person) -> Sentence:
    low, high = population.domain.weight_kg or (0.0, 0.0)
    text = "Built on weights of %(low)s to %(high)s kg; this person weighs %(own)s."
    own = f"{person.weight_kg:g}"
    return Sentence(text, {"low": f"{low:g}", "high": f"{high:g}", "own": own})
