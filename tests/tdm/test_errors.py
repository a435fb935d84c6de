"""What is said while the database is away: a real process with a real dead address."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

ASK = """
import django, json, sys
django.setup()
from django.test import Client
client = Client(raise_request_exception=False)
if sys.argv[1].startswith("/patients"):
    client.cookies["sessionid"] = "a" * 32
answer = client.get(sys.argv[1], headers={"authorization": "Token " + "a" * 64})
body = answer.content.decode()
again = answer.get("Retry-After")
print(json.dumps([answer.status_code, answer["Content-Type"], body, again]))
"""


def without_database(address: str) -> list[Any]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tdm.settings",
        "DATABASE_URL": "postgresql:///clinic?host=/nowhere",
    }
    asked = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK, address],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    answer: list[Any] = json.loads(asked.stdout.splitlines()[-1])
    return answer


def test_a_page_says_that_nothing_was_saved_while_the_database_is_away() -> None:
    status, kind, page, _again = without_database("/patients/1/")

    assert (status, kind) == (503, "text/html; charset=utf-8")
    assert "The database cannot be reached" in page


def test_a_program_gets_a_problem_document_while_the_database_is_away() -> None:
    status, kind, body, again = without_database("/api/v1/patients/")

    assert (status, kind, again) == (503, "application/problem+json", "10")
    assert json.loads(body)["status"] == 503


@pytest.mark.parametrize(("address", "status"), [("/livez", 200), ("/readyz", 503)])
def test_a_supervisor_is_answered_while_the_database_is_away(
    address: str, status: int
) -> None:
    assert without_database(address)[0] == status
