"""Safety labs are entered as a panel, read against their laboratory, and looked at."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from dosing import services
from dosing.advice import advise, changes_between
from dosing.labs import Read, read_labs
from dosing.models import Laboratory, LabResult, ReferenceRange
from dosing.policy.labs import Side
from dosing.services.labs import Typed
from dosing.words import say
from patients import services as people
from patients.models import AuditEvent, Patient, Role, Staff, Task
from tests.builders import DAY_0, a_laboratory, a_site, a_trough


def panel(
    patient: Patient, actor: Staff, day: int = 0, /, **values: str
) -> list[LabResult]:
    """Record values in their kept units, or as `1.2 mg/dL`, on a day of treatment."""
    units = {"alt": "U/L", "ast": "U/L", "creatinine": "umol/L", "bilirubin": "umol/L"}
    units |= {"haematocrit": "%", "haemoglobin": "g/L", "triglycerides": "mmol/L"}
    results = {}
    for analyte, said in values.items():
        number, _sep, unit = said.partition(" ")
        results[analyte] = Typed(Decimal(number), unit or units.get(analyte, "10^9/L"))
    return services.record_labs(
        patient=patient,
        laboratory=Laboratory.objects.filter(site=patient.site).first(),
        drawn_on=DAY_0 + timedelta(days=day),
        results=results,
        actor=actor,
    )


def a_range(
    laboratory: Laboratory, actor: Staff, analyte: str, day: int = -400, **facts: Any
) -> None:
    people.save_configuration(
        record=ReferenceRange(
            laboratory=laboratory,
            analyte=analyte,
            from_on=DAY_0 + timedelta(days=day),
            **{name: facts[name] for name in facts},
        ),
        actor=actor,
    )


def newest(patient: Patient) -> Read:
    return read_labs(patient)[-1]


@pytest.mark.parametrize(
    ("analyte", "reported", "kept"),
    [("d_dimer", "500 ng/mL FEU", "0.5"), ("platelets", "150500 /uL", "150.5")],
)
def test_a_whole_number_reported_is_kept_with_its_fraction(
    patient: Patient,
    laboratory: Laboratory,
    nurse: Staff,
    analyte: str,
    reported: str,
    kept: str,
) -> None:
    (result,) = panel(patient, nurse, **{analyte: reported})

    assert result.value == Decimal(kept)


def test_a_panel_keeps_what_was_reported_and_the_value_in_one_unit(
    patient: Patient, nurse: Staff
) -> None:
    (creatinine,) = panel(patient, nurse, creatinine="1.2 mg/dL")

    creatinine.refresh_from_db()
    assert (creatinine.value, creatinine.reported_value) == (
        Decimal("106.08"),
        Decimal("1.2"),
    )
    assert creatinine.shown == "106 \u00b5mol/L"
    assert AuditEvent.objects.filter(action="record_labs", actor=nurse).count() == 1


def test_a_panel_is_saved_whole_or_not_at_all_and_each_slip_is_named(
    patient: Patient, nurse: Staff
) -> None:
    with pytest.raises(ValidationError) as refused:
        panel(patient, nurse, haemoglobin="13.2 g/L", alt="0", platelets="250")

    assert set(refused.value.message_dict) == {"haemoglobin", "alt"}
    assert "between 20 and 300 g/L" in refused.value.message_dict["haemoglobin"][0]
    assert not LabResult.objects.exists()


def test_an_empty_panel_is_refused(patient: Patient, nurse: Staff) -> None:
    with pytest.raises(ValidationError, match="Type at least one value"):
        panel(patient, nurse)


def test_a_value_is_recorded_once_a_day(patient: Patient, nurse: Staff) -> None:
    panel(patient, nurse, alt="30")

    with pytest.raises(ValidationError) as refused:
        panel(patient, nurse, alt="31", ast="20")

    assert refused.value.message_dict == {
        "alt": ["This is already recorded for that day. Open it to correct it."]
    }


@pytest.mark.parametrize("day", [-20_000, 20_000])
def test_a_sample_is_drawn_between_birth_and_today(
    patient: Patient, nurse: Staff, day: int
) -> None:
    with pytest.raises(ValidationError, match="between birth and today") as refused:
        panel(patient, nurse, day, alt="30", ast="30")

    assert list(refused.value.message_dict) == ["drawn_on"]


def test_another_clinics_laboratory_is_refused(patient: Patient, nurse: Staff) -> None:
    with pytest.raises(ValidationError, match="laboratory of this patient's clinic"):
        services.record_labs(
            patient=patient,
            laboratory=a_laboratory(a_site("Osaka clinic")),
            drawn_on=DAY_0,
            results={"alt": Typed(Decimal(30), "U/L")},
            actor=nurse,
        )


def test_a_corrected_value_says_why_and_keeps_the_old_one(
    patient: Patient, nurse: Staff
) -> None:
    (alt,) = panel(patient, nurse, alt="30")

    services.correct_lab(
        lab=alt,
        version=1,
        typed=Typed(Decimal("0.7"), "ukat/L"),
        drawn_on=alt.drawn_on,
        reason="read in the wrong line",
        actor=nurse,
    )

    alt.refresh_from_db()
    assert (alt.value, alt.version) == (42, 2)
    versions = alt.events.order_by("pgh_id")  # type: ignore[attr-defined]
    assert [event.value for event in versions] == [30, 42]


def test_a_withdrawn_value_is_gone_from_the_page_and_may_be_entered_again(
    patient: Patient, nurse: Staff
) -> None:
    (alt,) = panel(patient, nurse, alt="30")
    services.withdraw_lab(lab=alt, version=1, reason="other patient", actor=nurse)

    assert read_labs(patient) == []
    panel(patient, nurse, alt="35")
    assert newest(patient).result.value == 35
    with pytest.raises(ValidationError, match="in error already"):
        services.withdraw_lab(lab=alt, version=2, reason="again", actor=nurse)


def test_the_range_in_force_on_the_day_of_the_draw_judges(
    patient: Patient, laboratory: Laboratory, administrator: Staff, nurse: Staff
) -> None:
    a_range(laboratory, administrator, "alt", high=Decimal(40))
    a_range(laboratory, administrator, "alt", day=10, high=Decimal(30))
    for day in (9, 10):
        panel(patient, nurse, day, alt="35")

    assert [each.side for each in read_labs(patient)] == [Side.INSIDE, Side.HIGH]


def test_a_range_for_the_patients_sex_comes_before_the_general_one(
    patient: Patient, laboratory: Laboratory, administrator: Staff, nurse: Staff
) -> None:
    a_range(laboratory, administrator, "haemoglobin", sex="female", low=Decimal(115))
    a_range(laboratory, administrator, "haemoglobin", sex="male", low=Decimal(135))
    a_range(laboratory, administrator, "haemoglobin", day=-10, low=Decimal(130))
    panel(patient, nurse, haemoglobin="120")

    assert newest(patient).side is Side.INSIDE


def test_a_value_without_a_range_cannot_be_graded_and_says_so(
    patient: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    panel(patient, nurse, alt="900")

    found = newest(patient)
    assert (found.side, found.grade.number) == (Side.UNKNOWN, None)
    assert found.grade.why is not None
    assert "no reference range" in say(found.grade.why)


def test_an_enzyme_that_was_high_before_treatment_is_graded_against_that(
    treated: Patient, laboratory: Laboratory, administrator: Staff, nurse: Staff
) -> None:
    a_range(laboratory, administrator, "alt", high=Decimal(40))
    panel(treated, nurse, -5, alt="100")
    panel(treated, nurse, 14, alt="140")

    assert [each.grade.number for each in read_labs(treated)] == [1, 0]


def tasks() -> list[tuple[str, str, bool]]:
    return [
        (task.key, task.owner, task.is_urgent) for task in Task.objects.order_by("pk")
    ]


def test_a_crossed_limit_makes_a_task_with_an_owner(
    patient: Patient, laboratory: Laboratory, administrator: Staff, nurse: Staff
) -> None:
    a_range(laboratory, administrator, "alt", high=Decimal(40))
    panel(patient, nurse, alt="41", neutrophils="0.9", platelets="200")

    assert tasks() == [
        (f"lab:alt:{DAY_0}:41", Role.NURSE, False),
        (f"lab:neutrophils:{DAY_0}:0.9", Role.CLINICIAN, True),
    ]
    task = Task.objects.get(owner=Role.CLINICIAN)
    assert task.text % task.facts == (
        "Neutrophils 0.9 10\u2079/L on 2026-03-02: CTCAE 5.0 grade 3."
    )


def test_the_same_grade_again_makes_no_second_task_but_a_worse_one_does(
    patient: Patient, nurse: Staff
) -> None:
    for day, value in enumerate(("1.4", "1.3", "0.9", "2.5", "1.4")):
        panel(patient, nurse, day, neutrophils=value)

    days = [key.split(":")[2] for key, _owner, _urgent in tasks()]
    assert days == ["2026-03-02", "2026-03-04", "2026-03-06"]


def test_a_correction_to_a_worse_grade_makes_a_task_of_its_own(
    patient: Patient, nurse: Staff
) -> None:
    (count,) = panel(patient, nurse, neutrophils="1.4")
    facts: Any = {"drawn_on": DAY_0, "reason": "misread", "actor": nurse, "lab": count}
    services.correct_lab(version=1, typed=Typed(Decimal("1.3"), "10^9/L"), **facts)
    services.correct_lab(version=2, typed=Typed(Decimal("0.3"), "10^9/L"), **facts)

    assert tasks() == [
        (f"lab:neutrophils:{DAY_0}:1.4", Role.NURSE, False),
        (f"lab:neutrophils:{DAY_0}:0.3", Role.CLINICIAN, True),
    ]


def test_low_lymphocytes_ask_whether_to_decide_on_prophylaxis(
    patient: Patient, nurse: Staff
) -> None:
    panel(patient, nurse, lymphocytes="0.7")

    assert "Is prophylaxis to be decided on?" in Task.objects.get().text


def clearance(patient: Patient) -> list[tuple[float, ...]]:
    advice = advise(patient, at=timezone.now())
    assert advice is not None
    outlook = advice.prognosis.outlook
    assert outlook is not None
    return [choice.trough_ng_per_ml for choice in outlook.choices]


def test_the_date_of_a_haematocrit_moves_the_prediction_and_outdates_the_advice(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    a_trough(treated, "13.3", actor=nurse)
    panel(treated, nurse, 0, haematocrit="42")
    (low,) = panel(treated, nurse, 5, haematocrit="28")
    before, shown = clearance(treated), advise(treated, at=timezone.now())

    services.correct_lab(
        lab=low,
        version=1,
        typed=Typed(Decimal(28), "%"),
        drawn_on=DAY_0 + timedelta(days=26),
        reason="the date of the print",
        actor=nurse,
    )

    now = advise(treated, at=timezone.now())
    assert shown is not None
    assert now is not None
    assert clearance(treated) != before
    assert [say(s) for s in changes_between(shown.basis, now.basis)] == [
        "A blood value was entered, corrected or withdrawn."
    ]


def test_a_value_that_no_model_uses_leaves_the_advice_as_it_is(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    a_trough(treated, "13.3", actor=nurse)
    shown = advise(treated, at=timezone.now())
    panel(treated, nurse, 5, platelets="250")

    now = advise(treated, at=timezone.now())

    assert shown is not None
    assert now is not None
    assert shown.basis == now.basis


def test_reading_a_patients_labs_takes_three_statements_however_many_there_are(
    treated: Patient,
    laboratory: Laboratory,
    administrator: Staff,
    nurse: Staff,
    django_assert_num_queries: Any,
) -> None:
    a_range(laboratory, administrator, "alt", high=Decimal(40))
    for day in range(5):
        panel(treated, nurse, day, alt="30", ast="30", platelets="200")
    found = Patient.objects.get(pk=treated.pk)

    with django_assert_num_queries(3):
        assert len(read_labs(found)) == 15


@pytest.mark.parametrize(
    ("analyte", "bound", "number", "side", "grade"),
    [
        ("neutrophils", "<", "0.5", Side.LOW, 4),
        ("neutrophils", "<", "8", Side.UNKNOWN, None),
        ("neutrophils", ">", "1.4", Side.UNKNOWN, None),
        ("alt", ">", "1000", Side.HIGH, 4),
        ("alt", "<", "5", Side.INSIDE, 0),
        ("alt", "<", "90", Side.UNKNOWN, None),
        ("alt", ">", "5", Side.UNKNOWN, None),
    ],
)
def test_a_bound_is_judged_only_as_far_as_it_goes(
    patient: Patient,
    laboratory: Laboratory,
    administrator: Staff,
    nurse: Staff,
    analyte: str,
    bound: str,
    number: str,
    side: Side,
    grade: int | None,
) -> None:
    a_range(laboratory, administrator, "alt", high=Decimal(40))
    a_range(
        laboratory,
        administrator,
        "neutrophils",
        low=Decimal(2),
        high=Decimal("7.5"),
    )
    unit = {"neutrophils": "10^9/L", "alt": "U/L"}[analyte]
    services.record_labs(
        patient=patient,
        laboratory=laboratory,
        drawn_on=DAY_0,
        results={analyte: Typed(Decimal(number), unit, bound)},
        actor=nurse,
    )

    (read,) = read_labs(patient)

    assert read.side is side
    assert read.grade.number == grade
    assert str(read.result).split()[1] == f"{bound}{number}"
