"""What stands against a prescription: which rule, who says so, and who may lift it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from dosing.policy.events import ChildPugh, Event, Happening
from dosing.policy.sources import (
    CLINIC,
    JP_CONTRAINDICATIONS,
    JP_LIVER,
    JP_SURGERY,
    US_AVOID,
)
from dosing.policy.taken import Drug
from dosing.policy.targets import Finding, Kind
from dosing.units import Fact, Sentence

CHILDBEARING_YEARS = (12, 55)
"""First and last year of age in which pregnancy is asked about: design cut [NV]."""

SURGERY_NEAR_DAYS = 14
"""No dose is begun or raised so shortly before a planned operation: design cut [NV].
That wounds heal slowly, and that a pause is considered, is the source's [V]."""

ANSWERS_LAST_DAYS = 90
"""Answers not older than this are offered again: design default [NV]."""


class Pregnancy(StrEnum):
    NOT_APPLICABLE = "na"
    NEGATIVE = "negative"
    POSITIVE = "positive"
    UNKNOWN = "unknown"


class Asked(StrEnum):
    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class Liver(StrEnum):
    NONE = "none"
    A = ChildPugh.A.value
    B = ChildPugh.B.value
    C = ChildPugh.C.value
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered to the safety questions on a day."""

    pregnancy: str
    breastfeeding: str
    live_vaccine: str
    liver: str
    surgery_on: date | None = None

    def as_events(self, asked_on: date) -> Iterable[Event]:
        """Return what the answers say of the liver, of surgery and of a vaccine."""
        if self.liver in set(ChildPugh):
            yield Event(Happening.LIVER, asked_on, child_pugh=self.liver)
        if self.surgery_on is not None:
            yield Event(Happening.SURGERY, self.surgery_on)
        if self.live_vaccine == Asked.YES:
            yield Event(Happening.LIVE_VACCINE, asked_on)


NOTHING_ANSWERED = Answers(
    Pregnancy.UNKNOWN, Asked.UNKNOWN, Asked.UNKNOWN, Liver.UNKNOWN
)


def may_be_pregnant(sex: str, age_years: int) -> bool:
    first, last = CHILDBEARING_YEARS
    return sex == "female" and first <= age_years <= last


@dataclass(frozen=True, slots=True)
class Prescribing:
    """What is about to be prescribed to whom; `now_mg_per_day` is 0 without a dose."""

    sex: str
    age_years: int
    is_first: bool
    mg_per_day: Decimal
    now_mg_per_day: Decimal
    starts_on: date
    drugs: Collection[Drug] = ()
    events: Collection[Event] = ()

    @property
    def is_raised(self) -> bool:
        return self.mg_per_day > self.now_mg_per_day

    @property
    def may_be_pregnant(self) -> bool:
        return may_be_pregnant(self.sex, self.age_years)

    @property
    def avoided(self) -> list[Drug]:
        """Return the drugs to avoid, inhibitors and inducers, that run then."""
        running = (drug for drug in self.drugs if drug.runs(self.starts_on))
        return [drug for drug in running if drug.is_avoided]

    @property
    def inhibitors(self) -> list[Drug]:
        """Return the strong inhibitors that run when the dose begins."""
        return [
            drug
            for drug in self.drugs
            if drug.is_strong and drug.raises and drug.runs(self.starts_on)
        ]


PREGNANCY = "pregnancy"
PREGNANCY_UNKNOWN = "pregnancy-unknown"
BREASTFEEDING = "breastfeeding"
LIVE_VACCINE = "live-vaccine"
AVOIDED_DRUG = "avoided-drug"
INCREASE = "increase-under-inhibitor"
LIVER = "liver-half-dose"
SURGERY = "surgery-near"

LIFTABLE = (
    PREGNANCY_UNKNOWN,
    BREASTFEEDING,
    LIVE_VACCINE,
    INCREASE,
    LIVER,
    SURGERY,
)
"""Rules that a clinician may lift with a reason, as are those of single drugs; no one
lifts a positive test."""

NAMES: Mapping[str, Sentence] = {
    PREGNANCY: Sentence("positive pregnancy test"),
    PREGNANCY_UNKNOWN: Sentence("pregnancy not tested"),
    BREASTFEEDING: Sentence("breastfeeding"),
    LIVE_VACCINE: Sentence("live vaccine"),
    AVOIDED_DRUG: Sentence("a drug to avoid with sirolimus"),
    INCREASE: Sentence("a dose begun or raised under a strong inhibitor"),
    LIVER: Sentence("liver impairment, half dose to start"),
    SURGERY: Sentence("a dose begun or raised shortly before surgery"),
}


def avoided_rule(code: str) -> str:
    """Name the rule about one drug that is to be avoided."""
    return f"{AVOIDED_DRUG}-{code}"


def drug_of(rule: str) -> str:
    """Return the code of the drug that a rule is about; empty where it is none."""
    start = f"{AVOIDED_DRUG}-"
    return rule.removeprefix(start) if rule.startswith(start) else ""


def rule_in_words(rule: str, drug: str = "") -> Sentence:
    """Name a rule for people; `drug` is the name of the drug that it is about."""
    if drug:
        return Sentence("%(drug)s, to be avoided with sirolimus", {"drug": drug})
    return NAMES.get(rule, NAMES[AVOIDED_DRUG])


@dataclass(frozen=True, slots=True)
class Prevention:
    """One rule that stands against a prescription."""

    rule: str
    sentence: Sentence
    source: str

    @property
    def can_be_lifted(self) -> bool:
        return self.rule in LIFTABLE or bool(drug_of(self.rule))

    @property
    def lifted_by(self) -> Sentence:
        if self.can_be_lifted:
            return Sentence("May be lifted by a clinician, with a reason.")
        return Sentence("Nobody may lift this while the test is positive.")


def preventions(answers: Answers, plan: Prescribing) -> list[Prevention]:
    """Return every rule that stands against a prescription."""
    return [
        *on_pregnancy(answers, plan),
        *on_answers(answers),
        *on_drugs(plan),
        *on_happenings([*answers.as_events(plan.starts_on), *plan.events], plan),
    ]


def on_pregnancy(answers: Answers, plan: Prescribing) -> Iterable[Prevention]:
    """A positive test stands against every prescription, an unknown one against the
    first.
    """
    if answers.pregnancy == Pregnancy.POSITIVE:
        text = "The pregnancy test is positive: sirolimus is contraindicated."
        yield Prevention(PREGNANCY, Sentence(text), JP_CONTRAINDICATIONS)
    untested = answers.pregnancy in {Pregnancy.UNKNOWN, Pregnancy.NOT_APPLICABLE}
    if untested and plan.is_first and plan.may_be_pregnant:
        text = (
            "She is of childbearing age and not tested. Test before the first"
            " prescription: sirolimus is contraindicated in possible pregnancy."
        )
        yield Prevention(PREGNANCY_UNKNOWN, Sentence(text), JP_CONTRAINDICATIONS)


def findings_on_answers(answers: Answers) -> Iterable[Finding]:
    """Withhold every dose while the last answer is a positive pregnancy test."""
    if answers.pregnancy == Pregnancy.POSITIVE:
        text = "The pregnancy test is positive: sirolimus is contraindicated."
        yield Finding(PREGNANCY, Kind.PREVENT, Sentence(text), JP_CONTRAINDICATIONS)


def on_answers(answers: Answers) -> Iterable[Prevention]:
    if answers.breastfeeding == Asked.YES:
        text = "Sirolimus and breastfeeding do not go together."
        yield Prevention(BREASTFEEDING, Sentence(text), CLINIC)
    if answers.live_vaccine == Asked.YES:
        text = (
            "A live vaccine was given within 4 weeks or is planned: contraindicated"
            " with sirolimus."
        )
        yield Prevention(LIVE_VACCINE, Sentence(text), JP_CONTRAINDICATIONS)


def on_drugs(plan: Prescribing) -> Iterable[Prevention]:
    """Each drug that the label says to avoid stands against a prescription; so does a
    rise under a strong inhibitor.
    """
    for code, drug in {drug.code: drug for drug in plan.avoided}.items():
        facts: dict[str, Fact] = {"drug": drug.name}
        text = "%(drug)s is being taken: the label says to avoid it with sirolimus."
        yield Prevention(avoided_rule(code), Sentence(text, facts), US_AVOID)
    if plan.is_raised and plan.inhibitors:
        text = (
            "%(drug)s, a strong inhibitor, is being taken: no dose is begun or raised"
            " under it."
        )
        facts = {"drug": plan.inhibitors[0].name}
        yield Prevention(INCREASE, Sentence(text, facts), plan.inhibitors[0].source)


def on_happenings(events: Collection[Event], plan: Prescribing) -> Iterable[Prevention]:
    """A liver that is moderately or severely impaired stands against a first dose, a
    planned operation against one that is begun or raised shortly before it.
    """
    classes = {
        event.child_pugh
        for event in events
        if event.kind is Happening.LIVER and event.lasts(plan.starts_on)
    }
    impaired = classes & {ChildPugh.B, ChildPugh.C}
    if plan.is_first and impaired:
        text = (
            "Liver impairment (Child-Pugh %(class)s): start at half the usual dose."
            " Lift this rule with the reason for the amount you chose."
        )
        yield Prevention(LIVER, Sentence(text, {"class": max(impaired)}), JP_LIVER)
    last = plan.starts_on + timedelta(days=SURGERY_NEAR_DAYS)
    planned = [
        event.on
        for event in events
        if event.kind is Happening.SURGERY and plan.starts_on <= event.on <= last
    ]
    if plan.is_raised and planned:
        text = (
            "Surgery is planned on %(day)s, within %(days)s days: no dose is begun or"
            " raised before it, because wounds heal slowly on sirolimus."
        )
        facts: dict[str, Fact] = {"day": min(planned), "days": SURGERY_NEAR_DAYS}
        yield Prevention(SURGERY, Sentence(text, facts), JP_SURGERY)


def standing(
    found: Iterable[Prevention], lifted: Mapping[str, str]
) -> list[Prevention]:
    """Leave out the rules that were lifted with a reason by whoever may lift them."""
    return [
        each
        for each in found
        if not (each.can_be_lifted and lifted.get(each.rule, "").strip())
    ]


def counsel(sex: str) -> Iterable[Sentence]:
    """Return what to talk about before prescribing; it stands against nothing."""
    if sex == "male":
        yield Sentence(
            "Talk about fertility: azoospermia occurs in men and is mostly reversible"
            " (US label, second-hand [V2])."
        )
    yield Sentence(
        "Contraception before, during and for 12 weeks after (second-hand [V2])."
    )
