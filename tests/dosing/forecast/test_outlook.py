"""What the models say of doses, and when they must not speak."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing import forecast, pk
from dosing.forecast import NoForecast
from dosing.policy import DEFAULT_TARGET, Regimen
from dosing.words import percents
from tests.dosing.forecast.questions import (
    CASE_1,
    CASE_2,
    DAILY,
    a_question,
    considered,
)

MAO, WU = "mao_2024_liver_adult", "wu_2012_cancer_adult"
ZIMMERMAN, FAN = "zimmerman_1997_nca_renal_adult", "fan_2024_va_children"


def view(outlook: forecast.Outlook, name: str) -> forecast.View:
    return next(each for each in outlook.views if each.id == name)


@pytest.mark.parametrize(
    ("levels", "model", "clearance", "troughs"),
    [
        (CASE_1, MAO, 5.49, (13.2, 9.9, 6.6)),
        (CASE_1, WU, 5.18, (13.4, 10.0, 6.7)),
        (CASE_2, MAO, 5.18, (14.1, 10.6, 7.1)),
        (CASE_2, WU, 4.86, (14.4, 10.8, 7.2)),
    ],
)
def test_both_cases_come_out_at_their_golden_numbers(
    levels: Sequence[tuple[float, float]],
    model: str,
    clearance: float,
    troughs: tuple[float, float, float],
) -> None:
    found = view(considered(a_question(levels, HCT=38.0)), model)
    model_ = pk.as_chosen(pk.library()[model])
    covariates = pk.complete(pk.library()[model], {"HCT": 38.0})
    eta = pk.fit(model_, a_question(levels, HCT=38.0).history).eta
    steady = [
        float(pk.steady_state(model_, eta, covariates, pk.Regimen(mg)).trough[0])
        for mg in (2.0, 1.5, 1.0)
    ]

    assert found.clearance == pytest.approx(clearance, abs=0.005)
    assert steady == pytest.approx(troughs, abs=0.05)


@pytest.mark.parametrize("levels", [CASE_1, CASE_2])
def test_for_both_cases_the_card_asks_what_explains_so_low_a_clearance(
    levels: Sequence[tuple[float, float]],
) -> None:
    outlook = considered(a_question(levels, HCT=38.0))

    assert outlook.unusual is not None
    assert "CYP3A5" in outlook.unusual.text
    assert Decimal("0.8") <= outlook.unusual.facts["least"] <= Decimal(2)  # type: ignore[operator]


def test_a_usual_level_asks_nothing() -> None:
    assert considered(a_question([(28, 8.0)], HCT=38.0)).unusual is None


def test_case_2_is_best_on_one_and_a_half_milligrams() -> None:
    outlook = considered(a_question(CASE_2))

    assert not outlook.disagree
    assert outlook.choices[0].regimen == Regimen(Decimal("1.5"), 24)
    assert not outlook.choice(Regimen(Decimal(2), 24)).allowed  # type: ignore[union-attr]


def test_models_that_prefer_different_tablets_disagree() -> None:
    outlook = considered(a_question([(28, 16.4)]))

    assert {each.prefers.amount_mg for each in outlook.views} == {
        Decimal(1),
        Decimal("1.5"),
    }
    assert outlook.disagree


def test_an_unknown_haematocrit_is_averaged_over_and_says_so() -> None:
    questions = a_question(CASE_2), a_question(CASE_2, HCT=38.0)
    open_, known = map(considered, questions)

    said = view(open_, MAO).averaged[0]
    assert said.facts["value"] == "38"
    widths = [
        outlook.choice(DAILY[2]).trough_ng_per_ml  # type: ignore[union-attr]
        for outlook in (open_, known)
    ]
    assert widths[0][2] - widths[0][0] > widths[1][2] - widths[1][0]


def test_an_unknown_weight_leaves_out_the_model_that_needs_it() -> None:
    questions = a_question(CASE_2), a_question(CASE_2, WT=60.0)
    without, with_weight = map(considered, questions)

    assert dict(without.left_out)[ZIMMERMAN].text.startswith("It needs")
    assert ZIMMERMAN in [each.id for each in with_weight.views]


def test_an_adult_with_vm_lies_outside_every_model() -> None:
    outlook = considered(a_question(CASE_1))

    assert outlook.outside
    assert all(each.outside for each in outlook.views)


@pytest.mark.parametrize(
    ("facts", "model", "words"),
    [
        ({"age_years": 25.0}, MAO, "ages"),
        ({"age_years": 28.0}, MAO, ""),
        ({"weight_kg": 39.0}, MAO, ""),
        ({"weight_kg": 38.9}, MAO, "weights"),
        ({"methods": ("LC-MS/MS",)}, MAO, "levels by"),
        ({"methods": ("CMIA",)}, MAO, ""),
        ({"dose_mg": 4.0}, WU, ""),
        ({"dose_mg": 4.5}, WU, "single doses"),
        ({"indication": "liver transplant"}, MAO, ""),
        ({"indication": "venous malformation"}, MAO, "people with"),
    ],
)
def test_each_way_of_lying_outside_a_model_is_said(
    facts: dict[str, object], model: str, words: str
) -> None:
    inside = forecast.Person(40.0, 60.0, "liver transplant", ("CMIA",), 2.0)
    if model == WU:
        inside = replace(inside, indication="advanced solid tumour")
    question = a_question(CASE_1, HCT=38.0)
    question = replace(question, person=replace(inside, **facts))  # type: ignore[arg-type]
    told = [each.text for each in view(considered(question), model).outside]

    assert any(words in each for each in told) if words else told == []


def a_child(age: float, weight: float) -> forecast.Question:
    question = a_question([(28, 9.0)], WT=weight, TBIL=11.0)
    person = replace(question.person, age_years=age, methods=("EMIT",), dose_mg=0.5)
    return replace(
        question,
        person=person,
        doses=(pk.Administration(0.0, 0.5, count=28, every_h=24.0),),
    )


def test_a_child_with_vm_is_inside_fan_2024_and_asks_no_adult_model() -> None:
    outlook = considered(a_child(6.0, 20.0))

    assert view(outlook, FAN).outside == ()
    assert not {MAO, WU, ZIMMERMAN} & {each.id for each in outlook.views}
    assert not outlook.outside


def test_a_model_of_children_is_refused_outside_its_ages_and_weights() -> None:
    outlook = considered(a_child(14.0, 50.0))

    assert "ages" in dict(outlook.left_out)[FAN].text
    assert "weights" in dict(outlook.left_out)["cheng_2020_cytopenia_children"].text


def test_under_two_years_no_model_is_asked() -> None:
    with pytest.raises(NoForecast) as silent:
        considered(a_child(1.9, 10.0))

    assert {why.facts["years"] for _name, why in silent.value.models} == {2}


def test_models_of_steady_troughs_draw_no_curve() -> None:
    with pytest.raises(NoForecast, match="steady troughs"):
        forecast.curve(a_child(6.0, 20.0), (), 0.0, 700.0)


def test_without_doses_there_is_no_forecast() -> None:
    with pytest.raises(NoForecast, match="Without doses"):
        considered(replace(a_question(CASE_1), doses=()))


def test_the_date_of_an_interaction_moves_the_prediction() -> None:
    def begun(hour: float) -> float:
        base = a_question(days=60, HCT=38.0)
        half = tuple(
            (n, 0.5 if n == "CL_FACTOR" else v) for n, v in base.facts[0].values
        )
        facts = (base.facts[0], forecast.Facts(hour, half))
        found, _who = forecast.curve(replace(base, facts=facts), (), 600.0, 601.0)
        return found.values[2][0]

    early, late, never = begun(240.0), begun(480.0), begun(900.0)
    assert early > 1.3 * never
    assert never < late < early


def test_the_date_of_a_haematocrit_moves_the_prediction() -> None:
    def measured(hour: float) -> float:
        base = a_question(days=60, HCT=38.0)
        low = tuple((n, 28.0 if n == "HCT" else v) for n, v in base.facts[0].values)
        facts = (base.facts[0], forecast.Facts(hour, low))
        found, _who = forecast.curve(replace(base, facts=facts), (), 600.0, 601.0)
        return found.values[2][0]

    assert measured(240.0) < measured(480.0) < measured(900.0)


def test_a_missed_dose_changes_the_clearance_and_the_advice() -> None:
    taken = a_question(CASE_2, HCT=38.0)
    missed = replace(
        taken, doses=(pk.Administration(0.0, 2.0, count=27, every_h=24.0),)
    )
    full, less = considered(taken), considered(missed)

    assert view(less, MAO).clearance < 0.97 * view(full, MAO).clearance
    choices = [each.choice(DAILY[1]) for each in (full, less)]
    assert choices[1].above > choices[0].above  # type: ignore[union-attr]


def test_a_level_below_quantification_is_a_limit_not_a_number() -> None:
    question = a_question(HCT=38.0)
    below = replace(question, levels=(pk.Observation(672.0, 2.0, below=True),))
    exact = replace(question, levels=(pk.Observation(672.0, 2.0),))
    troughs = [
        considered(each).choice(DAILY[2]).trough_ng_per_ml[1]  # type: ignore[union-attr]
        for each in (question, below, exact)
    ]

    assert troughs[1] < troughs[0]
    assert troughs[1] != pytest.approx(troughs[2], rel=0.02)


def test_a_question_can_be_written_down_and_asked_again() -> None:
    question = a_question(CASE_2, HCT=38.0)
    again = forecast.from_data(question.as_data())

    assert again == question
    assert forecast.consider(again, DAILY, DEFAULT_TARGET) == considered(question)


@given(
    st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3).filter(lambda w: sum(w) > 0)
)
def test_chances_in_whole_percent_sum_to_a_hundred(weights: list[float]) -> None:
    below, inside, above = (each / sum(weights) for each in weights)
    choice = forecast.Choice(
        DAILY[0], (1.0, 2.0, 3.0), below, inside, above, 100.0, allowed=True
    )
    found = percents(choice)

    assert found.below + found.inside + found.above == 100
    assert abs(found.below - 100 * below) < 1


def test_every_check_of_the_running_build_agrees() -> None:
    assert [each for each in forecast.selfcheck() if not each.agrees] == []
