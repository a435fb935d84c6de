"""Units and CTCAE grades of safety labs, at every edge of the table."""

from datetime import date
from decimal import Decimal

import pytest

from dosing.models import Analyte
from dosing.policy.grades import (
    AT_LEAST,
    NO_GRADE,
    NO_RANGE,
    RULES,
    TRIGLYCERIDES,
    Baseline,
    Grade,
    grade,
)
from dosing.policy.labs import (
    CAN_BE_TRUE,
    CTCAE_VERSION,
    UNITS,
    Range,
    Reported,
    Side,
    Standing,
    Substance,
    kept_unit,
    short,
    to_see_to,
)
from dosing.words import say


def reported(substance: str, number: str, unit: str = "") -> Reported:
    known = Substance(substance)
    return Reported(known, Decimal(number), unit or kept_unit(known))


def span(low: str | None, high: str | None) -> Range:
    return Range(Decimal(low) if low else None, Decimal(high) if high else None)


def test_the_form_offers_exactly_what_the_policy_knows() -> None:
    assert set(Analyte.values) == set(Substance) == set(UNITS) == set(CAN_BE_TRUE)


@pytest.mark.parametrize(
    ("substance", "number", "unit", "value"),
    [
        ("neutrophils", "1.5", "10^3/uL", "1.5"),
        ("platelets", "250000", "/uL", "250"),
        ("haemoglobin", "13.2", "g/dL", "132"),
        ("haematocrit", "0.38", "L/L", "38"),
        ("creatinine", "1.2", "mg/dL", "106.08"),
        ("alt", "0.5", "ukat/L", "30"),
        ("bilirubin", "1", "mg/dL", "17.1"),
        ("triglycerides", "150", "mg/dL", "1.6936"),
        ("cholesterol", "200", "mg/dL", "5.1720"),
        ("ldl", "100", "mg/dL", "2.5860"),
        ("glucose", "100", "mg/dL", "5.5506"),
        ("urine_protein", "200", "mg/g", "0.2"),
        ("urine_protein", "50", "mg/mmol", "0.442"),
        ("d_dimer", "500", "ng/mL FEU", "0.5"),
        ("fibrinogen", "250", "mg/dL", "2.5"),
    ],
)
def test_a_report_becomes_the_kept_unit(
    substance: str, number: str, unit: str, value: str
) -> None:
    assert reported(substance, number, unit).value == Decimal(value)


def test_the_factor_is_shown() -> None:
    creatinine = reported("creatinine", "1.2", "mg/dL")
    lipid = reported("cholesterol", "200", "mg/dL")

    assert creatinine.conversion == "1.2 mg/dL = 106 \u00b5mol/L (\u00d7 88.4)"
    assert lipid.conversion == "200 mg/dL = 5.17 mmol/L (\u00f7 38.67)"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0"),
        ("0.0132", "0.0132"),
        ("106.08", "106"),
        ("1234.5", "1234"),
        ("20", "20"),
    ],
)
def test_a_converted_number_is_written_in_three_digits(number: str, text: str) -> None:
    assert short(Decimal(number)) == text


def test_every_limit_of_what_can_be_true_belongs_to_it() -> None:
    least = Decimal("0.0001")
    for substance, (low, high) in CAN_BE_TRUE.items():
        unit = kept_unit(substance)
        assert Reported(substance, low, unit).slip is None
        assert Reported(substance, high, unit).slip is None
        assert Reported(substance, low - least, unit).slip is not None
        assert Reported(substance, high + least, unit).slip is not None


def test_a_slip_of_the_unit_is_said_in_the_unit_that_was_typed() -> None:
    slip = reported("haemoglobin", "132", "g/dL").slip

    assert slip is not None
    assert say(slip) == (
        "This value cannot be true: it lies between 2 and 30 g/dL."
        " Check the number and its unit."
    )


COUNTS = {
    "neutrophils": ("2.0", ["2.0", "1.5", "1.0", "0.5"]),
    "white_cells": ("4.0", ["4.0", "3.0", "2.0", "1.0"]),
    "lymphocytes": ("1.1", ["1.1", "0.8", "0.5", "0.2"]),
    "platelets": ("150", ["150", "75", "50", "25"]),
    "haemoglobin": ("120", ["120", "100", "80"]),
    "fibrinogen": ("4", ["4", "3", "2", "1"]),
}


@pytest.mark.parametrize("substance", COUNTS)
def test_what_falls_is_graded_below_each_limit(substance: str) -> None:
    lower, limits = COUNTS[substance]
    for number, limit in enumerate(limits):
        at = reported(substance, limit)
        just_below = reported(substance, str(Decimal(limit) - Decimal("0.0001")))
        assert grade(at, span(lower, None), None) == Grade(number)
        assert grade(just_below, span(lower, None), None) == Grade(number + 1)


def test_haemoglobin_is_graded_alike_in_both_units() -> None:
    in_dl = [
        grade(reported("haemoglobin", n, "g/dL"), span("120", None), None).number
        for n in ("12.0", "11.9", "10.0", "9.9", "8.0", "7.9")
    ]

    assert in_dl == [0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("unit", "number", "expected"),
    [
        ("mg/dL", "149", 0),
        ("mg/dL", "150", 1),
        ("mg/dL", "300", 1),
        ("mg/dL", "301", 2),
        ("mg/dL", "500", 2),
        ("mg/dL", "501", 3),
        ("mg/dL", "1000", 3),
        ("mg/dL", "1001", 4),
        ("mmol/L", "1.70", 0),
        ("mmol/L", "1.71", 1),
        ("mmol/L", "3.42", 1),
        ("mmol/L", "3.43", 2),
        ("mmol/L", "5.7", 2),
        ("mmol/L", "5.71", 3),
        ("mmol/L", "11.4", 3),
        ("mmol/L", "11.41", 4),
    ],
)
def test_triglycerides_need_no_range(unit: str, number: str, expected: int) -> None:
    assert grade(reported("triglycerides", number, unit), None, None) == Grade(expected)


@pytest.mark.parametrize(
    ("unit", "number", "expected"),
    [
        ("mg/dL", "200", 0),
        ("mg/dL", "202", 1),
        ("mg/dL", "300", 1),
        ("mg/dL", "301", 2),
        ("mg/dL", "400", 2),
        ("mg/dL", "401", 3),
        ("mg/dL", "500", 3),
        ("mg/dL", "501", 4),
        ("mmol/L", "5.2", 0),
        ("mmol/L", "5.21", 1),
        ("mmol/L", "7.75", 1),
        ("mmol/L", "7.76", 2),
        ("mmol/L", "10.34", 2),
        ("mmol/L", "10.35", 3),
        ("mmol/L", "12.92", 3),
        ("mmol/L", "12.93", 4),
    ],
)
def test_cholesterol_is_graded_in_the_unit_of_its_report(
    unit: str, number: str, expected: int
) -> None:
    found = grade(reported("cholesterol", number, unit), span(None, "5.2"), None)

    assert found == Grade(expected)


def test_every_lipid_unit_that_can_be_typed_has_its_cuts() -> None:
    assert set(TRIGLYCERIDES) == set(UNITS[Substance.TRIGLYCERIDES])


UPPER = {
    "alt": ("40", ["40", "120", "200", "800"]),
    "ast": ("40", ["40", "120", "200", "800"]),
    "bilirubin": ("20", ["20", "30", "60", "200"]),
    "creatinine": ("100", ["100", "150", "300", "600"]),
}


@pytest.mark.parametrize("substance", UPPER)
@pytest.mark.parametrize("before", [None, "usual"])
def test_what_rises_is_graded_above_each_multiple(
    substance: str, before: str | None
) -> None:
    upper, limits = UPPER[substance]
    usual = Baseline(Decimal(upper), is_abnormal=False) if before else None
    for number, limit in enumerate(limits):
        at = reported(substance, limit)
        above = reported(substance, str(Decimal(limit) + Decimal("0.0001")))
        assert grade(at, span(None, upper), usual).number == number
        assert grade(above, span(None, upper), usual).number == number + 1


@pytest.mark.parametrize("substance", ["alt", "ast"])
@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("149.9", 0),
        ("150", 1),
        ("300", 1),
        ("300.1", 2),
        ("500", 2),
        ("500.1", 3),
        ("2000", 3),
        ("2000.1", 4),
    ],
)
def test_enzymes_abnormal_before_treatment_are_graded_against_that(
    substance: str, number: str, expected: int
) -> None:
    before = Baseline(Decimal(100), is_abnormal=True)

    assert grade(reported(substance, number), span(None, "40"), before) == Grade(
        expected
    )


@pytest.mark.parametrize(
    ("number", "expected"),
    [("40", 0), ("40.1", 1), ("60", 1), ("60.1", 2), ("120", 2), ("120.1", 3)],
)
def test_bilirubin_abnormal_before_treatment_is_graded_against_that(
    number: str, expected: int
) -> None:
    before = Baseline(Decimal(40), is_abnormal=True)

    assert grade(reported("bilirubin", number), span(None, "20"), before) == Grade(
        expected
    )


def test_creatinine_takes_the_worse_of_range_and_value_before() -> None:
    before = Baseline(Decimal(50), is_abnormal=False)
    found = [
        grade(reported("creatinine", number), span(None, "100"), before).number
        for number in ("75", "75.1", "150", "150.1", "601")
    ]

    assert found == [0, 2, 2, 3, 4]


@pytest.mark.parametrize(
    ("substance", "mild", "severe", "severe_grade"),
    [
        ("neutrophils", "1.6", "0.9", 3),
        ("haemoglobin", "110", "79", 3),
        ("cholesterol", "6", "8", 2),
        ("fibrinogen", "1", "0.4", 4),
    ],
)
def test_without_a_range_only_grades_with_numbers_of_their_own_are_given(
    substance: str, mild: str, severe: str, severe_grade: int
) -> None:
    assert grade(reported(substance, mild), None, None) == Grade(None, NO_RANGE)
    assert grade(reported(substance, severe), None, None) == Grade(severe_grade)


@pytest.mark.parametrize("substance", ["alt", "ast", "bilirubin", "creatinine"])
def test_without_a_range_nothing_is_graded_by_its_upper_limit(substance: str) -> None:
    assert grade(reported(substance, "800"), None, None) == Grade(None, NO_RANGE)


def test_without_a_range_creatinine_is_graded_against_the_value_before() -> None:
    before = Baseline(Decimal(50), is_abnormal=False)

    found = grade(reported("creatinine", "151"), None, before)

    assert found == Grade(3, AT_LEAST)


@pytest.mark.parametrize("substance", sorted(set(Substance) - set(RULES)))
def test_what_the_table_does_not_grade_is_not_graded(substance: str) -> None:
    found = grade(reported(substance, "30"), span("1", "2"), None)

    assert found == Grade(None, NO_GRADE)


@pytest.mark.parametrize(
    ("value", "side"),
    [
        ("4.9", Side.LOW),
        ("5", Side.INSIDE),
        ("40", Side.INSIDE),
        ("40.1", Side.HIGH),
    ],
)
def test_both_ends_belong_to_the_laboratorys_range(value: str, side: Side) -> None:
    assert span("5", "40").side(Decimal(value)) is side


@pytest.mark.parametrize(
    ("side", "number", "crosses"),
    [
        (Side.INSIDE, 1, False),
        (Side.INSIDE, 2, True),
        (Side.UNKNOWN, None, False),
        (Side.HIGH, None, True),
        (Side.LOW, 0, True),
    ],
)
def test_a_limit_is_crossed_outside_the_range_or_from_grade_2_on(
    side: Side, number: int | None, *, crosses: bool
) -> None:
    assert Standing(side, number).crosses is crosses


@pytest.mark.parametrize(("number", "severe"), [(2, False), (3, True), (4, True)])
def test_grade_3_is_severe(number: int, *, severe: bool) -> None:
    assert Standing(Side.LOW, number).is_severe is severe


def test_low_lymphocytes_ask_about_prophylaxis_and_order_nothing() -> None:
    low = Standing(Side.LOW, 2)
    said = say(
        to_see_to(Substance.LYMPHOCYTES, "Lymphocytes", "0.6", date(2026, 3, 2), low)
    )

    assert said.endswith("Is prophylaxis to be decided on?")
    assert f"CTCAE {CTCAE_VERSION} grade: 2" in said


def test_high_lymphocytes_do_not_ask_about_prophylaxis() -> None:
    high = Standing(Side.HIGH, 0)
    said = to_see_to(Substance.LYMPHOCYTES, "Lymphocytes", "9", date(2026, 3, 2), high)

    assert say(said) == "Lymphocytes 9 on 2026-03-02: above the laboratory's range."
