"""Lines about the schedule: what is late, and levels that a strong drug asks for."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from dosing import policy
from dosing.history import History
from dosing.units import Fact, Sentence
from dosing.words import said_of
from patients import inbox
from patients.models import ItemKind, Role, ScheduleItem
from tdm.worklist.lines import Line, Urgency

WAIT = timedelta(days=policy.RECHECK_AFTER_CHANGE_DAYS[0])
"""From a change until the window of its level opens."""

LATE = {
    ItemKind.LEVEL: (
        Urgency.LEVEL_OVERDUE,
        "The level planned for %(day)s has not come.",
    ),
    ItemKind.LABS: (
        Urgency.LABS_OVERDUE,
        "The safety laboratory planned for %(day)s has not come.",
    ),
    ItemKind.MRI: (Urgency.MRI_OVERDUE, "The MRI planned for %(day)s is not recorded."),
    ItemKind.VISIT: (
        Urgency.VISIT_OVERDUE,
        "The visit planned for %(day)s is not recorded.",
    ),
}


def late_levels(
    items: Iterable[ScheduleItem], histories: dict[int, History], at: datetime
) -> Iterable[Line]:
    """Yield a line for each planned level whose window has closed without it."""
    for item in items:
        history = histories[item.patient_id]
        if is_of_the_rhythm(item) and item.is_late(history.day(at)):
            yield late_line(item, history, at)


def levels_after_drugs(
    items: Iterable[ScheduleItem], histories: dict[int, History], at: datetime
) -> Iterable[Line]:
    """Yield a line for each level that a strong drug asks for, until a day is booked.

    It comes again when the window has closed without the level.
    """
    for item in items:
        history = histories[item.patient_id]
        if item.is_late(history.day(at)):
            yield late_line(item, history, at)
        elif item.booked_on is None and item.opens_on - WAIT <= history.day(at):
            yield due_line(item, history, history.day(at))


def late_otherwise(
    items: Iterable[ScheduleItem], histories: dict[int, History], at: datetime
) -> Iterable[Line]:
    """Yield one line for each patient whose laboratory, MRI or visit is late."""
    late: defaultdict[int, list[ScheduleItem]] = defaultdict(list)
    for item in items:
        if item.kind != ItemKind.LEVEL and item.is_late(
            histories[item.patient_id].day(at)
        ):
            late[item.patient_id].append(item)
    for key, own in late.items():
        lines = [late_line(item, histories[key], at) for item in own]
        lines.sort(key=lambda line: (line.urgency, line.since))
        turns = {line.turn for line in lines}
        yield replace(
            lines[0],
            said=tuple(sentence for line in lines for sentence in line.said),
            since=min(line.since for line in lines),
            turn=Role.CLINICIAN if Role.CLINICIAN in turns else Role.NURSE,
        )


def booked_when_closed(
    items: Iterable[ScheduleItem], histories: dict[int, History]
) -> Iterable[Line]:
    """Yield a line for each booking on a day that the clinic has closed since."""
    text = "%(what)s is booked for %(day)s, when the clinic is closed."
    for item in items:
        facts: dict[str, Fact] = {"what": item.get_kind_display(), "day": item.day}
        yield Line(
            patient=histories[item.patient_id].patient,
            urgency=Urgency.BOOKED_CLOSED,
            said=(Sentence(text, facts),),
            since=item.day,
            history=histories[item.patient_id],
        )


def is_asked_by_a_drug(item: ScheduleItem) -> bool:
    return item.kind == ItemKind.LEVEL and item.key.startswith(policy.DRUG_TURN)


def is_of_the_rhythm(item: ScheduleItem) -> bool:
    return item.kind == ItemKind.LEVEL and not is_asked_by_a_drug(item)


def late_line(item: ScheduleItem, history: History, at: datetime) -> Line:
    """Say what is late; the inbox and the reminders hand it on alike."""
    urgency, text = LATE[ItemKind(item.kind)]
    return Line(
        patient=history.patient,
        urgency=urgency,
        said=(Sentence(text, {"day": item.day}),),
        since=item.last_on + timedelta(days=1),
        history=history,
        turn=inbox.owner(item.last_on, history.day(at)),
    )


def due_line(item: ScheduleItem, history: History, today: date) -> Line:
    facts: dict[str, Fact] = {
        "first": item.opens_on,
        "last": item.closes_on,
        "what": said_of(item),
    }
    return Line(
        patient=history.patient,
        urgency=Urgency.LEVEL_DUE,
        said=(Sentence("Level due %(first)s to %(last)s: %(what)s.", facts),),
        since=min(item.opens_on, today),
        history=history,
    )
