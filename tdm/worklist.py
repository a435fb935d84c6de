"""Who needs someone today, why, and the one button that resolves it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum

from dosing import policy
from dosing.history import History, histories_of
from dosing.models import Comedication, Decision, Dispensing, Dose, TroughLevel
from dosing.stock import supplies_of
from dosing.units import Fact, Sentence
from patients.models import DiaryDay, Patient, Role, Staff, Task


class Urgency(IntEnum):
    """Most urgent first."""

    URGENT_LEVEL = 0
    URGENT_TASK = 1
    LEVEL_OUT_OF_RANGE = 2
    LEVEL_OVERDUE = 3
    NEVER_MEASURED = 4
    TASK = 5
    LEVEL_DUE = 6
    SUPPLY = 7
    SILENT_DIARY = 8


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

    @property
    def owner(self) -> Role:
        """Whose turn it is."""
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
    def kind(self) -> str:
        return self.urgency.name.lower()


TASKS_AT_ONCE = 3
"""So many tasks of one patient are on Today; the patient's page has all."""

OVERDUE = {Urgency.LEVEL_OVERDUE, Urgency.NEVER_MEASURED}


@dataclass(frozen=True, slots=True)
class Due:
    """A day of the coming week and whose level is expected on it."""

    day: date
    patients: tuple[Patient, ...]


@dataclass(frozen=True, slots=True)
class Worklist:
    lines: tuple[Line, ...]
    week: tuple[Due, ...]

    @property
    def to_act_on(self) -> int:
        return sum(line.decides for line in self.lines)

    @property
    def overdue(self) -> int:
        return sum(line.urgency in OVERDUE for line in self.lines)

    @property
    def tasks(self) -> int:
        return sum(len(line.tasks) for line in self.lines)

    @property
    def due_this_week(self) -> int:
        return sum(len(due.patients) for due in self.week)

    @property
    def next_due(self) -> Due | None:
        return next((due for due in self.week if due.patients), None)


def worklist(staff: Staff, *, at: datetime) -> Worklist:
    """Rank what is open in the clinics of one person: one statement per section."""
    patients = (
        Patient.objects.visible_to(staff)
        .in_follow_up()
        .select_related("site")
        .prefetch_related("lesions")
    )
    levels = list(
        TroughLevel.objects.filter(patient__in=patients)
        .select_related("laboratory")
        .latest_unanswered()
        .perhaps_outside_target()
    )
    awaited = list(Decision.objects.filter(patient__in=patients).awaited())
    unmeasured = list(
        Dose.objects.filter(patient__in=patients).never_measured(at.date())
    )
    on_drug = Dose.objects.on(at.date()).values("patient")
    silent = list(
        TroughLevel.objects.filter(patient__in=patients)
        .filter(patient__in=on_drug)
        .long_ago(at)
    )
    discarded = list(
        TroughLevel.objects.filter(patient__in=patients)
        .filter(patient__in=on_drug)
        .set_aside_last()
    )
    turned = list(
        Comedication.objects.filter(patient__in=patients)
        .filter(patient__in=on_drug)
        .turned_unmeasured(at.date())
    )
    given = Dispensing.objects.filter(patient__in=patients).filter(patient__in=on_drug)
    low = [each for each in given.latest_of_each() if each.may_be_used_up(at.date())]
    tasks = list(Task.objects.open().filter(patient__in=patients).most_urgent_first())
    untold = list(
        DiaryDay.objects.filter(patient__in=patients)
        .filter(patient__in=on_drug)
        .silent_since(at.date())
    )
    keys = {
        *(day.patient_id for day in untold),
        *(task.patient_id for task in tasks),
        *(level.patient_id for level in levels),
        *(decision.patient_id for decision in awaited),
        *(dose.patient_id for dose in unmeasured),
        *(level.patient_id for level in silent),
        *(level.patient_id for level in discarded),
        *(course.patient_id for course in turned),
        *(each.patient_id for each in low),
    }
    named = {p.pk: p for p in patients.filter(pk__in=keys)} if keys else {}
    histories = histories_of(named.values()) if named else {}
    early = list(early_levels(turned, histories, at))
    lines = [
        *unanswered(levels, histories),
        *overdue(awaited, histories, at),
        *never_measured(unmeasured, histories),
        *long_silent(silent, histories, at),
        *not_repeated(discarded, histories),
    ]
    first_of_each = {line.patient.pk: line for line in sorted(lines, key=last_first)}
    shown = [
        *first_of_each.values(),
        *to_see_to(tasks, histories),
        *silent_diaries(untold, histories, at),
        *(line for line, _due in early),
        *running_out([each.patient_id for each in low], histories, at),
    ]
    return Worklist(
        lines=tuple(sorted(shown, key=most_urgent_first)),
        week=week(
            [
                *((d.next_level_on, named[d.patient_id]) for d in awaited),
                *((due, line.patient) for line, due in early),
            ],
            at,
        ),
    )


def most_urgent_first(line: Line) -> tuple[int, date, int]:
    return (line.urgency, line.since, line.patient.pk)


def last_first(line: Line) -> int:
    """Let the most urgent line of a patient be the one that stays."""
    return -line.urgency


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
                Sentence("Not yet answered."),
            ),
            since=history.day(level.drawn_at),
            history=history,
            level=level,
            reading=reading,
        )


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


def overdue(
    awaited: Iterable[Decision], histories: dict[int, History], at: datetime
) -> Iterable[Line]:
    for decision in awaited:
        history = histories[decision.patient_id]
        if decision.next_level_on >= history.day(at):
            continue
        text = "The level planned for %(day)s has not come."
        yield Line(
            patient=history.patient,
            urgency=Urgency.LEVEL_OVERDUE,
            said=(Sentence(text, {"day": decision.next_level_on}),),
            since=decision.next_level_on,
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


def early_levels(
    turned: Iterable[Comedication], histories: dict[int, History], at: datetime
) -> Iterable[tuple[Line, date]]:
    """Yield, with its day, the level that a strong drug begun or stopped asks for.

    One line for each patient, about the latest turn on sirolimus.
    """
    latest = {course.patient_id: course for course in turned}
    for key, course in latest.items():
        history = histories[key]
        turned_on: date = course.turned_on  # type: ignore[attr-defined]
        if history.course.behind(turned_on) is None:
            continue
        site = history.patient.site
        due = policy.early_level(turned_on, site.non_clinic_weekdays)
        late = history.day(at) > due.overdue_after
        yield (
            Line(
                patient=history.patient,
                urgency=Urgency.LEVEL_OVERDUE if late else Urgency.LEVEL_DUE,
                said=(policy.early_level_in_words(due, str(course), course.stops_on),),
                since=turned_on,
                history=history,
            ),
            due.last_on,
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


def week(expected: Sequence[tuple[date, Patient]], at: datetime) -> tuple[Due, ...]:
    """Sort the patients expected into the coming days, each once a day."""
    today = at.date()
    return tuple(
        Due(day, tuple(dict.fromkeys(who for on, who in expected if on == day)))
        for day in (today + timedelta(days=n) for n in range(7))
    )
