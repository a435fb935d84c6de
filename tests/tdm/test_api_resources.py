"""What pages write, programs write through the same services, and read again."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dosing.models import Intake, Laboratory
from patients.models import (
    AuditEvent,
    Landmark,
    Lesion,
    Measurement,
    Patient,
    Scope,
    Site,
    Staff,
    Task,
)
from patients.services import raise_task
from tests.builders import (
    a_lesion,
    a_patient,
    a_planned_item,
    a_protocol,
    a_site,
    a_trough,
    a_visit,
    in_diary,
)
from tests.tdm.programs import Program, a_program

Body = dict[str, Any]

A_PERSON: Body = {
    "identifier": "4711",
    "family_name": "Yamada",
    "given_name": "Hanako",
    "born_on": "1998-04-02",
    "sex": "female",
}
A_LESION: Body = {
    "body_site": "left calf",
    "side": "left",
    "compartment": "muscle",
    "issva_type": "common_vm",
}
SAFE: Body = {
    "pregnancy": "negative",
    "breastfeeding": "no",
    "live_vaccine": "no",
    "liver": "none",
}
WHY: Body = {"reason": "Typed wrongly"}
SOON = f"{timezone.localdate() + timedelta(days=10)}"


@pytest.fixture
def program(site: Site, administrator: Staff) -> Program:
    return a_program(site, administrator)


def test_a_program_registers_a_patient_with_the_first_lesion_and_corrects_both(
    program: Program, site: Site
) -> None:
    made = program.post("patients/", {**A_PERSON, "lesion": A_LESION})
    patient = made.json()
    where = f"patients/{patient['id']}/"
    (lesion,) = patient["lesions"]
    person = program.put(
        where, {**A_PERSON, "given_name": "Hana", **WHY}, if_match=made["ETag"]
    )
    place = program.put(
        f"lesions/{lesion['id']}/",
        {**A_LESION, "side": "right", **WHY},
        if_match='W/"1"',
    )

    assert (made.status_code, made["Location"][-len(where) :]) == (201, where)
    assert (person.json()["given_name"], person.json()["version"]) == ("Hana", 2)
    assert (place.json()["side"], place.json()["version"]) == ("right", 2)
    assert program.get(where).json()["lesions"][0]["side"] == "right"


KINDS: Mapping[str, tuple[str, Body, str, Body]] = {
    "lesion": ("lesions", A_LESION, "lesions", A_LESION | {"side": "both"}),
    "dose": (
        "doses",
        {
            "amount_mg": "2",
            "interval_h": 24,
            "starts_on": SOON,
            "reason": "Start",
            "safety": SAFE,
        },
        "doses",
        {
            "amount_mg": "1",
            "interval_h": 24,
            "usual_time": "08:00",
            "starts_on": SOON,
        },
    ),
    "side effect": (
        "side-effects",
        {"term": "nausea", "grade": 1, "onset_on": "2026-03-05"},
        "side-effects",
        {"grade": 2, "onset_on": "2026-03-05"},
    ),
    "measurement": (
        "measurements",
        {"quantity": "weight_kg", "value": "61.5", "measured_on": "2026-03-05"},
        "measurements",
        {"value": 60.5, "measured_on": "2026-03-05"},
    ),
    "drug": (
        "comedications",
        {"drug": "verapamil", "starts_on": "2026-03-05"},
        "comedications",
        {"starts_on": "2026-03-05", "stops_on": "2026-03-09"},
    ),
    "treatment": (
        "previous-treatments",
        {"kind": "surgery", "agent": "Debulking"},
        "previous-treatments",
        {"kind": "sclerotherapy", "done_on": "2020-03-05"},
    ),
    "contact": (
        "contacts",
        {"channel": "sms", "address": "090 1234 5678", "language": "ja"},
        "contacts",
        {"address": "090 1234 5679", "language": "en"},
    ),
    "tablets": (
        "dispensings",
        {"dispensed_on": "2026-03-05", "strength_mg": "1", "tablets": 90},
        "dispensings",
        {"dispensed_on": "2026-03-05", "strength_mg": "1", "tablets": 60},
    ),
    "protocol": (
        "protocols",
        {"starts_on": "2026-03-05", "reason": "Another range"},
        "assignments",
        {"starts_on": "2026-03-06"},
    ),
    "event": (
        "events",
        {"kind": "surgery", "happens_on": "2026-03-05"},
        "events",
        {"happens_on": "2026-03-06"},
    ),
    "visit": (
        "visits",
        {"kind": "month_1", "held_on": "2026-03-05", "pain_vas": "4"},
        "visits",
        {"kind": "month_1", "held_on": "2026-03-06", "pain_vas": "3"},
    ),
}


@pytest.mark.parametrize(("list_", "body", "one", "change"), KINDS.values(), ids=KINDS)
def test_a_record_is_added_listed_read_and_corrected(
    program: Program,
    treated: Patient,
    clinician: Staff,
    list_: str,
    body: Body,
    one: str,
    change: Body,
) -> None:
    patient = treated
    if list_ == "previous-treatments":
        body = body | {"lesion": a_lesion(patient, clinician).pk}
    if list_ == "protocols":
        protocol = {"protocol": a_protocol(name="Lower").pk}
        body, change = body | protocol, change | protocol
    made = program.post(f"patients/{patient.pk}/{list_}/", body)
    assert made.status_code == 201, made.content
    where = f"{one}/{made.json()['id']}/"
    read = program.get(where)
    listed = program.get(f"patients/{patient.pk}/{list_}/").json()["results"]
    changed = program.put(where, {**change, **WHY}, if_match=read["ETag"])

    assert made.json() == read.json() == listed[-1]
    assert made["ETag"] == read["ETag"]
    assert changed.status_code == 200, changed.content
    assert (read["ETag"][:4], changed["ETag"][:4]) == ('W/"1', 'W/"2')
    assert AuditEvent.objects.filter(patient=patient, reason=WHY["reason"]).exists()


@pytest.mark.parametrize("kind", ["side effect", "drug", "event", "visit", "tablets"])
def test_what_was_entered_in_error_is_withdrawn_and_still_read(
    program: Program, patient: Patient, kind: str
) -> None:
    list_, body, one, _change = KINDS[kind]
    made = program.post(f"patients/{patient.pk}/{list_}/", body).json()

    gone = program.post(f"{one}/{made['id']}/withdraw/", WHY, if_match='W/"1"')

    assert gone.status_code == 200, gone.content
    assert gone.json()["withdrawn_at"] is not None
    assert program.get(f"{one}/{made['id']}/").json() == gone.json()


def test_a_previous_treatment_is_taken_back_and_known_by_its_lesion(
    program: Program, patient: Patient, clinician: Staff
) -> None:
    lesion = a_lesion(patient, clinician)
    body = {"lesion": lesion.pk, "kind": "surgery"}
    made = program.post(f"patients/{patient.pk}/previous-treatments/", body).json()

    where = f"previous-treatments/{made['id']}/withdraw/"
    gone = program.post(where, WHY, if_match='W/"1"').json()

    assert (gone["lesion"], gone["withdrawn_at"] is None) == (lesion.pk, False)


def test_a_contact_is_written_to_no_more_and_again(
    program: Program, patient: Patient
) -> None:
    _list, body, _one, _change = KINDS["contact"]
    made = program.post(f"patients/{patient.pk}/contacts/", body).json()
    where = f"contacts/{made['id']}/"

    off = program.post(f"{where}opt-out/", {}, if_match='W/"1"').json()
    on = program.post(f"{where}opt-in/", {}, if_match='W/"2"').json()

    assert made["address"] == "+819012345678"
    assert (off["opted_out_at"] is None, on["opted_out_at"]) == (False, None)


def test_what_shows_more_than_itself_is_sent_again_when_that_changes(
    program: Program, patient: Patient
) -> None:
    """A patient is shown with the lesions: one more leaves the version as it was."""
    where = f"patients/{patient.pk}/"
    before = program.get(where)
    program.post(f"{where}lesions/", A_LESION)

    after = program.get(where, if_none_match=before["ETag"])
    held = program.get(where, if_none_match=after["ETag"])
    changed = program.put(where, {**A_PERSON, **WHY}, if_match=before["ETag"])

    assert [a.status_code for a in (after, held, changed)] == [200, 304, 200]
    assert after.json()["version"] == before.json()["version"]


def test_a_patient_is_found_by_what_the_page_finds_but_not_by_an_address(
    program: Program, patient: Patient, site: Site, clinician: Staff
) -> None:
    other = a_patient(site, clinician, family_name="Kato", identifier="X-77")

    found = [
        [row["id"] for row in program.post("patients/search/", asked).json()["results"]]
        for asked in (
            {"text": "kat"},
            {"text": "x-77 kato"},
            {"text": f"{other.born_on}"},
            {"text": "nobody"},
        )
    ]
    pages = program.post(
        "patients/search/?limit=1", {"text": f"{other.born_on}"}
    ).json()
    rest = program.client.post(
        pages["next"], {"text": f"{other.born_on}"}, content_type="application/json"
    ).json()

    both = [patient.pk, other.pk]
    assert found == [[other.pk], [other.pk], both, []]
    assert [row["id"] for page in (pages, rest) for row in page["results"]] == both
    assert program.get("patients/search/").status_code == 405


def test_a_level_is_corrected_and_set_aside(
    program: Program, treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    level = a_trough(treated, "16.4", actor=clinician)
    body = {
        "level": "14.6",
        "unit": "ng/mL",
        "drawn_at": level.drawn_at.isoformat(),
        "last_dose_at": (level.drawn_at - timedelta(hours=24)).isoformat(),
        "laboratory": laboratory.pk,
        **WHY,
    }

    mended = program.put(f"troughs/{level.pk}/", body, if_match='W/"1"')
    aside = program.post(f"troughs/{level.pk}/set-aside/", WHY, if_match='W/"2"')

    assert (mended.json()["ng_per_ml"], mended.json()["verdict"]) == ("14.6000", "in")
    assert aside.json()["set_aside_at"] is not None


def test_stopping_the_drug_tells_which_regimens_end(
    program: Program, treated: Patient
) -> None:
    today = treated.site.today(timezone.now())

    answer = program.post(
        f"patients/{treated.pk}/doses/stop/", {"on": f"{today}", "reason": "Surgery"}
    )

    assert [each["stops_on"] for each in answer.json()["ended"]] == [f"{today}"]


def test_a_dose_that_a_rule_prevents_is_refused_and_the_answers_are_kept(
    program: Program, patient: Patient
) -> None:
    _list, body, _one, _change = KINDS["dose"]
    where = f"patients/{patient.pk}/doses/"
    vaccinated = body | {"safety": SAFE | {"live_vaccine": "yes"}}

    refused = program.post(where, vaccinated)
    unasked = program.post(where, {k: v for k, v in body.items() if k != "safety"})

    assert refused.status_code == 422
    assert (unasked.status_code, unasked.json()["errors"][0]["pointer"]) == (
        400,
        "/safety",
    )
    assert not patient.doses.exists()
    assert patient.safety_checks.get().live_vaccine == "yes"


def test_labs_come_as_a_panel_and_are_corrected_one_by_one(
    program: Program, patient: Patient
) -> None:
    alt = {"value": "30", "unit": "U/L"}
    panel = {"drawn_on": "2026-03-05", "results": [{"analyte": "alt", **alt}]}

    (made,) = program.post(f"patients/{patient.pk}/labs/", panel).json()["results"]
    where = f"labs/{made['id']}/"
    change = {"drawn_on": "2026-03-06", **alt, "value": 31, **WHY}
    mended = program.put(where, change, if_match='W/"1"').json()
    gone = program.post(f"{where}withdraw/", WHY, if_match='W/"2"').json()

    assert (mended["reported_value"], mended["drawn_on"]) == ("31.0000", "2026-03-06")
    assert gone["withdrawn_at"] is not None


def test_imaging_keeps_the_numbers_of_a_lesion(
    program: Program, patient: Patient, clinician: Staff
) -> None:
    lesion = a_lesion(patient, clinician)
    body = {
        "lesion": lesion.pk,
        "done_on": "2026-03-05",
        "modality": "mri",
        "numbers": {"area_mm2": "1299"},
    }

    made = program.post(f"patients/{patient.pk}/imaging/", body).json()
    where = f"imaging/{made['id']}/"
    change = body | {"numbers": {"area_mm2": "931"}} | WHY
    mended = program.put(where, change, if_match='W/"1"').json()
    program.post(f"{where}withdraw/", WHY, if_match='W/"2"')

    (number,) = mended["numbers"]
    assert (number["value"], number["unit"]) == ("931.00", "mm2")
    assert program.get(where).json()["numbers"] == []


def test_a_circumference_is_measured_at_a_landmark_of_the_patient(
    program: Program, patient: Patient, clinician: Staff
) -> None:
    lesion = a_lesion(patient, clinician)
    place = {"lesion": lesion.pk, "limb": "calf", "side": "left", "place": "widest"}
    mark = program.post(f"patients/{patient.pk}/landmarks/", place).json()
    changed = program.put(
        f"landmarks/{mark['id']}/",
        {"limb": "calf", "side": "left", "place": "10 cm below the knee", **WHY},
        if_match='W/"1"',
    )
    body = KINDS["visit"][1] | {
        "circumferences": [{"landmark": mark["id"], "value_cm": "36.5"}]
    }
    visit = program.post(f"patients/{patient.pk}/visits/", body).json()

    assert changed.json()["place"] == "10 cm below the knee"
    assert {each["quantity"] for each in visit["numbers"]} == {
        "circumference_cm",
        "pain_vas",
    }


def test_what_is_planned_is_booked_moved_skipped_and_asked_again(
    program: Program, treated: Patient
) -> None:
    item = a_planned_item(treated)
    calendar = treated.site.calendar()
    day = calendar.next_open(treated.site.today(timezone.now()) + timedelta(days=3))
    later = calendar.next_open(day + timedelta(days=7))
    where = f"schedule/{item.pk}/"
    acts: list[tuple[str, Body]] = [
        ("book", {"booked_on": f"{day}", "reason": "Holiday"}),
        ("move", {"best_on": f"{later}", **WHY}),
        ("skip", WHY),
        ("reopen", {}),
    ]

    said = []
    for act, body in acts:
        tag = program.get(where)["ETag"]
        answer = program.post(f"{where}{act}/", body, if_match=tag)
        assert answer.status_code == 200, answer.content
        said.append((answer.json()["booked_on"], answer.json()["state"]))

    assert said == [
        (f"{day}", "open"),
        (None, "open"),
        (None, "skipped"),
        (None, "open"),
    ]
    assert program.get(f"patients/{treated.pk}/schedule/").json()["results"]


def test_a_program_closes_a_task_but_not_one_that_needs_a_clinician(
    program: Program, patient: Patient, clinician: Staff
) -> None:
    for owner, is_urgent in (("nurse", False), ("clinician", True)):
        raise_task(
            patient=patient,
            kind="other",
            key=owner,
            text="Ask about pain",
            owner=owner,
            is_urgent=is_urgent,
            actor=clinician,
        )
    rows = program.get(f"patients/{patient.pk}/tasks/").json()["results"]

    answers = [
        program.post(f"tasks/{row['id']}/close/", {"outcome": "Asked"}, if_match='"1"')
        for row in rows
    ]

    assert [answer.status_code for answer in answers] == [200, 422]
    assert Task.objects.open().get().owner == "clinician"
    assert program.get(f"tasks/{rows[0]['id']}/").json()["text"] == "Ask about pain"


DIARY = {
    "source": "phone",
    "entries": [
        {"day": "2026-03-02", "row": "dose", "now": "taken"},
        {"day": "2026-03-02", "row": "temperature_c", "now": "36.6"},
    ],
    "reason": "Sent late",
}


def test_cells_of_the_diary_are_saved_and_read_again(
    program: Program, treated: Patient
) -> None:
    where = f"patients/{treated.pk}/diary/"

    made = program.post(where, DIARY)
    read = program.get(f"{where}?from=2026-03-01&to=2026-03-03").json()

    assert made.status_code == 201, made.content
    assert {(each["row"], each["text"]) for each in read["cells"]} == {
        ("dose", "taken"),
        ("temperature_c", "36.6"),
    }


def test_of_a_diary_with_one_bad_cell_nothing_is_saved(
    program: Program, treated: Patient
) -> None:
    hot = {"day": "2026-03-03", "row": "temperature_c", "now": "366"}
    body = DIARY | {"entries": [*DIARY["entries"], hot]}

    answer = program.post(f"patients/{treated.pk}/diary/", body)

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/entries/2/now"]
    assert not Intake.objects.exists()


def test_a_cell_that_says_something_else_by_now_is_a_conflict(
    program: Program, treated: Patient, clinician: Staff
) -> None:
    in_diary(treated, 0, dose="missed: forgotten", actor=clinician)

    answer = program.post(f"patients/{treated.pk}/diary/", DIARY)

    assert answer.status_code == 409
    assert answer.json()["errors"][0]["pointer"] == "/entries/0/was"
    assert not Measurement.objects.exists()


def test_the_cohort_is_read_without_names_by_its_own_scope(
    site: Site, administrator: Staff, treated: Patient
) -> None:
    reader = a_program(site, administrator, Scope.READ_COHORT)

    answer = reader.get("cohort/").json()
    (row,) = answer["rows"]

    assert answer["units"]["first_mg_per_day"] == "mg/day"
    assert row["site"] == "a clinic with fewer than 5 patients here"
    assert treated.family_name not in str(row)
    assert treated.identifier not in str(row)
    assert reader.get("patients/").status_code == 403
    assert AuditEvent.objects.filter(action="export_cohort_dataset").exists()


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_of_levels_costs_the_same_for_one_and_three(
    program: Program,
    treated: Patient,
    clinician: Staff,
    laboratory: Laboratory,
    count: int,
    django_assert_num_queries: Any,
) -> None:
    for number in range(count):
        a_trough(treated, "12", actor=clinician, day=28 + number)

    with django_assert_num_queries(8):
        program.get(f"patients/{treated.pk}/troughs/")


def test_records_of_another_clinic_do_not_exist(
    program: Program, clinician: Staff
) -> None:
    stranger = a_patient(a_site("Osaka clinic"), clinician)
    lesion: Lesion = a_lesion(stranger, clinician)
    visit = a_visit(stranger, lesion, calf="30", actor=clinician)
    mark = Landmark.objects.get()

    answers = [
        program.get(f"patients/{stranger.pk}/visits/"),
        program.post(f"patients/{stranger.pk}/lesions/", A_LESION),
        program.get(f"visits/{visit.pk}/"),
        program.put(f"lesions/{lesion.pk}/", A_LESION | WHY, if_match='W/"1"'),
        program.post(f"visits/{visit.pk}/withdraw/", WHY, if_match='W/"1"'),
        program.get(f"landmarks/{mark.pk}/"),
    ]

    assert {answer.status_code for answer in answers} == {404}


def test_a_lesion_of_another_patient_is_not_taken(
    program: Program, patient: Patient, site: Site, clinician: Staff
) -> None:
    other = a_lesion(a_patient(site, clinician), clinician)
    body = KINDS["measurement"][1] | {"lesion": other.pk}

    answer = program.post(f"patients/{patient.pk}/measurements/", body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/lesion"
