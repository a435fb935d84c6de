"""The page of visits where days, landmarks and scales are more than one."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dosing.models import Protocol
from patients import services
from patients.models import Lesion, Patient, Staff
from tests.builders import DAY_0, a_dose, a_lesion, a_visit

Browse = Callable[[Staff], Client]


@pytest.fixture
def lesion(treated: Patient, clinician: Staff) -> Lesion:
    return a_lesion(treated, clinician)


def page_of(client: Client, patient: Patient) -> str:
    answer = client.get(f"/patients/{patient.pk}/visits/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_visit_without_answers_hides_none_of_another_on_its_day(
    treated: Patient, lesion: Lesion, nurse: Staff, browser_of: Browse
) -> None:
    words: dict[str, Any] = {"work": "half days", "function_grade": 2}
    a_visit(treated, lesion, kind="baseline", **words, actor=nurse)
    a_visit(treated, lesion, kind="telephone", actor=nurse)

    page = page_of(browser_of(nurse), treated)

    assert "<td>half days</td>" in page
    assert "<td>2 moderate</td>" in page


def test_a_landmark_retired_since_keeps_its_number_when_the_visit_is_corrected(
    treated: Patient, lesion: Lesion, nurse: Staff, browser_of: Browse
) -> None:
    visit = a_visit(treated, lesion, calf="37.5", actor=nurse)
    landmark = treated.landmarks.get()
    services.correct_landmark(
        landmark=landmark, version=1, is_retired=True, reason="moved", actor=nurse
    )
    client, here = browser_of(nurse), f"/visits/{visit.pk}/correct/"
    new = client.get(f"/patients/{treated.pk}/visits/new/").content.decode()
    assert f"landmark_{landmark.pk}" not in new

    form = client.get(here).context["form"]
    said = {name: form[name].value() for name in form.fields}
    typed = {name: value for name, value in said.items() if value not in (None, "", [])}
    saved = client.post(here, {**typed, "severity": "2", "reason": "misread"})

    assert saved.status_code == 303
    assert visit.measurements.get(withdrawn_at=None).value == Decimal("37.5")
    assert "no longer measured" in page_of(client, treated)
    history = client.get(f"/history/landmark/{landmark.pk}/").content.decode()
    assert "Landmark corrected" in history


def test_a_quality_of_life_score_is_shown_with_its_scale_and_range(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    client, here = browser_of(nurse), f"/patients/{treated.pk}/visits/new/"
    form: dict[str, Any] = {"kind": "follow_up", "held_on": str(DAY_0)}
    named = {"qol_name": "EQ-5D index", "qol_score": "0.82", "qol_low": "0"}

    for wrong in ({}, {"qol_high": "0.5"}, {"qol_high": "0"}):
        answer = client.post(here, {**form, **named, **wrong})
        assert "Give both ends of the scale" in answer.content.decode()
    client.post(here, {**form, **named, "qol_high": "1", "done": ["mri", "photo"]})

    page = page_of(client, treated)
    assert '<th scope="row">EQ-5D index (0 to 1)</th>' in page
    visit = treated.visits.get()
    history = client.get(f"/history/visit/{visit.pk}/").content.decode()
    assert "MRI, photograph" in history


def test_a_visit_that_was_held_is_not_proposed_again(
    patient: Patient,
    protocol: Protocol,
    clinician: Staff,
    browser_of: Browse,
) -> None:
    today = patient.site.today(timezone.now())
    begun = (today - DAY_0).days
    a_dose(patient, "2", protocol=protocol, day=begun, actor=clinician)
    client, here = browser_of(clinician), f"/patients/{patient.pk}/visits/new/"
    proposed = [client.get(here).context["form"]["kind"].value()]
    services.record_visit(
        patient=patient, kind="baseline", held_on=today, actor=clinician
    )
    proposed.append(client.get(here).context["form"]["kind"].value())

    assert proposed == ["baseline", "follow_up"]


def test_more_visits_and_landmarks_ask_no_more_questions(
    treated: Patient,
    lesion: Lesion,
    nurse: Staff,
    browser_of: Browse,
    django_assert_num_queries: Any,
) -> None:
    client = browser_of(nurse)
    a_visit(treated, lesion, calf="37", pain="5", actor=nurse)
    with django_assert_num_queries(15):
        page_of(client, treated)
    for limb in ("thigh", "foot"):
        services.add_landmark(
            lesion=lesion, limb=limb, side="left", place="middle", actor=nurse
        )
    keys = treated.landmarks.values_list("pk", flat=True)
    for day in (30, 60):
        measured = services.Measured(Decimal(4), dict.fromkeys(keys, Decimal(36)))
        held_on = DAY_0 + timedelta(days=day)
        a_visit(treated, lesion, held_on=held_on, measured=measured, actor=nurse)
    with django_assert_num_queries(15):
        page_of(client, treated)
