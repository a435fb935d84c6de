"""Other drugs, and doses missed: what they do to a level's advice."""

from datetime import date, timedelta

import pytest

from dosing import policy
from dosing.interactions import INTERACTIONS
from dosing.policy import Kind

DRAWN = date(2026, 3, 30)


def judged(
    begun: int, ended: int | None = None, **facts: bool
) -> list[tuple[str, Kind]]:
    """Judge a drug begun, and perhaps ended, so many days after the draw."""
    drug = policy.Drug(
        name="Verapamil",
        is_strong=facts.get("strong", False),
        raises=facts.get("raises", True),
        starts_on=DRAWN + timedelta(days=begun),
        stops_on=None if ended is None else DRAWN + timedelta(days=ended),
        size_known=facts.get("known", True),
        source="a label",
    )
    today = DRAWN + timedelta(days=5)
    found = policy.findings_on_drugs([drug], DRAWN, today)
    return [(each.rule, each.kind) for each in found]


WITHHELD = ("drug-changed", Kind.PREVENT)
NO_RISE = (policy.NO_INCREASE, Kind.CHANGE)
PLANNED = ("planned-drug", Kind.WARN)


@pytest.mark.parametrize(
    ("begun", "found"),
    [(-15, []), (-14, []), (-13, [WITHHELD]), (5, [WITHHELD]), (6, [PLANNED])],
)
def test_a_drug_withholds_advice_for_14_days_before_a_level_and_ever_after(
    begun: int, found: list[tuple[str, Kind]]
) -> None:
    assert judged(begun) == found


def test_a_drug_that_stopped_is_as_dangerous() -> None:
    assert judged(-60, ended=-3) == [WITHHELD]


def test_while_a_strong_inhibitor_runs_no_dose_is_raised() -> None:
    assert judged(-60, strong=True) == [NO_RISE]
    assert judged(-60, strong=True, raises=False) == []
    assert judged(-60, ended=-40, strong=True) == []


def test_a_planned_stop_is_said_and_changes_nothing_yet() -> None:
    assert judged(-60, ended=30) == [PLANNED]


def test_a_size_that_nobody_knows_is_said() -> None:
    assert judged(-60, known=False) == [("size-unknown", Kind.WARN)]


def test_a_drug_long_gone_is_forgotten() -> None:
    assert judged(-90, ended=-40, strong=True, known=False) == []


@pytest.mark.parametrize(
    ("methods", "found"),
    [([], []), (["CMIA"], []), (["CMIA", "LC-MS/MS"], ["several-assays"])],
)
def test_levels_of_several_assays_are_remarked_on(
    methods: list[str], found: list[str]
) -> None:
    assert [each.rule for each in policy.findings_on_methods(methods)] == found


@pytest.mark.parametrize(
    ("ago", "found"), [(0, True), (7, True), (8, False), (-1, False)]
)
def test_a_miss_in_the_last_7_days_sets_the_rule_aside(ago: int, found: bool) -> None:  # noqa: FBT001
    day = DRAWN - timedelta(days=ago)
    for rule, doses in {
        "missed-dose": policy.Adherence(13, missed=(day,), unknown=(), silent=0),
        "unknown-dose": policy.Adherence(13, missed=(), unknown=(day,), silent=0),
        "other-amount": policy.Adherence(14, (), (), silent=0, other=(day,)),
    }.items():
        said = [each.rule for each in policy.findings_on_doses(doses, DRAWN)]
        assert said == ([rule] if found else [])


@pytest.mark.parametrize(
    ("code", "ratio"),
    [
        ("ketoconazole", 10.9),
        ("posaconazole", 8.9),
        ("ritonavir", 38),
        ("erythromycin", 4),
        ("ciclosporin", 3.3),
        ("ciclosporin_4h", 1.9),
        ("verapamil", 2.16),
        ("diltiazem", 1.6),
        ("rifampicin", 0.18),
        ("oxcarbazepine", 1 / 1.16),
        ("silymarin", 1 / 0.65),
        ("glycyrrhizin", 1 / 0.66),
    ],
)
def test_the_published_sizes_are_kept(code: str, ratio: float) -> None:
    assert INTERACTIONS[code].auc_ratio == pytest.approx(ratio)
    assert INTERACTIONS[code].clearance_factor == pytest.approx(1 / ratio)


def test_every_interacting_drug_has_a_source_and_a_direction() -> None:
    for drug in INTERACTIONS.values():
        assert drug.source
        if drug.auc_ratio is not None:
            assert (drug.auc_ratio > 1) is drug.raises


def test_the_label_says_to_avoid_eight_of_them_and_tacrolimus_is_none() -> None:
    avoided = {code for code, drug in INTERACTIONS.items() if drug.is_avoided}

    assert avoided == {
        "ketoconazole",
        "voriconazole",
        "itraconazole",
        "erythromycin",
        "telithromycin",
        "clarithromycin",
        "rifampicin",
        "rifabutin",
    }
    assert all(INTERACTIONS[code].is_strong for code in avoided)
    assert "tacrolimus" not in INTERACTIONS
    assert "[NV]" in INTERACTIONS["cannabidiol"].source
