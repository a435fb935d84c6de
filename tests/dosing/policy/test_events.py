"""Events beside the drug: what is said of each, and for how long."""

from datetime import date, timedelta

import pytest

from dosing import policy
from dosing.policy import Event, Happening, Kind
from dosing.words import say

DRAWN = date(2026, 3, 30)
TODAY = DRAWN + timedelta(days=2)


def found(kind: Happening, on: int, **facts: object) -> list[policy.Finding]:
    """Judge an event so many days after the draw."""
    event = Event(kind, DRAWN + timedelta(days=on), **facts)  # type: ignore[arg-type]
    return list(policy.findings_on_events([event], DRAWN, TODAY))


@pytest.mark.parametrize(("on", "count"), [(-15, 0), (-14, 1), (0, 1), (2, 1), (3, 0)])
@pytest.mark.parametrize("kind", [Happening.FORM, Happening.FOOD])
def test_a_change_of_form_or_food_is_remarked_on_for_14_days_before_the_draw(
    kind: Happening, on: int, count: int
) -> None:
    assert len(found(kind, on)) == count


def test_a_change_of_form_asks_for_a_level_in_one_to_two_weeks() -> None:
    (finding,) = found(Happening.FORM, 0)

    assert "7 to 14 days" in say(finding.sentence)
    assert (finding.kind, "[V]" in finding.source) == (Kind.WARN, True)


def test_food_changes_exposure_by_up_to_35_percent() -> None:
    assert policy.FOOD_CHANGES_AUC_PERCENT == 35
    assert "35 %" in say(found(Happening.FOOD, 0)[0].sentence)


@pytest.mark.parametrize(("on", "count"), [(1, 0), (2, 1), (90, 1)])
def test_surgery_ahead_asks_whether_to_pause(on: int, count: int) -> None:
    said = [say(each.sentence) for each in found(Happening.SURGERY, on)]

    assert len(said) == count
    assert all("pause" in each for each in said)


@pytest.mark.parametrize(("on", "count"), [(-27, 0), (-26, 1), (2, 1), (20, 1)])
def test_a_live_vaccine_is_contraindicated_for_four_weeks_around(
    on: int, count: int
) -> None:
    said = [say(each.sentence) for each in found(Happening.LIVE_VACCINE, on)]

    assert len(said) == count
    assert all("contraindicated" in each for each in said)


@pytest.mark.parametrize(
    ("child_pugh", "words"),
    [("A", "32 % less is cleared"), ("B", "half the dose"), ("C", "half the dose")],
)
def test_an_impaired_liver_is_remarked_on_by_its_class(
    child_pugh: str, words: str
) -> None:
    (finding,) = found(Happening.LIVER, -60, child_pugh=child_pugh)

    assert words in say(finding.sentence)
    assert "No loading dose." in say(finding.sentence)


@pytest.mark.parametrize(("until", "count"), [(1, 0), (2, 1)])
def test_a_liver_that_has_recovered_is_forgotten_after_its_last_day(
    until: int, count: int
) -> None:
    last = DRAWN + timedelta(days=until)
    event = Event(Happening.LIVER, DRAWN, last, "B")

    assert len(list(policy.findings_on_events([event], DRAWN, TODAY))) == count
    assert policy.liver_is_impaired([event], TODAY) == bool(count)


@pytest.mark.parametrize("kind", [Happening.PROCEDURE, Happening.OTHER])
def test_a_procedure_is_noted_and_changes_no_reading(kind: Happening) -> None:
    assert found(kind, 0) == []


@pytest.mark.parametrize(("on", "count"), [(-1, 0), (0, 1), (30, 1)])
def test_a_planned_change_of_assay_is_remarked_on_until_a_level_by_the_new_one(
    on: int, count: int
) -> None:
    said = [say(each.sentence) for each in found(Happening.ASSAY, on)]

    assert len(said) == count
    assert all("39 %" in each for each in said)


@pytest.mark.parametrize(("on", "count"), [(1, 0), (2, 1)])
def test_a_procedure_ahead_asks_whether_it_needs_a_pause(on: int, count: int) -> None:
    said = [say(each.sentence) for each in found(Happening.PROCEDURE, on)]

    assert len(said) == count
    assert all("pause" in each for each in said)
