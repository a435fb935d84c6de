"""Safety labs in their light: the laboratory's range, the grade, the value before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from dosing.models import Dose, LabResult, ReferenceRange
from dosing.policy.grades import Baseline, Grade, grade
from dosing.policy.labs import Range, Side, Standing
from patients.models import Patient


@dataclass(frozen=True, slots=True)
class Read:
    """One result, the range in force on its day, its side of it and its grade."""

    result: LabResult
    range: Range | None
    grade: Grade

    @property
    def side(self) -> Side:
        return self.range.side_of(self.result.reported) if self.range else Side.UNKNOWN

    @property
    def stands(self) -> Standing:
        return Standing(self.side, self.grade.number)


def read_labs(patient: Patient) -> list[Read]:
    """Read every result of a patient in time order: three statements, however many."""
    results = list(
        LabResult.objects.of(patient).select_related("laboratory").in_time_order()
    )
    if not results:
        return []
    ranges = list(
        ReferenceRange.objects.filter(
            laboratory__in={result.laboratory_id for result in results},
            sex__in=["", patient.sex],
        ).order_by("from_on", "pk")
    )
    first = Dose.objects.of(patient).standing().order_by("starts_on").first()
    began_on = first.starts_on if first else None
    return [read(result, results, ranges, began_on) for result in results]


def read(
    result: LabResult,
    results: Sequence[LabResult],
    ranges: Sequence[ReferenceRange],
    began_on: date | None,
) -> Read:
    range_ = in_force(result, ranges)
    treated = began_on is not None and result.drawn_on > began_on
    before = [
        each
        for each in results
        if treated and each.analyte == result.analyte and each.drawn_on <= began_on  # type: ignore[operator]
    ]
    baseline = baseline_of(before[-1], ranges) if before else None
    return Read(result, range_, grade(result.reported, range_, baseline))


def baseline_of(result: LabResult, ranges: Sequence[ReferenceRange]) -> Baseline:
    """Take the last value up to the first day of the drug, and judge it by its range.

    That this is the baseline is a design default [NV]; CTCAE leaves it to the study.
    Without a range it counts as normal: the grade then needs the upper limit.
    """
    range_ = in_force(result, ranges)
    abnormal = range_ is not None and range_.side_of(result.reported) is Side.HIGH
    return Baseline(result.value, abnormal)


def in_force(result: LabResult, ranges: Iterable[ReferenceRange]) -> Range | None:
    """Return the laboratory's newest range on the day; one for the sex comes first."""
    held = [
        each
        for each in ranges
        if each.laboratory_id == result.laboratory_id
        and each.analyte == result.analyte
        and each.from_on <= result.drawn_on
    ]
    own = [each for each in held if each.sex] or held
    return own[-1].range if own else None
