"""What a cohort counts of a patient, worked out from the records."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Min, Prefetch

from dosing import policy
from dosing.history import History, histories_of
from dosing.ledger import as_offered
from dosing.models import (
    CohortLine,
    Decision,
    Excluded,
)
from dosing.units import Comparator
from patients.change import Change, Point
from patients.models import (
    EndReason,
    ImagingStudy,
    Lesion,
    Measurement,
    Patient,
    Quantity,
    ScheduleItem,
    SideEffect,
)
from patients.models.schedule import OPEN_UNTIL
from patients.response import AREA_RULE, Aspect, Course, Verdict, judge

WEEKS = (2, 4)
MONTHS = (0, 1, 3)
AREA_MONTHS = (0, 3)
LINES_VERSION = (
    f"cohort 3, {policy.ENGINE_VERSION}, {AREA_RULE.key} {AREA_RULE.version},"
    f" {policy.WEEK_WINDOW.days}/{policy.MONTH_WINDOW.days} days"
)
"""By what a line was worked out: lines of another version are worked out anew. The
first number is raised with whatever changes here and changes what a line says."""

GREATEST_PERCENT = Decimal(99_999)
"""A change beyond it is that of a mistyped number; the cell is missing then."""

CELLS = (
    "trough_week_2_ng_per_ml",
    "trough_week_4_ng_per_ml",
    "pain_month_0",
    "pain_month_1",
    "pain_month_3",
    "limb_month_0_cm",
    "limb_month_1_cm",
    "limb_month_3_cm",
    "area_month_0_mm2",
    "area_month_3_mm2",
)
"""The measured cells of Table 1: what may be missing."""


@dataclass(frozen=True, slots=True)
class Records:
    """What a line is worked out from, besides the patient."""

    history: History
    decisions: Sequence[Decision]
    planned_until: date | None
    """The day after which the next level that is planned is overdue."""


def lines_of(patients: Iterable[Patient], *, at: datetime) -> list[CohortLine]:
    """Work out a line for each patient; the number of statements is constant."""
    found = list(readable(patients))
    histories = histories_of(found)
    keys = list(histories)
    decisions: defaultdict[int, list[Decision]] = defaultdict(list)
    signed = Decision.objects.filter(patient__in=keys).defer("forecast", "inputs")
    for decision in signed.order_by("signed_at", "pk"):
        decisions[decision.patient_id].append(decision)
    planned = ScheduleItem.objects.levels().filter(patient__in=keys).order_by()
    last = Min(OPEN_UNTIL)
    grouped = planned.values("patient").annotate(last=last)
    until = dict(grouped.values_list("patient", "last"))
    return [
        line_of(Records(histories[each.pk], decisions[each.pk], until.get(each.pk)), at)
        for each in found
    ]


def readable(patients: Iterable[Patient]) -> Iterable[Patient]:
    """Read the patients anew with what a line needs: one statement for each table."""
    keys = [patient.pk for patient in patients]
    counted = Measurement.objects.standing().filter(
        quantity__in=[
            Quantity.PAIN_VAS,
            Quantity.CIRCUMFERENCE_CM,
            Quantity.MRI_MAX_AREA_MM2,
        ]
    )
    return (
        Patient.objects.filter(pk__in=keys)
        .select_related("site")
        .prefetch_related(
            Prefetch("measurements", counted.in_time_order()),
            Prefetch("lesions", Lesion.objects.order_by("pk")),
            Prefetch("side_effects", SideEffect.objects.standing()),
            Prefetch("imaging_studies", ImagingStudy.objects.standing()),
        )
        .order_by("pk")
    )


def line_of(records: Records, at: datetime) -> CohortLine:
    history = records.history
    patient = history.patient
    today = history.day(at)
    protocol = history.protocol_on(today)
    effects = list(patient.side_effects.all())
    line = CohortLine(
        patient=patient,
        site=patient.site,
        is_stale=False,
        worked_out_at=at,
        engine_version=LINES_VERSION,
        turns_on=next_turn(history, today),
        excluded=excluded(history),
        has_consent=patient.consented_on is not None,
        protocol=protocol,
        lesion_types=sorted({lesion.issva_type for lesion in patient.lesions.all()}),
        sex=patient.sex,
        started_on=history.course.starts_on(),
        ended_on=patient.ended_on,
        level_due_on=level_due_on(records, today),
        decisions=len(records.decisions),
        side_effects=len(effects),
        worst_grade=max((effect.grade for effect in effects), default=None),
        **choices_made(records.decisions),
    )
    if line.started_on is not None:
        started(line, history, line.started_on)
    return line


def excluded(history: History) -> str:
    if history.patient.ended_because == EndReason.WITHDRAWN:
        return Excluded.WITHDREW
    return "" if history.doses else Excluded.NO_DOSE


def next_turn(history: History, today: date) -> date | None:
    """Return the next day on which a plan changes what the line says."""
    planned = [
        day
        for dose in history.doses
        for day in (dose.starts_on, dose.stops_on)
        if day is not None
    ]
    chosen = [each.starts_on for each in history.assignments]
    turns = (day for day in [*planned, *chosen] if day > today)
    return min(turns, default=None)


def choices_made(decisions: Iterable[Decision]) -> dict[str, object]:
    suggested = [each for each in decisions if each.offered.get("recommended")]
    against = [each.reason for each in suggested if not as_offered(each)]
    return {"suggested": len(suggested), "override_reasons": against}


def started(line: CohortLine, history: History, start: date) -> None:
    """Fill in what is counted from the first dose on."""
    line.age_at_start = max(history.patient.age_on(start), 0)
    line.first_mg_per_day = history.doses[0].mg_per_day
    levels, targets = drawn(history, start), targets_of(history)
    said = [policy.is_in_range(each, targets) for each in levels]
    judged = [each for each in said if each is not None]
    line.levels = len(levels)
    if judged:
        line.first_in_range, line.last_in_range = judged[0], judged[-1]
    line.days_to_range = policy.days_to_range(levels, start, targets)
    spent = policy.time_in_range(levels, targets)
    line.days_in_range, line.days_judged = spent.in_range, spent.judged
    line.days_left_out = spent.left_out
    mean = policy.mean_of(levels)
    line.mean_ng_per_ml = hundredth(mean.ng_per_ml) if mean else None
    for name, value in cells(history, start).items():
        setattr(line, name, value)
    response(line, history.patient, start)
    line.missing_cells = sum(getattr(line, name) is None for name in CELLS)


def drawn(history: History, start: date) -> list[policy.Drawn]:
    """Return the used levels since the first dose, each on its clinic day."""
    found = (
        policy.Drawn(
            history.day(level.drawn_at),
            level.ng_per_ml,
            Comparator(level.comparator),
        )
        for level in history.used_levels
    )
    return [each for each in found if each.on >= start]


def targets_of(history: History) -> policy.TargetOn:
    def target_on(day: date) -> policy.Target | None:
        protocol = history.protocol_on(day)
        return protocol.target if protocol else None

    return target_on


def level_due_on(records: Records, today: date) -> date | None:
    """Return the day after which the next level is overdue; None if none is awaited.

    The same that puts a line "overdue" on Today: a planned level that has not come, no
    level of a dose at steady state, none for three months, one set aside and not
    repeated.
    """
    history = records.history
    if history.patient.ended_on is not None:
        return None
    due = [records.planned_until] if records.planned_until else []
    dose = history.running(today)
    if dose is not None:
        due += due_on_drug(history, dose.starts_on, planned=bool(due))
        due += not_repeated(records)
    return min(due, default=None)


def due_on_drug(history: History, since: date, *, planned: bool) -> Iterable[date]:
    used = [history.day(level.drawn_at) for level in history.used_levels]
    nearly = since + timedelta(days=policy.NEARLY_STEADY_AFTER_DAYS)
    if not any(day >= nearly for day in used):
        yield since + timedelta(days=policy.STEADY_AFTER_DAYS)
    if used and not planned:
        yield used[-1] + timedelta(days=policy.LONGEST_WITHOUT_LEVEL_DAYS)


def not_repeated(records: Records) -> Iterable[date]:
    """Yield the day of a last level that was set aside and not decided upon since."""
    for last in records.history.levels[-1:]:
        aside = last.set_aside_at
        if aside is not None and not any(
            each.signed_at > aside for each in records.decisions
        ):
            yield records.history.day(last.drawn_at)


def cells(history: History, start: date) -> dict[str, Decimal | None]:
    """Return the measured cells of Table 1."""
    patient = history.patient
    lesion = index_lesion(patient, start)
    girths = measured(patient, Quantity.CIRCUMFERENCE_CM, lesion)
    pain = by_month(measured(patient, Quantity.PAIN_VAS), start)
    limb = by_month(at_one_landmark(girths), start)
    area = by_month(measured(patient, Quantity.MRI_MAX_AREA_MM2, lesion), start)
    values = [
        *(level_in_week(history, week) for week in WEEKS),
        *(pain[month] for month in MONTHS),
        *(limb[month] for month in MONTHS),
        *(area[month] for month in AREA_MONTHS),
    ]
    return dict(zip(CELLS, values, strict=True))


def level_in_week(history: History, week: int) -> Decimal | None:
    """Return the used level nearest to a week of treatment, in ng/mL.

    A level that is only a limit is no number, so it fills no cell.
    """
    mark = history.doses[0].starts_on + timedelta(weeks=week)
    gaps = [
        (abs(history.day(level.drawn_at) - mark), level.drawn_at, level.ng_per_ml)
        for level in history.used_levels
        if not level.comparator
    ]
    near = [gap for gap in gaps if gap[0] <= policy.WEEK_WINDOW]
    return hundredth(min(near)[2]) if near else None


def by_month(rows: Sequence[Measurement], start: date) -> Mapping[int, Decimal | None]:
    """Return the value nearest to each month of treatment; the earlier of two."""
    found: dict[int, Decimal | None] = {}
    for month in MONTHS:
        mark = start + policy.months(month)
        near = [
            (abs(row.measured_on - mark), row.measured_on, row.value)
            for row in rows
            if abs(row.measured_on - mark) <= policy.MONTH_WINDOW
        ]
        found[month] = min(near)[2] if near else None
    return found


def at_one_landmark(rows: Sequence[Measurement]) -> list[Measurement]:
    """Keep the circumferences at the landmark measured most often; of two, the first.

    Those at different places do not follow from each other.
    """
    count = Counter(row.landmark_id for row in rows)
    return [row for row in rows if row.landmark_id == max(count, key=count.__getitem__)]


def measured(
    patient: Patient, quantity: Quantity, lesion: Lesion | None = None
) -> list[Measurement]:
    """Return what was measured, in time order; of a lesion where one is named."""
    return [
        row
        for row in patient.measurements.all()
        if row.quantity == quantity
        and row.withdrawn_at is None
        and (lesion is None or row.lesion_id == lesion.pk)
    ]


def index_lesion(patient: Patient, start: date) -> Lesion | None:
    """Choose the lesion that stands for a patient.

    It is the one with the largest area before treatment; where no area was measured,
    the first that was recorded.
    """
    lesions = list(patient.lesions.all())
    found = {each: area_of(patient, each, start).baseline for each in lesions}
    areas = {each: point.value for each, point in found.items() if point is not None}
    return max(areas, key=areas.__getitem__) if areas else next(iter(lesions), None)


def course_of(patient: Patient, lesion: Lesion, start: date) -> Course:
    """Return the areas of a lesion, as the response rules read them."""
    chosen = [
        study.done_on for study in patient.imaging_studies.all() if study.is_baseline
    ]
    rows = measured(patient, Quantity.MRI_MAX_AREA_MM2, lesion)
    return Course(
        started_on=start,
        baseline_on=chosen[0] if chosen else None,
        area_mm2=tuple(Point(row.measured_on, row.value) for row in rows),
    )


def area_of(patient: Patient, lesion: Lesion, start: date) -> Change:
    return course_of(patient, lesion, start).changes[Aspect.AREA]


def response(line: CohortLine, patient: Patient, start: date) -> None:
    """Fill in the last change of the area, and what the rule on areas says of it."""
    lesion = index_lesion(patient, start)
    if lesion is None:
        return
    change = area_of(patient, lesion, start)
    percent = change.percent(change.latest)
    if percent is not None and percent <= GREATEST_PERCENT:
        line.last_area_percent = percent
    said = judge(AREA_RULE, course_of(patient, lesion, start)).verdict
    line.area_responds = None if said is Verdict.UNKNOWN else said is Verdict.RESPONDS


def hundredth(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)
