"""A level in its context: which rules fire, and whether it may be used."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing import policy
from dosing.policy import Course, Kind, Period, Timing
from tests.dosing.policy.words import (
    ON_TWO_MG,
    ONE_MG,
    TWO_MG,
    a_level,
    a_reading,
    day,
)

PAUSED = Course((Period(TWO_MG, day(0), day(20)),))
RESUMED = Course((Period(TWO_MG, day(0), day(20)), Period(TWO_MG, day(30))))
LOWERED = Course((Period(TWO_MG, day(0), day(20)), Period(ONE_MG, day(20))))
RENEWED = Course((Period(TWO_MG, day(0), day(20)), Period(TWO_MG, day(20))))


@pytest.mark.parametrize(
    ("days", "rules", "trusted"),
    [
        (6, ["not-steady"], False),
        (7, ["nearly-steady"], True),
        (13, ["nearly-steady"], True),
        (14, [], True),
    ],
)
def test_days_on_a_dose_decide_what_a_level_stands_for(
    days: int, rules: list[str], *, trusted: bool
) -> None:
    reading = a_reading("12", on=days)

    assert [finding.rule for finding in reading.findings] == rules
    assert reading.trusted is trusted


@given(st.integers(1, 6), st.decimals("20", "28", places=1))
def test_before_day_7_no_sample_is_trusted(days: int, hours: Decimal) -> None:
    assert not a_reading("12", on=days, hours=str(hours)).trusted


@pytest.mark.parametrize(
    ("hours", "rule"),
    [
        ("3", "not-a-trough"),
        ("14", "early-sample"),
        ("30", "late-sample"),
        (None, "unknown-timing"),
    ],
)
def test_a_sample_that_is_no_trough_withholds_the_proportional_rule(
    hours: str | None, rule: str
) -> None:
    reading = a_reading("12", hours=hours)

    assert [f.rule for f in reading.findings] == [rule]
    assert not reading.trusted


@pytest.mark.parametrize(
    ("hours", "kind"),
    [
        ("14", Kind.ASIDE),
        ("30", Kind.ASIDE),
        ("3", Kind.PREVENT),
        (None, Kind.PREVENT),
    ],
)
def test_a_known_time_off_the_trough_leaves_the_level_to_the_models(
    hours: str | None, kind: Kind
) -> None:
    reading = a_reading("12", hours=hours)

    assert [f.kind for f in reading.findings] == [kind]
    assert reading.withheld is (kind is Kind.PREVENT)


@pytest.mark.parametrize(
    ("hours", "rules"),
    [
        ("22", []),
        ("26", []),
        ("21.9", ["edge-of-trough"]),
        ("26.1", ["edge-of-trough"]),
    ],
)
def test_the_edge_of_the_trough_window_is_remarked(
    hours: str, rules: list[str]
) -> None:
    reading = a_reading("12", hours=hours)

    assert [finding.rule for finding in reading.findings] == rules
    assert reading.trusted


def test_a_sample_before_the_first_dose_says_nothing_about_a_dose() -> None:
    reading = a_reading("12", on=-1)

    assert reading.timing is Timing.BEFORE_FIRST_DOSE
    assert (reading.regimen, reading.trusted) == (None, False)


def test_a_sample_in_a_pause_counts_the_dose_free_days() -> None:
    reading = a_reading("3", on=25, course=PAUSED)

    assert reading.timing is Timing.NO_DOSE
    assert reading.findings[0].sentence.facts["days"] == 5


@pytest.mark.parametrize(
    ("course", "on", "days"),
    [
        (ON_TWO_MG, 28, 28),
        (LOWERED, 20, 20),
        (LOWERED, 21, 1),
        (RENEWED, 34, 34),
        (RESUMED, 34, 4),
    ],
)
def test_days_count_from_the_last_real_change_of_dose(
    course: Course, on: int, days: int
) -> None:
    assert a_reading("12", on=on, course=course).days_on_dose == days


def test_on_the_morning_of_a_change_the_sample_still_speaks_of_the_old_dose() -> None:
    assert a_reading("12", on=20, course=LOWERED).regimen == TWO_MG


def test_a_limit_is_no_number_to_scale() -> None:
    reading = a_reading("<2.0")

    assert [finding.rule for finding in reading.findings] == ["only-a-limit"]
    assert not reading.trusted


@pytest.mark.parametrize(
    ("before", "now", "rules"),
    [
        ("CMIA", "LC-MS/MS", ["assay-changed"]),
        ("CMIA", "CMIA", []),
        ("", "CMIA", []),
    ],
)
def test_a_change_of_assay_is_warned_about(
    before: str, now: str, rules: list[str]
) -> None:
    level = replace(a_level("12"), method=now, previous_method=before)

    reading = policy.read(level, ON_TWO_MG, policy.DEFAULT_TARGET)

    assert [finding.rule for finding in reading.findings] == rules
    assert reading.trusted


@pytest.mark.parametrize(
    ("before", "now", "trusted"),
    [("6", "12", True), ("5.9", "12", False), ("61", "3.2", False)],
)
def test_two_levels_that_cannot_both_be_right_withhold_advice(
    before: str, now: str, *, trusted: bool
) -> None:
    level = replace(a_level(now), previous_ng_per_ml=Decimal(before))

    assert policy.read(level, ON_TWO_MG, policy.DEFAULT_TARGET).trusted is trusted


def test_a_reading_says_where_the_level_lies_then_what_it_stands_for() -> None:
    said = policy.in_words(a_reading("16.4"))

    assert said[0].text == "%(level)s ng/mL is above %(low)s\u2013%(high)s."
    assert said[1].facts["hours"] == 24
    assert said[1].facts["day"] == 28


def test_a_sample_that_is_no_trough_is_not_called_one() -> None:
    assert len(policy.in_words(a_reading("16.4", hours="3"))) == 1


@given(st.integers(-40, 400), st.integers(0, 72))
def test_every_finding_names_its_source(on: int, hours: int) -> None:
    reading = a_reading("12", on=on, hours=str(hours), course=RESUMED)

    assert all(finding.source and finding.sentence.text for finding in reading.findings)


@given(st.integers(0, 60))
def test_one_day_is_covered_by_one_regimen_at_most(number: int) -> None:
    today = day(number)
    covering = [p for p in LOWERED.periods if p.covers(today)]

    assert [LOWERED.on(today)] == covering
    assert LOWERED.behind(today) == LOWERED.on(today - timedelta(days=1)) or number == 0
