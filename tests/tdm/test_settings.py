"""What differs between places comes from the environment, or stops with a sentence."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from patients.tasks import beat_heart
from tdm import env
from tdm.settings import cache_address, database  # noqa: TID251 - they are tested here

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Set a variable of the environment for one test."""
    return monkeypatch.setenv


@pytest.mark.parametrize(
    ("word", "meaning"), [("1", True), ("Yes", True), ("0", False), ("off", False)]
)
def test_a_flag_is_read(
    surroundings: Callable[[str, str], None], word: str, *, meaning: bool
) -> None:
    surroundings("HTTPS", word)

    assert env.flag("HTTPS", default=not meaning) is meaning


def test_a_flag_that_is_neither_is_refused(
    surroundings: Callable[[str, str], None],
) -> None:
    surroundings("HTTPS", "maybe")

    with pytest.raises(SystemExit, match="HTTPS must be 1 or 0, not 'maybe'"):
        env.flag("HTTPS", default=True)


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("postgresql://u:p%40ss@db.example:5433/clinic", "db.example", "5433"),
        ("postgresql://u:p%40ss@/clinic?host=/run/postgresql", "/run/postgresql", ""),
    ],
)
def test_a_database_address_is_taken_apart(address: str, host: str, port: str) -> None:
    parts = database(address)

    assert (parts["HOST"], parts["PORT"]) == (host, port)
    assert (parts["NAME"], parts["USER"], parts["PASSWORD"]) == ("clinic", "u", "p@ss")


def test_what_else_an_address_says_is_passed_on() -> None:
    parts = database("postgresql://u@db.example/clinic?sslmode=verify-full")

    assert parts["OPTIONS"]["sslmode"] == "verify-full"  # type: ignore[index]


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("statement_timeout", "10s"),
        ("lock_timeout", "3s"),
        ("idle_in_transaction_session_timeout", "15s"),
    ],
)
def test_the_database_gives_up_on_what_hangs(db: None, name: str, limit: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")

        assert cursor.fetchone() == (limit,)


@pytest.mark.parametrize(
    ("broker", "cache"),
    [
        ("redis+socket:///run/valkey.sock", "unix:///run/valkey.sock?db=1"),
        ("redis://:secret@valkey:6379/0", "redis://:secret@valkey:6379/1"),
    ],
)
def test_the_cache_shares_the_broker_but_not_its_numbers(
    broker: str, cache: str
) -> None:
    assert cache_address(broker) == cache


def test_everything_on_the_schedule_exists() -> None:
    current_app.loader.import_default_modules()

    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in current_app.tasks


def test_pages_allow_no_script_or_style_but_our_own(client: Client) -> None:
    policy = client.get("/sign-in/")["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_lock_holds_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = (ROOT / "requirements.lock").read_text()

    for wish in project["dependencies"]:
        name = wish.split("~")[0].split(">")[0].split("[")[0]
        assert f"\n{name}==" in f"\n{locked}", name


def test_the_clock_is_well_while_it_beats(db: None) -> None:
    with pytest.raises(CommandError, match="clock is not well"):
        call_command("healthy", "clock")

    beat_heart()
    call_command("healthy", "clock")


def test_the_web_server_is_well_while_it_answers(
    live_server: LiveServer, surroundings: Callable[[str, str], None]
) -> None:
    surroundings("PORT", str(live_server.thread.port))
    call_command("healthy", "web")

    surroundings("PORT", "1")
    with pytest.raises(CommandError, match="web is not well"):
        call_command("healthy", "web")
