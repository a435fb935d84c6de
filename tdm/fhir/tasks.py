"""What is planned for a patient, and what someone has to see to."""

from datetime import date

from dosing.words import task_in_words
from patients.models import ItemState, ScheduleItem, Task
from tdm.fhir.parts import About, Part, Resource, concept, of_ours, period

STATES = {
    ItemState.OPEN: "requested",
    ItemState.DONE: "completed",
    ItemState.SKIPPED: "rejected",
    ItemState.CANCELLED: "cancelled",
}


def planned(row: ScheduleItem, about: About) -> Resource:
    """Return a planned item; its window is the restriction on when to do it."""
    return {
        "status": STATES[ItemState(row.state)],
        "statusReason": concept(row.reason) if row.reason else {},
        "intent": "plan",
        "priority": "routine",
        "code": of_ours("planned", row.kind, row.get_kind_display()),
        "description": task_in_words(row),
        "for": about.subject,
        "executionPeriod": period(row.done_on, row.done_on),
        "restriction": {"period": period(row.opens_on, row.closes_on)},
        "input": [*on("best-day", row.best_on), *on("booked-for", row.booked_on)],
    }


def on(name: str, day: date | None) -> list[Part]:
    if day is None:
        return []
    return [{"type": of_ours("task", name, ""), "valueDate": day.isoformat()}]


def raised(row: Task, about: About) -> Resource:
    """Return a task that a rule or a person raised, and what was done about it."""
    closed = about.when(row.closed_at) if row.closed_at else ""
    done = [{"type": of_ours("task", "outcome", ""), "valueString": row.outcome}]
    return {
        "status": "completed" if row.closed_at else "requested",
        "intent": "plan",
        "priority": "urgent" if row.is_urgent else "routine",
        "code": of_ours("task-kind", row.kind, row.get_kind_display()),
        "description": task_in_words(row),
        "for": about.subject,
        "authoredOn": about.when(row.raised_at),
        "executionPeriod": {"end": closed} if closed else {},
        "performerType": [of_ours("role", row.owner, row.get_owner_display())],
        "output": done if row.outcome else [],
    }
