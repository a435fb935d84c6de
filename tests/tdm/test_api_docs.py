"""The quick start and the client of docs/ work as they are printed."""

import importlib.util
import re
import shlex
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dosing.models import Laboratory
from patients.models import Patient, Site, Staff
from tdm import teaching
from tests.tdm.programs import Answer, Program, a_program

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
TAKEN = {"SINCE": "since"}
COMMAND = re.compile(r"^# (\d{3}) ?(\w*)\n(curl .+)$", re.MULTILINE)


def run(program: Program, command: str, names: dict[str, str]) -> Answer:
    """Send what a curl command would send."""
    for name, value in names.items():
        command = command.replace(f"${name}", value)
    words = shlex.split(command)[1:]
    method, headers, body, address = "GET", {}, "", ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, value = words.pop(0).split(": ", 1)
            headers[name] = value
        elif word == "-d":
            body = words.pop(0)
        elif word != "-s":
            address = word
    kind = headers.pop("Content-Type", "application/json")
    return program.client.generic(
        method, address, body, content_type=kind, headers=headers
    )


def test_the_commands_of_the_quick_start_answer_as_they_say(
    site: Site, administrator: Staff
) -> None:
    program = a_program(site, administrator)
    names = {"CLINIC": "/api/v1", "KEY": program.authorization.removeprefix("Token ")}
    commands = COMMAND.findall((DOCS / "api.md").read_text())

    for status, name, command in commands:
        answer = run(program, command, names)
        assert answer.status_code == int(status), (command, answer.content)
        if name:
            names[name] = str(answer.json()[TAKEN.get(name, "id")])

    assert len(commands) == 10


def test_the_commands_of_the_exchange_answer_as_they_say(
    site: Site, administrator: Staff, treated: Patient
) -> None:
    program = a_program(site, administrator)
    names = {"KEY": program.authorization.removeprefix("Token ")}
    text = (DOCS / "exchange.md").read_text().replace("http://127.0.0.1:8000", "")
    patient = f'"patientId": "{treated.pk}"'
    ((status, _name, command),) = COMMAND.findall(
        text.replace('"patientId": "2"', patient)
    )

    answer = run(program, command, names)

    assert answer.status_code == int(status), answer.content
    assert "cards" in answer.json()


@pytest.mark.django_db
@pytest.mark.parametrize("is_right", [True, False])
def test_the_message_of_the_exchange_is_taken_for_the_demos_patient(
    *, is_right: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = timezone.now()
    teaching.load(at=now)
    patient = Patient.objects.get(identifier="TEACH-2")
    options = {"site": "Demo clinic", "laboratory": "Demo laboratory"}
    named = {**options, "by": "Lab link", "assigner": "HOSP"}
    call_command(
        "create_api_token", "Lab link", site="Demo clinic", by="admin",
        scopes=["write_levels"],
    )  # fmt: skip
    text = (DOCS / "exchange.md").read_text()
    message = text.split("<<END\n")[1].split("\nEND\n")[0]
    message = message.replace("${DRAWN}", f"{now - timedelta(days=1):%Y%m%d}")
    born = patient.born_on if is_right else date(1900, 1, 1)
    path = tmp_path / "results.hl7"
    path.write_text(message.replace("$BORN", f"{born:%Y%m%d}"))

    if not is_right:
        with pytest.raises(CommandError, match="not AA: 1 of 1"):
            call_command("hl7_file", str(path), **named)
        with pytest.raises(CommandError, match="no clinic 'Elsewhere'"):
            call_command("hl7_file", str(path), **{**named, "site": "Elsewhere"})
    else:
        call_command("hl7_file", str(path), **named)
    assert f"MSA|{'AA' if is_right else 'AE'}|M1" in capsys.readouterr().out


@pytest.fixture
def client_of_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("client", DOCS / "client.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["client"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_client_of_the_docs_adds_changes_and_reads(
    live_server: Any,
    client_of_docs: ModuleType,
    site: Site,
    administrator: Staff,
    treated: Patient,
    laboratory: Laboratory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = a_program(site, administrator).authorization.removeprefix("Token ")
    clinic = client_of_docs.Clinic(live_server.url, key)
    clock = ZoneInfo("Asia/Tokyo")
    effect = {"grade": 1, "onset_on": "2026-03-05"}

    added = clinic.add(
        f"patients/{treated.pk}/side-effects/", {"term": "nausea", **effect}
    )
    where = f"side-effects/{added.body['id']}/"
    changed = clinic.change(where, {**effect, "reason": "Asked"}, etag=added.etag)
    with pytest.raises(client_of_docs.RefusedError, match="412") as refused:
        clinic.act(f"{where}withdraw/", {"reason": "Late"}, etag=added.etag)
    level = clinic.add_level(
        treated.pk,
        level="13.3",
        unit="ng/mL",
        drawn_at=datetime(2026, 3, 30, 8, tzinfo=clock),
        last_dose_at=datetime(2026, 3, 29, 8, tzinfo=clock),
        laboratory=laboratory.pk,
    )
    _all, mark = clinic.timeline(treated.pk)
    clinic.act(f"{where}withdraw/", {"reason": "Late"}, etag=changed.etag)
    news, _mark = clinic.timeline(treated.pk, since=mark)
    everything, _mark = clinic.timeline(treated.pk)
    client_of_docs.main(live_server.url, key)

    # What the clock planned is told again while another transaction is open.
    told = [(e["kind"], e["set_aside"]) for e in news if e["kind"] != "schedule"]
    assert told == [("effect", True)]
    assert {"dose", "level", "effect", "protocol"} <= {e["kind"] for e in everything}
    assert refused.value.etag == changed.etag == 'W/"2"'
    assert level.body["verdict"] == "in"
    said = f"{treated.identifier}: {len(everything)} events, 1 levels\n"
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name the address and a key"),
        (["{clinic}", "wrong"], "The clinic refused it. 401"),
        (["http://127.0.0.1:9", "key"], "No answer of a clinic"),
    ],
)
def test_the_client_of_the_docs_says_why_it_has_no_answer(
    live_server: Any, client_of_docs: ModuleType, words: list[str], said: str
) -> None:
    with pytest.raises(SystemExit, match=said):
        client_of_docs.main(*(word.format(clinic=live_server.url) for word in words))
