"""What stands against a prescription, and who may lift it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from dosing import policy
from dosing.policy import Answers, Drug, Event, Happening, Prescribing
from dosing.words import say

START = date(2026, 3, 2)
HARMLESS = Answers("negative", "no", "no", "none")
FIRST = Prescribing(
    sex="female",
    age_years=30,
    is_first=True,
    mg_per_day=Decimal(2),
    now_mg_per_day=Decimal(0),
    starts_on=START,
)
RAISED = replace(FIRST, is_first=False, now_mg_per_day=Decimal(1))


def a_drug(**facts: object) -> Drug:
    given = {
        "name": "Voriconazole",
        "is_strong": True,
        "raises": True,
        "starts_on": START,
        "stops_on": None,
        "size_known": False,
        "source": "a label [V]",
        "is_avoided": True,
        "code": "vori",
    }
    return Drug(**{**given, **facts})  # type: ignore[arg-type]


def rules(answers: Answers, plan: Prescribing) -> list[str]:
    return [each.rule for each in policy.preventions(answers, plan)]


def test_harmless_answers_prevent_nothing() -> None:
    assert rules(HARMLESS, FIRST) == []


@pytest.mark.parametrize(
    ("sex", "age", "stands"),
    [
        ("female", 11, []),
        ("female", 12, ["pregnancy-unknown"]),
        ("female", 55, ["pregnancy-unknown"]),
        ("female", 56, []),
        ("male", 30, []),
    ],
)
def test_an_unknown_pregnancy_stands_against_the_first_dose_in_childbearing_age(
    sex: str, age: int, stands: list[str]
) -> None:
    answers = replace(HARMLESS, pregnancy="unknown")
    plan = replace(FIRST, sex=sex, age_years=age)

    assert rules(answers, plan) == stands
    assert rules(answers, replace(plan, is_first=False)) == []


@pytest.mark.parametrize("plan", [FIRST, replace(FIRST, is_first=False)])
def test_a_positive_test_stands_and_nobody_lifts_it(plan: Prescribing) -> None:
    (found,) = policy.preventions(replace(HARMLESS, pregnancy="positive"), plan)

    assert "contraindications [V]" in found.source
    assert say(found.lifted_by).startswith("Nobody")
    assert policy.standing([found], {"pregnancy": "she insists"}) == [found]


@pytest.mark.parametrize(
    ("rule", "answers", "unknown"),
    [
        (
            "breastfeeding",
            replace(HARMLESS, breastfeeding="yes"),
            replace(HARMLESS, breastfeeding="unknown"),
        ),
        (
            "live-vaccine",
            replace(HARMLESS, live_vaccine="yes"),
            replace(HARMLESS, live_vaccine="unknown"),
        ),
    ],
)
def test_yes_to_a_question_stands_until_a_clinician_lifts_it_with_a_reason(
    rule: str, answers: Answers, unknown: Answers
) -> None:
    (found,) = policy.preventions(answers, FIRST)

    assert found.rule == rule
    assert "clinician" in say(found.lifted_by)
    assert policy.standing([found], {rule: "  "}) == [found]
    assert policy.standing([found], {rule: "weaned tomorrow"}) == []
    assert rules(unknown, FIRST) == []


def test_an_inhibitor_to_avoid_stands_and_so_does_a_dose_raised_under_it() -> None:
    plan = replace(RAISED, drugs=[a_drug()])

    assert rules(HARMLESS, plan) == ["avoided-drug-vori", "increase-under-inhibitor"]
    lower = replace(plan, now_mg_per_day=Decimal(4))
    assert rules(HARMLESS, lower) == ["avoided-drug-vori"]
    same = replace(plan, now_mg_per_day=Decimal(2))
    assert rules(HARMLESS, same) == ["avoided-drug-vori"]


@pytest.mark.parametrize(
    "drug",
    [
        a_drug(raises=False, is_avoided=False),
        a_drug(is_strong=False, is_avoided=False),
        a_drug(starts_on=START + timedelta(days=1)),
        a_drug(starts_on=START - timedelta(days=9), stops_on=START),
    ],
)
def test_a_drug_that_does_not_raise_strongly_or_does_not_run_prevents_nothing(
    drug: Drug,
) -> None:
    assert rules(HARMLESS, replace(RAISED, drugs=[drug])) == []


@pytest.mark.parametrize("answer", ["unknown", "na"])
def test_a_woman_of_childbearing_age_is_tested_before_the_first_dose(
    answer: str,
) -> None:
    first = replace(RAISED, sex="female", age_years=30, is_first=True, drugs=[])
    answers = replace(HARMLESS, pregnancy=answer)

    assert rules(answers, first) == ["pregnancy-unknown"]
    assert rules(answers, replace(first, age_years=56)) == []


def test_a_strong_inhibitor_that_no_label_says_to_avoid_still_lets_nothing_rise() -> (
    None
):
    plan = replace(RAISED, drugs=[a_drug(is_avoided=False)])

    assert rules(HARMLESS, plan) == ["increase-under-inhibitor"]


def test_men_are_counselled_and_not_prevented() -> None:
    said = [say(sentence) for sentence in policy.counsel("male")]

    assert "azoospermia" in said[0]
    assert not any("azoospermia" in say(each) for each in policy.counsel("female"))
    assert rules(HARMLESS, replace(FIRST, sex="male")) == []


def test_answers_speak_as_events_of_liver_surgery_and_vaccine() -> None:
    answers = Answers("na", "no", "yes", "B", START + timedelta(days=9))

    kinds = [event.kind.value for event in answers.as_events(START)]
    assert kinds == ["liver", "surgery", "live_vaccine"]
    assert list(HARMLESS.as_events(START)) == []


def test_each_drug_to_avoid_stands_alone_inducers_too() -> None:
    drugs = [a_drug(), a_drug(name="Rifampicin", raises=False, code="rifampicin")]
    found = policy.preventions(HARMLESS, replace(FIRST, drugs=drugs))

    assert [each.rule for each in found] == [
        "avoided-drug-vori",
        "avoided-drug-rifampicin",
        "increase-under-inhibitor",
    ]
    left = policy.standing(found, {"avoided-drug-vori": "stops on Monday"})
    assert "avoided-drug-rifampicin" in [each.rule for each in left]


@pytest.mark.parametrize(("child_pugh", "stands"), [("A", 0), ("B", 1), ("C", 1)])
def test_a_first_dose_in_moderate_or_severe_liver_impairment_is_lifted_with_a_reason(
    child_pugh: str, stands: int
) -> None:
    asked = replace(HARMLESS, liver=child_pugh)
    noted = Event(Happening.LIVER, START - timedelta(days=90), child_pugh=child_pugh)

    assert rules(asked, FIRST) == ["liver-half-dose"] * stands
    assert rules(HARMLESS, replace(FIRST, events=[noted])) == (
        ["liver-half-dose"] * stands
    )
    over = replace(noted, until=START - timedelta(days=1))
    assert rules(HARMLESS, replace(FIRST, events=[over])) == []
    assert rules(asked, RAISED) == []


@pytest.mark.parametrize(("ahead", "stands"), [(-1, 0), (0, 1), (14, 1), (15, 0)])
def test_no_dose_is_begun_or_raised_in_the_14_days_before_surgery(
    ahead: int, stands: int
) -> None:
    day = START + timedelta(days=ahead)
    asked = replace(HARMLESS, surgery_on=day)
    noted = replace(RAISED, events=[Event(Happening.SURGERY, day)])

    assert rules(asked, FIRST) == ["surgery-near"] * stands
    assert rules(HARMLESS, noted) == ["surgery-near"] * stands
    assert rules(HARMLESS, replace(noted, now_mg_per_day=Decimal(2))) == []
