"""The description of the API holds: its examples, and each answer it may give."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import strategies
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dosing.models import Laboratory
from patients.models import Patient, Site, Staff
from patients.services import raise_task
from tests.builders import (
    DAY_0,
    a_lesion,
    a_planned_item,
    a_trough,
    a_visit,
    an_mri,
)
from tests.tdm.programs import Program, a_program

DESCRIPTION: dict[str, Any] = SchemaGenerator().get_schema(  # type: ignore[no-untyped-call]
    request=None, public=True
)
OPERATIONS = {
    f"{method.upper()} {path}": (method, path, operation)
    for path, operations in DESCRIPTION["paths"].items()
    for method, operation in operations.items()
}


@pytest.fixture
def world(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> Mapping[str, int]:
    """One record of most kinds, so that what is drawn at random finds something."""
    lesion = a_lesion(treated, clinician)
    level = a_trough(treated, "13.3", actor=clinician)
    visit = a_visit(treated, lesion, calf="30", actor=clinician)
    study = an_mri(lesion, actor=clinician)
    item = a_planned_item(treated)
    task = raise_task(
        patient=treated, kind="other", key="x", text="Ask about pain", actor=clinician
    )
    found: dict[str, int] = defaultdict(lambda: 1)
    found |= {
        "patients": treated.pk,
        "lesions": lesion.pk,
        "troughs": level.pk,
        "doses": treated.doses.get().pk,
        "visits": visit.pk,
        "landmarks": treated.landmarks.get().pk,
        "measurements": treated.measurements.order_by("pk")[0].pk,
        "imaging": study.pk,
        "schedule": item.pk,
        "tasks": task.pk,
    }
    return found


@pytest.fixture
def program(site: Site, administrator: Staff) -> Iterator[Program]:
    cache.clear()
    yield a_program(site, administrator, requests_per_minute=6000)
    cache.clear()


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
    program: Program,
    treated: Patient,
    laboratory: Laboratory,
    path: str,
    body: dict[str, Any],
) -> None:
    today = treated.site.today(timezone.now())
    if "laboratory" in body:
        body = body | {"laboratory": laboratory.pk}
    if "safety" in body:
        body = body | {"starts_on": f"{today + timedelta(days=1)}"}
    if "source" in body:
        body = body | {"reason": "Sent late"}
    if "drawn_at" in body:
        body = json.loads(json.dumps(body).replace("2026-01-3", "2026-03-3"))
        body["last_dose_at"] = body["last_dose_at"].replace("03-30", "03-30")
    if "entries" in body:
        body = json.loads(json.dumps(body).replace("2026-01-31", f"{DAY_0}"))
    address = path.replace("{patient_id}", str(treated.pk))

    answer = program.post(address.removeprefix("/api/v1/"), body)

    assert answer.status_code == 201, answer.content


def test_the_examples_are_found() -> None:
    assert len(EXAMPLES) >= 5


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CASES_EACH = 4
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


@pytest.mark.long
@pytest.mark.usefixtures("one_connection")
def test_whatever_is_sent_gets_a_described_answer(
    program: Program, world: Mapping[str, int]
) -> None:
    """All in one world, which would cost more than the requests do."""
    undescribed = {}
    for name, (method, path, _operation) in OPERATIONS.items():
        try:
            ask(program, world, method, path)
        except FailureGroup as failure:
            undescribed[name] = str(failure)

    assert not undescribed, "\n".join(map("\n".join, undescribed.items()))


def ask(program: Program, world: Mapping[str, int], method: str, path: str) -> None:
    @hypothesis.seed(8)
    @hypothesis.settings(
        max_examples=CASES_EACH,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(
        case=api[path][method.upper()].as_strategy(),
        exists=strategies.booleans(),
    )
    def send(case: schemathesis.Case, exists: bool) -> None:  # noqa: FBT001
        if exists:
            known = {name: one_of(path, name, world) for name in case.path_parameters}
            case.path_parameters = known
        case.headers.update({"Authorization": program.authorization})
        with transaction.atomic():
            answer = case.call(base_url="http://testserver", app=clinic)
            transaction.set_rollback(True)
        case.validate_response(answer, checks=CHECKS)

    send()


def one_of(path: str, name: str, world: Mapping[str, int]) -> int:
    """Return the key of a record that exists, for a part of an address."""
    is_patient = name == "patient_id" or path.startswith("/api/v1/patients/")
    return world["patients" if is_patient else path.split("/")[3]]
