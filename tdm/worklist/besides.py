"""Lines about the rest: tasks, silent diaries, tablets, reminders."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from dosing import policy
from dosing.history import History
from dosing.stock import supplies_of
from dosing.units import Fact, Sentence
from patients.models import DiaryDay, Reminder, Task
from tdm.worklist.lines import Line, Urgency


def silent_diaries(
    untold: Iterable[DiaryDay], histories: dict[int, History], at: datetime
) -> Iterable[Line]:
    """Keep whose diary has stopped; it is no word about the doses."""
    for last in untold:
        history = histories[last.patient_id]
        text = "Nothing in the diary for %(days)s days. Telephone: %(phone)s."
        facts: dict[str, Fact] = {
            "days": (history.day(at) - last.day).days - 1,
            "phone": history.patient.phone or "\u2013",
        }
        yield Line(
            patient=history.patient,
            urgency=Urgency.SILENT_DIARY,
            said=(Sentence(text, facts),),
            since=last.day,
            history=history,
        )


def undelivered(
    given_up: Iterable[Reminder], histories: dict[int, History]
) -> Iterable[Line]:
    """Yield a line for each patient whom a reminder did not reach; someone calls."""
    newest: dict[int, Reminder] = {}
    for reminder in given_up:
        if reminder.patient_id is not None:
            newest.setdefault(reminder.patient_id, reminder)
    for key, reminder in newest.items():
        history = histories[key]
        facts: dict[str, Fact] = {
            "error": reminder.last_error,
            "phone": history.patient.phone or "\u2013",
        }
        text = "A reminder could not be sent (%(error)s). Telephone: %(phone)s."
        yield Line(
            patient=history.patient,
            urgency=Urgency.UNDELIVERED,
            said=(Sentence(text, facts),),
            since=history.day(reminder.wanted_at),
            history=history,
        )


def to_see_to(tasks: Iterable[Task], histories: dict[int, History]) -> Iterable[Line]:
    """Yield one line for each patient with open tasks, beside any line of a level."""
    by_patient: dict[int, list[Task]] = {}
    for task in tasks:
        by_patient.setdefault(task.patient_id, []).append(task)
    for key, own in by_patient.items():
        history = histories[key]
        yield Line(
            patient=history.patient,
            urgency=Urgency.URGENT_TASK if own[0].is_urgent else Urgency.TASK,
            said=(),
            since=history.day(own[0].raised_at),
            history=history,
            tasks=tuple(own),
        )


def running_out(
    patients: Sequence[int], histories: dict[int, History], at: datetime
) -> Iterable[Line]:
    """Yield a line for each patient whose tablets end soon, until more are given."""
    asked = {key: histories[key] for key in patients}
    found = supplies_of(asked, at.date()) if asked else {}
    for key, counted in found.items():
        history = histories[key]
        since = counted.asks_from
        if since is None or history.day(at) < since:
            continue
        yield Line(
            patient=history.patient,
            urgency=Urgency.SUPPLY,
            said=policy.supply_in_words(counted),
            since=since,
            history=history,
        )
