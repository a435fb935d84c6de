"""Only what can be swallowed is offered: whole stocked tablets under the ceiling."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing.policy import Limits, Regimen, Tablets, tablets_for, takeable

JAPAN = (Decimal(1),)
MIXED = (Decimal("0.5"), Decimal(1), Decimal(2))


def limits(strengths: tuple[Decimal, ...] = MIXED, **facts: object) -> Limits:
    return Limits(
        **{  # type: ignore[arg-type]
            "strengths_mg": strengths,
            "ceiling_mg_per_day": Decimal(4),
            "alternate_days": False,
            **facts,
        }
    )


def test_the_fewest_tablets_make_the_amount() -> None:
    assert tablets_for(Decimal("3.5"), MIXED) == (
        Tablets(1, Decimal(2)),
        Tablets(1, Decimal(1)),
        Tablets(1, Decimal("0.5")),
    )


@pytest.mark.parametrize("amount", ["0", "0.25", "1.3"])
def test_what_no_whole_tablets_make_is_not_a_dose(amount: str) -> None:
    assert tablets_for(Decimal(amount), MIXED) is None


@given(
    st.sets(st.sampled_from(["0.5", "1", "2", "5"]), min_size=1),
    st.integers(1, 40),
)
def test_tablets_add_up_to_the_amount_or_there_are_none(
    strengths: set[str], halves: int
) -> None:
    amount = Decimal(halves) / 2
    stock = tuple(map(Decimal, strengths))

    tablets = tablets_for(amount, stock)

    if tablets is not None:
        assert sum(t.count * t.strength_mg for t in tablets) == amount
        assert all(t.count > 0 for t in tablets)


def test_a_clinic_with_1_mg_tablets_offers_whole_milligrams() -> None:
    doses = [r.mg_per_day for r in takeable(limits(JAPAN), 24)]

    assert doses == [1, 2, 3, 4]


def test_half_a_milligram_is_1_mg_on_alternate_days_where_allowed() -> None:
    smallest = takeable(limits(JAPAN, alternate_days=True), 24)[0]

    assert smallest == Regimen(Decimal(1), 48)
    assert smallest.mg_per_day == Decimal("0.5")


def test_alternate_days_are_left_out_where_a_daily_dose_gives_the_same() -> None:
    found = takeable(limits(alternate_days=True), 24)

    assert Regimen(Decimal(1), 48) not in found
    assert Regimen(Decimal("0.5"), 48) in found


@pytest.mark.parametrize(("interval_h", "largest"), [(12, "2"), (24, "4"), (48, "3.5")])
def test_no_day_goes_over_the_ceiling(interval_h: int, largest: str) -> None:
    found = takeable(limits(alternate_days=True), interval_h)

    assert max(r.amount_mg for r in found if r.interval_h == interval_h) == Decimal(
        largest
    )
    assert all(r.mg_per_day <= 4 for r in found)
