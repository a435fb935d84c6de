"""A level in its context: where it lies, and whether it may be used."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dosing.policy.regimens import Course, Regimen, regimen_in_words
from dosing.policy.sources import ASSAYS, CLINIC, TIMING, US_LABEL
from dosing.policy.targets import Finding, Kind, Target, Verdict, tenth
from dosing.policy.timing import (
    EDGE_OF_TROUGH_H,
    NEARLY_STEADY_AFTER_DAYS,
    STEADY_AFTER_DAYS,
    Timing,
    percent_of_steady_state,
    timing_of,
)
from dosing.units import USUAL_SPREAD, Comparator, Fact, Sentence

METHODS_DIFFER_PERCENT = 39
"""CMIA against LC-MS/MS at the worst of three sites, PMID 19563794 [V]."""


@dataclass(frozen=True, slots=True)
class Level:
    """A level as the judgement needs it; the day is the clinic's."""

    ng_per_ml: Decimal
    comparator: Comparator
    drawn_on: date
    hours_since_dose: Decimal | None
    method: str = ""
    previous_method: str = ""
    previous_ng_per_ml: Decimal | None = None
    """The level before it on the same dose, if that was a number."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A level in its context: where it lies, and whether it may be used."""

    level: Level
    target: Target
    verdict: Verdict
    timing: Timing
    regimen: Regimen | None
    days_on_dose: int | None
    findings: tuple[Finding, ...]

    @property
    def trusted(self) -> bool:
        """Whether the proportional rule may use this level."""
        return not self.withheld and not any(
            finding.kind is Kind.ASIDE for finding in self.findings
        )

    @property
    def withheld(self) -> bool:
        """Whether nothing may be suggested on this level at all."""
        return any(finding.kind is Kind.PREVENT for finding in self.findings)

    @property
    def needs_an_answer(self) -> bool:
        """Whether someone must act; what cannot be placed must be repeated."""
        return self.verdict is not Verdict.IN

    @property
    def percent_of_steady_state(self) -> int | None:
        days = self.days_on_dose
        return None if days is None else percent_of_steady_state(days)


def read(level: Level, course: Course, target: Target) -> Reading:
    """Judge one level against the range in force when it was drawn."""
    period = course.behind(level.drawn_on)
    since = course.unchanged_since(level.drawn_on)
    days = None if since is None else (level.drawn_on - since).days
    timing = timing_in(course, level)
    regimen = period.regimen if period else None
    found = (
        *findings_on_timing(timing, level, course),
        *findings_on_steady_state(days),
        *findings_on_assay(level),
        *findings_on_agreement(level),
    )
    return Reading(
        level=level,
        target=target,
        verdict=target.judge(level.ng_per_ml, level.comparator),
        timing=timing,
        regimen=regimen,
        days_on_dose=days,
        findings=found,
    )


def timing_in(course: Course, level: Level) -> Timing:
    first = course.starts_on()
    if first is None or level.drawn_on < first:
        return Timing.BEFORE_FIRST_DOSE
    period = course.behind(level.drawn_on)
    if period is None:
        return Timing.NO_DOSE
    if level.hours_since_dose is None:
        return Timing.UNKNOWN
    return timing_of(level.hours_since_dose, period.regimen.interval_h)


VERDICT_TEXTS = {
    Verdict.BELOW: "%(level)s ng/mL is below %(low)s\u2013%(high)s.",
    Verdict.IN: "%(level)s ng/mL is in range, %(low)s\u2013%(high)s.",
    Verdict.ABOVE: "%(level)s ng/mL is above %(low)s\u2013%(high)s.",
    Verdict.URGENT: "%(level)s ng/mL has reached the urgent limit of %(urgent)s.",
    Verdict.UNKNOWN: "%(level)s ng/mL cannot be placed against %(low)s\u2013%(high)s.",
}


def in_words(reading: Reading) -> tuple[Sentence, ...]:
    """Say where the level lies, then whether it stands for the dose."""
    level, target = reading.level, reading.target
    facts: dict[str, Fact] = {
        "level": Sentence(
            "%(sign)s%(value)s",
            {"sign": level.comparator.value, "value": level.ng_per_ml},
        ),
        "low": target.low_ng_per_ml,
        "high": target.high_ng_per_ml,
        "urgent": target.urgent_ng_per_ml,
    }
    verdict = Sentence(VERDICT_TEXTS[reading.verdict], facts)
    if reading.regimen is None or reading.timing is not Timing.TROUGH:
        return (verdict,)
    context: dict[str, Fact] = {
        "hours": tenth(level.hours_since_dose or Decimal(0)),
        "day": reading.days_on_dose or 0,
        "regimen": regimen_in_words(reading.regimen),
    }
    text = "Trough: %(hours)s h after the last dose, day %(day)s of %(regimen)s."
    return (verdict, Sentence(text, context))


MODELS_CAN_TELL = {Timing.EARLY, Timing.LATE}
"""Off the trough, but at a known time that a fit takes as it is."""

WITHHELD_BY_TIMING = {
    Timing.BEFORE_FIRST_DOSE: (
        "before-first-dose",
        "Drawn before the first dose, so it says nothing about a dose.",
    ),
    Timing.NO_DOSE: (
        "dose-free",
        "Drawn after %(days)s days without a dose. Draw a trough once the drug has"
        " been taken for %(steady)s days.",
    ),
    Timing.EARLY: (
        "early-sample",
        "Drawn %(hours)s h after the last dose, before the trough. The proportional"
        " rule needs a trough.",
    ),
    Timing.NOT_A_TROUGH: (
        "not-a-trough",
        "Drawn %(hours)s h after the last dose: not a trough. Repeat it before the"
        " next dose.",
    ),
    Timing.LATE: (
        "late-sample",
        "Drawn %(hours)s h after the last dose, later than the next dose was due."
        " Was a dose missed?",
    ),
    Timing.UNKNOWN: (
        "unknown-timing",
        "The time of the last dose is unknown, so it may be no trough. Add the time"
        " to lift this.",
    ),
}


def findings_on_timing(
    timing: Timing, level: Level, course: Course
) -> Iterable[Finding]:
    hours = level.hours_since_dose
    facts: dict[str, Fact] = {
        "hours": "?" if hours is None else tenth(hours),
        "days": course.dose_free_days_before(level.drawn_on),
        "steady": STEADY_AFTER_DAYS,
    }
    if timing in WITHHELD_BY_TIMING:
        rule, text = WITHHELD_BY_TIMING[timing]
        kind = Kind.ASIDE if timing in MODELS_CAN_TELL else Kind.PREVENT
        yield Finding(rule, kind, Sentence(text, facts), TIMING)
        return
    period = course.behind(level.drawn_on)
    if hours is None or period is None:
        return
    if abs(hours - period.regimen.interval_h) > EDGE_OF_TROUGH_H:
        text = (
            "Drawn %(hours)s h after the last dose, at the edge of the trough window."
        )
        yield Finding("edge-of-trough", Kind.WARN, Sentence(text, facts), TIMING)


def findings_on_steady_state(days: int | None) -> Iterable[Finding]:
    if days is None or days >= STEADY_AFTER_DAYS:
        return
    facts: dict[str, Fact] = {
        "days": days,
        "percent": percent_of_steady_state(days),
        "nearly": NEARLY_STEADY_AFTER_DAYS,
        "steady": STEADY_AFTER_DAYS,
    }
    if days < NEARLY_STEADY_AFTER_DAYS:
        text = (
            "Only %(days)s days on this dose (about %(percent)s %% of steady state)."
            " No proportional advice before day %(nearly)s; repeat the level at day"
            " %(steady)s."
        )
        yield Finding("not-steady", Kind.PREVENT, Sentence(text, facts), US_LABEL)
        return
    text = (
        "%(days)s days on this dose: about %(percent)s %% of steady state, so the"
        " level may still move."
    )
    yield Finding("nearly-steady", Kind.WARN, Sentence(text, facts), US_LABEL)


def findings_on_assay(level: Level) -> Iterable[Finding]:
    if level.comparator is not Comparator.EXACTLY:
        text = (
            "Reported as %(sign)s%(value)s ng/mL: a limit, not a number, so no dose"
            " can be worked out from it."
        )
        facts: dict[str, Fact] = {
            "sign": level.comparator.value,
            "value": level.ng_per_ml,
        }
        yield Finding("only-a-limit", Kind.PREVENT, Sentence(text, facts), CLINIC)
    if level.previous_method not in {"", level.method}:
        text = (
            "Measured by %(method)s, the level before by %(previous)s. Methods differ"
            " by up to %(percent)s %%, so a step between them may be the assay."
        )
        facts_: dict[str, Fact] = {
            "method": level.method,
            "previous": level.previous_method,
            "percent": METHODS_DIFFER_PERCENT,
        }
        yield Finding("assay-changed", Kind.WARN, Sentence(text, facts_), ASSAYS)


def findings_on_agreement(level: Level) -> Iterable[Finding]:
    """Withhold advice where two levels on one dose cannot both be right."""
    before, now = level.previous_ng_per_ml, level.ng_per_ml
    if before is None or max(before, now) <= USUAL_SPREAD * min(before, now):
        return
    text = (
        "The level before it on this dose was %(before)s ng/mL, more than %(times)s"
        " times different. Repeat it before the dose is changed."
    )
    facts: dict[str, Fact] = {"before": before, "times": USUAL_SPREAD}
    yield Finding("levels-disagree", Kind.PREVENT, Sentence(text, facts), CLINIC)
