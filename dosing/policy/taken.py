"""What was taken besides, and what was not: how far a level may be trusted for it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from dosing.policy.adherence import Adherence
from dosing.policy.reading import METHODS_DIFFER_PERCENT
from dosing.policy.sources import ASSAYS, PROTOCOL, TIMING, US_LABEL
from dosing.policy.targets import Finding, Kind
from dosing.units import Fact, Sentence

DRUG_SETTLES_DAYS = 14
"""After a strong interacting drug is begun or stopped: 7-14 days to the level, US label
[V]; the longer end is taken."""

MISS_MATTERS_DAYS = 7
"""A dose missed in the last days before a draw takes it off its steady state [D]."""


LATE_AFTER = timedelta(hours=2)
"""A dose taken so long after it was due is a late one [NV]: a design cut."""

EARLIEST_TAKEN = 0.25
"""A dose is taken at most so much of its interval early, else it is a late one [NV]."""

VOMITED_SOON = timedelta(minutes=30)
"""A dose vomited within this time may not have been taken [NV]."""


@dataclass(frozen=True, slots=True)
class Drug:
    """A course of a drug that changes sirolimus; days are the clinic's."""

    name: str
    is_strong: bool
    raises: bool
    starts_on: date
    stops_on: date | None
    size_known: bool
    source: str
    is_avoided: bool = False
    """Whether the label says to avoid it with sirolimus."""

    code: str = ""
    """What tells it from other drugs in the name of a rule."""

    @property
    def turns(self) -> list[date]:
        return [self.starts_on, *([self.stops_on] if self.stops_on else [])]

    def runs(self, day: date) -> bool:
        return self.starts_on <= day and (self.stops_on is None or day < self.stops_on)


NO_INCREASE = "strong-inhibitor"
"""The rule under which neither the models nor the proportional rule raise a dose."""


def findings_on_drugs(
    drugs: Iterable[Drug], drawn_on: date, today: date
) -> Iterable[Finding]:
    """Withhold advice until a level shows what a drug does.

    A strong inhibitor that runs on lets no dose be raised; what is planned, and what
    has no known size, is remarked on.
    """
    settled = timedelta(days=DRUG_SETTLES_DAYS)
    for drug in drugs:
        facts: dict[str, Fact] = {"drug": drug.name, "days": DRUG_SETTLES_DAYS}
        if any(drawn_on - settled < day <= today for day in drug.turns):
            text = (
                "%(drug)s was begun or stopped less than %(days)s days before this"
                " level, or after it. Draw a level once it has settled."
            )
            yield Finding("drug-changed", Kind.PREVENT, Sentence(text, facts), US_LABEL)
        if drug.is_strong and drug.raises and drug.runs(today):
            text = (
                "%(drug)s, a strong inhibitor, is being taken: no higher dose is"
                " suggested. The label says to avoid it."
            )
            yield Finding(NO_INCREASE, Kind.CHANGE, Sentence(text, facts), drug.source)
        coming = [day for day in drug.turns if day > today]
        if coming:
            text = (
                "%(drug)s is planned to begin or stop on %(day)s. The doses here are"
                " for today: draw a level %(days)s days after that."
            )
            planned: dict[str, Fact] = {**facts, "day": coming[0]}
            yield Finding("planned-drug", Kind.WARN, Sentence(text, planned), US_LABEL)
        ended = drug.stops_on is not None and drug.stops_on <= drawn_on - settled
        if not drug.size_known and not ended and drug.starts_on <= today:
            text = (
                "How much %(drug)s changes sirolimus is not known; no model counts it."
            )
            yield Finding("size-unknown", Kind.WARN, Sentence(text, facts), drug.source)


def findings_on_methods(methods: Collection[str]) -> Iterable[Finding]:
    """Remark on levels of several assays that are read together."""
    if len(methods) > 1:
        text = (
            "Levels by %(methods)s are fitted together. Methods differ by up to"
            " %(percent)s %%, so what looks like a change may be the assay."
        )
        facts: dict[str, Fact] = {
            "methods": ", ".join(sorted(methods)),
            "percent": METHODS_DIFFER_PERCENT,
        }
        yield Finding("several-assays", Kind.WARN, Sentence(text, facts), ASSAYS)


def findings_on_doses(adherence: Adherence, drawn_on: date) -> Iterable[Finding]:
    """Set the rule aside where doses before the draw were missed or are not known, or
    another amount was taken.
    """
    first = drawn_on - timedelta(days=MISS_MATTERS_DAYS)
    for rule, days, text in (
        (
            "missed-dose",
            adherence.missed,
            "%(count)s of the doses of the last %(days)s days before the draw were"
            " missed, so this is no steady state.",
        ),
        (
            "unknown-dose",
            adherence.unknown,
            "%(count)s of the doses of the last %(days)s days before the draw are not"
            " known, so this may be no steady state.",
        ),
        (
            "other-amount",
            adherence.other,
            "%(count)s of the doses of the last %(days)s days before the draw were of"
            " another amount than prescribed, so this is no steady state.",
        ),
    ):
        near = [day for day in days if first <= day <= drawn_on]
        if near:
            facts: dict[str, Fact] = {"count": len(near), "days": MISS_MATTERS_DAYS}
            yield Finding(rule, Kind.ASIDE, Sentence(text, facts), TIMING)


def another_range() -> Finding:
    text = (
        "The range was changed after this level was drawn: here it is judged by the"
        " range of today, on the chart by that of its day."
    )
    return Finding("another-range", Kind.WARN, Sentence(text), PROTOCOL)
