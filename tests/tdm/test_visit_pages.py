"""The pages of visits: two minutes to fill, and the course beside it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from patients.models import Lesion, Patient, Staff
from tests.builders import DAY_0, a_lesion, a_visit
from tests.tdm.demo import demo_clinic


@pytest.fixture
def lesion(treated: Patient, clinician: Staff) -> Lesion:
    return a_lesion(treated, clinician)


def signed_in(client: Client, staff: Staff) -> Client:
    client.force_login(staff, backend="tdm.roles.RoleBackend")
    return client


def post(client: Client, patient: Patient, **facts: Any) -> Any:
    form = {"kind": "follow_up", "held_on": str(DAY_0 + timedelta(days=60)), **facts}
    return client.post(f"/patients/{patient.pk}/visits/new/", form)


def test_a_visit_is_recorded_in_one_form_and_shown_with_computed_changes(
    client: Client, treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    a_visit(treated, lesion, calf="37", pain="5", actor=nurse)
    key = treated.landmarks.get().pk

    answer = post(
        signed_in(client, nurse),
        treated,
        done=["level", "mri"],
        pain_vas="3",
        function_grade="1",
        bleeding="0",
        satisfaction="9",
        qol_name="EQ-5D index",
        qol_score="0.82",
        **{f"landmark_{key}": "33"},
    )
    page = client.get(f"/patients/{treated.pk}/visits/").content.decode()

    assert answer.status_code == 303
    for words in (
        "level drawn, MRI",
        "calf, left: 15 cm below (cm)",
        "\u221210.81 %",
        "(33 \u2212 37) / 37 \u00d7 100",
        "1 mild",
        "0 none",
        "EQ-5D index",
        "0.82",
        "week 8",
    ):
        assert words in page
    assert "Bothered" not in page


def test_a_jump_is_asked_about_in_the_form_and_saved_with_a_tick(
    client: Client, treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    a_visit(treated, lesion, calf="37", actor=nurse)
    key = treated.landmarks.get().pk
    typed = {f"landmark_{key}": "30"}

    asked = post(signed_in(client, nurse), treated, **typed)
    page = asked.content.decode()

    assert asked.status_code == 422
    assert "Same landmark?" in page
    assert f'name="same_{key}"' in page
    assert "Last: 37 cm" in page
    other = {f"landmark_{key}": "20", f"same_{key}": "30"}
    assert post(client, treated, **other).status_code == 422
    saved = post(client, treated, **typed, **{f"same_{key}": "30"})
    assert saved.status_code == 303
    assert treated.visits.count() == 2


@pytest.mark.parametrize(("day", "says"), [(45, False), (46, True)])
def test_a_visit_is_held_against_the_window_of_its_kind(
    client: Client,
    treated: Patient,
    nurse: Staff,
    day: int,
    says: bool,  # noqa: FBT001
) -> None:
    held = DAY_0 + timedelta(days=day - 1)
    post(signed_in(client, nurse), treated, kind="month_1", held_on=str(held))

    page = client.get(f"/patients/{treated.pk}/visits/").content.decode()

    assert ("outside its window" in page) is says


def test_what_was_typed_is_offered_again_to_be_corrected(
    client: Client, treated: Patient, lesion: Lesion, nurse: Staff
) -> None:
    visit = a_visit(treated, lesion, calf="37.5", pain="6", severity=4, actor=nurse)
    here = f"/visits/{visit.pk}/correct/"
    form = signed_in(client, nurse).get(here).context["form"]
    said = {name: form[name].value() for name in form.fields}
    typed = {name: value for name, value in said.items() if value not in (None, "", [])}

    client.post(here, {**typed, "severity": "2", "reason": "misread"})

    visit.refresh_from_db()
    assert (visit.severity, visit.version) == (2, 2)
    assert visit.measurements.get(quantity="circumference_cm").version == 1


def test_the_teaching_cases_have_their_three_visits(db: None) -> None:
    demo_clinic()
    case = Patient.objects.get(identifier="TEACH-2")
    landmark = case.landmarks.get()

    assert [visit.kind for visit in case.visits.in_time_order()] == [
        "baseline",
        "month_1",
        "month_3",
    ]
    assert landmark.place == "not stated in the report"
    assert landmark.measurements.count() == 3
    assert timezone.now().date() > case.visits.latest("held_on").held_on
