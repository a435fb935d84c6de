"""What stands against a dose is not passed by a decision, and no answer is lost."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from dosing import policy, services
from dosing.advice import advise, basis_of
from dosing.history import around, history_of
from dosing.models import Laboratory
from patients import services as people
from patients.models import Patient, Staff, Task
from tests.builders import DAY_0, a_trough
from tests.tdm.told import timeline_of

POSITIVE = policy.Answers("positive", "no", "no", "none")


def test_nobody_signs_a_new_dose_while_the_last_test_is_positive(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "13.5", day=14, actor=clinician)
    a_trough(treated, "16.4", actor=clinician)
    services.record_answers(patient=treated, answers=POSITIVE, actor=clinician)
    advice = advise(treated, at=timezone.now())
    assert advice is not None
    assert advice.withheld

    with pytest.raises(ValidationError) as refused:
        services.sign_decision(
            patient=treated,
            basis=advice.basis,
            amount_mg=Decimal("1.5"),
            interval_h=24,
            reason="clinical_picture",
            actor=clinician,
        )

    assert "contraindicated" in str(refused.value)
    assert "Prescribe page" in str(refused.value)


def test_a_withdrawn_drug_counts_no_more_and_is_still_told(
    treated: Patient, clinician: Staff
) -> None:
    drug = services.record_comedication(
        patient=treated, drug="rifampicin", starts_on=DAY_0, actor=clinician
    )
    before = basis_of(history_of(treated), around(treated))
    services.withdraw_comedication(
        comedication=drug, version=1, reason="other patient", actor=clinician
    )

    assert around(treated).comedications == ()
    assert basis_of(history_of(treated), around(treated)) != before
    (told,) = [each for each in timeline_of(treated) if each.kind == "drug"]
    assert told.set_aside
    services.record_comedication(
        patient=treated, drug="rifampicin", starts_on=DAY_0, actor=clinician
    )


def test_only_a_clinician_judges_the_relation_and_closes_what_is_urgent(
    patient: Patient, nurse: Staff, clinician: Staff
) -> None:
    facts: dict[str, Any] = {"patient": patient, "term": "diarrhoea", "grade": 3}
    facts["onset_on"] = DAY_0
    with pytest.raises(ValidationError, match="Only a clinician judges"):
        people.record_effect(**facts, relation="unrelated", actor=nurse)
    people.record_effect(**facts, relation="unrelated", actor=clinician)
    task = Task.objects.get()

    assert "No dose is suggested" not in task.text
    with pytest.raises(ValidationError, match="Only a clinician closes"):
        people.close_task(task=task, version=1, outcome="seen", actor=nurse)
    people.close_task(task=task, version=1, outcome="seen", actor=clinician)


def test_nobody_signs_a_higher_dose_shortly_before_surgery_unasked(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "2.5", day=14, actor=clinician)
    a_trough(treated, "2.5", actor=clinician)
    services.record_event(
        patient=treated,
        kind="surgery",
        happens_on=treated.site.today(timezone.now()) + timedelta(days=7),
        actor=clinician,
    )
    advice = advise(treated, at=timezone.now())
    assert advice is not None

    with pytest.raises(ValidationError, match="Surgery is planned on"):
        services.sign_decision(
            patient=treated,
            basis=advice.basis,
            amount_mg=Decimal("2.5"),
            interval_h=24,
            reason="clinical_picture",
            actor=clinician,
        )
