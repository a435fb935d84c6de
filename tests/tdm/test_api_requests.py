"""How the API answers what is sent badly, twice, at once or too late."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from dosing.models import Comedication
from patients import services
from patients.models import ApiReply, ApiToken, Patient, Scope, Site, Staff
from patients.services.replies import KEPT_FOR
from patients.tasks import forget_replies
from tests.builders import a_lesion, a_patient, a_site
from tests.tdm.programs import Program, a_program

DRUG = {"drug": "verapamil", "starts_on": "2026-03-05"}
OTHER = DRUG | {"starts_on": "2026-03-06"}
WHY = {"reason": "Typed wrongly"}


@pytest.fixture
def program(site: Site, administrator: Staff) -> Program:
    return a_program(site, administrator)


@pytest.fixture
def where(patient: Patient) -> str:
    return f"patients/{patient.pk}/comedications/"


def test_the_same_key_and_body_give_the_first_answer_byte_for_byte(
    program: Program, where: str
) -> None:
    first, again = (
        program.post(where, DRUG, idempotency_key="a-1") for _time in range(2)
    )

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert (again["ETag"], again["Location"]) == (first["ETag"], first["Location"])
    assert again["Idempotent-Replayed"] == "true"
    assert Comedication.objects.count() == 1


def test_a_refusal_is_given_again_as_well(program: Program, where: str) -> None:
    bad = DRUG | {"starts_on": "1900-01-01"}

    first, again = (
        program.post(where, bad, idempotency_key="a-1") for _time in range(2)
    )

    assert first.status_code == 422
    assert (again.status_code, again.content) == (422, first.content)
    assert again["Content-Type"] == "application/problem+json"


def test_the_same_key_with_another_body_is_a_conflict(
    program: Program, where: str
) -> None:
    program.post(where, DRUG, idempotency_key="a-1")

    answer = program.post(where, OTHER, idempotency_key="a-1")

    assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    assert Comedication.objects.count() == 1


def test_the_same_key_for_another_patient_is_a_conflict(
    program: Program, where: str, site: Site, clinician: Staff
) -> None:
    other = a_patient(site, clinician)
    program.post(where, DRUG, idempotency_key="a-1")

    answer = program.post(
        f"patients/{other.pk}/comedications/", DRUG, idempotency_key="a-1"
    )

    assert answer.status_code == 409
    assert not Comedication.objects.filter(patient=other).exists()


def test_the_same_key_for_another_version_is_a_conflict(
    program: Program, where: str
) -> None:
    drug = program.post(where, DRUG).json()["id"]
    act = f"comedications/{drug}/withdraw/"
    stale, fresh = (
        program.post(act, WHY, idempotency_key="a-1", if_match=tag)
        for tag in ('"7"', '"1"')
    )

    assert (stale.status_code, fresh.status_code) == (412, 409)


def test_keys_of_two_programs_do_not_meet(
    program: Program, where: str, site: Site, administrator: Staff
) -> None:
    other = a_program(site, administrator, name="second")

    codes = [
        program.post(where, DRUG, idempotency_key="a-1").status_code,
        other.post(where, OTHER, idempotency_key="a-1").status_code,
    ]

    assert codes == [201, 201]


@pytest.fixture
def key_in_flight(
    transactional_db: None, site: Site, program: Program
) -> Iterator[str]:
    """Another request of the same program holds the key until the test has asked."""
    actor = ApiToken.objects.get().user
    held, asked = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            services.claim_key(actor=actor, key="a-1")
            held.set()
            asked.wait(30)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    yield "a-1"
    asked.set()
    thread.join()


def test_a_key_that_is_still_being_answered_asks_to_try_again(
    program: Program, where: str, key_in_flight: str
) -> None:
    answer = program.post(where, DRUG, idempotency_key=key_in_flight)

    assert (answer.status_code, answer["Retry-After"]) == (409, "1")
    assert answer.json()["code"] == "key_busy"
    assert not Comedication.objects.exists()


def test_asked_many_times_at_once_with_one_key_it_is_done_once(
    transactional_db: None, program: Program, where: str
) -> None:
    key = program.authorization.removeprefix("Token ")

    def ask(_time: int) -> int:
        try:
            answer = Program(key).post(where, DRUG, idempotency_key="a-1")
            return int(answer.status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        codes = set(pool.map(ask, range(12)))

    assert 201 in codes <= {201, 409}
    assert Comedication.objects.count() == 1


def test_answers_are_forgotten_after_a_day(program: Program, where: str) -> None:
    program.post(where, DRUG, idempotency_key="a-1")
    program.post(where, OTHER, idempotency_key="a-2")
    old = timezone.now() - KEPT_FOR - timedelta(minutes=1)
    ApiReply.objects.filter(key="a-1").update(made_at=old)

    forget_replies()

    assert ApiReply.objects.get().key == "a-2"


def test_a_change_needs_the_version_it_changes(
    program: Program, patient: Patient, clinician: Staff
) -> None:
    lesion = a_lesion(patient, clinician)
    where = f"lesions/{lesion.pk}/"
    body = {
        "body_site": "left calf",
        "side": "left",
        "compartment": "muscle",
        "issva_type": "common_vm",
        **WHY,
    }

    unsaid = program.put(where, body)
    nonsense = program.put(where, body, if_match="*")
    first = program.put(where, body, if_match='W/"1"')
    late = program.put(where, body, if_match='W/"1"')

    assert [a.status_code for a in (unsaid, nonsense, first, late)] == [
        428,
        400,
        200,
        412,
    ]
    assert [unsaid.json()["code"], late.json()["code"]] == ["no_version", "stale"]
    assert late["ETag"] == first["ETag"] == program.get(where)["ETag"] == 'W/"2"'


def test_a_token_is_held_to_its_own_pace(
    site: Site, administrator: Staff, patient: Patient
) -> None:
    slow = a_program(site, administrator, name="slow", requests_per_minute=2)
    quick = a_program(site, administrator, name="quick")

    answers = [slow.get("patients/") for _time in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert quick.get("patients/").status_code == 200


def test_a_token_sees_each_clinic_it_names_and_says_where_it_registers(
    site: Site, administrator: Staff, clinician: Staff, patient: Patient
) -> None:
    osaka = a_site("Osaka clinic")
    a_patient(osaka, clinician)
    a_patient(a_site("Kyoto clinic"), clinician)
    both = a_program(site, administrator, more_sites=[osaka])
    person = {
        "identifier": "4711",
        "family_name": "Yamada",
        "given_name": "",
        "born_on": "1998-04-02",
        "sex": "female",
    }
    person["given_name"] = "Hanako"

    seen = {row["site"] for row in both.get("patients/").json()["results"]}
    unsaid = both.post("patients/", person)
    said = both.post("patients/", {**person, "site": "Osaka clinic"})
    foreign = both.post("patients/", {**person, "site": "Kyoto clinic"})

    assert seen == {"Tokyo clinic", "Osaka clinic"}
    assert [a.status_code for a in (unsaid, said, foreign)] == [400, 201, 400]


WRITES = {
    Scope.WRITE_PATIENTS: "patients/{id}/lesions/",
    Scope.WRITE_LEVELS: "patients/{id}/troughs/",
    Scope.WRITE_DOSES: "patients/{id}/doses/",
    Scope.WRITE_DIARY: "patients/{id}/diary/",
    Scope.WRITE_RECORDS: "patients/{id}/labs/",
    Scope.WRITE_SCHEDULE: "tasks/1/close/",
}


@pytest.mark.parametrize("scope", WRITES)
def test_each_scope_writes_its_own_and_nothing_else(
    site: Site, administrator: Staff, patient: Patient, scope: Scope
) -> None:
    token = a_program(site, administrator, scope)

    passed = {
        each
        for each, address in WRITES.items()
        if token.post(address.format(id=patient.pk), {}).status_code != 403
    }

    assert passed == {scope}
    assert token.get("patients/").status_code == 403


def test_an_expired_token_is_turned_away_like_an_unknown_one(
    program: Program, patient: Patient
) -> None:
    token = ApiToken.objects.get()
    token.expiry = timezone.now() - timedelta(seconds=1)
    token.save()

    assert program.get("patients/").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_for_someone_elses_work_is_told_so(
    program: Program, where: str, patient: Patient
) -> None:
    there = connection.copy()
    with there.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "SELECT 1 FROM patients_patient WHERE id = %s FOR UPDATE", [patient.pk]
        )
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    program.client.raise_request_exception = False

    answer = program.post(where, DRUG)

    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert answer.json()["title"].startswith("Someone is at work on this patient.")
    there.close()
    connection.close()
