"""Lines about levels: unanswered, never drawn, not repeated."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from dosing import policy
from dosing.history import History
from dosing.models import Dose, TroughLevel
from dosing.units import Fact, Sentence
from tdm.worklist.lines import Line, Urgency


def unanswered(
    levels: Iterable[TroughLevel], histories: dict[int, History]
) -> Iterable[Line]:
    for level in levels:
        history = histories[level.patient_id]
        reading = history.read(level)
        if reading is None or not reading.needs_an_answer:
            continue
        urgent = reading.verdict is policy.Verdict.URGENT
        yield Line(
            patient=history.patient,
            urgency=Urgency.URGENT_LEVEL if urgent else Urgency.LEVEL_OUT_OF_RANGE,
            said=(
                *policy.in_words(reading)[1:],
                *withheld_because(reading),
                *stands_because(level, history),
                Sentence("Not yet answered."),
            ),
            since=history.day(level.drawn_at),
            history=history,
            level=level,
            reading=reading,
        )


def stands_because(level: TroughLevel, history: History) -> Iterable[Sentence]:
    """Say why a level is still to be answered though another was drawn since."""
    if history.used_levels[-1].pk != level.pk:
        yield Sentence("What was drawn since names no last dose.")


def withheld_because(reading: policy.Reading) -> Iterable[Sentence]:
    """Say why no dose can be worked out from a level."""
    for finding in reading.findings:
        if finding.kind in {policy.Kind.PREVENT, policy.Kind.ASIDE}:
            yield finding.sentence


def not_repeated(
    levels: Iterable[TroughLevel], histories: dict[int, History]
) -> Iterable[Line]:
    """Keep who is to be measured again, because a level was set aside."""
    for level in levels:
        history = histories[level.patient_id]
        text = "%(level)s was set aside (%(why)s) and not repeated."
        facts: dict[str, Fact] = {
            "level": str(level),
            "why": level.set_aside_because,
        }
        yield Line(
            patient=history.patient,
            urgency=Urgency.LEVEL_OVERDUE,
            said=(Sentence(text, facts),),
            since=history.day(level.drawn_at),
            history=history,
        )


def never_measured(
    doses: Iterable[Dose], histories: dict[int, History]
) -> Iterable[Line]:
    for dose in doses:
        facts: dict[str, Fact] = {
            "regimen": policy.regimen_in_words(dose.regimen),
            "day": dose.starts_on,
        }
        text = "%(regimen)s since %(day)s, and no level at steady state yet."
        yield Line(
            patient=histories[dose.patient_id].patient,
            urgency=Urgency.NEVER_MEASURED,
            said=(Sentence(text, facts),),
            since=dose.starts_on + timedelta(days=policy.STEADY_AFTER_DAYS),
            history=histories[dose.patient_id],
        )


def long_silent(
    levels: Iterable[TroughLevel], histories: dict[int, History], at: datetime
) -> Iterable[Line]:
    for level in levels:
        history = histories[level.patient_id]
        drawn_on = history.day(level.drawn_at)
        text = "No level since %(day)s, %(days)s days ago, and none is planned."
        facts: dict[str, Fact] = {
            "day": drawn_on,
            "days": (history.day(at) - drawn_on).days,
        }
        yield Line(
            patient=history.patient,
            urgency=Urgency.LEVEL_OVERDUE,
            said=(Sentence(text, facts),),
            since=drawn_on + timedelta(days=policy.LONGEST_WITHOUT_LEVEL_DAYS),
            history=history,
        )
