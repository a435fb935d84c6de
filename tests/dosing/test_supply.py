"""Tablets dispensed: kept, mended, and counted against the diary."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from dosing import services
from dosing.history import around, history_of
from dosing.models import Dispensing
from dosing.policy import Supply
from dosing.stock import supply_of
from patients.models import AuditEvent, Patient, Staff
from tests.builders import DAY_0, in_diary


def given(patient: Patient, actor: Staff, **facts: Any) -> Dispensing:
    return services.record_dispensing(
        patient=patient,
        actor=actor,
        **{
            "dispensed_on": DAY_0,
            "strength_mg": Decimal(1),
            "tablets": 30,
            **facts,
        },
    )


def counted(patient: Patient, day: int) -> Supply | None:
    return supply_of(
        history_of(patient),
        Dispensing.objects.of(patient),
        around(patient).intakes,
        DAY_0 + timedelta(days=day),
    )


def test_the_diary_makes_tablets_last_longer(treated: Patient, nurse: Staff) -> None:
    given(treated, nurse)
    states = ("taken", "late", "missed: forgotten", "unknown")
    for number, state in enumerate(states):
        in_diary(treated, number, dose=state, actor=nurse)

    found = counted(treated, 5)

    assert found is not None
    assert (found.doses_taken, found.doses_not_known) == (2, 2)
    assert found.lasts_until == DAY_0 + timedelta(days=15)


def test_a_corrected_number_counts_anew_and_a_withdrawn_one_not_at_all(
    treated: Patient, nurse: Staff
) -> None:
    tablets = given(treated, nurse)
    mended = services.correct_dispensing(
        dispensing=tablets,
        version=1,
        dispensed_on=DAY_0,
        strength_mg=Decimal(1),
        tablets=60,
        reason="two packets",
        actor=nurse,
    )

    found = counted(treated, 0)
    assert found is not None
    assert found.lasts_until == DAY_0 + timedelta(days=29)

    services.withdraw_dispensing(
        dispensing=mended, version=2, reason="not collected", actor=nurse
    )
    assert counted(treated, 0) is None
    assert AuditEvent.objects.filter(action__endswith="dispensing").count() == 3
    with pytest.raises(ValidationError, match="in error already"):
        services.withdraw_dispensing(
            dispensing=mended, version=3, reason="again", actor=nurse
        )


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"tablets": 0}, "1 to 1000 tablets"),
        ({"tablets": 1001}, "1 to 1000 tablets"),
        ({"strength_mg": Decimal("10.5")}, "up to 10 mg"),
        ({"dispensed_on": DAY_0.replace(year=2062)}, "birth and today"),
    ],
)
def test_tablets_that_cannot_be_true_are_refused_in_words(
    treated: Patient, nurse: Staff, facts: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        given(treated, nurse, **facts)


def test_the_same_tablets_are_not_noted_twice_on_a_day(
    treated: Patient, nurse: Staff
) -> None:
    given(treated, nurse)

    with pytest.raises(ValidationError, match="already recorded on that day"):
        given(treated, nurse)


def test_another_amount_uses_other_tablets(treated: Patient, nurse: Staff) -> None:
    given(treated, nurse)
    before = counted(treated, 5)
    in_diary(treated, 2, amount="3", actor=nurse)

    after = counted(treated, 5)

    assert before is not None
    assert after is not None
    assert before.left_mg - after.left_mg == 1
