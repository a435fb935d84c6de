"""What lies beside sirolimus on a patient's page: drugs, events, answers, tablets."""

from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from dosing import policy
from dosing.history import Around, History
from dosing.interactions import Interaction
from dosing.models import Comedication, Dispensing, DrugEvent, SafetyCheck
from dosing.stock import supply_of
from tdm import charts


@dataclass(frozen=True, slots=True)
class Course:
    """One course of another drug, and what is known of that drug."""

    record: Comedication
    runs: bool

    @property
    def drug(self) -> Interaction:
        return self.record.interaction


class Besides(TypedDict):
    courses: list[Course]
    events: list[DrugEvent]
    check: SafetyCheck | None
    given: Dispensing | None
    supply: policy.Supply | None
    supply_said: tuple[object, ...]
    gap: charts.Gap | None


def besides_of(history: History, beside: Around, today: date) -> Besides:
    """Return what the card beside the chart says, and the gap that the chart draws."""
    given = list(Dispensing.objects.of(history.patient))
    counted = supply_of(history, given, beside.intakes, today)
    gap = counted.gap(today) if counted else None
    return Besides(
        courses=[
            Course(each, each.course.runs(today))
            for each in reversed(beside.comedications)
        ],
        events=beside.standing_events[::-1],
        check=beside.check,
        given=given[-1] if given else None,
        supply=counted,
        supply_said=policy.supply_in_words(counted) if counted else (),
        gap=charts.Gap(*gap) if gap else None,
    )
