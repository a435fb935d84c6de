"""Pages, as each role finds them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from dosing.advice import advise
from dosing.forms import seal
from dosing.models import Decision, Dose, Laboratory, TroughLevel
from dosing.policy import percent_of_steady_state
from patients.models import AuditEvent, Patient, Role, Site, Staff
from tests.builders import (
    DAY_0,
    a_dose,
    a_lesion,
    a_patient,
    a_protocol,
    a_staff_member,
    a_trough,
    clinic_day,
    on_day,
)
from tests.tdm.demo import demo_clinic

HTMX = {"HX-Request": "true"}


@pytest.fixture
def high(treated: Patient, laboratory: Laboratory, clinician: Staff) -> TroughLevel:
    """Case 2's levels: 13.5 and 16.4 on days 14 and 28 of 2 mg."""
    a_trough(treated, "13.5", day=14, actor=clinician)
    return a_trough(treated, "16.4", actor=clinician)


HARMLESS = {
    "pregnancy": "negative",
    "breastfeeding": "no",
    "live_vaccine": "no",
    "liver": "none",
}


def signed_in(client: Client, staff: Staff) -> Client:
    client.force_login(staff, backend="tdm.roles.RoleBackend")
    return client


def typed(patient: Patient, laboratory: Laboratory, **facts: str) -> dict[str, str]:
    """What the form sends when only the level was typed."""
    return {
        "level": "12.0",
        "unit": "ng/mL",
        "drawn_at": on_day(35).strftime("%Y-%m-%dT%H:%M"),
        "last_dose_at": on_day(34).strftime("%Y-%m-%dT%H:%M"),
        "laboratory": str(laboratory.pk),
        "patient": str(patient.pk),
        **facts,
    }


def test_today_names_the_level_that_needs_an_answer(
    client: Client, clinician: Staff, high: TroughLevel
) -> None:
    page = signed_in(client, clinician).get("/").content.decode()

    assert "16.4 ng/mL" in page
    assert "above 5–15" in page
    assert f"/patients/{high.patient_id}/decide/" in page


def test_a_nurse_is_not_offered_the_decision(
    client: Client, nurse: Staff, high: TroughLevel
) -> None:
    page = signed_in(client, nurse).get("/").content.decode()

    assert "/decide/" not in page
    assert "/levels/new/" in page


def test_an_answered_level_leaves_the_list(
    client: Client, clinician: Staff, high: TroughLevel
) -> None:
    signed_in(client, clinician).post(
        f"/patients/{high.patient_id}/decide/", choice_of(high.patient, "1.5@24")
    )

    assert "16.4 ng/mL" not in client.get("/").content.decode()


def choice_of(patient: Patient, choice: str, **facts: str) -> dict[str, str]:
    advice = advise(patient, at=timezone.now())
    assert advice is not None
    return {"basis": seal(advice), "choice": choice, "reason": "as_suggested", **facts}


def test_an_empty_list_says_so(client: Client, clinician: Staff) -> None:
    page = signed_in(client, clinician).get("/").content.decode()

    assert "Nobody needs you today." in page


@pytest.mark.parametrize(
    "words", ["Sato", "hana", "サトウ", "MRN-X", "1980-05-04", "sato hanako"]
)
def test_a_patient_is_found_by_name_identifier_or_birth_date(
    client: Client, clinician: Staff, site: Site, words: str
) -> None:
    a_patient(site, clinician, identifier="MRN-X1", family_name_kana="サトウ")
    a_patient(
        site, clinician, family_name="Abe", given_name="Ken", born_on="1990-01-01"
    )

    page = signed_in(client, clinician).get("/patients/", {"q": words})

    assert [row[0].name for row in page.context["rows"]] == ["Sato Hanako"]


@pytest.mark.parametrize("words", ["%", "_", "' or 1=1--", "\\", "😀", "\x00"])
def test_a_search_takes_signs_literally(
    client: Client, clinician: Staff, patient: Patient, words: str
) -> None:
    page = signed_in(client, clinician).get("/patients/", {"q": words})

    assert page.status_code == 200
    assert page.context["count"] == (1 if words == "\x00" else 0)


def test_beside_booking_stands_from_when_a_level_is_worth_drawing(
    client: Client, clinician: Staff, patient: Patient
) -> None:
    begun = (clinic_day() - DAY_0).days - 3
    a_dose(patient, "2", protocol=a_protocol(), day=begun, actor=clinician)
    level = patient.schedule.get(kind="level")
    useful = date_format(DAY_0 + timedelta(days=begun + 7), "MONTH_DAY_FORMAT")
    percent = percent_of_steady_state((level.best_on - DAY_0).days - begun)

    page = signed_in(client, clinician).get(f"/patients/{patient.pk}/")

    said = f"worth drawing from {useful}; {percent} % of steady state"
    assert said in page.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_patients_costs_the_same_for_one_and_three(
    client: Client,
    clinician: Staff,
    site: Site,
    laboratory: Laboratory,
    count: int,
    django_assert_num_queries: object,
) -> None:
    for _number in range(count):
        each = a_patient(site, clinician)
        a_lesion(each, clinician)
        a_dose(each, "2", protocol=a_protocol(), actor=clinician)
        a_trough(each, "12", actor=clinician)
    signed_in(client, clinician)

    with django_assert_num_queries(13):  # type: ignore[operator]
        client.get("/patients/")


@pytest.mark.parametrize("count", [1, 3])
def test_today_costs_the_same_for_one_and_three(
    client: Client,
    clinician: Staff,
    treated: Patient,
    laboratory: Laboratory,
    site: Site,
    count: int,
    django_assert_num_queries: object,
) -> None:
    for number in range(count):
        high, late = (a_patient(site, clinician) for _patient in range(2))
        for each in (high, late):
            a_lesion(each, clinician)
            a_dose(each, "2", protocol=a_protocol(), actor=clinician)
        a_trough(high, "16.4", actor=clinician, day=28 + number)
    signed_in(client, clinician)

    with django_assert_num_queries(28):  # type: ignore[operator]
        client.get("/")


@pytest.mark.parametrize("count", [1, 3])
def test_a_patient_page_costs_the_same_for_one_and_three_levels(
    client: Client,
    clinician: Staff,
    treated: Patient,
    laboratory: Laboratory,
    count: int,
    django_assert_num_queries: object,
) -> None:
    a_lesion(treated, clinician)
    for number in range(count):
        a_trough(treated, "12", actor=clinician, day=28 + number)
    signed_in(client, clinician)

    with django_assert_num_queries(42):  # type: ignore[operator]
        client.get(f"/patients/{treated.pk}/")


def test_looking_at_a_patient_leaves_a_line_in_the_audit(
    client: Client, nurse: Staff, treated: Patient
) -> None:
    signed_in(client, nurse).get(f"/patients/{treated.pk}/")

    line = AuditEvent.objects.get(action="read_page")
    assert (line.actor, line.patient) == (nurse, treated)


def test_a_typed_level_is_saved_and_leads_to_the_decision(
    client: Client, clinician: Staff, high: TroughLevel, laboratory: Laboratory
) -> None:
    form = typed(high.patient, laboratory, level="16,8", then="decide")

    answer = signed_in(client, clinician).post(
        f"/patients/{high.patient_id}/levels/new/", form, headers=HTMX
    )

    assert answer.templates[0].name == "dosing/_decide.html"
    assert str(TroughLevel.objects.latest("pk")) == "16.8 ng/mL"


def test_a_level_by_a_nurse_is_saved_without_a_decision(
    client: Client, nurse: Staff, high: TroughLevel, laboratory: Laboratory
) -> None:
    answer = signed_in(client, nurse).post(
        f"/patients/{high.patient_id}/levels/new/",
        typed(high.patient, laboratory, then="decide"),
        headers=HTMX,
    )

    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")


def test_sending_the_same_form_twice_stores_one_level(
    client: Client, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    form = typed(treated, laboratory, submission="0e6f9ee0-6a80-4f3a-b3a9-5ef6cb0a0f0a")

    for _time in range(2):
        signed_in(client, nurse).post(f"/patients/{treated.pk}/levels/new/", form)

    assert TroughLevel.objects.count() == 1


def test_another_value_under_the_same_form_is_not_swallowed(
    client: Client, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    form = typed(treated, laboratory, submission="0e6f9ee0-6a80-4f3a-b3a9-5ef6cb0a0f0a")
    browser = signed_in(client, nurse)
    browser.post(f"/patients/{treated.pk}/levels/new/", form)

    answer = browser.post(
        f"/patients/{treated.pk}/levels/new/", form | {"level": "9.1"}
    )

    assert answer.status_code == 422
    assert "This form has already stored" in answer.content.decode()


def test_a_decision_can_be_opened_again_as_it_was_signed(
    client: Client, clinician: Staff, high: TroughLevel
) -> None:
    signed_in(client, clinician).post(
        f"/patients/{high.patient_id}/decide/", choice_of(high.patient, "1.5@24")
    )
    decision = Decision.objects.get()

    page = client.get(f"/decisions/{decision.pk}/").content.decode()

    assert "2 mg/day × 12.5 / 16.4 = 1.52 mg/day" in page


def test_advice_that_went_stale_cannot_be_signed_and_says_what_changed(
    client: Client, clinician: Staff, high: TroughLevel
) -> None:
    form = choice_of(high.patient, "1.5@24")
    a_trough(high.patient, "12", actor=clinician, day=35)

    answer = signed_in(client, clinician).post(
        f"/patients/{high.patient_id}/decide/", form
    )

    assert answer.status_code == 409
    assert "A level was added, corrected or set aside." in answer.content.decode()
    assert not Decision.objects.exists()


def test_a_dose_is_chosen_before_signing(
    client: Client, clinician: Staff, high: TroughLevel
) -> None:
    answer = signed_in(client, clinician).post(
        f"/patients/{high.patient_id}/decide/", choice_of(high.patient, "")
    )

    assert answer.status_code == 422
    assert "Choose a dose." in answer.content.decode()


def test_a_forged_basis_is_refused(
    client: Client, clinician: Staff, high: TroughLevel
) -> None:
    answer = signed_in(client, clinician).post(
        f"/patients/{high.patient_id}/decide/",
        choice_of(high.patient, "1.5@24", basis="forged"),
    )

    assert answer.status_code == 422
    assert not Decision.objects.exists()


def test_the_history_shows_both_values_of_a_correction(
    client: Client, clinician: Staff, high: TroughLevel, laboratory: Laboratory
) -> None:
    signed_in(client, clinician).post(
        f"/levels/{high.pk}/correct/",
        typed(
            high.patient, laboratory, level="14.6", version="1", reason="misread report"
        ),
    )

    page = client.get(f"/history/level/{high.pk}/").content.decode()

    assert "<del>16.4</del>" in page
    assert "<ins>14.6</ins>" in page
    assert "misread report" in page


def test_a_correction_of_an_old_version_is_refused(
    client: Client, clinician: Staff, high: TroughLevel, laboratory: Laboratory
) -> None:
    form = typed(high.patient, laboratory, level="14.6", version="1", reason="misread")
    signed_in(client, clinician).post(f"/levels/{high.pk}/correct/", form)

    answer = client.post(f"/levels/{high.pk}/correct/", form | {"level": "13.6"})
    page = answer.content.decode()

    assert answer.status_code == 422
    assert "It now says 14.6 ng/mL." in page
    assert 'value="13.6"' in page


def test_after_the_warning_the_correction_is_saved_on_top(
    client: Client, clinician: Staff, high: TroughLevel, laboratory: Laboratory
) -> None:
    form = typed(high.patient, laboratory, level="14.6", version="1", reason="misread")
    signed_in(client, clinician).post(f"/levels/{high.pk}/correct/", form)
    warned = client.post(f"/levels/{high.pk}/correct/", form | {"level": "13.6"})

    assert 'name="version" value="2"' in warned.content.decode()

    again = form | {"level": "13.6", "version": "2"}
    assert client.post(f"/levels/{high.pk}/correct/", again).status_code == 303


def test_a_level_set_aside_stays_on_the_page(
    client: Client, clinician: Staff, high: TroughLevel
) -> None:
    signed_in(client, clinician).post(
        f"/levels/{high.pk}/set-aside/", {"version": "1", "reason": "haemolysed"}
    )

    page = client.get(f"/patients/{high.patient_id}/").content.decode()

    assert "haemolysed" in page
    assert "16.4" in page
    assert '<p class="big">13.5' in page


def test_a_level_is_read_while_it_is_typed(
    client: Client, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    answer = signed_in(client, nurse).post(
        f"/patients/{treated.pk}/levels/hint/", typed(treated, laboratory, level="4.9")
    )

    assert "below 5–15" in answer.content.decode()
    assert not TroughLevel.objects.exists()


@pytest.mark.parametrize("facts", [{"level": "abc"}, {"unit": "?"}, {"drawn_at": ""}])
def test_half_a_form_is_not_read(
    client: Client,
    nurse: Staff,
    treated: Patient,
    laboratory: Laboratory,
    facts: dict[str, str],
) -> None:
    answer = signed_in(client, nurse).post(
        f"/patients/{treated.pk}/levels/hint/", typed(treated, laboratory, **facts)
    )

    assert answer.content.decode().strip() == ""


def test_a_new_patient_is_registered_with_the_lesion(
    client: Client, nurse: Staff, site: Site
) -> None:
    answer = signed_in(client, nurse).post(
        "/patients/new/",
        {
            "site": site.pk,
            "identifier": "A-1",
            "family_name": "Abe",
            "given_name": "Ken",
            "born_on": "1990-02-03",
            "sex": "male",
            "body_site": "Tongue",
            "side": "midline",
            "compartment": "muscle",
            "issva_type": "common_vm",
        },
    )

    patient = Patient.objects.get(identifier="A-1")
    assert answer["Location"] == f"/patients/{patient.pk}/"
    assert patient.lesions.get().body_site == "Tongue"


def test_a_second_patient_with_the_same_identifier_is_refused_in_words(
    client: Client, nurse: Staff, patient: Patient
) -> None:
    answer = signed_in(client, nurse).post(
        "/patients/new/",
        {
            "site": patient.site_id,
            "identifier": patient.identifier,
            "family_name": "Abe",
            "given_name": "Ken",
            "born_on": "1990-02-03",
            "sex": "male",
            "body_site": "Tongue",
            "side": "midline",
            "compartment": "muscle",
            "issva_type": "common_vm",
        },
    )

    assert answer.status_code == 422
    assert "Another patient of this clinic" in answer.content.decode()
    assert Patient.objects.count() == 1


def test_a_patient_who_takes_nothing_yet_has_a_page(
    client: Client, clinician: Staff, patient: Patient
) -> None:
    answer = signed_in(client, clinician).get(f"/patients/{patient.pk}/")

    assert answer.status_code == 200
    assert "Choose a protocol and prescribe a dose first." in answer.content.decode()


@pytest.mark.parametrize("choice", ["NaN@24", "-Infinity@24", "2@0", "2@36", "1E+9@24"])
def test_a_choice_the_page_never_offered_is_refused(
    client: Client, clinician: Staff, treated: Patient, laboratory: object, choice: str
) -> None:
    a_trough(treated, "16.4", actor=clinician)

    answer = signed_in(client, clinician).post(
        f"/patients/{treated.pk}/decide/", {"choice": choice, "basis": "x"}
    )

    assert answer.status_code == 422
    assert "Choose a dose." in answer.content.decode()


def test_another_dose_stays_chosen_when_the_reason_is_missing(
    client: Client, clinician: Staff, high: TroughLevel
) -> None:
    form = choice_of(high.patient, "other") | {"other": "4@24", "reason": ""}

    page = (
        signed_in(client, clinician)
        .post(f"/patients/{high.patient_id}/decide/", form)
        .content.decode()
    )

    assert '<option value="4@24" selected>' in page
    assert '<option value="0@24">' in page


def test_a_dose_that_was_never_taken_is_withdrawn_and_stays_in_the_history(
    client: Client, clinician: Staff, treated: Patient
) -> None:
    dose = treated.doses.get()
    form = {
        "version": dose.version,
        "amount_mg": "2",
        "interval_h": "24",
        "usual_time": "08:00",
        "starts_on": dose.starts_on.isoformat(),
        "never_taken": "on",
        "reason": "wrong patient",
    }

    signed_in(client, clinician).post(f"/doses/{dose.pk}/correct/", form)

    page = client.get(f"/patients/{treated.pk}/").content.decode()
    assert "cancelled" in page
    assert not Dose.objects.of(treated).exists()


def test_a_lesion_and_its_earlier_treatment_are_added_and_corrected(
    client: Client, nurse: Staff, patient: Patient
) -> None:
    browser = signed_in(client, nurse)
    lesion = {
        "body_site": "Tongue",
        "side": "left",
        "compartment": "muscle",
        "issva_type": "common_vm",
    }
    browser.post(f"/patients/{patient.pk}/lesions/new/", lesion)
    found = patient.lesions.get()
    browser.post(f"/lesions/{found.pk}/treatments/new/", {"kind": "surgery"})
    treatment = found.previous_treatments.get()

    again = {"version": "1", "reason": "misread"}
    browser.post(f"/lesions/{found.pk}/correct/", lesion | again | {"side": "right"})
    browser.post(
        f"/treatments/{treatment.pk}/correct/", again | {"kind": "sclerotherapy"}
    )

    page = browser.get(f"/history/lesion/{found.pk}/").content.decode()
    assert "<del>left</del> → <ins>right</ins>" in page
    treatment.refresh_from_db()
    assert (treatment.kind, treatment.version) == ("sclerotherapy", 2)


def test_the_day_a_protocol_began_is_corrected(
    client: Client, clinician: Staff, treated: Patient
) -> None:
    assignment = treated.assignments.get()
    form = {
        "version": "1",
        "protocol": assignment.protocol_id,
        "starts_on": "2026-02-01",
        "reason": "misread",
    }

    signed_in(client, clinician).post(f"/protocols/{assignment.pk}/correct/", form)

    assignment.refresh_from_db()
    assert str(assignment.starts_on) == "2026-02-01"


def test_a_first_dose_is_prescribed_with_its_protocol(
    client: Client, clinician: Staff, patient: Patient, protocol: object
) -> None:
    form = {
        "protocol": protocol.pk,  # type: ignore[attr-defined]
        "amount_mg": "2",
        "interval_h": "24",
        "usual_time": "08:00",
        "starts_on": "2026-03-02",
        "reason": "start",
        **HARMLESS,
    }

    answer = signed_in(client, clinician).post(
        f"/patients/{patient.pk}/doses/new/", form
    )

    assert answer.status_code == 303
    assert str(patient.doses.get()) == "2 mg once daily"


def test_a_dose_is_stopped_without_a_level_to_decide_on(
    client: Client, clinician: Staff, treated: Patient
) -> None:
    form = {"on": "2026-04-01", "reason": "pneumonitis"}

    answer = signed_in(client, clinician).post(
        f"/patients/{treated.pk}/doses/stop/", form
    )

    assert answer.status_code == 303
    assert str(treated.doses.get().stops_on) == "2026-04-01"


def test_what_does_not_run_cannot_be_stopped(
    client: Client, clinician: Staff, patient: Patient
) -> None:
    form = {"on": "2026-04-01", "reason": "pneumonitis"}

    answer = signed_in(client, clinician).post(
        f"/patients/{patient.pk}/doses/stop/", form
    )

    assert "No dose is taken on that day or later." in answer.content.decode()


@pytest.mark.parametrize(
    ("amount", "words"),
    [("5", "ceiling is 4"), ("1.3", "whole stocked tablets"), ("-1", "greater than")],
)
def test_a_dose_that_cannot_be_taken_is_refused_in_words(
    client: Client,
    clinician: Staff,
    patient: Patient,
    protocol: object,
    amount: str,
    words: str,
) -> None:
    form = {
        "protocol": protocol.pk,  # type: ignore[attr-defined]
        "amount_mg": amount,
        "interval_h": "24",
        "usual_time": "08:00",
        "starts_on": "2026-03-02",
        "reason": "start",
        **HARMLESS,
    }

    answer = signed_in(client, clinician).post(
        f"/patients/{patient.pk}/doses/new/", form
    )

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not patient.doses.exists()


def test_a_measurement_is_added(client: Client, nurse: Staff, patient: Patient) -> None:
    form = {"quantity": "pain_vas", "value": "5", "measured_on": "2026-03-02"}

    signed_in(client, nurse).post(f"/patients/{patient.pk}/measurements/new/", form)

    assert patient.measurements.get().value == 5


def test_pain_of_eleven_is_refused(
    client: Client, nurse: Staff, patient: Patient
) -> None:
    form = {"quantity": "pain_vas", "value": "11", "measured_on": "2026-03-02"}

    answer = signed_in(client, nurse).post(
        f"/patients/{patient.pk}/measurements/new/", form
    )

    assert (
        "This value cannot be true: it lies between 0 and 10."
        in answer.content.decode()
    )


def test_who_may_not_is_told_so(client: Client, nurse: Staff, treated: Patient) -> None:
    answer = signed_in(client, nurse).get(f"/patients/{treated.pk}/decide/")

    assert answer.status_code == 403
    assert "Your role may not do this" in answer.content.decode()
    assert "Back to Today" in answer.content.decode()


@pytest.mark.parametrize("role", [Role.ADMIN, Role.RESEARCH_READER])
def test_who_has_no_today_is_led_back_to_their_first_page(
    client: Client, site: Site, role: Role
) -> None:
    someone = a_staff_member(site, role)
    page = signed_in(client, someone).get("/messages/")

    assert page.status_code == 403
    assert "Back to your first page" in page.content.decode()
    assert "Back to Today" not in page.content.decode()


@pytest.mark.parametrize(
    ("role", "place"), [(Role.ADMIN, "/tokens/"), (Role.RESEARCH_READER, "/cohort/")]
)
def test_those_who_see_no_patients_are_taken_to_their_work(
    client: Client, site: Site, role: Role, place: str
) -> None:
    answer = signed_in(client, a_staff_member(site, role)).get("/")

    assert answer["Location"] == place


def test_a_page_whose_session_ended_is_told_so(client: Client, db: None) -> None:
    answer = client.post("/patients/1/levels/new/", headers=HTMX)

    assert answer.status_code == 401
    assert "signed-out" in answer["HX-Trigger"]


def test_a_form_without_its_token_keeps_its_words(
    clinician: Staff, treated: Patient
) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(clinician, backend="tdm.roles.RoleBackend")

    answer = careful.post(f"/patients/{treated.pk}/levels/new/", {"level": "12"})

    assert answer.status_code == 403
    assert "too old to be sent" in answer.content.decode()


def test_ten_wrong_passwords_lock_the_account(client: Client, clinician: Staff) -> None:
    wrong = {"username": clinician.username, "password": "wrong"}

    answer = [client.post("/sign-in/", wrong) for _time in range(10)][-1]

    assert answer.status_code == 429
    assert "locked for 15 minutes" in answer.content.decode()


def test_a_page_is_private_and_guarded(client: Client, clinician: Staff) -> None:
    answer = signed_in(client, clinician).get("/")

    assert answer["Cache-Control"] == "no-store"
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


def test_an_unknown_address_says_so(client: Client, clinician: Staff) -> None:
    answer = signed_in(client, clinician).get("/nowhere/")

    assert answer.status_code == 404
    assert "Not found" in answer.content.decode()


def test_a_decision_shows_nothing_to_decide_without_a_level(
    client: Client, clinician: Staff, treated: Patient
) -> None:
    page = signed_in(client, clinician).get(f"/patients/{treated.pk}/decide/")

    assert "There is no level to decide on" in page.content.decode()


def test_a_patients_name_is_corrected_and_the_old_one_stays_in_the_history(
    client: Client, nurse: Staff, patient: Patient
) -> None:
    form = {
        "version": "1",
        "identifier": patient.identifier,
        "family_name": "Satoh",
        "given_name": "Hanako",
        "born_on": "1980-05-04",
        "sex": "female",
        "reason": "spelling on the card",
    }

    answer = signed_in(client, nurse).post(f"/patients/{patient.pk}/correct/", form)

    page = client.get(f"/history/patient/{patient.pk}/").content.decode()
    assert answer.status_code == 303
    assert "<del>Sato</del>" in page
    assert "<ins>Satoh</ins>" in page


def test_a_measurement_is_corrected_with_a_reason(
    client: Client, nurse: Staff, patient: Patient
) -> None:
    signed_in(client, nurse).post(
        f"/patients/{patient.pk}/measurements/new/",
        {"quantity": "pain_vas", "value": "8", "measured_on": "2026-03-02"},
    )
    wrong = patient.measurements.get()
    form = {"version": "1", "value": "6", "measured_on": "2026-03-02"}

    refused = client.post(f"/measurements/{wrong.pk}/correct/", form)
    client.post(f"/measurements/{wrong.pk}/correct/", form | {"reason": "misheard"})

    assert refused.status_code == 422
    assert patient.measurements.get().value == 6


def test_a_dose_entered_wrongly_is_corrected(
    client: Client, clinician: Staff, treated: Patient
) -> None:
    dose = treated.doses.get()
    form = {
        "version": "1",
        "amount_mg": "1",
        "interval_h": "24",
        "usual_time": "08:00",
        "starts_on": "2026-03-02",
        "reason": "wrong strength typed",
    }

    signed_in(client, clinician).post(f"/doses/{dose.pk}/correct/", form)

    assert str(treated.doses.get()) == "1 mg once daily"


@pytest.mark.parametrize("kind", ["unicorn", "decision"])
def test_a_record_of_no_kind_has_no_history(
    client: Client, clinician: Staff, kind: str
) -> None:
    assert signed_in(client, clinician).get(f"/history/{kind}/1/").status_code == 404


def test_a_japanese_reader_reads_japanese_with_japanese_dates(
    client: Client, clinician: Staff, treated: Patient, laboratory: object
) -> None:
    a_trough(treated, "16.4", actor=clinician)
    browser = signed_in(client, clinician)

    page = browser.get(
        f"/patients/{treated.pk}/decide/", headers={"accept-language": "ja"}
    ).content.decode()

    assert "2026年3月30日(月) 08:00" in page
    assert "1回1.5 mg 1日1回" in page
    assert "署名" in page


@pytest.mark.parametrize(
    ("query", "levels"),
    [
        ("from=2026-03-02&to=2026-03-20", ["13.5 ng/mL"]),
        ("from=2026-03-17&to=2026-03-31", ["16.4 ng/mL"]),
        ("from=2026-03-20&to=2026-03-01", ["13.5 ng/mL", "16.4 ng/mL"]),
        ("from=2026-03-17&to=2026-03-22", ["13.5 ng/mL", "16.4 ng/mL"]),
        ("from=never&to=always", ["13.5 ng/mL", "16.4 ng/mL"]),
        ("from=0001-01-01&to=9999-12-31", ["13.5 ng/mL", "16.4 ng/mL"]),
        ("from=2026-03-17", ["13.5 ng/mL", "16.4 ng/mL"]),
    ],
)
def test_chosen_days_of_the_chart_are_in_the_address_and_nonsense_shows_all(
    client: Client,
    treated: Patient,
    laboratory: Laboratory,
    clinician: Staff,
    query: str,
    levels: list[str],
) -> None:
    a_trough(treated, "13.5", day=14, actor=clinician)
    a_trough(treated, "16.4", actor=clinician)

    answer = signed_in(client, clinician).get(
        f"/patients/{treated.pk}/?{query}", headers={"HX-Request": "true"}
    )

    rows = answer.context["figure"].rows
    assert [row.value for row in rows if row.what == "level"] == levels
    assert "<html" not in answer.content.decode()
    assert 'id="figure"' in answer.content.decode()


def test_the_companion_of_a_teaching_case_states_its_mean_and_its_n(
    client: Client, db: None
) -> None:
    demo_clinic()
    case = Patient.objects.get(identifier="TEACH-1")
    page = signed_in(client, Staff.objects.get(username="clinician")).get(
        f"/patients/{case.pk}/"
    )

    (point,) = page.context["companion"].points
    assert (point.mean, point.levels, point.change) == ("14.0", 2, "\u221228\u00a0%")
    assert "the last 63 days before" in page.content.decode()
    assert "n = 1 MRI." in page.content.decode()
    assert "no line is fitted" in page.content.decode()
