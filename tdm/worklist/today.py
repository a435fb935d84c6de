"""Who needs someone today, ranked: one statement per section."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from dosing.history import histories_of
from dosing.models import Comedication, Decision, Dispensing, Dose, TroughLevel
from patients.models import DiaryDay, Patient, Reminder, Staff, Task
from tdm.worklist.besides import (
    early_levels,
    running_out,
    silent_diaries,
    to_see_to,
    undelivered,
)
from tdm.worklist.levels import (
    long_silent,
    never_measured,
    not_repeated,
    overdue,
    unanswered,
)
from tdm.worklist.lines import OVERDUE, Due, Line, Worklist


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
    given_up = list(Reminder.objects.filter(patient__in=patients).undelivered())
    keys = {
        *(each.patient_id for each in given_up if each.patient_id),
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
    late = (*lines, *(line for line, _due in early))
    first_of_each = {line.patient.pk: line for line in sorted(lines, key=last_first)}
    shown = [
        *first_of_each.values(),
        *to_see_to(tasks, histories),
        *silent_diaries(untold, histories, at),
        *(line for line, _due in early),
        *undelivered(given_up, histories),
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
        overdue=len({line.patient.pk for line in late if line.urgency in OVERDUE}),
    )


def most_urgent_first(line: Line) -> tuple[int, date, int]:
    return (line.urgency, line.since, line.patient.pk)


def last_first(line: Line) -> int:
    """Let the most urgent line of a patient be the one that stays."""
    return -line.urgency


def week(expected: Sequence[tuple[date, Patient]], at: datetime) -> tuple[Due, ...]:
    """Sort the patients expected into the coming days, each once a day."""
    today = at.date()
    return tuple(
        Due(day, tuple(dict.fromkeys(who for on, who in expected if on == day)))
        for day in (today + timedelta(days=n) for n in range(7))
    )
