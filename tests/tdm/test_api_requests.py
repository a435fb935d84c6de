"""How the API answers what is sent badly, twice, at once or too late."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from dosing.models import Comedication, Laboratory
from patients import services
from patients.models import ApiReply, ApiToken, Patient, Scope, Site, Staff
from patients.services.replies import KEPT_FOR
from patients.tasks import forget_replies
from tests.builders import a_lesion, a_patient, a_site
from tests.tdm.programs import Answer, Program, a_program

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

    assert answer.status_code == 409
    assert Comedication.objects.count() == 1


def test_keys_of_two_programs_do_not_meet(
    program: Program, where: str, site: Site, administrator: Staff
) -> None:
    other = a_program(site, administrator, name="second")

    codes = [
        program.post(where, DRUG, idempotency_key="a-1").status_code,
        other.post(where, OTHER, idempotency_key="a-1").status_code,
    ]

    assert codes == [201, 201]


@pytest.mark.parametrize("key", ["", "x" * 81, "a b", "\u00e9"])
def test_a_key_that_is_none_is_refused(program: Program, where: str, key: str) -> None:
    answer = program.post(where, DRUG, idempotency_key=key)

    assert answer.status_code == 400
    assert not Comedication.objects.exists()


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
    assert not Comedication.objects.exists()


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


def test_a_token_in_the_address_is_never_read(
    site: Site, administrator: Staff, client: Any
) -> None:
    _token, key = services.issue_token(
        name="registry",
        site=site,
        scopes=[Scope.READ_PATIENTS],
        days=1,
        actor=administrator,
    )

    assert client.get(f"/api/v1/patients/?token={key}").status_code == 401


RAW = {
    "malformed": (b'{"drug": ', 400),
    "a constant": (b'{"drug": NaN}', 400),
    "two keys alike": (b'{"drug": "a", "drug": "b"}', 400),
    "an array": (b"[]", 400),
    "null": (b"null", 400),
    "nothing": (b"", 400),
    "not UTF-8": (b'{"drug": "\xff"}', 400),
    "a byte-order mark": (b"\xef\xbb\xbf{}", 400),
    "very deep": (b"[" * 100_000, 400),
    "too large": (b" " * 2_000_000, 413),
    "a lone surrogate": (b'{"drug": "\\ud800"}', 400),
    "NUL in a text": (b'{"drug": "verapamil\\u0000"}', 400),
}


@pytest.mark.parametrize(("raw", "status"), RAW.values(), ids=RAW)
@pytest.mark.parametrize("key", ["", "a-1"], ids=["", "with a key"])
def test_a_bad_document_gets_its_answer(
    program: Program, where: str, raw: bytes, status: int, key: str
) -> None:
    headers = {"idempotency_key": key} if key else {}

    answer = program.post(where, raw, **headers)

    assert_problem(answer, status)
    assert not Comedication.objects.exists()


def assert_problem(answer: Answer, status: int) -> None:
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer["Content-Type"] == "application/problem+json"


HEADERS = {
    "UTF-16": ({"content_type": "application/json; charset=utf-16"}, 415),
    "a form": ({"content_type": "application/x-www-form-urlencoded"}, 415),
    "JSON patch": ({"content_type": "application/json-patch+json"}, 415),
    "compressed": ({"content_encoding": "gzip"}, 415),
    "XML wanted": ({"accept": "application/xml"}, 406),
    "another method": ({"x_http_method_override": "DELETE"}, 400),
}


@pytest.mark.parametrize(("headers", "status"), HEADERS.values(), ids=HEADERS)
def test_a_bad_header_gets_its_answer(
    program: Program, where: str, headers: dict[str, str], status: int
) -> None:
    answer = program.post(where, DRUG, **headers)

    assert_problem(answer, status)
    assert not Comedication.objects.exists()


FIELDS = {
    "an unknown field": ({"dose": 3}, "/dose", "unknown_field"),
    "a field that is only read": ({"version": 3}, "/version", "read_only"),
    "an instant for a day": (
        {"starts_on": "2026-03-05T08:00Z"},
        "/starts_on",
        "invalid",
    ),
    "a day that does not exist": ({"starts_on": "2026-02-30"}, "/starts_on", "invalid"),
    "a day in other digits": ({"starts_on": "２026-03-05"}, "/starts_on", "invalid"),
    "a day before clocks": ({"starts_on": "0001-01-01"}, "/starts_on", "invalid"),
    "a number for a text": ({"note": 3}, "/note", "invalid"),
    "a list for a text": ({"note": ["a"]}, "/note", "invalid"),
    "null for a day": ({"starts_on": None}, "/starts_on", "null"),
}


@pytest.mark.parametrize(("facts", "pointer", "code"), FIELDS.values(), ids=FIELDS)
def test_a_bad_field_is_pointed_at(
    program: Program, where: str, facts: dict[str, Any], pointer: str, code: str
) -> None:
    answer = program.post(where, DRUG | facts)

    assert_problem(answer, 400)
    error = answer.json()["errors"][0]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert not Comedication.objects.exists()


NUMBERS = {
    "a JSON number": ("61.5", 201),
    "spaces": ('" 61.5"', 400),
    "an exponent": ('"1e999999999"', 400),
    "an exponent of JSON": ("6e1", 400),
    "5,000 digits": ("9" * 5_000, 400),
    "true": ("true", 400),
    "an underscore": ('"6_1"', 400),
    "other digits": ('"６１"', 400),
    "infinity": ('"Infinity"', 400),
    "more than can be": ("99999999", 400),
}


@pytest.mark.parametrize(("number", "status"), NUMBERS.values(), ids=NUMBERS)
def test_a_number_is_read_as_it_is_written(
    program: Program, patient: Patient, number: str, status: int
) -> None:
    body = (
        f'{{"quantity": "weight_kg", "measured_on": "2026-03-05", "value": {number}}}'
    )

    answer = program.post(f"patients/{patient.pk}/measurements/", body)

    assert answer.status_code == status


PARAMETERS = {
    "page=2": 400,
    "limt=5": 400,
    "limit=-1": 400,
    "limit=0": 400,
    "limit=201": 400,
    "limit=1e1": 400,
    "limit=１０": 400,
    "limit=1&limit=2": 400,
    "limit=1;cursor=x": 400,
    "cursor=%FF": 400,
    "cursor=%00": 400,
    f"cursor={'x' * 7000}": 400,
    "sort=patient.password": 400,
    "user__password__startswith=a": 400,
    "callback=x": 400,
    "family_name=Yamada": 400,
    "format=html": 404,
    "format=../../etc": 404,
    "&".join(f"p{n}=1" for n in range(500)): 400,
    "&&&": 200,
    "limit=200": 200,
}


@pytest.mark.parametrize(("query", "status"), PARAMETERS.items())
def test_a_parameter_gets_its_answer(
    program: Program, where: str, query: str, status: int
) -> None:
    answer = program.get(f"{where}?{query}")

    assert answer.status_code == status
    if status != 200:
        assert_problem(answer, status)


def test_a_misspelt_parameter_is_told_the_near_one(
    program: Program, where: str
) -> None:
    assert "Did you mean limit?" in program.get(f"{where}?limt=5").json()["detail"]


DAYS = {
    "from=2026-03-05&to=2026-03-01": 400,
    "from=today": 400,
    "from=0001-01-01": 400,
    "from=2026-03-05T08:00Z": 400,
    "from=2026-01-01&to=2026-12-31": 400,
    "from=2026-03-01&to=2026-03-31": 200,
}


@pytest.mark.parametrize(("query", "status"), DAYS.items())
def test_days_of_the_diary_are_asked_for_in_order(
    program: Program, patient: Patient, query: str, status: int
) -> None:
    answer = program.get(f"patients/{patient.pk}/diary/?{query}")

    assert answer.status_code == status


@pytest.mark.parametrize(
    "address",
    ["patients/x/", "patients/%2F1/", "patients/1%252F/", f"patients/{'9' * 30}/"],
)
def test_an_address_of_nothing_is_not_found(program: Program, address: str) -> None:
    assert_problem(program.get(address), 404)


def test_nothing_is_deleted_and_the_answer_says_what_to_do(
    program: Program, where: str
) -> None:
    made = program.post(where, DRUG).json()

    answer = program.send("delete", f"comedications/{made['id']}/", "")

    assert_problem(answer, 405)
    assert "withdraw" in answer.json()["detail"]
    assert Comedication.objects.get().withdrawn_at is None


def test_a_level_over_every_limit_and_a_slip_of_the_unit_are_refused(
    program: Program, treated: Patient, laboratory: Laboratory
) -> None:
    body = {
        "level": "13.3",
        "unit": "ng/dL",
        "drawn_at": "2026-03-30T08:00:00+09:00",
        "laboratory": laboratory.pk,
    }

    answer = program.post(f"patients/{treated.pk}/troughs/", body)

    assert_problem(answer, 422)
    assert "0.133 ng/mL" in json.dumps(answer.json())
