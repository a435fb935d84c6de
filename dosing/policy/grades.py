"""CTCAE v5.0 laboratory grades: how far from normal a value lies, 0 to 4.

The cuts are those of the text [V, pharmacology.md 3.4 from the grading table of
pharmaverse/admiral]. A grade that rests on the laboratory's range or on the value before
treatment is not made up where those are not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from dosing.policy.labs import Range, Reported, Substance
from dosing.units import Sentence

Cuts = tuple[Decimal, ...]


def cuts(*numbers: str) -> Cuts:
    return tuple(Decimal(number) for number in numbers)


BELOW: Mapping[Substance, Cuts] = {
    Substance.NEUTROPHILS: cuts("1.5", "1.0", "0.5"),
    Substance.WHITE_CELLS: cuts("3.0", "2.0", "1.0"),
    Substance.LYMPHOCYTES: cuts("0.8", "0.5", "0.2"),
    Substance.PLATELETS: cuts("75", "50", "25"),
    Substance.HAEMOGLOBIN: cuts("100", "80"),
}
"""Grades 2, 3 and 4 below these, in 10^9/L and g/L; grade 1 below the range [V].
Grade 4 of anaemia is clinical."""

TRIGLYCERIDES: Mapping[str, Cuts] = {
    "mg/dL": cuts("150", "300", "500", "1000"),
    "mmol/L": cuts("1.71", "3.42", "5.7", "11.4"),
}
"""Grade 1 from the first on, grades 2 to 4 above the others, each as its unit says
it: the text's two forms do not follow from each other exactly [V]."""

CHOLESTEROL: Mapping[str, Cuts] = {
    "mg/dL": cuts("300", "400", "500"),
    "mmol/L": cuts("7.75", "10.34", "12.92"),
}
"""Grades 2 to 4 above these; grade 1 above the range [V]."""

TIMES_UPPER: Mapping[Substance, Cuts] = {
    Substance.ALT: cuts("3", "5", "20"),
    Substance.AST: cuts("3", "5", "20"),
    Substance.BILIRUBIN: cuts("1.5", "3", "10"),
    Substance.CREATININE: cuts("1.5", "3", "6"),
}
"""Grades 2 to 4 above so many times the upper limit; grade 1 above it [V]."""

ENZYMES_FROM_BASELINE = Decimal("1.5")
"""ALT and AST that were abnormal before: grade 1 from 1.5 times that value on [V]."""

CREATININE_TIMES_BASELINE = cuts("1.5", "3")
"""Creatinine: grades 2 and 3 above so many times the value before treatment [V]."""

FIBRINOGEN_TIMES_LOWER = cuts("1", "0.75", "0.5", "0.25")
"""Grades 1 to 4 below so many times the lower limit [V]."""

FIBRINOGEN_LOWEST_G_L = Decimal("0.5")
"""Grade 4 below 50 mg/dL, whatever the range [V]."""

NO_RANGE = Sentence(
    "Cannot be graded: no reference range of this laboratory is recorded for that day."
)
AT_LEAST = Sentence(
    "At least this grade: no reference range of this laboratory is recorded for that"
    " day."
)
NO_GRADE = Sentence("Not graded: no CTCAE laboratory grade is kept for it.")


@dataclass(frozen=True, slots=True)
class Grade:
    """0 to 4, or nothing; and what stands in the way of a (better) one."""

    number: int | None
    why: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """The last value before treatment, and whether it lay above its range."""

    value: Decimal
    is_abnormal: bool


def grade(reported: Reported, range_: Range | None, baseline: Baseline | None) -> Grade:
    """Grade one result; `range_` is the laboratory's on the day of the draw."""
    low = range_.low if range_ else None
    high = range_.high if range_ else None
    substance, value = reported.substance, reported.value
    if substance in BELOW:
        return low_count(value, BELOW[substance], low)
    if substance is Substance.TRIGLYCERIDES:
        first, *others = TRIGLYCERIDES[reported.unit]
        return Grade((reported.number >= first) + passed(reported.number, others))
    if substance is Substance.CHOLESTEROL:
        return high_cholesterol(reported, high)
    if substance is Substance.CREATININE:
        return creatinine(value, high, baseline)
    if substance is Substance.FIBRINOGEN:
        return fibrinogen(value, low)
    if substance in TIMES_UPPER:
        return liver(substance, value, high, baseline)
    return Grade(None, NO_GRADE)


def passed(value: Decimal, limits: Cuts | list[Decimal]) -> int:
    """Count the limits that a value lies above."""
    return sum(value > limit for limit in limits)


def low_count(value: Decimal, limits: Cuts, low: Decimal | None) -> Grade:
    under = sum(value < limit for limit in limits)
    if under:
        return Grade(1 + under)
    return Grade(None, NO_RANGE) if low is None else Grade(int(value < low))


def high_cholesterol(reported: Reported, high: Decimal | None) -> Grade:
    over = passed(reported.number, CHOLESTEROL[reported.unit])
    if over:
        return Grade(1 + over)
    return Grade(None, NO_RANGE) if high is None else Grade(int(reported.value > high))


def times(value: Decimal, limit: Decimal, multiples: Cuts) -> int:
    """Grade by multiples of a limit: 1 above it, one more above each multiple."""
    return passed(value, [limit, *(limit * each for each in multiples)])


def creatinine(
    value: Decimal, high: Decimal | None, baseline: Baseline | None
) -> Grade:
    """The worse of two: against the upper limit, and against the value before."""
    limits = CREATININE_TIMES_BASELINE
    over = passed(value, [baseline.value * x for x in limits]) if baseline else 0
    by_baseline = 1 + over if over else 0
    if high is not None:
        by_range = times(value, high, TIMES_UPPER[Substance.CREATININE])
        return Grade(max(by_range, by_baseline))
    return Grade(by_baseline, AT_LEAST) if by_baseline else Grade(None, NO_RANGE)


def fibrinogen(value: Decimal, low: Decimal | None) -> Grade:
    if value < FIBRINOGEN_LOWEST_G_L:
        return Grade(len(FIBRINOGEN_TIMES_LOWER))
    if low is None:
        return Grade(None, NO_RANGE)
    return Grade(sum(value < low * each for each in FIBRINOGEN_TIMES_LOWER))


def liver(
    substance: Substance,
    value: Decimal,
    high: Decimal | None,
    baseline: Baseline | None,
) -> Grade:
    """Against the upper limit, or against the value before if that was abnormal."""
    multiples = TIMES_UPPER[substance]
    if baseline is not None and baseline.is_abnormal:
        by_baseline = times(value, baseline.value, multiples)
        starts = baseline.value * ENZYMES_FROM_BASELINE
        mild = by_baseline == 1 and substance is not Substance.BILIRUBIN
        return Grade(0 if mild and value < starts else by_baseline)
    return Grade(None, NO_RANGE) if high is None else Grade(times(value, high, multiples))
