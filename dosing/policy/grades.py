"""CTCAE v5.0 laboratory grades: how far from normal a value lies, 0 to 4.

The cuts are those of the text [V, pharmacology.md 3.4 from the grading table of
pharmaverse/admiral]. A grade that rests on the laboratory's range or on the value
before treatment is not made up where those are not known.
"""

from collections.abc import Callable, Iterable, Mapping
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
BOUND = Sentence("The report gives a bound: the grade may be another one.")
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


@dataclass(frozen=True, slots=True)
class Case:
    """One result with all that its grade may rest on, in the kept unit."""

    reported: Reported
    low: Decimal | None
    high: Decimal | None
    baseline: Baseline | None

    @property
    def value(self) -> Decimal:
        return self.reported.judged


def grade(reported: Reported, range_: Range | None, baseline: Baseline | None) -> Grade:
    """Grade one result; `range_` is the laboratory's on the day of the draw."""
    rule = RULES.get(reported.substance)
    if rule is None:
        return Grade(None, NO_GRADE)
    low, high = (range_.low, range_.high) if range_ else (None, None)
    found = rule(Case(reported, low, high, baseline))
    if not reported.comparator or found.number is None:
        return found
    return of_a_bound(found, worse=(reported.comparator == "<") == (rule in FALLING))


def of_a_bound(found: Grade, *, worse: bool) -> Grade:
    """Say what the grade of a bound tells: it is the least, or only 0 is sure."""
    if worse:
        return Grade(found.number, BOUND) if found.number else Grade(None, BOUND)
    return Grade(None, BOUND) if found.number else found


def passed(value: Decimal, limits: Iterable[Decimal]) -> int:
    """Count the limits that a value lies above."""
    return sum(value > limit for limit in limits)


def low_count(case: Case) -> Grade:
    under = sum(case.value < limit for limit in BELOW[case.reported.substance])
    if under:
        return Grade(1 + under)
    if case.low is None:
        return Grade(None, NO_RANGE)
    return Grade(int(case.value < case.low))


def triglycerides(case: Case) -> Grade:
    number = case.reported.judged_number
    first, *others = TRIGLYCERIDES[case.reported.unit]
    return Grade((number >= first) + passed(number, others))


def cholesterol(case: Case) -> Grade:
    over = passed(case.reported.judged_number, CHOLESTEROL[case.reported.unit])
    if over:
        return Grade(1 + over)
    if case.high is None:
        return Grade(None, NO_RANGE)
    return Grade(int(case.value > case.high))


def times(value: Decimal, limit: Decimal, multiples: Cuts) -> int:
    """Grade by multiples of a limit: 1 above it, one more above each multiple."""
    return passed(value, [limit, *(limit * each for each in multiples)])


def creatinine(case: Case) -> Grade:
    """Take the worse of two: against the upper limit, and against the value before."""
    by_baseline = 0
    if case.baseline is not None:
        before = case.baseline.value
        over = passed(case.value, [before * x for x in CREATININE_TIMES_BASELINE])
        by_baseline = 1 + over if over else 0
    if case.high is not None:
        multiples = TIMES_UPPER[Substance.CREATININE]
        return Grade(max(by_baseline, times(case.value, case.high, multiples)))
    return Grade(by_baseline, AT_LEAST) if by_baseline else Grade(None, NO_RANGE)


def fibrinogen(case: Case) -> Grade:
    if case.value < FIBRINOGEN_LOWEST_G_L:
        return Grade(len(FIBRINOGEN_TIMES_LOWER))
    if case.low is None:
        return Grade(None, NO_RANGE)
    limits = [case.low * each for each in FIBRINOGEN_TIMES_LOWER]
    return Grade(sum(case.value < limit for limit in limits))


def liver(case: Case) -> Grade:
    """Grade by the upper limit, or by the value before if that was abnormal."""
    substance = case.reported.substance
    multiples = TIMES_UPPER[substance]
    if case.baseline is not None and case.baseline.is_abnormal:
        before = case.baseline.value
        number = times(case.value, before, multiples)
        starts = before * ENZYMES_FROM_BASELINE
        mild = number == 1 and substance is not Substance.BILIRUBIN
        return Grade(0 if mild and case.value < starts else number)
    if case.high is None:
        return Grade(None, NO_RANGE)
    return Grade(times(case.value, case.high, multiples))


RULES: Mapping[Substance, Callable[[Case], Grade]] = {
    **dict.fromkeys(BELOW, low_count),
    Substance.TRIGLYCERIDES: triglycerides,
    Substance.CHOLESTEROL: cholesterol,
    Substance.CREATININE: creatinine,
    Substance.FIBRINOGEN: fibrinogen,
    Substance.ALT: liver,
    Substance.AST: liver,
    Substance.BILIRUBIN: liver,
}
"""How each is graded; what is not named here has no laboratory grade in the table."""

FALLING = (low_count, fibrinogen)
"""The rules by which a lower value is the worse one."""
