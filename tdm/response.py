"""A lesion's story: its studies, what changed, and what each response rule says."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dosing.history import History
from dosing.words import plain
from patients.change import (
    BASELINE_WINDOW,
    Change,
    Point,
    baseline_of,
    days_on_drug,
    differs,
    percent_change,
)
from patients.models import (
    OF_IMAGING,
    ImagingStudy,
    Lesion,
    Measurement,
    Patient,
    Quantity,
    Visit,
)
from patients.response import (
    RULES,
    UNITS,
    Aspect,
    Course,
    Response,
    Used,
    Verdict,
    judge,
)

ASPECTS = {
    Aspect.AREA: gettext_noop("maximum MRI area"),
    Aspect.VOLUME: gettext_noop("MRI volume"),
    Aspect.PAIN: gettext_noop("pain"),
    Aspect.FUNCTION: gettext_noop("function"),
}
VERDICTS = {
    Verdict.RESPONDS: gettext_noop("responds"),
    Verdict.DOES_NOT: gettext_noop("does not respond"),
    Verdict.UNKNOWN: gettext_noop("cannot be judged"),
}
COMPARED = {
    Quantity.MRI_MAX_AREA_MM2: Aspect.AREA,
    Quantity.MRI_VOLUME_CM3: Aspect.VOLUME,
}
"""The numbers of a study that have a percentage."""

JUDGED = (*COMPARED, Quantity.PAIN_VAS)
"""What the response rules read; a diary's other numbers say nothing of a lesion."""


def in_percent(change: Decimal) -> str:
    """Write a change with its sign and two decimals."""
    return f"{change:+.2f} %".replace("-", "\u2212")


def formula(old: Decimal, new: Decimal) -> str:
    """Write how a percentage is computed, with its numbers."""
    facts = {
        "new": plain(new),
        "old": plain(old),
        "change": in_percent(percent_change(old, new)),
    }
    return _("(%(new)s \u2212 %(old)s) / %(old)s \u00d7 100 = %(change)s") % facts


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a study beside its baseline and beside what a report printed."""

    record: Measurement
    baseline: Point | None

    @property
    def is_later(self) -> bool:
        base = self.baseline
        return (
            base is not None
            and base.value > 0
            and base.on < self.record.measured_on
            and base.method == self.record.method
        )

    @property
    def percent(self) -> str:
        """Write the change from baseline; nothing for the baseline itself."""
        if self.baseline is None or not self.is_later:
            return ""
        return in_percent(percent_change(self.baseline.value, self.record.value))

    @property
    def formula(self) -> str:
        if self.baseline is None or not self.is_later:
            return ""
        return formula(self.baseline.value, self.record.value)

    @property
    def printed(self) -> str:
        printed = self.record.printed_percent
        if printed is None:
            return ""
        sign = "+" if printed > 0 else ""
        return f"{sign}{plain(printed)} %".replace("-", "\u2212")

    @property
    def differs(self) -> bool:
        printed = self.record.printed_percent
        if printed is None or self.baseline is None or not self.is_later:
            return False
        return differs(printed, self.baseline.value, self.record.value)


@dataclass(frozen=True, slots=True)
class Study:
    """One study as a lesion's page shows it."""

    record: ImagingStudy
    week: int | None
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """What is computed of one quantity, and never typed."""

    aspect: Aspect
    change: Change

    @property
    def name(self) -> str:
        return _(ASPECTS[self.aspect])

    @property
    def unit(self) -> str:
        return _(UNITS[self.aspect])

    @property
    def latest(self) -> str:
        return self.percent(self.change.latest)

    @property
    def latest_formula(self) -> str:
        return self.formula(self.change.latest)

    @property
    def best(self) -> str:
        return self.percent(self.change.best)

    @property
    def best_formula(self) -> str:
        return self.formula(self.change.best)

    def percent(self, point: Point | None) -> str:
        change = self.change.percent(point)
        return "" if change is None else in_percent(change)

    def formula(self, point: Point | None) -> str:
        base = self.change.baseline
        if base is None or point is None or not base.value:
            return ""
        return formula(base.value, point.value)


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule's verdict in words, with the raw numbers it used."""

    response: Response

    @property
    def word(self) -> str:
        return _(VERDICTS[self.response.verdict])

    @property
    def used(self) -> list[tuple[str, Used, str]]:
        return [
            (
                _(ASPECTS[each.aspect]),
                each,
                "" if each.percent is None else in_percent(each.percent),
            )
            for each in self.response.used
        ]

    @property
    def missing(self) -> list[str]:
        return [_(ASPECTS[each]) for each in self.response.missing]


@dataclass(frozen=True, slots=True)
class LesionStory:
    """Everything a page says of one lesion's course."""

    lesion: Lesion
    course: Course
    studies: tuple[Study, ...]

    @property
    def derived(self) -> list[Derived]:
        """Return each quantity that was ever measured."""
        measured = {
            Aspect.AREA: self.course.area_mm2,
            Aspect.VOLUME: self.course.volume_cm3,
            Aspect.PAIN: self.course.pain_vas,
            Aspect.FUNCTION: self.course.function_grade,
        }
        changes = self.course.changes
        return [
            Derived(aspect, changes[aspect])
            for aspect, points in measured.items()
            if points
        ]

    @property
    def judged(self) -> list[Judged]:
        return [Judged(judge(rule, self.course)) for rule in RULES]

    @property
    def lacks_baseline(self) -> bool:
        """Say whether no image can be compared: every percentage depends on one."""
        changes = self.course.changes
        return not any(changes[each].baseline for each in COMPARED.values())

    @property
    def baseline_days(self) -> int:
        return BASELINE_WINDOW.days


def stories_of(history: History, lesions: Iterable[Lesion]) -> list[LesionStory]:
    """Tell the course of each lesion: three statements, however many there are."""
    patient = history.patient
    studies = list(ImagingStudy.objects.of(patient).in_time_order())
    spoken = models.Q(lesion__isnull=False) | models.Q(quantity__in=JUDGED)
    rows = list(Measurement.objects.of(patient).filter(spoken).in_time_order())
    function = tuple(function_of(patient))
    told = list(lesions)
    measured = {row.lesion_id for row in rows}
    return [
        story_of_lesion(
            history,
            lesion,
            studies,
            [
                row
                for row in rows
                if row.lesion_id == lesion.pk
                or (row.lesion_id is None and speaks_of(lesion, told, measured))
            ],
            function if speaks_of(lesion, told, measured) else (),
        )
        for lesion in told
    ]


def speaks_of(
    lesion: Lesion, lesions: Sequence[Lesion], measured: Collection[int | None]
) -> bool:
    """Say whether a patient's pain and function speak of a lesion.

    Of several lesions they say nothing of one that was never measured itself.
    """
    return len(lesions) == 1 or lesion.pk in measured


def function_of(patient: Patient) -> Iterable[Point]:
    """Yield the graded function of each visit at which it was asked."""
    asked = Visit.objects.of(patient).exclude(function_grade=None).in_time_order()
    for on, grade in asked.values_list("held_on", "function_grade"):
        yield Point(on, Decimal(grade or 0))


def story_of_lesion(
    history: History,
    lesion: Lesion,
    studies: Sequence[ImagingStudy],
    rows: Sequence[Measurement],
    function: tuple[Point, ...] = (),
) -> LesionStory:
    start = history.course.starts_on()
    course = course_of(start, lesion, studies, rows, function)
    changes = course.changes
    by_study: defaultdict[int | None, list[Measurement]] = defaultdict(list)
    for row in rows:
        if row.lesion_id == lesion.pk:
            by_study[row.imaging_id].append(row)
    return LesionStory(
        lesion,
        course,
        tuple(
            Study(
                study,
                week_of(start, study.done_on),
                tuple(numbers(by_study[study.pk], changes)),
            )
            for study in studies
        ),
    )


def week_of(start: date | None, day: date) -> int | None:
    return (day - start).days // 7 if start is not None else None


def numbers(
    rows: Iterable[Measurement], changes: Mapping[Aspect, Change]
) -> Iterable[Number]:
    for row in rows:
        aspect = COMPARED.get(Quantity(row.quantity))
        yield Number(row, changes[aspect].baseline if aspect else None)


@dataclass(frozen=True, slots=True)
class Alike:
    """Numbers that may be compared, in time order: one quantity, place and method.

    `baseline` is the one they are compared with; None where there is none, or where it
    was obtained in another way.
    """

    values: Sequence[Measurement]
    baseline: Measurement | None

    @property
    def first(self) -> Measurement:
        return self.values[0]


def measured_alike(
    rows: Iterable[Measurement], started_on: date | None, chosen_on: date | None
) -> Iterable[Alike]:
    """Sort numbers in time order by what may be compared, as the lesion's page does.

    Lesions, landmarks and ways of obtaining a number are kept apart.
    """
    places: defaultdict[tuple[object, ...], list[Measurement]] = defaultdict(list)
    for row in rows:
        places[row.quantity, row.lesion_id, row.landmark_id].append(row)
    for values in places.values():
        chosen = chosen_on if values[0].quantity in OF_IMAGING else None
        points = [Point(row.measured_on, row.value, row.method) for row in values]
        found = baseline_of(points, started_on=started_on, chosen_on=chosen)
        base = values[points.index(found)] if found else None
        for method in dict.fromkeys(row.method for row in values):
            same = base is not None and base.method == method
            yield Alike(
                [row for row in values if row.method == method], base if same else None
            )


def chosen_baseline(patient: Patient) -> date | None:
    """Return the day of the study that was chosen as the baseline."""
    chosen = ImagingStudy.objects.of(patient).filter(is_baseline=True)
    return chosen.values_list("done_on", flat=True).first()


def course_of(
    started_on: date | None,
    lesion: Lesion,
    studies: Iterable[ImagingStudy],
    rows: Iterable[Measurement],
    function: tuple[Point, ...] = (),
) -> Course:
    """Gather what the response rules read, of one lesion and of its patient."""
    chosen = [study.done_on for study in studies if study.is_baseline]
    points: defaultdict[str, list[Point]] = defaultdict(list)
    for row in rows:
        if row.withdrawn_at is None and row.lesion_id in {None, lesion.pk}:
            point = Point(row.measured_on, row.value, row.method)
            points[row.quantity].append(point)
    return Course(
        started_on=started_on,
        baseline_on=chosen[0] if chosen else None,
        area_mm2=tuple(points[Quantity.MRI_MAX_AREA_MM2]),
        volume_cm3=tuple(points[Quantity.MRI_VOLUME_CM3]),
        pain_vas=tuple(points[Quantity.PAIN_VAS]),
        function_grade=function,
    )


def time_on_drug(history: History, today: date) -> int:
    """Count the days with a prescribed dose up to today."""
    periods = [(dose.starts_on, dose.stops_on) for dose in history.doses]
    return days_on_drug(periods, today)
