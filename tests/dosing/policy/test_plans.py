"""A protocol plans windows: which, when, and what a change does to them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing import policy
from dosing.policy.plans import FIRST_LEVEL_DAYS, LEVEL, MRI, VISIT
from dosing.units import Sentence

MONDAY = date(2026, 3, 2)


def weekdays(day: date) -> bool:
    return day.weekday() < 5


def always(_day: date) -> bool:
    return True


def planned(
    template: policy.Template = policy.CASE_SERIES,
    start: date = MONDAY,
    today: date | None = None,
    **facts: object,
) -> tuple[policy.Planned, ...]:
    asked = policy.PlanFacts(start, today or start, **facts)  # type: ignore[arg-type]
    return policy.plan(template, asked, weekdays)


def days_of(kind: str, wanted: tuple[policy.Planned, ...], at_most: int) -> list[int]:
    days = [(each.best_on - MONDAY).days for each in wanted if each.kind == kind]
    return [day for day in days if day <= at_most]


def changed(on: int, asked: int | None = None) -> policy.Turn:
    asked_on = None if asked is None else MONDAY + timedelta(days=asked)
    return policy.turn_of_dose("dose:2", MONDAY + timedelta(days=on), asked_on)


def test_the_case_series_plans_its_levels_visits_and_mri_at_once() -> None:
    wanted = planned()

    assert days_of(LEVEL, wanted, 100) == [14, 28, 91]
    assert days_of(VISIT, wanted, 100) == [0, 30, 91]
    assert days_of(MRI, wanted, 100) == [0, 91]
    quarters = [each.key for each in wanted if each.kind == MRI]
    assert quarters == ["month-0", "month-3", "month-6", "month-9", "month-12"]


def test_the_japanese_label_asks_for_one_level_1_to_2_weeks_after_the_start() -> None:
    (first,) = planned(policy.JAPANESE_LABEL)

    assert FIRST_LEVEL_DAYS == (7, 14)
    days = [first.opens_on, first.best_on, first.closes_on]
    assert [(day - MONDAY).days for day in days] == [7, 14, 14]


def test_monthly_then_quarterly_counts_three_months_then_every_third() -> None:
    wanted = planned(policy.MONTHLY_THEN_QUARTERLY)

    visits = [each.key for each in wanted if each.kind == VISIT]
    assert visits == [
        "month-0", "month-1", "month-2", "month-3", "month-6", "month-9", "month-12",
    ]  # fmt: skip


@pytest.mark.parametrize("template", policy.TEMPLATES.values(), ids=lambda t: t.key)
def test_every_rhythm_names_its_source_and_its_mark(template: policy.Template) -> None:
    assert "[V]" in template.source
    assert len({(step.kind, step.key) for step in template.steps}) == len(
        template.steps
    )


def test_a_change_adds_a_level_at_7_to_14_days_on_the_last_clinic_day() -> None:
    wanted = planned(turns=[changed(42)], today=MONDAY + timedelta(days=42))

    (level,) = [each for each in wanted if each.key == "dose:2"]
    days = [level.opens_on, level.best_on, level.closes_on]
    assert [(day - MONDAY).days for day in days] == [49, 56, 56]


def test_the_day_that_a_decision_names_is_the_best_one() -> None:
    wanted = planned(turns=[changed(42, asked=52)], today=MONDAY + timedelta(days=42))

    (level,) = [each for each in wanted if each.key == "dose:2"]
    assert (level.best_on - MONDAY).days == 52


def test_a_later_change_overtakes_the_level_of_an_earlier_one() -> None:
    later = policy.turn_of_dose("dose:3", MONDAY + timedelta(days=50), None)
    wanted = planned(turns=[changed(42), later], today=MONDAY + timedelta(days=50))

    assert [each.key for each in wanted if each.key.startswith("dose")] == ["dose:3"]


def test_one_sample_serves_the_rhythm_and_the_change() -> None:
    wanted = planned(turns=[changed(18)], today=MONDAY + timedelta(days=18))

    levels = [each.key for each in wanted if each.kind == LEVEL]
    assert levels[:3] == ["week-2", "dose:2", "month-3"]


def test_without_the_drug_no_level_is_planned_but_visits_and_mri_are() -> None:
    wanted = planned(off=[(MONDAY + timedelta(days=20), None)])

    assert days_of(LEVEL, wanted, 400) == [14]
    assert days_of(MRI, wanted, 100) == [0, 91]


def test_a_level_asked_for_during_a_pause_is_planned() -> None:
    asked = policy.LevelAsked("decision:1", MONDAY + timedelta(days=28))
    wanted = planned(off=[(MONDAY + timedelta(days=20), None)], asked=asked)

    (level,) = [each for each in wanted if each.key == "decision:1"]
    assert ((level.opens_on - MONDAY).days, (level.best_on - MONDAY).days) == (25, 28)


def test_a_strong_drug_asks_for_a_level_when_it_begins_and_when_it_stops() -> None:
    drugs = [("drug:1", "Itraconazole", MONDAY + timedelta(days=30), None)]
    stopped = [(*drugs[0][:3], MONDAY + timedelta(days=60))]

    assert [turn.key for turn in policy.turns_of_drugs(drugs)] == ["drug:1:begun"]
    keys = [turn.key for turn in policy.turns_of_drugs(stopped)]
    assert keys == ["drug:1:begun", "drug:1:stopped"]


def test_a_window_without_a_clinic_day_is_met_on_the_next_one() -> None:
    def after_golden_week(day: date) -> bool:
        return not date(2026, 3, 9) <= day <= date(2026, 3, 20)

    facts = policy.PlanFacts(MONDAY, MONDAY)
    (first,) = policy.plan(policy.JAPANESE_LABEL, facts, after_golden_week)

    assert (first.best_on, first.closes_on) == (date(2026, 3, 21), date(2026, 3, 21))


@given(
    start=st.dates(date(2023, 1, 1), date(2031, 12, 31)),
    template=st.sampled_from(sorted(policy.TEMPLATES)),
    change=st.integers(1, 300),
)
def test_whatever_the_start_nothing_doubles_vanishes_or_falls_on_a_closed_day(
    start: date, template: str, change: int
) -> None:
    turn = policy.Turn("dose:2", start + timedelta(days=change), Sentence("x"))
    facts = policy.PlanFacts(start, start, [turn])
    wanted = policy.plan(policy.TEMPLATES[template], facts, weekdays)
    quiet = policy.plan(
        policy.TEMPLATES[template], policy.PlanFacts(start, start), weekdays
    )

    assert len({(each.kind, each.key) for each in wanted}) == len(wanted)
    assert all(weekdays(each.best_on) for each in wanted)
    assert all(e.opens_on <= e.best_on <= e.closes_on for e in wanted)
    steps = policy.TEMPLATES[template].steps
    assert {(s.kind, s.key) for s in steps} <= {(e.kind, e.key) for e in quiet}
    assert "dose:2" in {each.key for each in wanted}
    others = {(e.kind, e.key) for e in quiet if e.kind != LEVEL}
    assert others <= {(e.kind, e.key) for e in wanted}
