"""Side effects: which grades there are, what may be recorded, and who is asked."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from patients import ctcae, services
from patients.models import (
    FEVER_FROM_C,
    AuditEvent,
    Patient,
    QuantityLimit,
    Role,
    SideEffect,
    Staff,
    Task,
)
from tests.builders import DAY_0


def day(number: int) -> date:
    return DAY_0 + timedelta(days=number)


def suffers(
    patient: Patient, term: str, grade: int, *, actor: Staff, on: int = 20, **facts: Any
) -> SideEffect:
    return services.record_effect(
        patient=patient,
        term=term,
        grade=grade,
        onset_on=day(on),
        actor=actor,
        **facts,
    )


def corrected(effect: SideEffect, *, actor: Staff, **changes: Any) -> SideEffect:
    names = (
        "grade",
        "onset_on",
        "resolved_on",
        "action_taken",
        "treatment",
        "relation",
        "note",
        "version",
    )
    facts = {name: getattr(effect, name) for name in names}
    return services.correct_effect(
        effect=effect, reason="asked again", actor=actor, **{**facts, **changes}
    )


def open_tasks(patient: Patient) -> list[tuple[str, bool, str]]:
    rows = Task.objects.open().filter(patient=patient).order_by("kind", "pk")
    return [(task.kind, task.is_urgent, task.owner) for task in rows]


FEVER = ("fever", True, Role.CLINICIAN.value)
LUNG = ("lung", True, Role.CLINICIAN.value)
SEVERE = ("severe", True, Role.CLINICIAN.value)


@pytest.mark.parametrize("code", ctcae.TERMS)
def test_every_term_says_what_each_of_its_grades_means(code: str) -> None:
    term = ctcae.TERMS[code]

    assert [grade for grade, words in term.choices if words] == list(term.grades)
    assert set(term.described) <= set(term.grades)


@pytest.mark.parametrize(
    ("code", "grade"),
    [
        ("rash_maculo_papular", 4),
        ("fatigue", 4),
        ("lung_infection", 1),
        ("mucositis_oral", 0),
        ("mucositis_oral", 6),
    ],
)
def test_a_grade_that_the_term_does_not_have_is_refused(
    patient: Patient, nurse: Staff, code: str, grade: int
) -> None:
    with pytest.raises(ValidationError, match="no such grade"):
        suffers(patient, code, grade, actor=nurse)


def test_a_side_effect_keeps_its_ctcae_version_and_leaves_a_trace(
    patient: Patient, nurse: Staff
) -> None:
    effect = suffers(patient, "rash_maculo_papular", 1, actor=nurse)

    line = AuditEvent.objects.about(effect).get()
    assert effect.ctcae_version == "5.0"
    assert (line.action, line.actor) == ("record_effect", nurse)
    assert open_tasks(patient) == []


def test_another_side_effect_is_named(patient: Patient, nurse: Staff) -> None:
    with pytest.raises(ValidationError, match="Say which side effect"):
        suffers(patient, "other", 1, actor=nurse, other_text=" ")

    effect = suffers(patient, "other", 1, actor=nurse, other_text="Hair loss")
    assert str(effect) == "Hair loss, grade 1"


def test_a_name_typed_beside_a_term_is_left_out(patient: Patient, nurse: Staff) -> None:
    effect = suffers(patient, "nausea", 1, actor=nurse, other_text="Hair loss")

    assert str(effect) == "Nausea, grade 1"


def test_the_official_term_is_kept_whatever_the_page_speaks(
    patient: Patient, nurse: Staff
) -> None:
    with translation.override("ja"):
        effect = suffers(patient, "diarrhoea", 3, actor=nurse)

    assert effect.english == "Diarrhea"
    assert Task.objects.get().facts["effect"] == "Diarrhea"


def test_a_side_effect_is_open_once(patient: Patient, nurse: Staff) -> None:
    effect = suffers(patient, "nausea", 1, actor=nurse)
    with pytest.raises(ValidationError, match="is open already"):
        suffers(patient, "nausea", 2, actor=nurse, on=25)

    services.resolve_effect(effect=effect, version=1, resolved_on=day(22), actor=nurse)
    suffers(patient, "nausea", 2, actor=nurse, on=25)


def test_two_others_may_be_open_at_once(patient: Patient, nurse: Staff) -> None:
    suffers(patient, "other", 1, actor=nurse, other_text="Hair loss")
    suffers(patient, "other", 1, actor=nurse, other_text="Tinnitus")

    assert SideEffect.objects.of(patient).open().count() == 2


@pytest.mark.parametrize("name", ["onset_on", "resolved_on"])
def test_no_side_effect_begins_or_ends_tomorrow(
    patient: Patient, nurse: Staff, name: str
) -> None:
    tomorrow = patient.site.today(timezone.now()) + timedelta(days=1)
    facts: dict[str, Any] = {"onset_on": day(20), name: tomorrow}

    with pytest.raises(ValidationError, match="between birth and today"):
        services.record_effect(
            patient=patient, term="nausea", grade=1, actor=nurse, **facts
        )


def test_a_side_effect_may_be_gone_the_day_it_began_but_not_before(
    patient: Patient, nurse: Staff
) -> None:
    with pytest.raises(ValidationError, match="or later"):
        suffers(patient, "nausea", 1, actor=nurse, resolved_on=day(19))

    effect = suffers(patient, "nausea", 1, actor=nurse, resolved_on=day(20))
    assert not effect.is_open


def test_a_grade_that_rises_is_corrected_and_the_old_one_kept(
    patient: Patient, nurse: Staff
) -> None:
    effect = suffers(patient, "mucositis_oral", 2, actor=nurse)

    worse = corrected(effect, actor=nurse, grade=3, action_taken="held")

    assert (worse.grade, worse.version) == (3, 2)
    assert [row.grade for row in worse.events.order_by("pgh_id")] == [2, 3]  # type: ignore[attr-defined]
    assert open_tasks(patient) == [SEVERE]


def test_a_stale_correction_is_refused(patient: Patient, nurse: Staff) -> None:
    effect = suffers(patient, "nausea", 1, actor=nurse)
    corrected(effect, actor=nurse, grade=2)

    with pytest.raises(ValidationError, match="has changed this record"):
        corrected(effect, actor=nurse, grade=3)


def test_what_was_entered_in_error_stays_and_is_changed_no_more(
    patient: Patient, nurse: Staff
) -> None:
    effect = suffers(patient, "nausea", 1, actor=nurse)
    gone = services.withdraw_effect(
        effect=effect, version=1, reason="another patient's", actor=nurse
    )

    assert list(SideEffect.objects.of(patient)) == []
    assert AuditEvent.objects.about(gone).last().reason == "another patient's"  # type: ignore[union-attr]
    with pytest.raises(ValidationError, match="in error already"):
        corrected(gone, actor=nurse, grade=2)
    suffers(patient, "nausea", 1, actor=nurse)


def test_a_withdrawal_says_why(patient: Patient, nurse: Staff) -> None:
    effect = suffers(patient, "nausea", 1, actor=nurse)

    with pytest.raises(ValidationError, match="Say why"):
        services.withdraw_effect(effect=effect, version=1, reason=" ", actor=nurse)


@pytest.mark.parametrize(
    ("term", "grade", "asked"),
    [
        ("mucositis_oral", 2, []),
        ("mucositis_oral", 3, [SEVERE]),
        ("mucositis_oral", 4, [SEVERE]),
        ("fever", 1, [FEVER]),
        ("fever", 3, [FEVER, SEVERE]),
        ("cough", 2, []),
        ("dyspnoea", 2, []),
        ("pneumonitis", 1, [LUNG]),
        ("lung_infection", 2, []),
    ],
)
def test_what_cannot_wait_is_on_the_worklist_at_once(
    patient: Patient,
    nurse: Staff,
    term: str,
    grade: int,
    asked: list[tuple[str, bool, str]],
) -> None:
    suffers(patient, term, grade, actor=nurse)

    assert open_tasks(patient) == asked


def test_what_is_gone_already_asks_for_nobody(patient: Patient, nurse: Staff) -> None:
    suffers(patient, "pneumonitis", 3, actor=nurse, resolved_on=day(24))

    assert open_tasks(patient) == []


def test_cough_and_dyspnoea_at_once_ask_about_the_lung(
    patient: Patient, nurse: Staff
) -> None:
    suffers(patient, "dyspnoea", 1, actor=nurse, on=20)
    suffers(patient, "cough", 1, actor=nurse, on=23)

    task = Task.objects.get()
    assert (task.kind, task.facts) == ("lung", {"day": day(23).isoformat()})
    assert "Interstitial lung disease?" in task.text
    assert "Japanese package insert" in task.text


def test_a_cough_that_is_gone_does_not_meet_a_dyspnoea(
    patient: Patient, nurse: Staff
) -> None:
    suffers(patient, "cough", 1, actor=nurse, on=20, resolved_on=day(21))
    suffers(patient, "dyspnoea", 1, actor=nurse, on=23)

    assert open_tasks(patient) == []


def test_another_patients_cough_does_not_count(
    patient: Patient, treated: Patient, nurse: Staff, clinician: Staff
) -> None:
    other = services.register_patient(
        site=patient.site,
        identifier="MRN-other",
        family_name="Abe",
        given_name="Ken",
        born_on=date(1990, 1, 1),
        sex="male",
        actor=clinician,
    )
    suffers(other, "cough", 1, actor=nurse)
    suffers(patient, "dyspnoea", 1, actor=nurse)

    assert Task.objects.count() == 0


def test_an_episode_asks_once_and_again_only_where_it_grows_worse(
    patient: Patient, nurse: Staff, clinician: Staff
) -> None:
    effect = suffers(patient, "diarrhoea", 3, actor=nurse)
    effect = corrected(effect, actor=nurse, note="still")
    task = Task.objects.get()
    services.close_task(task=task, version=1, outcome="held", actor=clinician)
    effect = corrected(effect, actor=nurse, note="still, again")
    assert open_tasks(patient) == []

    corrected(effect, actor=nurse, grade=4)
    assert open_tasks(patient) == [SEVERE]


def a_temperature(patient: Patient, value: str, actor: Staff, ago: int = 2) -> None:
    services.add_measurement(
        patient=patient,
        quantity="temperature_c",
        value=Decimal(value),
        measured_on=patient.site.today(timezone.now()) - timedelta(days=ago),
        actor=actor,
    )


@pytest.mark.parametrize(
    ("value", "asked"), [("37.9", []), ("38", [FEVER]), ("40.2", [FEVER])]
)
def test_a_temperature_is_a_fever_from_38(
    patient: Patient, nurse: Staff, value: str, asked: list[tuple[str, bool, str]]
) -> None:
    assert Decimal(38) == FEVER_FROM_C
    a_temperature(patient, value, nurse)

    assert open_tasks(patient) == asked


def test_a_clinic_has_its_own_limit_of_a_fever(patient: Patient, nurse: Staff) -> None:
    QuantityLimit.objects.create(
        site=patient.site,
        quantity="temperature_c",
        low=30,
        high=45,
        abnormal_from=Decimal("37.5"),
    )

    a_temperature(patient, "37.4", nurse, ago=3)
    assert open_tasks(patient) == []
    a_temperature(patient, "37.5", nurse)
    assert open_tasks(patient) == [FEVER]


def test_a_clinic_without_an_upper_limit_still_hears_of_a_fever(
    patient: Patient, nurse: Staff
) -> None:
    QuantityLimit.objects.create(
        site=patient.site, quantity="temperature_c", low=30, high=45
    )
    a_temperature(patient, "38", nurse)

    assert open_tasks(patient) == [FEVER]


def test_each_day_of_a_fever_calls_and_so_does_a_worse_one(
    patient: Patient, nurse: Staff, clinician: Staff
) -> None:
    a_temperature(patient, "38.4", nurse, ago=3)
    services.close_task(
        task=Task.objects.get(), version=1, outcome="seen", actor=clinician
    )
    a_temperature(patient, "38.4", nurse, ago=2)
    assert open_tasks(patient) == [FEVER]

    hot = patient.measurements.order_by("measured_on")[0]
    services.correct_measurement(
        measurement=hot,
        version=1,
        value=Decimal("40.1"),
        measured_on=hot.measured_on,
        reason="misread",
        actor=nurse,
    )
    assert open_tasks(patient) == [FEVER, FEVER]


@pytest.mark.parametrize(
    ("value", "later", "calls"),
    [("37.2", 0, []), ("39.6", 0, [FEVER]), ("39", 1, [FEVER])],
)
def test_a_temperature_that_is_corrected_no_longer_calls_as_it_was(
    patient: Patient, nurse: Staff, value: str, later: int, calls: list[object]
) -> None:
    a_temperature(patient, "39", nurse)
    row, task = patient.measurements.get(), Task.objects.get()

    services.correct_measurement(
        measurement=row,
        version=1,
        value=Decimal(value),
        measured_on=row.measured_on + timedelta(days=later),
        reason="misread",
        actor=nurse,
    )

    task.refresh_from_db()
    said = "The entry was taken back." if later else "The entry was corrected."
    assert (task.outcome, task.closed_by) == (said, nurse)
    assert open_tasks(patient) == calls


def test_a_correction_leaves_the_calls_of_other_days_and_of_episodes(
    patient: Patient, nurse: Staff
) -> None:
    services.record_effect(
        patient=patient,
        term="fever",
        grade=1,
        onset_on=patient.site.today(timezone.now()),
        actor=nurse,
    )
    a_temperature(patient, "38.5", nurse, ago=1)
    a_temperature(patient, "36.5", nurse, ago=2)
    row = patient.measurements.get(value=Decimal("36.5"))

    services.correct_measurement(
        measurement=row,
        version=1,
        value=Decimal("36.6"),
        measured_on=row.measured_on,
        reason="misread",
        actor=nurse,
    )

    assert open_tasks(patient) == [FEVER, FEVER]


def test_a_fever_of_long_ago_calls_nobody(patient: Patient, nurse: Staff) -> None:
    a_temperature(patient, "39", nurse, ago=15)
    assert open_tasks(patient) == []

    a_temperature(patient, "39", nurse, ago=14)
    assert open_tasks(patient) == [FEVER]


def test_an_urgent_task_is_closed_by_a_clinician(
    patient: Patient, nurse: Staff
) -> None:
    a_temperature(patient, "38.4", nurse)

    with pytest.raises(ValidationError, match="Only a clinician closes"):
        services.close_task(
            task=Task.objects.get(), version=1, outcome="seen", actor=nurse
        )
