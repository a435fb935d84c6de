"""The description of the API holds: its examples, and each answer it may give."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.utils import timezone
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from pytest_django import DjangoDbBlocker
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.builders import DAY_0
from tests.tdm.api_world import World, told_once

pytestmark = [pytest.mark.django_db, pytest.mark.long]

DESCRIPTION: dict[str, Any] = SchemaGenerator().get_schema(  # type: ignore[no-untyped-call]
    request=None, public=True
)
OPERATIONS = {
    f"{method.upper()} {path}": (method, path, operation)
    for path, operations in DESCRIPTION["paths"].items()
    for method, operation in operations.items()
}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with told_once(django_db_blocker) as world:
        yield world


def test_the_description_is_made_without_a_doubt() -> None:
    assert not GENERATOR_STATS


def test_each_operation_says_its_scope_and_how_it_refuses() -> None:
    unsaid = [
        name
        for name, (_method, _path, operation) in OPERATIONS.items()
        if "Scope: `" not in operation["description"]
        or not {"400", "401", "403", "404", "429"} <= set(operation["responses"])
    ]

    assert unsaid == []


def test_the_description_names_what_the_pages_write() -> None:
    nouns = {
        "lesions",
        "doses",
        "troughs",
        "diary",
        "side-effects",
        "labs",
        "comedications",
        "events",
        "visits",
        "imaging",
        "measurements",
        "previous-treatments",
        "contacts",
        "dispensings",
        "protocols",
        "landmarks",
    }

    assert nouns <= {
        path.split("/")[-2]
        for method, path, _operation in OPERATIONS.values()
        if method == "post" and path.count("{") == 1 and path[-2:] != "}/"
    }


EXAMPLES = {
    f"{name}: {title}": (path, example["value"])
    for name, (_method, path, operation) in OPERATIONS.items()
    for title, example in operation.get("requestBody", {})
    .get("content", {})
    .get("application/json", {})
    .get("examples", {})
    .items()
}


@pytest.mark.parametrize(("path", "body"), EXAMPLES.values(), ids=EXAMPLES)
def test_an_example_of_the_description_works(
    world: World, path: str, body: dict[str, Any]
) -> None:
    today = world.patient.site.today(timezone.now())
    if "laboratory" in body:
        body = body | {"laboratory": world.laboratory.pk}
    if "safety" in body:
        body = body | {"starts_on": f"{today + timedelta(days=1)}"}
    if "source" in body:
        body = body | {"reason": "Sent late"}
    if "drawn_at" in body:
        body = json.loads(json.dumps(body).replace("2026-01-3", "2026-04-0"))
        body["last_dose_at"] = body["last_dose_at"].replace("04-00", "03-31")
    if "entries" in body:
        body = json.loads(json.dumps(body).replace("2026-01-31", f"{DAY_0}"))
    address = path.replace("{patient_id}", str(world.patient.pk))

    answer = world.program.post(address.removeprefix("/api/v1/"), body)

    assert answer.status_code in {200, 201}, answer.content


def test_the_examples_are_found() -> None:
    assert len(EXAMPLES) >= 5


def key_for(path: str, world: World) -> int:
    """Return the key of the record of the world that a path is about."""
    return world.keys[path.removeprefix("/api/v1/").partition("/")[0]]


def address_of(path: str, world: World) -> str:
    filled = re.sub(r"\{\w+\}", str(key_for(path, world)), path)
    return filled.removeprefix("/api/v1/")


RECORDS = {
    name: (method, path)
    for name, (method, path, _operation) in OPERATIONS.items()
    if "{" in path
}


def test_a_record_is_read_once_and_only_by_its_own_clinic(world: World) -> None:
    """By every address that names a patient or a record, whatever the method."""
    found, again, strangers = {}, {}, {}
    for name, (method, path) in RECORDS.items():
        address = address_of(path, world)
        if method == "get":
            answer = world.program.get(address)
            found[name] = answer.status_code
            if "304" in OPERATIONS[name][2]["responses"]:
                tag = answer["ETag"]
                held = world.program.get(address, if_none_match=tag)
                again[name] = (held.status_code, held.content, held["ETag"] == tag)
            strangers[name] = world.stranger.get(address).status_code
        else:
            answer = world.stranger.send(method, address, {}, if_match='W/"1"')
            strangers[name] = answer.status_code

    assert {name for name, code in found.items() if code != 200} == set()
    assert {name for name, told in again.items() if told != (304, b"", True)} == set()
    assert len(again) >= 18
    assert {name for name, code in strangers.items() if code != 404} == set()


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CASES_EACH = 2
"""Of each operation and run: enough to find what is undeclared, within seconds."""

api = schemathesis.openapi.from_dict(DESCRIPTION)
clinic = WSGIHandler()


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Leave the test's connection open at the end of a request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
def test_whatever_is_sent_gets_a_described_answer(world: World) -> None:
    undescribed = {}
    for name, (method, path, _operation) in OPERATIONS.items():
        try:
            ask(world, method, path)
        except FailureGroup as failure:
            undescribed[name] = "\n".join(map(str, failure.exceptions))

    assert not undescribed, "\n".join(map("\n".join, undescribed.items()))


def ask(world: World, method: str, path: str) -> None:
    """Send what is drawn, about a record that exists."""

    @hypothesis.seed(8)
    @hypothesis.settings(
        max_examples=CASES_EACH,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=api[path][method.upper()].as_strategy())
    def send(case: schemathesis.Case) -> None:
        if case.path_parameters:
            key = key_for(path, world)
            case.path_parameters = dict.fromkeys(case.path_parameters, key)
        case.headers.update(
            {
                "Authorization": world.program.authorization,
                "Accept-Encoding": "identity",
            }
        )
        with transaction.atomic():
            answer = case.call(base_url="http://testserver", app=clinic)
            transaction.set_rollback(True)
        case.validate_response(answer, checks=CHECKS)

    send()
