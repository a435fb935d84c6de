"""What changed since baseline, and what each response rule makes of it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from patients import change
from patients.change import Point, change_of
from patients.response import (
    AREA_RULE,
    RULES,
    SERIES_RULE,
    VOLUME_RULE,
    Aspect,
    Course,
    Rule,
    Verdict,
    judge,
)

START = date(2026, 3, 2)


def measured(*told: tuple[int, str], method: str = "") -> tuple[Point, ...]:
    """Turn (day of treatment, number) into points."""
    return tuple(
        Point(START + timedelta(days=day), Decimal(number), method)
        for day, number in told
    )


CASE_1 = Course(
    START,
    area_mm2=measured((0, "1299"), (91, "931")),
    pain_vas=measured((0, "8"), (30, "5"), (91, "3")),
)
CASE_2 = Course(
    START,
    area_mm2=measured((0, "837"), (91, "704")),
    pain_vas=measured((0, "5"), (30, "4"), (91, "3")),
)


@pytest.mark.parametrize(
    ("course", "series", "area", "percent"),
    [
        (CASE_1, Verdict.RESPONDS, Verdict.RESPONDS, "-28.33"),
        (CASE_2, Verdict.RESPONDS, Verdict.DOES_NOT, "-15.89"),
    ],
)
def test_the_two_cases_respond_by_their_own_rule_and_one_by_area(
    course: Course, series: Verdict, area: Verdict, percent: str
) -> None:
    by_area = judge(AREA_RULE, course)

    assert judge(SERIES_RULE, course).verdict is series
    assert (by_area.verdict, by_area.used[0].percent) == (area, Decimal(percent))
    assert judge(VOLUME_RULE, course).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("rule", [AREA_RULE, VOLUME_RULE])
@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        ("800.00", Verdict.RESPONDS),
        ("800.01", Verdict.DOES_NOT),
        ("799.99", Verdict.RESPONDS),
    ],
)
def test_twenty_percent_smaller_is_a_response_to_the_last_hundredth(
    rule: object, now: str, verdict: Verdict
) -> None:
    numbers = measured((0, "1000"), (91, now))
    name = "area_mm2" if rule is AREA_RULE else "volume_cm3"

    assert judge(rule, Course(START, **{name: numbers})).verdict is verdict  # type: ignore[arg-type]


def test_what_is_rounded_to_twenty_percent_is_no_response() -> None:
    numbers = measured((0, "100000"), (91, "80004"))

    (used,) = judge(AREA_RULE, Course(START, area_mm2=numbers)).used

    assert (used.percent, used.met) == (Decimal("-20.00"), False)


def test_an_area_rule_reads_no_volume_and_a_volume_rule_no_area() -> None:
    smaller = measured((0, "100"), (91, "10"))

    by_area = judge(AREA_RULE, Course(START, volume_cm3=smaller))
    by_volume = judge(VOLUME_RULE, Course(START, area_mm2=smaller))

    assert (by_area.verdict, by_area.missing) == (Verdict.UNKNOWN, (Aspect.AREA,))
    assert (by_volume.verdict, by_volume.used) == (Verdict.UNKNOWN, ())


@pytest.mark.parametrize(
    ("course", "verdict"),
    [
        (Course(START, pain_vas=measured((0, "5"), (30, "4"))), Verdict.RESPONDS),
        (Course(START, pain_vas=measured((0, "5"), (30, "5"))), Verdict.DOES_NOT),
        (Course(START, function_grade=measured((0, "3"), (30, "2"))), Verdict.RESPONDS),
        (Course(START, area_mm2=measured((0, "90"), (30, "90"))), Verdict.DOES_NOT),
        (Course(START, pain_vas=measured((30, "5"), (60, "4"))), Verdict.UNKNOWN),
        (
            Course(None, START, area_mm2=measured((0, "5"), (30, "4"))),
            Verdict.UNKNOWN,
        ),
        (
            Course(START, START - timedelta(9), measured((-9, "5"), (-2, "4"))),
            Verdict.UNKNOWN,
        ),
    ],
)
def test_the_series_own_rule_takes_any_improvement(
    course: Course, verdict: Verdict
) -> None:
    assert judge(SERIES_RULE, course).verdict is verdict


def test_a_response_names_its_raw_numbers_and_what_it_could_not_read() -> None:
    answer = judge(SERIES_RULE, CASE_2)

    assert [
        (u.aspect, u.baseline.value, u.latest.value, u.unit) for u in answer.used
    ] == [
        (Aspect.AREA, Decimal(837), Decimal(704), "mm\u00b2"),
        (Aspect.PAIN, Decimal(5), Decimal(3), "VAS 0-10"),
    ]
    assert answer.missing == (Aspect.FUNCTION,)


def test_every_rule_has_a_version_and_a_source_with_its_mark() -> None:
    assert all(rule.version >= 1 and "[" in rule.citation for rule in RULES)
    assert "[V2]" in AREA_RULE.citation
    assert "[NV]" in VOLUME_RULE.citation


@pytest.mark.parametrize(
    ("days", "chosen", "baseline"),
    [
        ((-400, -30, 7, 91), None, -30),
        ((0, 7, 91), None, 0),
        ((14, 91), None, 14),
        ((15, 91), None, None),
        ((-30, 7, 91), 7, 7),
        ((-30, 91), 7, -30),
    ],
)
def test_the_baseline_is_chosen_or_the_last_before_the_drug(
    days: tuple[int, ...], chosen: int | None, baseline: int | None
) -> None:
    found = change_of(
        measured(*((day, "10") for day in days)),
        started_on=START,
        chosen_on=None if chosen is None else START + timedelta(days=chosen),
    )

    said = None if found.baseline is None else (found.baseline.on - START).days
    assert said == baseline


def test_the_best_response_is_the_smallest_under_treatment() -> None:
    told = measured((-60, "1"), (-10, "100"), (30, "60"), (60, "60"), (91, "80"))
    found = change_of(told, started_on=START)

    assert found.best is not None
    assert (found.best.on - START).days == 30
    assert found.percent(found.best) == Decimal(-40)
    assert found.percent(found.latest) == Decimal(-20)


def test_a_baseline_of_zero_has_no_percentages() -> None:
    found = change_of(measured((0, "0"), (30, "5")), started_on=START)

    assert found.percent(found.latest) is None


def test_volumes_of_two_methods_are_not_compared() -> None:
    segmented = measured((0, "100"), method="segmentation")
    computed = measured((91, "50"), method="ellipsoid")
    course = Course(START, volume_cm3=segmented + computed)

    assert judge(VOLUME_RULE, course).verdict is Verdict.UNKNOWN
    assert course.changes[Aspect.VOLUME].apart == computed


@pytest.mark.parametrize(
    ("printed", "flagged"),
    [("-28.5", False), ("-28.51", True), ("-27.5", False), ("-27.49", True)],
)
def test_a_printed_percentage_may_be_half_a_point_off(
    printed: str,
    flagged: bool,  # noqa: FBT001
) -> None:
    assert change.differs(Decimal(printed), Decimal(1000), Decimal(720)) is flagged


def test_days_on_the_drug_leave_out_the_pauses() -> None:
    def on(day: int) -> date:
        return START + timedelta(days=day)

    courses = [(on(0), on(10)), (on(20), None), (on(40), None)]

    assert change.days_on_drug(courses, on(30)) == 20


@pytest.mark.parametrize("rule", [AREA_RULE, VOLUME_RULE])
def test_a_rule_is_named_by_the_percent_it_asks_for(rule: Rule) -> None:
    (asked,) = rule.criteria

    for name in (rule.name, rule.short):
        assert f" {asked.falls_by_percent} % smaller" in name
