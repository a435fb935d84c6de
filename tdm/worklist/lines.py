"""A line of Today: whom, why, since when, whose turn."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from dosing import policy
from dosing.history import History
from dosing.models import TroughLevel
from dosing.units import Sentence
from patients.models import Patient, Role, Task


class Urgency(IntEnum):
    """Most urgent first."""

    URGENT_LEVEL = 0
    URGENT_TASK = 1
    LEVEL_OUT_OF_RANGE = 2
    LEVEL_OVERDUE = 3
    NEVER_MEASURED = 4
    TASK = 5
    LABS_OVERDUE = 6
    MRI_OVERDUE = 7
    VISIT_OVERDUE = 8
    BOOKED_CLOSED = 9
    LEVEL_DUE = 10
    SUPPLY = 11
    SILENT_DIARY = 12
    UNDELIVERED = 13


@dataclass(frozen=True, slots=True)
class Line:
    """One patient, why, since when, whose turn, and what resolves it."""

    patient: Patient
    urgency: Urgency
    said: tuple[Sentence, ...]
    since: date
    history: History
    level: TroughLevel | None = None
    reading: policy.Reading | None = None
    tasks: tuple[Task, ...] = ()
    turn: Role | None = None

    @property
    def owner(self) -> Role:
        """Whose turn it is."""
        if self.turn:
            return self.turn
        if self.tasks:
            return Role(self.tasks[0].owner)
        return Role.CLINICIAN if self.decides else Role.NURSE

    @property
    def decides(self) -> bool:
        """Whether a decision resolves it; otherwise a new level does."""
        return self.level is not None

    @property
    def first_tasks(self) -> tuple[Task, ...]:
        return self.tasks[:TASKS_AT_ONCE]

    @property
    def more_tasks(self) -> int:
        """How many are left for the patient's page."""
        return len(self.tasks) - len(self.first_tasks)

    @property
    def wants_a_diary(self) -> bool:
        return self.urgency is Urgency.SILENT_DIARY

    @property
    def wants_a_level(self) -> bool:
        return not self.tasks and self.urgency in OF_LEVELS

    @property
    def wants_a_day(self) -> bool:
        """Whether something planned is to be booked, moved or said not to be done."""
        return self.urgency in {
            Urgency.LABS_OVERDUE,
            Urgency.MRI_OVERDUE,
            Urgency.VISIT_OVERDUE,
            Urgency.BOOKED_CLOSED,
            Urgency.LEVEL_DUE,
        }

    @property
    def kind(self) -> str:
        return self.urgency.name.lower()


TASKS_AT_ONCE = 3
"""So many tasks of one patient are on Today; the patient's page has all."""


OVERDUE = {Urgency.LEVEL_OVERDUE, Urgency.NEVER_MEASURED}

OF_LEVELS = {
    Urgency.URGENT_LEVEL,
    Urgency.LEVEL_OUT_OF_RANGE,
    Urgency.LEVEL_OVERDUE,
    Urgency.NEVER_MEASURED,
    Urgency.LEVEL_DUE,
}


@dataclass(frozen=True, slots=True)
class Due:
    """A day of the coming week and whose level is expected on it."""

    day: date
    patients: tuple[Patient, ...]


@dataclass(frozen=True, slots=True)
class Worklist:
    """What is open; `overdue` counts the patients whose level has not come in time.

    A patient is counted also where a more urgent line stands in place of that level's.
    """

    lines: tuple[Line, ...]
    week: tuple[Due, ...]
    overdue: int

    @property
    def to_act_on(self) -> int:
        return sum(line.decides for line in self.lines)

    @property
    def tasks(self) -> int:
        return sum(len(line.tasks) for line in self.lines)

    @property
    def due_this_week(self) -> int:
        return sum(len(due.patients) for due in self.week)

    @property
    def next_due(self) -> Due | None:
        return next((due for due in self.week if due.patients), None)
