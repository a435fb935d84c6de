"""Whatever a program sends badly gets its answer, and nothing of it is stored."""

import codecs
import json
from collections.abc import Iterator
from datetime import timedelta
from socket import socketpair
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from tdm import middleware
from tests.tdm.api_world import World, told_once
from tests.tdm.programs import Answer, Program

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with told_once(django_db_blocker) as world:
        yield world


@pytest.fixture
def unchanged(world: World) -> Iterator[None]:
    before = world.stored()
    yield
    assert world.stored() == before


def assert_problem(answer: Answer, status: int, code: str = "") -> dict[str, Any]:
    """Assert that an answer is a problem document, and return it."""
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status)
    assert answer["Content-Type"] == "application/problem+json"
    codes = [problem.get("code"), *(e["code"] for e in problem.get("errors", []))]
    assert not code or code in codes, problem
    return problem


DRUGS = "patients/{patients}/comedications/"
SOON = f"{timezone.localdate() + timedelta(days=10)}"
DRUG = {"drug": "itraconazole", "starts_on": "2026-03-05"}
WEIGHT = {"quantity": "weight_kg", "value": "61.5", "measured_on": "2026-03-05"}
VISIT = {"kind": "month_1", "held_on": "2026-03-05"}
SAFE = {
    "pregnancy": "negative",
    "breastfeeding": "no",
    "live_vaccine": "no",
    "liver": "none",
}
DOSE = {
    "amount_mg": "1",
    "interval_h": 24,
    "starts_on": SOON,
    "reason": "Less",
    "safety": SAFE,
}
LEVEL = {
    "level": "12.1",
    "unit": "ng/mL",
    "drawn_at": "2026-04-06T08:00:00+09:00",
    "last_dose_at": "2026-04-05T08:00:00+09:00",
}
VALID: dict[str, dict[str, Any]] = {
    "comedications": DRUG,
    "measurements": WEIGHT,
    "visits": VISIT,
    "doses": DOSE,
    "troughs": LEVEL,
}


def sent(world: World, kind: str, facts: dict[str, Any]) -> Answer:
    """Send what is valid but for the facts; keys of records are put in by name."""
    body = VALID.get(kind, {}) | facts
    if kind == "troughs":
        body = {"laboratory": world.laboratory.pk} | body
    filled = json.loads(json.dumps(body), object_hook=lambda part: fill(world, part))
    return world.program.post(f"patients/{world.patient.pk}/{kind}/", filled)


def fill(world: World, part: dict[str, Any]) -> dict[str, Any]:
    return {
        name: int(world.fill(value)) if str(value).startswith("{f") else value
        for name, value in part.items()
    }


@pytest.mark.parametrize("kind", VALID)
def test_what_is_bent_below_is_taken_as_it_stands(world: World, kind: str) -> None:
    answer = sent(world, kind, {})

    assert answer.status_code == 201, answer.content


RAW = {
    "malformed": (b'{"drug": ', 400, "parse_error"),
    "a constant": (b'{"drug": NaN}', 400, "parse_error"),
    "two keys alike": (b'{"drug": "a", "drug": "b"}', 400, "duplicate_key"),
    "an array": (b"[]", 400, "invalid"),
    "null": (b"null", 400, "null"),
    "nothing": (b"", 400, "required"),
    "not UTF-8": (b'{"drug": "\xff"}', 400, "parse_error"),
    "UTF-16": (codecs.BOM_UTF16_LE + b"{\x00}\x00", 415, ""),
    "a byte-order mark": (codecs.BOM_UTF8 + b"{}", 400, "parse_error"),
    "very deep": (b"[" * 100_000, 400, "too_deep"),
    "2 MB": (b" " * 2_000_000, 413, ""),
    "half a character": (b'{"drug": "\\ud800"}', 400, "parse_error"),
    "NUL in a code": (b'{"drug": "verapamil\\u0000"}', 400, ""),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("raw", "status", "code"), RAW.values(), ids=RAW)
@pytest.mark.parametrize("key", ["", "a-1"], ids=["", "with a key"])
def test_a_bad_document(
    world: World, raw: bytes, status: int, code: str, key: str
) -> None:
    headers = {"idempotency_key": key} if key else {}

    answer = world.program.post(world.fill(DRUGS), raw, **headers)

    assert_problem(answer, status, code)


def test_a_malformed_document_is_told_where(world: World) -> None:
    answer = world.program.post(world.fill(DRUGS), b'{"drug": ')

    assert "line 1 column 10" in answer.json()["detail"]


HEADERS = {
    "UTF-16": ({"content_type": "application/json; charset=utf-16"}, 415),
    "a form": ({"content_type": "application/x-www-form-urlencoded"}, 415),
    "JSON patch": ({"content_type": "application/json-patch+json"}, 415),
    "compressed": ({"content_encoding": "gzip"}, 415),
    "XML wanted": ({"accept": "application/xml"}, 406),
    "another method": ({"x_http_method_override": "DELETE"}, 400),
    "another method, as others say it": ({"x_http_method": "PUT"}, 400),
    "an unknown host": ({"host": "clinic.evil"}, 400),
    "a host with a dot": ({"host": "testserver."}, 400),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("headers", "status"), HEADERS.values(), ids=HEADERS)
def test_a_bad_header(world: World, headers: dict[str, str], status: int) -> None:
    assert_problem(world.program.post(world.fill(DRUGS), DRUG, **headers), status)


@pytest.mark.usefixtures("unchanged")
def test_a_whole_address_instead_of_a_path(world: World) -> None:
    path = world.fill(DRUGS)

    answer = world.program.client.post(
        f"/api/v1/{path}",
        DRUG,
        content_type="application/json",
        RAW_URI=f"http://testserver/api/v1/{path}",
    )

    assert_problem(answer, 400)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "stalled-1"}])
def test_a_body_that_never_comes_whole_gives_the_worker_back(
    world: World, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setattr(middleware, "BODY_WAIT_S", 0.2)
    ours, theirs = socketpair()
    with ours, theirs, ours.makefile("rb") as said:
        theirs.sendall(b'{"drug": "itracon')
        as_gunicorn_says: dict[str, Any] = {
            "CONTENT_LENGTH": "400",
            "wsgi.input": said,
            "gunicorn.socket": ours,
        }

        answer = world.program.client.post(
            f"/api/v1/{world.fill(DRUGS)}",
            content_type="application/json",
            headers=headers,
            **as_gunicorn_says,
        )

    assert_problem(answer, 408)


NOT_A_KEY = ["", "x" * 81, "a b", "\u00e9"]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("key", NOT_A_KEY)
def test_a_key_that_is_none(world: World, key: str) -> None:
    answer = world.program.post(world.fill(DRUGS), DRUG, idempotency_key=key)

    assert_problem(answer, 400)


PANEL = {"analyte": "alt", "value": "30", "unit": "U/L"}
CREATININE = {"analyte": "creatinine", "value": "1", "unit": "mg/dL"}
CELL = {"day": "2026-03-05", "row": "temperature_c", "now": "36.6"}
Field = tuple[str, str, dict[str, Any], int, str, str]
BENT: list[Field] = [
    ("unknown", "comedications", {"dose": 3}, 400, "/dose", "unknown_field"),
    ("only read", "comedications", {"version": 3}, 400, "/version", "read_only"),
    ("no day", "comedications", {"starts_on": None}, 400, "/starts_on", "null"),
    ("a number for a text", "comedications", {"note": 3}, 400, "/note", "invalid"),
    ("a list for a text", "comedications", {"note": []}, 400, "/note", "invalid"),
    *(
        (f"day {day}", "comedications", {"starts_on": day}, 400, "/starts_on", "")
        for day in (
            "2026-03-05T08:00Z",
            "2026-02-30",
            "\uff12026-03-05",
            "0001-01-01",
        )
    ),
    *(
        (f"level {level!r}", "troughs", {"level": level}, 400, "/level", "")
        for level in (" 13.3", True, [13.3], None, "1e2", "NaN")
    ),
    *(
        (f"drawn {at}", "troughs", {"drawn_at": at}, 400, "/drawn_at", "")
        for at in (
            "2026-03-30",
            "2026-03-30T08:00:00",
            "2026-03-30T08:00:60Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        )
    ),
    ("unknown unit", "troughs", {"unit": "mg/L"}, 400, "/unit", ""),
    ("a slip of the unit", "troughs", {"unit": "ng/dL"}, 422, "", "confirm"),
    ("over the limit", "troughs", {"level": "200.01"}, 422, "/level", ""),
    ("NUL in a text", "troughs", {"note": "a\x00b"}, 400, "/note", ""),
    ("no such form", "troughs", {"submission": "x"}, 400, "/submission", ""),
    (
        "the future",
        "troughs",
        {"drawn_at": "2036-03-30T08:00:00Z"},
        422,
        "/drawn_at",
        "",
    ),
    (
        "a dose after the sample",
        "troughs",
        {"last_dose_at": "2026-04-07T08:00:00Z"},
        422,
        "/last_dose_at",
        "",
    ),
    ("unknown laboratory", "troughs", {"laboratory": 0}, 400, "/laboratory", ""),
    (
        "another clinic's laboratory",
        "troughs",
        {"laboratory": "{foreign_laboratories}"},
        400,
        "/laboratory",
        "",
    ),
    (
        "another's lesion",
        "measurements",
        {"lesion": "{foreign_lesions}"},
        400,
        "/lesion",
        "",
    ),
    (
        "another's landmark",
        "visits",
        {"circumferences": [{"landmark": "{foreign_landmarks}", "value_cm": "30"}]},
        422,
        "",
        "",
    ),
    (
        "a word for yes",
        "visits",
        {"circumferences": [{"landmark": 1, "value_cm": "30", "same": "yes"}]},
        400,
        "/circumferences/0/same",
        "",
    ),
    ("over the ceiling", "doses", {"amount_mg": "12"}, 422, "/amount_mg", ""),
    ("over the label", "doses", {"amount_mg": "41"}, 422, "/amount_mg", ""),
    ("no such protocol", "doses", {"protocol": 999999}, 400, "/protocol", ""),
    ("an unsafe answer", "doses", {"safety": {}}, 400, "/safety/pregnancy", ""),
    (
        "one bad unit of a panel",
        "labs",
        {"drawn_on": "2026-03-05", "results": [PANEL, PANEL | {"unit": "?"}]},
        400,
        "/results/1/unit",
        "invalid_choice",
    ),
    (
        "one bad value of a panel",
        "labs",
        {
            "drawn_on": "2026-03-05",
            "results": [CREATININE, PANEL | {"value": "999999"}],
        },
        422,
        "/results/1/value",
        "",
    ),
    (
        "a unit of another analyte",
        "labs",
        {"drawn_on": "2026-03-05", "results": [CREATININE, PANEL | {"unit": "%"}]},
        422,
        "/results/1/value",
        "",
    ),
    (
        "one bad cell of a diary",
        "diary",
        {
            "source": "phone",
            "reason": "Sent late",
            "entries": [CELL, CELL | {"day": "2026-03-06", "now": "366"}],
        },
        422,
        "/entries/1/now",
        "invalid",
    ),
]
FIELDS = {name: bent for name, *bent in BENT}


@pytest.mark.usefixtures("unchanged")
def test_an_unknown_field_hides_no_other_wrong_one(world: World) -> None:
    body = DRUG | {"dose": 3, "starts_on": "2026-02-30"}

    errors = assert_problem(world.program.post(world.fill(DRUGS), body), 400)["errors"]

    assert {each["pointer"] for each in errors} == {"/dose", "/starts_on"}


def test_a_dose_without_its_interval_is_pointed_at(world: World) -> None:
    facts = {name: fact for name, fact in DOSE.items() if name != "interval_h"}

    answer = world.program.post(f"patients/{world.patient.pk}/doses/", facts)

    assert_problem(answer, 400, "required")
    assert answer.json()["errors"][0]["pointer"] == "/interval_h"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("kind", "facts", "status", "pointer", "code"), FIELDS.values(), ids=FIELDS
)
def test_a_bad_field_is_pointed_at(
    world: World, kind: str, facts: dict[str, Any], status: int, pointer: str, code: str
) -> None:
    answer = sent(world, kind, facts)

    assert_problem(answer, status, code)
    assert pointer in [each["pointer"] for each in answer.json()["errors"]]


NUMBERS = {
    "a JSON number": ("61.5", 201),
    "spaces": ('" 61.5"', 400),
    "an exponent": ('"1e999999999"', 400),
    "an exponent of JSON": ("6e1", 400),
    "an exponent of JSON without end": ("1e999999999", 400),
    "5,000 digits": ("9" * 5_000, 400),
    "true": ("true", 400),
    "an underscore": ('"6_1"', 400),
    "other digits": ('"\uff16\uff11"', 400),
    "infinity": ('"Infinity"', 400),
    "more than can be": ("99999999", 400),
}


@pytest.mark.parametrize(("number", "status"), NUMBERS.values(), ids=NUMBERS)
def test_a_number_is_read_as_it_is_written(
    world: World, number: str, status: int
) -> None:
    raw = json.dumps(WEIGHT).replace('"61.5"', number)

    answer = world.program.post(f"patients/{world.patient.pk}/measurements/", raw)

    assert answer.status_code == status


STORY = "patients/{patients}/timeline/"
DAYS = "patients/{patients}/diary/"
PARAMETERS: dict[str, tuple[int, str]] = {
    **{
        f"{DRUGS}?{query}": (400, code)
        for query, code in (
            ("page=2", "unknown_parameter"),
            ("limt=5", "unknown_parameter"),
            ("sort=patient.password", "unknown_parameter"),
            ("filter[user__password__startswith]=a", "unknown_parameter"),
            ("id__in=1,2", "unknown_parameter"),
            ("callback=x", "unknown_parameter"),
            ("unit=ng/dL", "unknown_parameter"),
            ("tz=Mars/Base", "unknown_parameter"),
            ("tz=UTC%00", "unknown_parameter"),
            ("lang=xx", "unknown_parameter"),
            ("export=csv", "unknown_parameter"),
            ("_method=DELETE", "unknown_parameter"),
            ("limit=1;cursor=x", "limit"),
            ("limit=-1", "limit"),
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=1000000", "limit"),
            ("limit=1e1", "limit"),
            ("limit=\uff11\uff10", "limit"),
            ("limit=", "limit"),
            ("limit=1&limit=2", "repeated_parameter"),
            ("cursor=%FF", "invalid_cursor"),
            ("cursor=%00", "invalid_cursor"),
            ("cursor=cD0xMDA=", "invalid_cursor"),
            (f"cursor={'x' * 3000}", "invalid_cursor"),
            ("&".join(f"p{n}=1" for n in range(500)), "unknown_parameter"),
        )
    },
    "patients/?family_name=Yamada": (400, "unknown_parameter"),
    f"{DRUGS}?cursor={'x' * 7000}": (414, "too_long"),
    f"{DRUGS}?format=html": (406, ""),
    f"{DRUGS}?format=../../etc": (404, ""),
    f"{DRUGS}?": (200, ""),
    f"{DRUGS}?&&&": (200, ""),
    f"{DRUGS}?limit=200": (200, ""),
    "patients/{patients}/advice/?limit=1": (400, "unknown_parameter"),
    **{
        f"{STORY}?{query}": (400, code)
        for query, code in (
            ("knds=level", "unknown_parameter"),
            ("kinds=level&kinds=dose", "repeated_parameter"),
            ("kinds=level,hiccup", "invalid"),
            ("kinds=", "invalid"),
            ("limit=1e3", "limit"),
            ("limit=\uff11\uff10", "limit"),
            ("limit=1001", "limit"),
            ("from=2026-03-05&to=2026-03-01", "invalid"),
            ("from=2026-03-05T08:00", "invalid"),
            ("from=today", "invalid"),
            ("from=2026-W10-4", "invalid"),
            ("from=2026-03-05T08:00:00Z%00", "invalid"),
            ("from=0001-01-01", "invalid"),
            ("since=WzEsMSwtMSwtMV0", "invalid"),
        )
    },
    f"{STORY}?from=1990-01-01&to=2030-01-01": (200, ""),
    **{
        f"{DAYS}?{query}": (400, "")
        for query in (
            "from=2026-03-05&to=2026-03-01",
            "from=today",
            "from=0001-01-01",
            "from=2026-03-05T08:00Z",
            "from=2026-01-01&to=2026-12-31",
            "form=2026-03-01",
        )
    },
    f"{DAYS}?from=2026-03-01&to=2026-03-31": (200, ""),
    "cohort/?site=999999": (400, ""),
    "cohort/?sort=name": (400, "unknown_parameter"),
    "patients/x/": (404, ""),
    "patients/%2F1/": (404, ""),
    "patients/1%252F/": (404, ""),
    f"patients/{'9' * 30}/": (404, ""),
    "nothing/": (404, ""),
}


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [(address, *answer) for address, answer in PARAMETERS.items()],
    ids=[f"{each[:60]} {len(each)}" for each in PARAMETERS],
)
def test_a_bad_address(world: World, address: str, status: int, code: str) -> None:
    where = address.replace("{patients}", str(world.patient.pk))

    answer = world.program.get(where)

    assert answer.status_code == status
    if status != 200:
        assert_problem(answer, status, code)


def test_a_misspelt_parameter_is_told_the_near_one(world: World) -> None:
    (error,) = world.program.get(f"{world.fill(DRUGS)}?limt=5").json()["errors"]

    assert "Did you mean limit?" in error["detail"]


@pytest.mark.parametrize("method", ["delete", "patch", "trace"])
def test_a_method_that_is_not_offered(world: World, method: str) -> None:
    where = f"/api/v1/patients/{world.patient.pk}/"

    answer = getattr(world.program.client, method)(where)

    assert_problem(answer, 405, "method_not_allowed")
    assert method != "delete" or "withdraw" in answer.json()["detail"]


@pytest.fixture
def next_cursor(world: World) -> str:
    """Where the second page of the patient's troughs begins."""
    sent(world, "troughs", {})
    first = world.program.get(f"patients/{world.patient.pk}/troughs/?limit=1").json()
    return str(first["next"].partition("cursor=")[2].partition("&")[0])


def test_a_cursor_is_good_where_and_for_whom_it_was_made(
    world: World, next_cursor: str
) -> None:
    mine = f"patients/{world.patient.pk}/troughs/"
    elsewhere = f"patients/{world.patient.pk}/doses/"
    theirs = f"patients/{world.foreign['patients']}/troughs/"

    answers = [
        world.program.get(f"{mine}?cursor={next_cursor}"),
        world.program.get(f"{elsewhere}?cursor={next_cursor}"),
        world.stranger.get(f"{theirs}?cursor={next_cursor}"),
        world.program.get(f"{mine}?cursor=X{next_cursor[1:]}"),
    ]

    assert [answer.status_code for answer in answers] == [200, 400, 400, 400]


def test_a_mark_of_another_patients_timeline_is_refused(world: World) -> None:
    since = world.program.get(world.fill(STORY)).json()["since"]
    theirs = f"patients/{world.foreign['patients']}/timeline/"

    mine = world.program.get(f"{world.fill(STORY)}?since={since}")
    answer = world.stranger.get(f"{theirs}?since={since}")

    assert mine.status_code == 200
    assert_problem(answer, 400)


SEARCHES = {
    "Sato": 1,
    "hana ko": 1,
    "' or 1=1--": 0,
    "%%": 0,
    "__": 0,
    "\\\\": 0,
    "(a+)+$": 0,
    "\u05d0\u05d1": 0,
    "\U0001f600\U0001f600": 0,
}


@pytest.mark.parametrize(("text", "found"), SEARCHES.items())
def test_a_search_takes_each_sign_as_it_is(world: World, text: str, found: int) -> None:
    answer = world.program.post("patients/search/", {"text": text})

    assert answer.status_code == 200
    assert len(answer.json()["results"]) == found


@pytest.mark.parametrize("text", ["", "S", " S ", "a\x00b", "x" * 201, 12, None])
def test_a_search_for_nearly_everything_or_nothing_is_refused(
    world: World, text: object
) -> None:
    assert_problem(world.program.post("patients/search/", {"text": text}), 400)


def test_a_token_is_read_from_its_header_alone(world: World) -> None:
    key = world.program.authorization.removeprefix("Token ")
    asked = Program("").client
    asked.defaults.pop("HTTP_AUTHORIZATION", None)

    answers = [
        asked.get("/api/v1/patients/"),
        asked.get(f"/api/v1/patients/?token={key}"),
        asked.get("/api/v1/patients/", headers={"authorization": "Token wrong"}),
        asked.get("/api/v1/patients/", headers={"authorization": "Token \u00e9\u00e8"}),
    ]

    for answer in answers:
        assert_problem(answer, 401)
        assert answer["WWW-Authenticate"] == "Token"
