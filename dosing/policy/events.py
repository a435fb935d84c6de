"""Events that change the drug, or that it makes dangerous: what is said of each."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from dosing.policy.reading import METHODS_DIFFER_PERCENT
from dosing.policy.recheck import RECHECK_AFTER_CHANGE_DAYS
from dosing.policy.sources import (
    ASSAYS,
    HIGH_FAT_MEAL,
    JP_CONTRAINDICATIONS,
    JP_FORM_CHANGE,
    JP_LIVER,
    JP_SURGERY,
    MILD_LIVER,
)
from dosing.policy.targets import Finding, Kind
from dosing.units import Fact, Sentence

FOOD_CHANGES_AUC_PERCENT = 35
"""A high-fat meal raises the exposure by so much: Zimmerman 1999, x 1.35 (90 % CI
1.26-1.46) [V]."""

MILD_LIVER_CLEARANCE_PERCENT = 32
"""How much less is cleared in Child-Pugh A: Zimmerman 2005, 215 to 147 mL/h/kg, n = 13
[V]."""

LIVE_VACCINE_DAYS = 28
"""How long a live vaccine is asked about, before and after: design cut [NV]. That it is
contraindicated is the Japanese package insert's [V]."""


class Happening(StrEnum):
    """What kind of event."""

    FORM = "form"
    FOOD = "food"
    ASSAY = "assay"
    PROCEDURE = "procedure"
    SURGERY = "surgery"
    LIVE_VACCINE = "live_vaccine"
    LIVER = "liver"
    OTHER = "other"


class ChildPugh(StrEnum):
    """How far the liver is impaired."""

    A = "A"
    B = "B"
    C = "C"


@dataclass(frozen=True, slots=True)
class Event:
    """Something on a day, or from it up to and including its last day."""

    kind: Happening
    on: date
    until: date | None = None
    child_pugh: str = ""

    def lasts(self, day: date) -> bool:
        return self.on <= day and (self.until is None or day <= self.until)

    def is_told_by(self, other: "Event") -> bool:
        """Ask whether another event of this kind says the same, or what came of it."""
        later = other.on >= self.on or other.lasts(self.on)
        return self.kind is other.kind and later


def liver_is_impaired(events: Iterable[Event], day: date) -> bool:
    """Ask whether a loading dose is out of the question for the liver's sake."""
    return any(e.kind is Happening.LIVER and e.lasts(day) for e in events)


def findings_on_events(
    events: Iterable[Event], drawn_on: date, today: date
) -> Iterable[Finding]:
    """Remark on each event that bears on a level drawn on a day, or on what follows."""
    for event in events:
        judge = JUDGES.get(event.kind)
        if judge is not None:
            yield from judge(event, drawn_on, today)


def on_form(event: Event, drawn_on: date, today: date) -> Iterable[Finding]:
    first, last = RECHECK_AFTER_CHANGE_DAYS
    if drawn_on - timedelta(days=last) <= event.on <= today:
        text = (
            "The form of sirolimus was changed on %(day)s: forms are not equivalent."
            " Draw a level %(first)s to %(last)s days after that."
        )
        facts: dict[str, Fact] = {"day": event.on, "first": first, "last": last}
        yield warning("form-changed", text, facts, JP_FORM_CHANGE)


def on_food(event: Event, drawn_on: date, today: date) -> Iterable[Finding]:
    _first, last = RECHECK_AFTER_CHANGE_DAYS
    if drawn_on - timedelta(days=last) <= event.on <= today:
        text = (
            "Eating habits around the dose changed on %(day)s: food changes exposure"
            " by up to %(percent)s %%. Keep to one way."
        )
        facts: dict[str, Fact] = {"day": event.on, "percent": FOOD_CHANGES_AUC_PERCENT}
        yield warning("food-changed", text, facts, HIGH_FAT_MEAL)


def on_assay(event: Event, drawn_on: date, today: date) -> Iterable[Finding]:
    if event.on >= drawn_on:
        text = (
            "The assay changes on %(day)s: methods differ by up to %(percent)s %%, so"
            " levels before and after it are not read as one series."
        )
        facts: dict[str, Fact] = {"day": event.on, "percent": METHODS_DIFFER_PERCENT}
        yield warning("assay-planned", text, facts, ASSAYS)


def on_procedure(event: Event, drawn_on: date, today: date) -> Iterable[Finding]:
    if event.on >= today:
        text = (
            "A procedure is planned on %(day)s: ask whether it needs a pause, because"
            " wounds heal slowly on sirolimus."
        )
        yield warning("procedure", text, {"day": event.on}, JP_SURGERY)


def on_surgery(event: Event, drawn_on: date, today: date) -> Iterable[Finding]:
    if event.on >= today:
        text = (
            "Surgery is planned on %(day)s: consider a pause before it, because wounds"
            " heal slowly on sirolimus. The planned pause shows when the level falls."
        )
        yield warning("surgery", text, {"day": event.on}, JP_SURGERY)


def on_live_vaccine(event: Event, drawn_on: date, today: date) -> Iterable[Finding]:
    if event.on >= today - timedelta(days=LIVE_VACCINE_DAYS):
        text = "A live vaccine is noted on %(day)s: contraindicated on sirolimus."
        yield warning("live-vaccine", text, {"day": event.on}, JP_CONTRAINDICATIONS)


def on_liver(event: Event, drawn_on: date, today: date) -> Iterable[Finding]:
    if not event.lasts(today):
        return
    if event.child_pugh == ChildPugh.A:
        text = (
            "Mild liver impairment (Child-Pugh A): about %(percent)s %% less is"
            " cleared. No loading dose."
        )
        facts: dict[str, Fact] = {"percent": MILD_LIVER_CLEARANCE_PERCENT}
        yield warning("liver", text, facts, MILD_LIVER)
    else:
        text = (
            "Liver impairment (Child-Pugh %(class)s): start at half the dose and draw"
            " levels for longer, steady state comes late. No loading dose."
        )
        yield warning("liver", text, {"class": event.child_pugh}, JP_LIVER)


def warning(rule: str, text: str, facts: Mapping[str, Fact], source: str) -> Finding:
    return Finding(rule, Kind.WARN, Sentence(text, facts), source)


JUDGES: Mapping[Happening, Callable[[Event, date, date], Iterable[Finding]]] = {
    Happening.FORM: on_form,
    Happening.FOOD: on_food,
    Happening.ASSAY: on_assay,
    Happening.PROCEDURE: on_procedure,
    Happening.SURGERY: on_surgery,
    Happening.LIVE_VACCINE: on_live_vaccine,
    Happening.LIVER: on_liver,
}
