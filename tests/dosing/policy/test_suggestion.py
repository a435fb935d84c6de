"""What is offered, what is recommended, and which rules had a hand in it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing import policy
from dosing.policy import Course, Kind, Limits, Period, Reading, Regimen, Suggestion
from tests.dosing.policy.words import (
    ON_TWO_MG,
    ONE_MG,
    STOCK,
    TWO_MG,
    a_reading,
    day,
)

JAPAN = replace(STOCK, strengths_mg=(Decimal(1),))


def suggested(
    ng_per_ml: str,
    limits: Limits = STOCK,
    aim: str = "12.5",
) -> Suggestion:
    reading = a_reading(ng_per_ml)
    target = replace(reading.target, aim_ng_per_ml=Decimal(aim))
    return policy.suggest(replace(reading, target=target), ON_TWO_MG, limits, day(29))


def rules(suggestion: Suggestion) -> list[str]:
    return [finding.rule for finding in suggestion.findings]


def offered(suggestion: Suggestion) -> list[tuple[Decimal, Decimal | None]]:
    return [
        (c.regimen.mg_per_day, c.predicted_ng_per_ml) for c in suggestion.candidates
    ]


@pytest.mark.parametrize(("aim", "exact"), [("12.5", "1.52"), ("10", "1.22")])
def test_16_4_on_2_mg_asks_for_1_52_mg_or_1_22_mg(aim: str, exact: str) -> None:
    assert suggested("16.4", aim=aim).exact_mg_per_day == Decimal(exact)


def test_16_4_on_2_mg_is_offered_1_5_mg_and_12_3_is_predicted() -> None:
    suggestion = suggested("16.4")

    assert suggestion.recommended == Regimen(Decimal("1.5"), 24)
    assert offered(suggestion) == [
        (Decimal("1.5"), Decimal("12.3")),
        (Decimal(1), Decimal("8.2")),
    ]


@pytest.mark.parametrize(
    ("level", "exact"),
    [("13.3", "1.50"), ("14.7", "1.36"), ("13.5", "1.48"), ("16.4", "1.22")],
)
def test_the_published_levels_scaled_to_10(level: str, exact: str) -> None:
    assert suggested(level, aim="10").exact_mg_per_day == Decimal(exact)


@pytest.mark.parametrize("level", ["5", "13.3", "14.7", "13.5", "15"])
def test_inside_the_range_nothing_is_changed(level: str) -> None:
    suggestion = suggested(level)

    assert suggestion.recommended == TWO_MG
    assert "in-range" in rules(suggestion)


def test_the_present_dose_comes_first_and_predicts_itself() -> None:
    keep = suggested("16.4").keep

    assert keep is not None
    assert (keep.regimen, keep.step_percent) == (TWO_MG, 0)
    assert keep.predicted_ng_per_ml == Decimal("16.4")


@given(st.decimals("0.5", "60", places=1))
def test_one_step_never_passes_half_of_the_dose_nor_the_ceiling(
    level: Decimal,
) -> None:
    suggestion = suggested(str(level))

    for candidate in suggestion.candidates:
        assert 1 <= candidate.regimen.mg_per_day <= 3
        assert candidate.tablets


@given(st.decimals("0.5", "60", places=1))
def test_a_high_level_never_raises_and_a_low_one_never_lowers(level: Decimal) -> None:
    suggestion = suggested(str(level))
    doses = [c.regimen.mg_per_day for c in suggestion.candidates]

    if level > 15:
        assert all(dose < 2 for dose in doses)
    if level < 5:
        assert all(dose > 2 for dose in doses)


def test_what_the_rule_asks_for_beyond_one_step_is_cut_and_said() -> None:
    suggestion = suggested("40")

    assert suggestion.recommended == Regimen(Decimal(1), 24)
    assert "step-limit" in rules(suggestion)


def test_what_the_rule_asks_for_beyond_the_ceiling_is_cut_and_said() -> None:
    suggestion = suggested("2.5", limits=replace(STOCK, step_limit_percent=Decimal(99)))

    assert suggestion.recommended == Regimen(Decimal("3.5"), 24)
    assert "ceiling" in rules(suggestion)


def test_a_dose_half_way_between_two_goes_to_the_lower() -> None:
    suggestion = suggested("20", limits=JAPAN, aim="15")

    assert suggestion.exact_mg_per_day == Decimal("1.50")
    assert suggestion.recommended == Regimen(Decimal(1), 24)


def test_where_no_tablet_comes_nearer_the_present_dose_stays() -> None:
    suggestion = suggested("15.5", limits=JAPAN, aim="15")

    assert suggestion.recommended == TWO_MG
    assert "nothing-nearer" in rules(suggestion)


def test_alternate_days_are_offered_without_a_number_and_with_a_warning() -> None:
    on_one_mg = Course((Period(ONE_MG, day(0)),))
    stock = replace(JAPAN, alternate_days=True)

    suggestion = policy.suggest(
        a_reading("18", course=on_one_mg), on_one_mg, stock, day(29)
    )

    assert suggestion.recommended == Regimen(Decimal(1), 48)
    assert suggestion.candidates[0].predicted_ng_per_ml is None
    assert "alternate-days" in rules(suggestion)


WITHHELD: dict[str, Reading] = {
    "not-steady": a_reading("16.4", on=5),
    "not-a-trough": a_reading("16.4", hours="3"),
    "unknown-timing": a_reading("16.4", hours=None),
    "only-a-limit": a_reading("<2"),
    "before-first-dose": a_reading("16.4", on=-3),
}


@pytest.mark.parametrize("rule", WITHHELD)
def test_a_level_that_may_not_be_used_gets_no_advice_but_the_reason(rule: str) -> None:
    suggestion = policy.suggest(WITHHELD[rule], ON_TWO_MG, STOCK, day(29))

    assert (suggestion.recommended, suggestion.candidates) == (None, ())
    assert rule in [f.rule for f in suggestion.findings if f.kind is Kind.PREVENT]


STOPPED = Period(TWO_MG, day(0), day(40))
CHANGED_SINCE = {
    "another dose since": Course((STOPPED, Period(ONE_MG, day(40)))),
    "another dose from tomorrow": Course((STOPPED, Period(ONE_MG, day(61)))),
    "the same dose after a pause": Course((STOPPED, Period(TWO_MG, day(50)))),
}


@pytest.mark.parametrize("change", CHANGED_SINCE)
def test_a_level_speaks_only_for_the_unbroken_dose_it_was_drawn_on(
    change: str,
) -> None:
    course = CHANGED_SINCE[change]

    suggestion = policy.suggest(
        a_reading("16.4", course=course), course, STOCK, day(60)
    )

    assert suggestion.recommended is None
    assert "dose-changed" in rules(suggestion)
    assert suggestion.keep is not None
    assert suggestion.keep.predicted_ng_per_ml is None


def test_nothing_is_scaled_while_nothing_is_taken() -> None:
    suggestion = policy.suggest(a_reading("16.4"), Course((STOPPED,)), STOCK, day(60))

    assert (suggestion.keep, suggestion.recommended) == (None, None)
    assert "no-dose" in rules(suggestion)


def test_the_formula_shows_its_numbers() -> None:
    formula = suggested("16.4").formula

    assert formula is not None
    assert formula.facts == {
        "dose": Decimal(2),
        "aim": Decimal("12.5"),
        "level": Decimal("16.4"),
        "exact": Decimal("1.52"),
    }


def test_every_rule_that_fired_names_its_source() -> None:
    fired = [
        finding
        for level in ("2", "8", "16.4", "40")
        for finding in suggested(level).findings
    ]

    assert all(finding.source for finding in fired)


@pytest.mark.parametrize(("on", "remarked"), [(56, False), (57, True)])
def test_a_level_after_which_the_next_fell_due_is_remarked(
    on: int, *, remarked: bool
) -> None:
    suggestion = policy.suggest(a_reading("16.4", on=28), ON_TWO_MG, STOCK, day(on))

    assert ("old-level" in rules(suggestion)) is remarked
    assert suggestion.recommended == Regimen(Decimal("1.5"), 24)
