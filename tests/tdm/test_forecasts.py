"""Pages that show what the models expect."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from celery.contrib.testing.worker import start_worker
from django.core.management import CommandError, call_command
from django.test import Client

from dosing import services
from dosing.models import Laboratory, Protocol
from dosing.services.levels import Confirmation, UnconfirmedError
from patients.models import Patient, Site, Staff
from tdm.celery import app
from tests.builders import DAY_0, a_dose, a_patient, a_trough, clinic_day, in_diary
from tests.tdm.demo import demo_clinic

Browse = Callable[[Staff], Client]


@pytest.fixture
def measured(treated: Patient, laboratory: Laboratory, clinician: Staff) -> Patient:
    """Case 2: 13.5 and 16.4 on days 14 and 28 of 2 mg."""
    a_trough(treated, "13.5", day=14, actor=clinician)
    a_trough(treated, "16.4", actor=clinician)
    return treated


def seen(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_the_patients_page_draws_the_curve_under_a_badge_that_stays(
    measured: Patient, clinician: Staff, browser_of: Browse
) -> None:
    page = seen(browser_of(clinician), f"/patients/{measured.pk}/")

    assert 'class="band-90"' in page
    assert "curve ahead" in page
    assert "Outside the models' populations" in page
    assert "CYP3A5*3/*3" in page


def test_without_a_level_the_curve_is_named_as_everybodys(
    treated: Patient, clinician: Staff, browser_of: Browse
) -> None:
    page = seen(browser_of(clinician), f"/patients/{treated.pk}/")

    assert "expected for someone like this" in page
    assert "Expected for someone like this on 2 mg once daily: trough" in page
    assert 'class="band-90"' in page


def test_with_levels_and_no_doses_there_are_points_and_what_is_missing(
    patient: Patient,
    protocol: Protocol,
    laboratory: Laboratory,
    clinician: Staff,
    browser_of: Browse,
) -> None:
    services.assign_protocol(
        patient=patient,
        protocol=protocol,
        starts_on=DAY_0,
        reason="agreed",
        actor=clinician,
    )
    with pytest.raises(UnconfirmedError) as asked:
        a_trough(patient, "9", actor=clinician)
    keys = [question.key for question in asked.value.questions]
    confirmed = Confirmation(keys, "drawn elsewhere, doses to come")
    a_trough(patient, "9", actor=clinician, confirmation=confirmed)
    page = seen(browser_of(clinician), f"/patients/{patient.pk}/")

    assert "Without doses there is nothing to predict from." in page
    assert 'class="level' in page


def test_when_no_model_can_speak_the_rule_and_the_points_stay(
    measured: Patient, protocol: Protocol, clinician: Staff, browser_of: Browse
) -> None:
    Protocol.objects.filter(pk=protocol.pk).update(
        model_weights={"zimmerman_1997_nca_renal_adult": 1.0}
    )
    client = browser_of(clinician)
    page = seen(client, f"/patients/{measured.pk}/")
    card = seen(client, f"/patients/{measured.pk}/decide/")

    assert "No model can be asked." in page
    assert 'class="level' in page
    assert "2 mg/day × 12.5 / 16.4 = 1.52 mg/day" in card
    assert "The proportional rule stands alone." in card


def test_decide_shows_chances_that_sum_to_100_and_each_models_view(
    measured: Patient, clinician: Staff, browser_of: Browse
) -> None:
    page = seen(browser_of(clinician), f"/patients/{measured.pk}/decide/")

    assert "below 0 · in 93 · above 7 %" in page
    assert "Mao 2024" in page
    assert "Wu 2012" in page
    assert "Zimmerman 1997" in page
    assert "It needs the weight, which is not known." in page
    assert "by the rule 12.3 ng/mL" in page
    assert "Proportional rule: 1.5 mg once daily" in page
    assert "put the present trough at 14.5 (12.0–18.4)" in page


@pytest.mark.parametrize(
    ("identifier", "suggested", "told"),
    [
        (
            "TEACH-1",
            "Suggested: keep 2 mg once daily.",
            [
                "<b>13.6</b> <small>(11.2–17.2)",
                "below 0 · in 67 · above 33 %",
                "0.8 to",
            ],
        ),
        (
            "TEACH-2",
            "Suggested: 1.5 mg once daily.",
            [
                "<b>10.9</b> <small>(9.0–13.8)",
                "below 0 · in 93 · above 7 %",
                "1 to 2 SD",
            ],
        ),
    ],
)
def test_the_cards_of_both_published_cases_read_as_they_should(
    db: None, browser_of: Browse, identifier: str, suggested: str, told: list[str]
) -> None:
    demo_clinic()
    patient = Patient.objects.get(identifier=identifier)
    clinician = Staff.objects.get(username="clinician")
    page = seen(browser_of(clinician), f"/patients/{patient.pk}/decide/")

    assert suggested in page
    for words in told:
        assert words in page
    assert "without an entry: assumed taken as prescribed" in page
    assert "No model was built on people and assays like these." in page


def test_why_counts_the_doses_taken_missed_and_not_known(
    measured: Patient, clinician: Staff, browser_of: Browse
) -> None:
    for day, state in ((20, "missed: forgotten"), (21, "unknown"), (22, "taken")):
        in_diary(measured, day, dose=state, actor=clinician)
    page = seen(browser_of(clinician), f"/patients/{measured.pk}/decide/")

    assert "1 missed" in page
    assert "1 not known: counted as taken with a chance of one half" in page


def test_why_shows_the_fit_with_and_without_a_level_set_aside(
    measured: Patient, clinician: Staff, browser_of: Browse
) -> None:
    client = browser_of(clinician)
    address = f"/patients/{measured.pk}/decide/"
    odd = a_trough(measured, "5.1", actor=clinician, day=27)
    assert "without the levels set aside" not in seen(client, address)
    services.set_aside_trough(
        level=odd, version=odd.version, reason="haemolysed", actor=clinician
    )
    page = seen(client, address)

    assert "14.5 (12.0–18.4) without the levels set aside" in page
    assert "14.5 (12.0–18.4) with them" not in page


def test_a_level_that_nothing_foretold_lists_what_would_explain_it(
    treated: Patient, laboratory: Laboratory, clinician: Staff, browser_of: Browse
) -> None:
    a_trough(treated, "14.0", day=14, actor=clinician)
    a_trough(treated, "7.2", actor=clinician)
    page = seen(browser_of(clinician), f"/patients/{treated.pk}/decide/")

    assert "Why is this level odd?" in page
    assert "The last two doses were missed." in page
    assert "A true change of clearance." in page


def test_another_range_redraws_the_flags_and_saves_nothing(
    measured: Patient, clinician: Staff, browser_of: Browse
) -> None:
    client = browser_of(clinician)
    own = seen(client, f"/patients/{measured.pk}/")
    other = seen(client, f"/patients/{measured.pk}/?under=4-12")

    assert own.count("level v-above") < other.count("level v-above")
    assert "Nothing is saved" in other
    assert measured.assignments.count() == 1


def test_a_change_of_the_range_takes_a_reason_and_leaves_old_flags(
    measured: Patient, clinician: Staff, browser_of: Browse
) -> None:
    client = browser_of(clinician)
    low = Protocol.objects.create(
        name="Low",
        target_low_ng_per_ml=4,
        target_high_ng_per_ml=12,
        aim_ng_per_ml=8,
        strengths_mg=[Decimal(1)],
        citation="PERFORMUS 2021",
    )
    typed = {"protocol": low.pk, "starts_on": clinic_day(), "reason": ""}
    refused = client.post(f"/patients/{measured.pk}/protocol/", typed)
    typed["reason"] = "side effects"
    client.post(f"/patients/{measured.pk}/protocol/", typed)
    page = seen(client, f"/patients/{measured.pk}/")

    assert refused.status_code == 422
    assert measured.assignments.count() == 2
    assert "13.5 ng/mL is in range, 5–15." in page


def test_the_chosen_dose_is_drawn_ahead(
    measured: Patient, clinician: Staff, browser_of: Browse
) -> None:
    client = browser_of(clinician)
    address = f"/patients/{measured.pk}/future/"
    tomorrow = clinic_day() + timedelta(days=1)
    drawn = [
        seen(client, f"{address}?choice={choice}&new_dose_from={tomorrow}")
        for choice in ("2@24", "1@24", "other&other=0@24", "nonsense", "999@24")
    ]

    assert len(set(drawn[:3])) == 3
    assert "1 mg once daily" in drawn[1]


def test_every_model_has_a_card_with_checks_of_this_build(
    measured: Patient, clinician: Staff, browser_of: Browse
) -> None:
    page = seen(browser_of(clinician), "/models/")

    assert page.count("✓") == 14
    assert "✗" not in page
    assert "No foretold level has come yet." in page
    assert "cannot be run" in page
    assert "n = 103" in page
    assert "cl 0.1050, v 0.1823" in page


def test_an_administrator_reads_the_models_and_no_patients_numbers(
    administrator: Staff, browser_of: Browse
) -> None:
    assert "How it did" not in seen(browser_of(administrator), "/models/")


def test_a_planned_pause_is_off_until_the_protocol_shows_it(
    measured: Patient, protocol: Protocol, clinician: Staff, browser_of: Browse
) -> None:
    client = browser_of(clinician)
    address = f"/patients/{measured.pk}/pause/"

    assert client.get(address).status_code == 404
    Protocol.objects.filter(pk=protocol.pk).update(hold_view=True)
    page = seen(client, address)
    assert "Days until the curve is below the limit" in page
    assert "Mao 2024" in page
    refused = seen(client, f"{address}?stop_on=2020-01-01&limit=5")
    assert "A pause begins between today and a year from now." in refused


def test_a_loading_dose_is_off_until_the_protocol_shows_it(
    treated: Patient,
    protocol: Protocol,
    laboratory: Laboratory,
    clinician: Staff,
    browser_of: Browse,
) -> None:
    a_trough(treated, "3.0", day=14, actor=clinician)
    a_trough(treated, "3.1", actor=clinician)
    client = browser_of(clinician)
    address = f"/patients/{treated.pk}/decide/"

    assert "Loading" not in seen(client, address)
    Protocol.objects.filter(pk=protocol.pk).update(loading_view=True)
    assert "Loading, if it must rise soon, beside the dose:" in seen(client, address)


@pytest.mark.django_db(transaction=True)
def test_workers_refit_a_whole_clinic_with_progress(
    site: Site, protocol: Protocol, laboratory: Laboratory, clinician: Staff
) -> None:
    for _number in range(3):
        patient = a_patient(site, clinician)
        a_dose(patient, "2", protocol=protocol, actor=clinician)
        a_trough(patient, "12", actor=clinician)
    with start_worker(app, pool="solo", perform_ping_check=False, loglevel="ERROR"):
        said = StringIO()
        call_command("refit", "--site", site.name, "--patience", "30", stdout=said)

    assert "3 of 3, the models spoke of 3" in said.getvalue()


def test_a_clinic_without_patients_has_nothing_to_refit(site: Site) -> None:
    with pytest.raises(CommandError, match="no patient"):
        call_command("refit", "--site", site.name)
