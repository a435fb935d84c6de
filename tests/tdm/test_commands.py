"""What is done on a command line before anyone can sign in."""

import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from patients.models import AuditEvent, Site, Staff
from tdm.management.commands import create_admin
from tests.tdm.test_embedded import CODE, COMMAND, ROOT, bare_environment, free_port

WORDS = "seven herons cross the bay"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Type a password into standard input."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(WORDS + "\n"))


def create(username: str, site: str = "Kyoto clinic", **options: str) -> None:
    call_command("create_admin", username, site=site, password_stdin=True, **options)


def test_the_first_administrator_can_sign_in_to_a_new_clinic(
    db: None, client: Client, typed: None
) -> None:
    create("mori")

    answer = client.post("/sign-in/", {"username": "mori", "password": WORDS})
    assert answer.status_code == 302
    assert Staff.objects.get().sites.get() == Site.objects.get(name="Kyoto clinic")
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {
        "register_staff",
        "save_configuration",
    }


def test_a_second_administrator_joins_the_clinic_that_exists(
    site: Site, typed: None
) -> None:
    create("mori", site=site.name)

    assert Site.objects.count() == 1


@pytest.mark.parametrize(
    ("facts", "words"),
    [({"time_zone": "Mars/Base"}, "time zone"), ({"site": ""}, "blank")],
)
def test_what_cannot_be_is_refused_and_nothing_is_half_made(
    db: None, typed: None, facts: dict[str, str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        create("mori", **facts)

    assert not Staff.objects.exists()


def test_a_short_password_is_refused(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    sys.stdin, before = io.StringIO("short\n"), sys.stdin
    try:
        with pytest.raises(CommandError, match="too short"):
            create("mori")
    finally:
        sys.stdin = before


def test_two_passwords_that_differ_are_refused(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([WORDS, WORDS + "!"])
    monkeypatch.setattr(create_admin, "getpass", lambda _prompt: next(answers))

    with pytest.raises(CommandError, match="differ"):
        call_command("create_admin", "mori", site="Kyoto clinic")


def test_a_name_that_is_taken_is_refused(
    clinician: Staff, site: Site, typed: None
) -> None:
    with pytest.raises(CommandError, match="already exists"):
        create(clinician.username, site=site.name)


@pytest.fixture
def given_database(db: None) -> Iterator[str]:
    """Someone's own empty database, by its address."""
    name = f"given_{uuid4().hex}"
    place = connection.settings_dict
    parts = {part: place[part.upper()] for part in ("user", "password", "host", "port")}
    known = {part: value for part, value in parts.items() if value}
    with psycopg.connect(dbname="postgres", autocommit=True, **known) as server:
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield make_conninfo(dbname=name, **known)
        finally:
            server.execute(
                SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name))
            )


def test_a_database_of_ones_own_gets_no_demo_accounts(
    given_database: str, tmp_path: Path
) -> None:
    for part in CODE:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tmp_path / part)
    process = subprocess.Popen(
        [*COMMAND, "run"],
        cwd=tmp_path,
        env=bare_environment(DATABASE_URL=given_database, PORT=str(free_port())),
        stdout=subprocess.PIPE,
        text=True,
    )

    with process:
        said = next(line for line in process.stdout or () if "log-ins" in line)
        process.terminate()

    with psycopg.connect(given_database) as database:
        accounts = database.execute("SELECT count(*) FROM patients_staff").fetchone()
    assert "create_admin" in said
    assert accounts == (0,)
