"""Signing: what is offered and kept, and that nobody signs what they did not see."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from dosing import services
from dosing.advice import Advice, StaleAdviceError, advise
from dosing.models import Decision, Dose, Laboratory, TroughLevel
from patients import services as people
from patients.models import AuditEvent, Patient, Site, Staff
from tests.builders import a_dose, a_trough, on_day


@pytest.fixture
def high(treated: Patient, laboratory: Laboratory, clinician: Staff) -> TroughLevel:
    a_trough(treated, "13.5", day=14, actor=clinician)
    return a_trough(treated, "16.4", actor=clinician)


def advice_for(patient: Patient) -> Advice:
    advice = advise(patient, at=timezone.now())
    assert advice is not None
    return advice


def sign(
    advice: Advice, actor: Staff, amount_mg: str = "1.5", **facts: Any
) -> Decision:
    said: dict[str, Any] = {
        "patient": advice.patient,
        "basis": advice.basis,
        "amount_mg": Decimal(amount_mg),
        "interval_h": 24,
        "reason": "as_suggested" if amount_mg == "1.5" else "clinical_picture",
        "actor": actor,
        **facts,
    }
    return services.sign_decision(**said)


def test_the_second_case_is_offered_one_and_a_half_milligrams(
    high: TroughLevel,
) -> None:
    suggestion = advice_for(high.patient).suggestion

    assert suggestion.exact_mg_per_day == Decimal("1.52")
    assert [
        (c.regimen.amount_mg, c.predicted_ng_per_ml) for c in suggestion.candidates
    ] == [(Decimal("1.5"), Decimal("12.3")), (Decimal(1), Decimal("8.2"))]


def test_a_signed_change_opens_the_new_dose_tomorrow(
    high: TroughLevel, clinician: Staff
) -> None:
    decision = sign(advice_for(high.patient), clinician)
    tomorrow = high.patient.site.today(timezone.now()) + timedelta(days=1)

    assert decision.dose is not None
    assert (str(decision.dose), decision.dose.starts_on) == (
        "1.5 mg once daily",
        tomorrow,
    )
    assert high.patient.doses.order_by("starts_on")[0].stops_on == tomorrow


def test_the_next_level_falls_on_a_clinic_day_7_to_14_days_after_the_change(
    high: TroughLevel, clinician: Staff
) -> None:
    decision = sign(advice_for(high.patient), clinician)
    assert decision.dose is not None
    wait = (decision.next_level_on - decision.dose.starts_on).days

    assert 7 <= wait <= 14
    assert decision.next_level_on.weekday() < 5


def test_keeping_the_dose_opens_no_new_one(high: TroughLevel, clinician: Staff) -> None:
    decision = sign(advice_for(high.patient), clinician, "2")

    assert decision.dose is None
    assert high.patient.doses.count() == 1


def test_a_pause_ends_the_dose_and_opens_none(
    high: TroughLevel, clinician: Staff
) -> None:
    decision = sign(advice_for(high.patient), clinician, "0")

    assert (decision.holds, decision.dose) == (True, None)
    assert high.patient.doses.get().stops_on is not None


def test_a_decision_keeps_what_was_shown(high: TroughLevel, clinician: Staff) -> None:
    decision = sign(advice_for(high.patient), clinician)

    assert decision.offered["recommended"] == {"amount_mg": "1.5", "interval_h": 24}
    assert decision.inputs["verdict"] == "above"
    assert decision.engine_version == "policy 3, pk 1"
    assert decision.signed_by == clinician


def test_another_dose_than_the_suggested_needs_its_own_reason(
    high: TroughLevel, clinician: Staff
) -> None:
    with pytest.raises(ValidationError, match="not the suggested dose"):
        sign(advice_for(high.patient), clinician, "1", reason="as_suggested")

    assert not Decision.objects.exists()


def test_other_reasons_are_put_in_words(high: TroughLevel, clinician: Staff) -> None:
    with pytest.raises(ValidationError, match="Put the reason in words"):
        sign(advice_for(high.patient), clinician, "2", reason="other")


@pytest.mark.parametrize(("amount", "words"), [("4.5", "ceiling"), ("1.3", "tablets")])
def test_a_dose_that_cannot_be_taken_is_not_signed_and_nothing_is_half_done(
    high: TroughLevel, clinician: Staff, amount: str, words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        sign(advice_for(high.patient), clinician, amount)

    assert high.patient.doses.get().stops_on is None
    assert not AuditEvent.objects.filter(action="stop_dose").exists()


@pytest.mark.parametrize("days", [0, -1, 400])
def test_the_next_level_lies_between_tomorrow_and_a_year(
    high: TroughLevel, clinician: Staff, days: int
) -> None:
    advice = advice_for(high.patient)

    with pytest.raises(ValidationError, match="between tomorrow and a year"):
        sign(advice, clinician, next_level_on=advice.today + timedelta(days=days))


def test_a_new_dose_does_not_start_in_the_past(
    high: TroughLevel, clinician: Staff
) -> None:
    advice = advice_for(high.patient)

    with pytest.raises(ValidationError, match="cannot start earlier"):
        sign(
            advice,
            clinician,
            new_dose_from=date(2026, 4, 1),
            next_level_on=advice.next_level_on(new_dose_from=advice.new_dose_from),
        )


def test_the_next_level_follows_the_day_the_new_dose_begins(
    high: TroughLevel, clinician: Staff
) -> None:
    advice = advice_for(high.patient)
    start = advice.today + timedelta(days=30)

    decision = sign(advice, clinician, new_dose_from=start)

    assert 7 <= (decision.next_level_on - start).days <= 14


def test_the_next_level_is_not_planned_on_a_day_without_a_clinic(
    high: TroughLevel, clinician: Staff
) -> None:
    advice = advice_for(high.patient)
    sunday = advice.today + timedelta(days=13 - advice.today.weekday())

    with pytest.raises(ValidationError, match="closed on that day"):
        sign(advice, clinician, next_level_on=sunday)


def plan(patient: Patient) -> list[tuple[str, bool]]:
    """Say what a patient is to take, and whether it ends."""
    return [(str(dose), dose.stops_on is not None) for dose in Dose.objects.of(patient)]


def test_a_pause_cancels_what_was_planned(high: TroughLevel, clinician: Staff) -> None:
    sign(advice_for(high.patient), clinician)
    sign(advice_for(high.patient), clinician, "0")

    assert plan(high.patient) == [("2 mg once daily", True)]
    assert Dose.objects.exclude(cancelled_at=None).get().amount_mg == Decimal("1.5")


def test_a_second_thought_on_the_same_day_replaces_the_plan(
    high: TroughLevel, clinician: Staff
) -> None:
    sign(advice_for(high.patient), clinician)
    sign(advice_for(high.patient), clinician, "1")

    assert plan(high.patient) == [("2 mg once daily", True), ("1 mg once daily", False)]


def test_keeping_the_dose_after_a_planned_pause_resumes_it(
    high: TroughLevel, clinician: Staff
) -> None:
    sign(advice_for(high.patient), clinician, "0")
    decision = sign(advice_for(high.patient), clinician, "2")

    assert decision.dose is not None
    assert plan(high.patient) == [("2 mg once daily", True), ("2 mg once daily", False)]


def test_a_dose_planned_for_later_can_be_moved_forward(
    high: TroughLevel, clinician: Staff
) -> None:
    today = high.patient.site.today(timezone.now())
    services.prescribe_dose(
        patient=high.patient,
        amount_mg=Decimal(3),
        interval_h=24,
        starts_on=today + timedelta(days=20),
        reason="as agreed",
        actor=clinician,
    )

    sooner = today + timedelta(days=2)
    words = {"reason_text": "as planned with the surgeon"}
    sign(advice_for(high.patient), clinician, "3", new_dose_from=sooner, **words)

    assert Dose.objects.of(high.patient).last().starts_on == sooner  # type: ignore[union-attr]
    assert len(plan(high.patient)) == 2


def test_a_dose_can_be_stopped_after_its_strength_left_the_stock(
    high: TroughLevel, clinician: Staff
) -> None:
    a_dose(high.patient, "1.5", actor=clinician, day=60)
    Site.objects.update(stocked_strengths_mg=[1])

    services.stop_dose(
        patient=high.patient,
        on=on_day(90).date(),
        reason="pneumonitis",
        actor=clinician,
    )

    assert plan(high.patient)[-1] == ("1.5 mg once daily", True)


def test_what_is_taken_already_is_not_replaced_but_corrected(
    high: TroughLevel, clinician: Staff
) -> None:
    a_dose(high.patient, "1", actor=clinician, day=60)

    with pytest.raises(ValidationError, match="has been taken since"):
        a_dose(high.patient, "3", actor=clinician, day=50)


@pytest.mark.parametrize("day", [date(1899, 1, 1), date(9999, 12, 31)])
def test_a_dose_does_not_begin_in_another_century(
    treated: Patient, clinician: Staff, day: date
) -> None:
    with pytest.raises(ValidationError):
        services.prescribe_dose(
            patient=treated,
            amount_mg=Decimal(1),
            interval_h=24,
            starts_on=day,
            reason="as agreed",
            actor=clinician,
        )


def test_nobody_prescribes_for_a_patient_out_of_follow_up(
    high: TroughLevel, clinician: Staff
) -> None:
    advice = advice_for(high.patient)
    Patient.objects.update(ended_on=on_day(60).date(), ended_because="died")

    with pytest.raises(ValidationError, match="Follow-up"):
        sign(advice, clinician)
    with pytest.raises(ValidationError, match="Follow-up"):
        a_dose(high.patient, "1", actor=clinician, day=200)


def test_the_same_advice_cannot_be_signed_twice(
    high: TroughLevel, clinician: Staff
) -> None:
    advice = advice_for(high.patient)
    sign(advice, clinician)

    with pytest.raises(StaleAdviceError) as stale:
        sign(advice, clinician)

    assert "Someone else has signed a decision." in [
        s.text for s in stale.value.changes
    ]
    assert Decision.objects.count() == 1


def correct(level: TroughLevel, actor: Staff) -> None:
    services.set_aside_trough(
        level=level, version=level.version, reason="haemolysed", actor=actor
    )


def add_level(level: TroughLevel, actor: Staff) -> None:
    a_trough(level.patient, "12", actor=actor, day=35)


def change_dose(level: TroughLevel, actor: Staff) -> None:
    a_dose(level.patient, "1", actor=actor, day=60)


@pytest.mark.parametrize("change", [correct, add_level, change_dose])
def test_advice_shown_before_a_change_cannot_be_signed_after_it(
    high: TroughLevel, clinician: Staff, change: object
) -> None:
    advice = advice_for(high.patient)
    change(high, clinician)  # type: ignore[operator]

    with pytest.raises(StaleAdviceError):
        sign(advice, clinician)

    assert not Decision.objects.exists()


def test_after_a_change_of_dose_no_change_is_worked_out_from_an_older_level(
    high: TroughLevel, clinician: Staff
) -> None:
    sign(advice_for(high.patient), clinician)

    suggestion = advice_for(high.patient).suggestion

    assert suggestion.recommended is None
    assert "dose-changed" in [finding.rule for finding in suggestion.findings]


def test_a_level_on_day_5_gets_no_proportional_advice(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "16.4", actor=clinician, day=5)

    suggestion = advice_for(treated).suggestion

    assert suggestion.recommended is None
    assert "not-steady" in [finding.rule for finding in suggestion.findings]


@pytest.mark.django_db(transaction=True)
def test_someone_reading_the_page_does_not_stop_the_signer(
    high: TroughLevel, clinician: Staff, nurse: Staff
) -> None:
    advice = advice_for(high.patient)
    outcomes: list[object] = []
    start = threading.Barrier(2)

    def during(action: Callable[[], object]) -> None:
        start.wait()
        for _time in range(8):
            try:
                outcomes.append(action())
            except StaleAdviceError:
                outcomes.append("told")
        connection.close()

    acts: list[Callable[[], object]] = [
        lambda: sign(advice, clinician),
        lambda: people.note_reading(patient=high.patient, by="page", actor=nurse),
    ]
    threads = [threading.Thread(target=during, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 16
    assert Decision.objects.count() == 1


def test_there_is_no_advice_without_a_level(treated: Patient) -> None:
    assert advise(treated, at=timezone.now()) is None


@pytest.mark.django_db(transaction=True)
def test_of_two_people_signing_at_once_one_succeeds_and_the_other_is_told(
    high: TroughLevel, clinician: Staff, nurse: Staff
) -> None:
    advice = advice_for(high.patient)
    ready = threading.Barrier(2)
    outcomes: list[str] = []

    def signs() -> None:
        ready.wait()
        try:
            sign(advice, clinician)
            outcomes.append("signed")
        except StaleAdviceError:
            outcomes.append("told")
        finally:
            connection.close()

    people = [threading.Thread(target=signs) for _person in range(2)]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert sorted(outcomes) == ["signed", "told"]
    assert Decision.objects.count() == 1
