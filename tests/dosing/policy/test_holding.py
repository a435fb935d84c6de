"""Proposals to hold or reduce, and the severe side effect that withholds advice."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from dosing import policy
from dosing.models import Protocol
from dosing.models.holding import are_hold_rules, default_hold_rules
from dosing.policy import DEFAULT_HOLD_RULES, Effect, HoldRule, Kind
from patients import ctcae


def proposed(trigger: str, grade: int) -> list[str]:
    return [r.advice for r in policy.proposals(DEFAULT_HOLD_RULES, trigger, grade)]


HOLD = "Hold sirolimus until grade 1 or less, then restart at 50 to 75 % of the dose."
HALF = "Hold sirolimus until it is gone, then restart at half the dose."
STOP = "Stop sirolimus."
INFECTED = "Hold sirolimus while a febrile infection needs intravenous therapy."
TREAT = "Treat it, keep the dose and consider a lower target."


@pytest.mark.parametrize(
    ("trigger", "grade", "advice"),
    [
        ("nausea", 2, []),
        ("nausea", 3, [HOLD]),
        ("diarrhoea", 4, [HOLD]),
        ("diarrhoea", 5, []),
        ("mucositis_oral", 1, [TREAT]),
        ("mucositis_oral", 2, [TREAT]),
        ("mucositis_oral", 3, [HOLD]),
        ("pneumonitis", 1, []),
        ("pneumonitis", 2, [HALF]),
        ("pneumonitis", 3, [STOP]),
        ("pneumonitis", 4, [STOP]),
        ("lung_infection", 2, []),
        ("lung_infection", 3, [INFECTED]),
        ("neutrophils", 2, []),
        (
            "neutrophils",
            3,
            ["Hold sirolimus while neutrophils are below 1.0 \u00d7 10\u2079/L."],
        ),
        ("alt", 3, [HOLD]),
        ("triglycerides", 2, [TREAT]),
        ("triglycerides", 3, [HOLD]),
        (
            "triglycerides",
            4,
            ["Hold sirolimus while triglycerides are above 1000 mg/dL."],
        ),
    ],
)
def test_a_grade_has_the_proposal_of_its_own_rule_or_of_the_general_one(
    trigger: str, grade: int, advice: list[str]
) -> None:
    assert proposed(trigger, grade) == advice


def test_no_default_calls_itself_established() -> None:
    for rule in DEFAULT_HOLD_RULES:
        assert "[NV]" in rule.source
        assert "to be confirmed by your clinic" in rule.source.lower()


def an_effect(grade: int, **facts: Any) -> Effect:
    return Effect(
        **{
            "name": "Mucositis oral",
            "trigger": "mucositis_oral",
            "grade": grade,
            "is_severe": grade >= ctcae.SEVERE_FROM_GRADE,
            "is_unrelated": False,
            **facts,
        }
    )


@pytest.mark.parametrize(("grade", "found"), [(2, 0), (3, 1), (4, 1)])
def test_a_severe_side_effect_withholds_every_dose(grade: int, found: int) -> None:
    findings = list(policy.findings_on_severe([an_effect(grade)]))

    assert [(f.rule, f.kind) for f in findings] == [
        ("severe-side-effect", Kind.PREVENT)
    ] * found
    assert all(f.source.startswith("Design rule") for f in findings)


def test_one_that_was_judged_unrelated_withholds_and_proposes_nothing() -> None:
    effect = an_effect(4, is_unrelated=True)

    assert list(policy.findings_on_severe([effect])) == []
    assert list(policy.findings_on_holding([effect], DEFAULT_HOLD_RULES)) == []


def test_a_proposal_warns_and_says_that_the_clinic_confirms_it() -> None:
    (finding,) = policy.findings_on_holding([an_effect(1)], DEFAULT_HOLD_RULES)

    assert (finding.rule, finding.kind) == ("hold-proposal", Kind.WARN)
    assert "To be confirmed by your clinic." in finding.sentence.text
    assert finding.sentence.facts["advice"] == TREAT


def test_the_rules_come_back_as_they_were_kept() -> None:
    data = policy.hold_rules_as_data(DEFAULT_HOLD_RULES)

    assert policy.hold_rules_from(data, ctcae.TERMS) == DEFAULT_HOLD_RULES


def test_a_protocol_may_have_its_own_rules_or_none() -> None:
    own = HoldRule(("nausea",), 2, 2, "Give it in the evening.", "Our clinic, 2026")
    data = policy.hold_rules_as_data([own])

    are_hold_rules([])
    are_hold_rules(data)
    assert Protocol(hold_rules=data).holding == (own,)
    assert Protocol().holding == DEFAULT_HOLD_RULES


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"triggers": ["hiccups"]}, "Rule 1 names hiccups"),
        ({"triggers": []}, "Rule 1 names no term"),
        ({"triggers": "fever"}, "Rule 1 names no term"),
        ({"triggers": [["fever"]]}, "which is no known term"),
        ({"from_grade": 0}, "between grades 1 and 4"),
        ({"to_grade": 5}, "between grades 1 and 4"),
        ({"from_grade": 3, "to_grade": 2}, "between grades 1 and 4"),
        ({"from_grade": True}, "between grades 1 and 4"),
        ({"advice": " "}, "an advice and a source"),
        ({"source": 3}, "an advice and a source"),
        ({"dose": 1}, "has exactly these"),
    ],
)
def test_what_is_no_rule_is_refused_in_words(change: dict[str, Any], said: str) -> None:
    first = {**default_hold_rules()[0], **change}

    with pytest.raises(ValidationError, match=said):
        are_hold_rules([first])


@pytest.mark.parametrize("rules", [{}, "hold", None, 3])
def test_hold_rules_are_a_list(rules: object) -> None:
    with pytest.raises(ValidationError, match="Write a list of rules"):
        are_hold_rules(rules)


def test_a_rule_on_a_term_that_is_no_longer_known_stops_nobody() -> None:
    kept: Any = default_hold_rules()
    kept[0]["triggers"] = ["forgotten_term"]

    found = Protocol(hold_rules=kept).holding

    assert found[0].triggers == ("forgotten_term",)
    assert len(found) == len(DEFAULT_HOLD_RULES)
