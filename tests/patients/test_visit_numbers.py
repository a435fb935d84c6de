"""What was measured at a visit: corrected, told by a diary as well, and drawn."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from dosing.history import history_of
from patients import services
from patients.models import Lesion, Measurement, Patient, Staff
from tdm.story import responses
from tests.builders import DAY_0, a_lesion, a_visit, in_diary


@pytest.fixture
def lesion(treated: Patient, clinician: Staff) -> Lesion:
    return a_lesion(treated, clinician)


def pains(patient: Patient) -> list[Decimal]:
    rows = Measurement.objects.of(patient).filter(quantity="pain_vas")
    return list(rows.in_time_order().values_list("value", flat=True))


def test_the_pain_of_a_day_is_told_once_by_the_diary_or_by_a_visit(
    treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    in_diary(treated, 0, pain_vas="6", actor=nurse)

    with pytest.raises(ValidationError, match="Pain is 6 of that day already"):
        a_visit(treated, lesion, pain="4", actor=nurse)
    visit = a_visit(treated, lesion, pain="6", actor=nurse)
    assert pains(treated) == [6]

    services.withdraw_visit(visit=visit, version=1, reason="another's", actor=nurse)
    assert pains(treated) == [6]


def test_a_diary_never_revives_the_pain_of_a_withdrawn_visit(
    treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    visit = a_visit(treated, lesion, pain="6", actor=nurse)
    services.withdraw_visit(visit=visit, version=1, reason="another's", actor=nurse)

    in_diary(treated, 0, pain_vas="6", actor=nurse)

    assert Measurement.objects.of(treated).get().visit is None
    assert not Measurement.objects.standing().filter(visit=visit).exists()


def test_a_number_that_stands_is_not_asked_about_when_its_visit_is_corrected(
    treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    a_visit(treated, lesion, calf="40", actor=nurse)
    key = treated.landmarks.get().pk
    sure = services.Measured(None, {key: Decimal(30)}, same=frozenset({key}))
    visit = a_visit(treated, lesion, day=30, measured=sure, actor=nurse)
    again: dict[str, Any] = {"reason": "added later", "actor": nurse}

    services.correct_visit(
        visit=visit,
        measured=services.Measured(None, {key: Decimal(30)}),
        severity=3,
        version=1,
        **again,
    )
    with pytest.raises(services.LandmarkDoubtError):
        services.correct_visit(
            visit=visit,
            measured=services.Measured(None, {key: Decimal(29)}),
            version=2,
            **again,
        )


def test_circumferences_at_two_landmarks_are_two_lines_of_the_chart(
    treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    keys = {
        limb: services.add_landmark(
            lesion=lesion, limb=limb, side="left", place="middle", actor=nurse
        ).pk
        for limb in ("calf", "thigh")
    }
    for day, calf, thigh in ((0, 30, 50), (30, 29, 49)):
        girths = {keys["calf"]: Decimal(calf), keys["thigh"]: Decimal(thigh)}
        a_visit(
            treated,
            lesion,
            day=day,
            measured=services.Measured(None, girths),
            actor=nurse,
        )

    drawn = {line.name: line.points for line in responses(history_of(treated))}

    month = DAY_0 + timedelta(days=30)
    assert drawn == {
        "circumference, calf, left: middle": (
            (DAY_0, Decimal(30)),
            (month, Decimal(29)),
        ),
        "circumference, thigh, left: middle": (
            (DAY_0, Decimal(50)),
            (month, Decimal(49)),
        ),
    }
