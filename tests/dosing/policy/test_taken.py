"""Other drugs, and doses missed: what they do to a level's advice."""

from datetime import date, timedelta

import pytest

from dosing import policy
from dosing.interactions import INTERACTIONS, Strength
from dosing.policy import Kind

DRAWN = date(2026, 3, 30)


def rules(
    *, strong: bool, begun: int, ended: int | None = None, known: bool = True
) -> list[tuple[str, Kind]]:
    """Judge a drug begun, and perhaps ended, so many days after the draw."""
    drug = policy.Drug(
        "Verapamil",
        strong,
        DRAWN + timedelta(days=begun),
        None if ended is None else DRAWN + timedelta(days=ended),
        known,
    )
    today = DRAWN + timedelta(days=5)
    found = policy.findings_on_drugs([drug], DRAWN, today)
    return [(each.rule, each.kind) for each in found]


@pytest.mark.parametrize(
    ("begun", "found"),
    [
        (-15, []),
        (-14, []),
        (-13, [("strong-drug", Kind.PREVENT)]),
        (4, [("strong-drug", Kind.PREVENT)]),
        (6, []),
    ],
)
def test_a_strong_drug_withholds_advice_for_14_days(
    begun: int, found: list[tuple[str, Kind]]
) -> None:
    assert rules(strong=True, begun=begun) == found


def test_a_strong_drug_that_stopped_is_as_dangerous() -> None:
    assert rules(strong=True, begun=-60, ended=-3) == [("strong-drug", Kind.PREVENT)]


def test_another_drug_only_sets_the_rule_aside() -> None:
    assert rules(strong=False, begun=-3) == [("drug-changed", Kind.ASIDE)]


def test_a_size_that_nobody_knows_is_said() -> None:
    assert rules(strong=False, begun=-60, known=False) == [("size-unknown", Kind.WARN)]


def test_a_drug_long_gone_is_forgotten() -> None:
    assert rules(strong=True, begun=-90, ended=-40, known=False) == []


@pytest.mark.parametrize(
    ("ago", "found"), [(0, True), (7, True), (8, False), (-1, False)]
)
def test_a_miss_in_the_last_7_days_sets_the_rule_aside(ago: int, found: bool) -> None:  # noqa: FBT001
    day = DRAWN - timedelta(days=ago)
    missed = [f.rule for f in policy.findings_on_doses([day], [], DRAWN)]
    unknown = [f.rule for f in policy.findings_on_doses([], [day], DRAWN)]

    assert missed == (["missed-dose"] if found else [])
    assert unknown == (["unknown-dose"] if found else [])


def test_every_interacting_drug_has_a_source_and_a_direction() -> None:
    for drug in INTERACTIONS.values():
        assert drug.source
        rises = drug.strength in {Strength.INHIBITOR, Strength.STRONG_INHIBITOR}
        if drug.auc_ratio is not None:
            assert (drug.auc_ratio > 1) is rises
