"""When sirolimus might be held, reduced or stopped: proposals, never established rules.

Every default is a design proposal to be signed by a clinician [NV]; a protocol keeps
its own list. A rule names CTCAE terms or analytes and the grades it speaks for.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from dosing.policy.labs import SEVERE_FROM_GRADE
from dosing.policy.sources import HOLD_PROPOSAL, LUNG_PROPOSAL, SEVERE_EFFECT
from dosing.policy.targets import Finding, Kind
from dosing.units import Fact, Sentence

ANY = "any"
"""The trigger of a rule for every term that has no rule of its own at its grade."""

ANALYTES = ("neutrophils", "alt", "triglycerides", "cholesterol")
"""Laboratory values that a rule may name beside the CTCAE terms."""

INFECTIONS = (
    "upper_respiratory_infection",
    "urinary_tract_infection",
    "skin_infection",
    "lung_infection",
)
HIGHEST_GRADE = 4
"""At grade 5, death, there is nothing left to propose."""


@dataclass(frozen=True, slots=True)
class HoldRule:
    """What is proposed at some grades of some terms or analytes; the ends count."""

    triggers: tuple[str, ...]
    from_grade: int
    to_grade: int
    advice: str
    source: str

    def speaks_for(self, trigger: str, grade: int) -> bool:
        return trigger in self.triggers and self.from_grade <= grade <= self.to_grade


DEFAULT_HOLD_RULES = (
    HoldRule(
        ("pneumonitis",),
        2,
        2,
        "Hold sirolimus until it is gone, then restart at half the dose.",
        LUNG_PROPOSAL,
    ),
    HoldRule(("pneumonitis",), 3, 4, "Stop sirolimus.", LUNG_PROPOSAL),
    HoldRule(
        INFECTIONS,
        3,
        4,
        "Hold sirolimus while a febrile infection needs intravenous therapy.",
        HOLD_PROPOSAL,
    ),
    HoldRule(
        ("neutrophils",),
        3,
        4,
        "Hold sirolimus while neutrophils are below 1.0 \u00d7 10\u2079/L.",
        HOLD_PROPOSAL,
    ),
    HoldRule(
        ("triglycerides",),
        4,
        4,
        "Hold sirolimus while triglycerides are above 1000 mg/dL.",
        HOLD_PROPOSAL,
    ),
    HoldRule(
        ("mucositis_oral", "triglycerides", "cholesterol"),
        1,
        2,
        "Treat it, keep the dose and consider a lower target.",
        HOLD_PROPOSAL,
    ),
    HoldRule(
        (ANY,),
        3,
        4,
        "Hold sirolimus until grade 1 or less, then restart at 50 to 75 % of the dose.",
        HOLD_PROPOSAL,
    ),
)
"""Reference section 3.4, all [NV]: proposed by design, to be signed by a clinician."""


def hold_rules_as_data(rules: Iterable[HoldRule]) -> list[dict[str, object]]:
    """Return rules as a protocol keeps them."""
    return [{**asdict(rule), "triggers": list(rule.triggers)} for rule in rules]


class NoHoldRuleError(ValueError):
    """What was typed is no rule; carries the sentence for the field."""

    def __init__(self, text: str, facts: Mapping[str, Fact] | None = None) -> None:
        super().__init__(text)
        self.sentence = Sentence(text, facts or {})


def hold_rules_from(data: object, known: Collection[str]) -> tuple[HoldRule, ...]:
    """Read what a protocol keeps; NoHoldRuleError says which rule cannot be read.

    `known` are the terms that a rule may name beside the analytes and `any`.
    """
    if not isinstance(data, list):
        raise NoHoldRuleError("Write a list of rules, which may be empty.")
    return tuple(
        hold_rule_from(each, place, {*known, *ANALYTES, ANY})
        for place, each in enumerate(data, start=1)
    )


FIELDS = ("triggers", "from_grade", "to_grade", "advice", "source")


def hold_rule_from(data: object, place: int, known: Collection[str]) -> HoldRule:
    facts: dict[str, Fact] = {"place": place, "fields": ", ".join(FIELDS)}
    if not isinstance(data, Mapping) or set(data) != set(FIELDS):
        raise NoHoldRuleError("Rule %(place)s has exactly these: %(fields)s.", facts)
    triggers, first, last, *texts = (data[name] for name in FIELDS)
    if not isinstance(triggers, list) or not triggers:
        raise NoHoldRuleError("Rule %(place)s names no term or analyte.", facts)
    for trigger in triggers:
        if not isinstance(trigger, str) or trigger not in known:
            facts["trigger"] = str(trigger)
            raise NoHoldRuleError(
                "Rule %(place)s names %(trigger)s, which is no known term.", facts
            )
    whole = type(first) is int and type(last) is int
    if not whole or not 1 <= first <= last <= HIGHEST_GRADE:
        raise NoHoldRuleError("Rule %(place)s runs between grades 1 and 4.", facts)
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise NoHoldRuleError("Rule %(place)s has an advice and a source.", facts)
    return HoldRule(tuple(triggers), first, last, *texts)


def proposals(
    rules: Sequence[HoldRule], trigger: str, grade: int
) -> tuple[HoldRule, ...]:
    """Return what is proposed; a rule for everything speaks where no other does."""
    own = tuple(rule for rule in rules if rule.speaks_for(trigger, grade))
    return own or tuple(rule for rule in rules if rule.speaks_for(ANY, grade))


@dataclass(frozen=True, slots=True)
class Effect:
    """A side effect that is open; `name` is its official term."""

    name: str
    trigger: str
    grade: int
    is_severe: bool
    is_unrelated: bool

    @property
    def facts(self) -> dict[str, Fact]:
        return {"effect": self.name, "grade": self.grade}


PROPOSED = "%(effect)s, grade %(grade)s: %(advice)s To be confirmed by your clinic."


def findings_on_severe(effects: Iterable[Effect]) -> Iterable[Finding]:
    """Withhold every dose while a severe side effect may be the drug's."""
    for effect in effects:
        if effect.is_severe and not effect.is_unrelated:
            text = (
                "%(effect)s of grade %(grade)s is open and not judged unrelated: no"
                " dose is suggested. Judge its relation, or see it gone."
            )
            yield Finding(
                "severe-side-effect",
                Kind.PREVENT,
                Sentence(text, effect.facts),
                SEVERE_EFFECT,
            )


HOLD_PROPOSAL_RULE = "hold-proposal"


def is_severe_proposal(finding: Finding) -> bool:
    """Ask whether a finding proposes something at a severe grade."""
    grade = finding.sentence.facts.get("grade")
    is_proposal = finding.rule == HOLD_PROPOSAL_RULE
    return is_proposal and isinstance(grade, int) and grade >= SEVERE_FROM_GRADE


def findings_on_holding(
    effects: Iterable[Effect], rules: Sequence[HoldRule]
) -> Iterable[Finding]:
    """Say what the protocol proposes for what is open and may be the drug's."""
    for effect in effects:
        if effect.is_unrelated:
            continue
        for rule in proposals(rules, effect.trigger, effect.grade):
            facts: dict[str, Fact] = {**effect.facts, "advice": rule.advice}
            yield Finding(
                HOLD_PROPOSAL_RULE, Kind.WARN, Sentence(PROPOSED, facts), rule.source
            )
