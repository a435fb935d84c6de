"""What was taken besides, and what was not: how far a level may be trusted for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dosing.policy.sources import CLINIC, TIMING, US_LABEL
from dosing.policy.targets import Finding, Kind
from dosing.units import Fact, Sentence

DRUG_SETTLES_DAYS = 14
"""After a strong interacting drug is begun or stopped: 7-14 days to the level, US label
[V]; the longer end is taken."""

MISS_MATTERS_DAYS = 7
"""A dose missed in the last days before a draw takes it off its steady state [D]."""


@dataclass(frozen=True, slots=True)
class Drug:
    """A course of a drug that changes sirolimus; days are the clinic's."""

    name: str
    is_strong: bool
    starts_on: date
    stops_on: date | None
    size_known: bool

    @property
    def turns(self) -> list[date]:
        return [self.starts_on, *([self.stops_on] if self.stops_on else [])]


def findings_on_drugs(
    drugs: Iterable[Drug], drawn_on: date, today: date
) -> Iterable[Finding]:
    """Withhold advice around a strong drug; remark on others and on unknown sizes."""
    settled = timedelta(days=DRUG_SETTLES_DAYS)
    for drug in drugs:
        recent = [day for day in drug.turns if drawn_on - settled < day <= today]
        facts: dict[str, Fact] = {"drug": drug.name, "days": DRUG_SETTLES_DAYS}
        if recent and drug.is_strong:
            text = (
                "%(drug)s was begun or stopped less than %(days)s days before this"
                " level, or after it. Draw a level once it has settled."
            )
            yield Finding("strong-drug", Kind.PREVENT, Sentence(text, facts), US_LABEL)
        elif recent:
            text = (
                "%(drug)s was begun or stopped less than %(days)s days before this"
                " level, or after it: the level may still move."
            )
            yield Finding("drug-changed", Kind.ASIDE, Sentence(text, facts), US_LABEL)
        ended = drug.stops_on is not None and drug.stops_on <= drawn_on - settled
        if not drug.size_known and not ended and drug.starts_on <= today:
            text = (
                "How much %(drug)s changes sirolimus is not known; no model counts it."
            )
            yield Finding("size-unknown", Kind.WARN, Sentence(text, facts), CLINIC)


def findings_on_doses(
    missed: Sequence[date], unknown: Sequence[date], drawn_on: date
) -> Iterable[Finding]:
    """Set the rule aside where doses before the draw were missed or are not known."""
    first = drawn_on - timedelta(days=MISS_MATTERS_DAYS)
    for rule, days, text in (
        (
            "missed-dose",
            missed,
            "%(count)s of the doses of the last %(days)s days before the draw were"
            " missed, so this is no steady state.",
        ),
        (
            "unknown-dose",
            unknown,
            "%(count)s of the doses of the last %(days)s days before the draw are not"
            " known, so this may be no steady state.",
        ),
    ):
        near = [day for day in days if first <= day <= drawn_on]
        if near:
            facts: dict[str, Fact] = {"count": len(near), "days": MISS_MATTERS_DAYS}
            yield Finding(rule, Kind.ASIDE, Sentence(text, facts), TIMING)
