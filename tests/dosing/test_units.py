"""What a report says, as a number in ng/mL, and which slips are asked about."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing import units
from dosing.units import Comparator, Entry, Expectation, Reported, Unit

levels = st.decimals("0.01", "200", places=2)
UNITS = st.sampled_from(list(Unit))


def an_entry(value: str, unit: Unit = Unit.NG_PER_ML, **facts: object) -> Entry:
    return Entry(
        **{  # type: ignore[arg-type]
            "reported": units.parse_reported(value),
            "unit": unit,
            "laboratory_unit": Unit.NG_PER_ML,
            "lower_limit_ng_per_ml": Decimal(2),
            "whole_blood": True,
            "expectation": Expectation(Decimal(5), Decimal(20)),
            **facts,
        }
    )


def asked(entry: Entry) -> list[str]:
    return [question.key.split(":")[0] for question in units.questions(entry)]


@given(levels)
def test_a_number_reads_the_same_with_point_comma_or_full_width_digits(
    value: Decimal,
) -> None:
    text = f"{value:.2f}"
    wide = text.translate(str.maketrans("0123456789.", "０１２３４５６７８９．"))

    assert {
        units.parse_reported(text),
        units.parse_reported(text.replace(".", ",")),
        units.parse_reported(wide),
    } == {Reported(Comparator.EXACTLY, value)}


@given(levels, st.sampled_from(["<", ">", "＜", "＞"]))
def test_a_sign_before_the_number_is_kept(value: Decimal, sign: str) -> None:
    reported = units.parse_reported(f"{sign} {value:.2f}")

    assert reported.value == value
    assert reported.comparator in {Comparator.BELOW, Comparator.ABOVE}


def read(text: str) -> Reported | str:
    try:
        return units.parse_reported(text)
    except units.NotANumberError as refusal:
        return refusal.sentence.text


@given(st.text(max_size=30) | st.from_regex(r"[<>]?[0-9.,eE_+-]{1,12}"))
def test_whatever_is_typed_is_a_level_or_a_sentence(text: str) -> None:
    answer = read(text)

    if isinstance(answer, Reported):
        assert 0 < answer.value < 10_000
    else:
        assert answer.endswith(".")


@given(levels)
def test_ng_per_ml_and_ug_per_l_are_the_same(value: Decimal) -> None:
    assert units.to_ng_per_ml(value, Unit.NG_PER_ML) == value
    assert units.to_ng_per_ml(value, Unit.UG_PER_L) == value


@given(levels)
def test_a_level_in_ng_per_dl_is_a_hundredth(value: Decimal) -> None:
    assert units.to_ng_per_ml(value, Unit.NG_PER_DL) * 100 == value


@given(levels)
def test_nmol_per_l_goes_by_the_molar_mass(value: Decimal) -> None:
    back = units.to_ng_per_ml(value, Unit.NMOL_PER_L) * units.NMOL_PER_NG

    assert abs(back - value) < Decimal("0.0001")


def test_one_ng_per_ml_is_1_0939_nmol_per_l() -> None:
    assert round(units.NMOL_PER_NG, 4) == Decimal("1.0939")


@given(levels, UNITS)
def test_no_other_unit_than_the_laboratorys_is_believed_without_asking(
    value: Decimal, unit: Unit
) -> None:
    entry = an_entry(str(value), unit, expectation=None)

    same = unit in {Unit.NG_PER_ML, Unit.UG_PER_L}
    assert ("unit" in asked(entry)) is not same


def test_the_reports_own_slip_is_answered_with_both_readings() -> None:
    question = units.questions(an_entry("13.3", Unit.NG_PER_DL))[0]

    assert question.sentence.facts["converted"] == Decimal("0.133")
    assert question.instead == Reported(Comparator.EXACTLY, Decimal("13.3"))
    assert question.instead_unit is Unit.NG_PER_ML


@pytest.mark.parametrize(
    ("value", "meant"), [("100", "10"), ("1", "10"), ("0.1", "10"), ("1000", "10")]
)
def test_ten_or_a_hundred_times_off_is_asked_about(value: str, meant: str) -> None:
    question = units.questions(an_entry(value))[0]

    assert question.key.startswith("slip")
    assert question.instead == Reported(Comparator.EXACTLY, Decimal(meant))


@pytest.mark.parametrize("value", ["5", "20", "4.9", "20.1"])
def test_what_the_patient_could_have_or_nearly_is_not_asked_about(value: str) -> None:
    assert asked(an_entry(value)) == []


@pytest.mark.parametrize(("value", "asks"), [("30", []), ("30.01", ["high"])])
def test_above_the_top_of_most_assays_is_asked_about(
    value: str, asks: list[str]
) -> None:
    assert asked(an_entry(value, expectation=None)) == asks


@pytest.mark.parametrize(
    ("value", "asks"), [("2", []), ("1.99", ["limit"]), ("<1.99", [])]
)
def test_below_the_assays_limit_is_asked_about(value: str, asks: list[str]) -> None:
    assert asked(an_entry(value, expectation=None)) == asks


def test_serum_is_asked_about() -> None:
    assert asked(an_entry("10", whole_blood=False)) == ["matrix"]


def test_the_answer_to_one_entry_is_no_answer_to_another() -> None:
    keys = {
        question.key
        for value in ("41", "42")
        for unit in (Unit.NG_PER_ML, Unit.UG_PER_L)
        for question in units.questions(an_entry(value, unit, expectation=None))
    }

    assert len(keys) == 4


def test_a_dose_lets_expect_what_models_and_published_cases_span() -> None:
    assert units.expected_from_dose(Decimal(2)) == Expectation(
        Decimal("4.2"), Decimal("16.4")
    )


def test_a_last_level_lets_expect_half_to_double_scaled_to_the_dose() -> None:
    expected = units.expected_from_level(Decimal(12), Decimal(2), Decimal(1))

    assert expected == Expectation(Decimal(3), Decimal(12))
