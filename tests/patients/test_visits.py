"""Visits: what was done, the same landmark each time, and how the person fares."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from dosing.history import history_of
from patients import services
from patients.models import AuditEvent, Lesion, Measurement, Patient, Staff, Visit
from patients.response import SERIES_RULE, judge
from tdm.response import stories_of
from tests.builders import DAY_0, a_lesion, a_patient, a_visit


@pytest.fixture
def lesion(treated: Patient, clinician: Staff) -> Lesion:
    return a_lesion(treated, clinician)


def girths(patient: Patient) -> list[Decimal]:
    rows = Measurement.objects.of(patient).filter(quantity="circumference_cm")
    return list(rows.in_time_order().values_list("value", flat=True))


def test_a_visit_keeps_pain_and_circumference_in_their_one_home(
    treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    visit = a_visit(treated, lesion, calf="37.5", pain="6", done=["mri"], actor=nurse)

    rows = {row.quantity: row for row in visit.measurements.all()}
    assert rows["circumference_cm"].value == Decimal("37.5")
    assert rows["circumference_cm"].lesion == lesion
    assert rows["pain_vas"].value == 6
    assert AuditEvent.objects.filter(action="record_visit", actor=nurse).count() == 1


@pytest.mark.parametrize(
    ("now", "asks"), [("34", False), ("33.99", True), ("46", False), ("46.01", True)]
)
def test_a_circumference_that_jumps_by_more_than_15_percent_asks_for_its_landmark(
    treated: Patient,
    lesion: Lesion,
    nurse: Staff,
    now: str,
    asks: bool,  # noqa: FBT001
) -> None:
    a_visit(treated, lesion, calf="40", actor=nurse)
    landmark = treated.landmarks.get()

    try:
        a_visit(treated, lesion, day=30, calf=now, actor=nurse)
    except services.LandmarkDoubtError as doubt:
        assert asks
        (said,) = doubt.message_dict[f"landmark_{landmark.pk}"]
        assert "Same landmark?" in said
        assert len(girths(treated)) == 1
        sure = services.Measured(
            None, {landmark.pk: Decimal(now)}, same=frozenset({landmark.pk})
        )
        a_visit(treated, lesion, day=30, measured=sure, actor=nurse)

    assert girths(treated) == [Decimal(40), Decimal(now)]


def test_two_landmarks_of_one_day_stand_side_by_side(
    treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    keys = [
        services.add_landmark(
            lesion=lesion, limb=limb, side="left", place="middle", actor=nurse
        ).pk
        for limb in ("calf", "thigh")
    ]
    measured = services.Measured(None, dict.fromkeys(keys, Decimal(40)))

    a_visit(treated, lesion, measured=measured, actor=nurse)

    assert girths(treated) == [40, 40]


def test_a_corrected_visit_moves_and_mends_what_was_measured_at_it(
    treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    visit = a_visit(treated, lesion, calf="37", pain="6", actor=nurse)
    key = treated.landmarks.get().pk

    services.correct_visit(
        visit=visit,
        version=1,
        held_on=DAY_0 + timedelta(days=1),
        measured=services.Measured(None, {key: Decimal("36.5")}),
        reason="misread",
        actor=nurse,
    )

    (row,) = Measurement.objects.of(treated)
    assert (row.value, row.measured_on) == (
        Decimal("36.5"),
        DAY_0 + timedelta(days=1),
    )
    assert Measurement.objects.exclude(withdrawn_at=None).get().quantity == "pain_vas"


def test_a_withdrawn_visit_takes_its_numbers_with_it(
    treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    visit = a_visit(treated, lesion, calf="37", pain="6", actor=nurse)

    services.withdraw_visit(visit=visit, version=1, reason="another's", actor=nurse)

    assert not Measurement.objects.of(treated).exists()
    assert not Visit.objects.of(treated).exists()


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"held_on": "tomorrow"}, "between birth and today"),
        ({"kind": "courtesy"}, "not a valid choice"),
        ({"done": ["tea"]}, "not a valid choice"),
        ({"window_from": DAY_0, "window_to": DAY_0 - timedelta(1)}, "two ends"),
        ({"severity": 11}, "less than or equal to 10"),
        ({"qol_score": Decimal(70)}, "the name of its scale"),
        ({"qol_name": "EQ-5D"}, "Give the score"),
    ],
)
def test_nonsense_is_refused_and_nothing_is_half_written(
    treated: Patient,
    lesion: Lesion,
    nurse: Staff,
    facts: dict[str, Any],
    words: str,
) -> None:
    if facts.get("held_on"):
        today = treated.site.today(timezone.now())
        facts = {"held_on": today + timedelta(days=1)}

    with pytest.raises(ValidationError, match=words):
        a_visit(treated, lesion, pain="6", actor=nurse, **facts)

    assert not Visit.objects.exists()
    assert not Measurement.objects.exists()


def test_a_number_refused_at_a_visit_is_said_beside_its_field(
    treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    with pytest.raises(ValidationError) as refused:
        a_visit(treated, lesion, calf="500", actor=nurse)

    (field,) = refused.value.message_dict
    assert field == f"landmark_{treated.landmarks.get().pk}"
    assert not Visit.objects.exists()


def test_another_patients_landmark_is_refused(
    treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    stranger = a_patient(treated.site, nurse)
    a_visit(stranger, a_lesion(stranger, nurse), calf="30", actor=nurse)
    theirs = services.Measured(None, {stranger.landmarks.get().pk: Decimal(30)})

    with pytest.raises(ValidationError, match="landmark of this patient"):
        a_visit(treated, lesion, measured=theirs, actor=nurse)


def test_a_circumference_is_entered_with_its_visit_alone(
    treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    visit = a_visit(treated, lesion, calf="30", actor=nurse)

    with pytest.raises(ValidationError, match="Record a visit"):
        services.add_measurement(
            patient=treated,
            lesion=lesion,
            quantity="circumference_cm",
            value=Decimal(30),
            measured_on=DAY_0 + timedelta(days=1),
            actor=nurse,
        )
    with pytest.raises(ValidationError, match="Correct the visit"):
        services.correct_measurement(
            measurement=visit.measurements.get(),
            version=1,
            value=Decimal(31),
            measured_on=DAY_0,
            reason="misread",
            actor=nurse,
        )


@pytest.mark.parametrize(
    ("held", "outside"), [(-15, True), (-14, False), (14, False), (15, True)]
)
def test_a_visit_outside_its_window_is_known(held: int, outside: bool) -> None:  # noqa: FBT001
    visit = Visit(
        held_on=DAY_0 + timedelta(days=held),
        window_from=DAY_0 - timedelta(days=14),
        window_to=DAY_0 + timedelta(days=14),
    )

    assert visit.is_outside_window is outside


def test_better_function_is_a_response_under_the_series_rule(
    treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    for day, grade in ((0, 3), (90, 1)):
        a_visit(treated, lesion, day=day, function_grade=grade, actor=nurse)

    (story,) = stories_of(history_of(treated), [lesion])

    assert judge(SERIES_RULE, story.course).verdict.value == "responds"
