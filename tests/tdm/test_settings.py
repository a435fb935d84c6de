"""What differs between places comes from the environment, or stops with a sentence."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from celery import Celery, current_app
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, RequestFactory
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from patients.models import Staff
from patients.tasks import beat_heart
from tdm import env, middleware
from tdm.settings import (  # noqa: TID251 - they are tested here
    broker_settings,
    cache_address,
    database,
)
from tests.builders import PASSWORD

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


def test_options_of_an_address_stand_behind_our_limits() -> None:
    parts = database("postgresql://u@db/clinic?options=-c%20search_path%3Dtdm")

    options = parts["OPTIONS"]["options"]  # type: ignore[index]
    assert options.startswith("-c statement_timeout=10s ")
    assert options.endswith(" -c search_path=tdm")


def test_migrations_may_take_longer(
    surroundings: Callable[[str, str], None],
) -> None:
    surroundings("DB_STATEMENT_TIMEOUT", "0")

    options = database("postgresql://u@db/clinic")["OPTIONS"]
    assert "-c statement_timeout=0 " in options["options"]  # type: ignore[index]


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


WRONG = "not the sentence"


def sign_in_from(address: str, username: str, password: str = WRONG) -> int:
    """Try once behind a proxy that says who asks; return the answer's status."""
    form = {"username": username, "password": password}
    proxied = {"x-forwarded-proto": "https", "x-forwarded-for": address}
    return Client(headers=proxied).post("/sign-in/", form).status_code


@pytest.fixture
def behind_a_proxy(settings: Settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def test_a_stranger_elsewhere_does_not_lock_a_clinician_out(
    behind_a_proxy: None, clinician: Staff
) -> None:
    wrong = [sign_in_from("203.0.113.7", clinician.username) for _time in range(110)]

    assert wrong[8:11] == [200, 429, 429]
    assert sign_in_from("198.51.100.2", clinician.username, PASSWORD) == 302


def test_wrong_passwords_from_ten_addresses_lock_the_account_everywhere(
    behind_a_proxy: None, clinician: Staff
) -> None:
    for number in range(10):
        for _time in range(10):
            sign_in_from(f"203.0.113.{number}", clinician.username)

    assert sign_in_from("198.51.100.2", clinician.username, PASSWORD) == 429


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("198.51.100.2", "198.51.100.2"),
        ("10.9.9.9, 198.51.100.2", "198.51.100.2"),
        ("2001:db8::1%eth0", "2001:db8::1"),
        ("unknown", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_what_the_proxy_adds_is_believed_and_not_what_the_client_says(
    behind_a_proxy: None, rf: RequestFactory, said: str, meant: str
) -> None:
    request = rf.get("/", headers={"x-forwarded-for": said})

    assert middleware.address_of_asker(request) == meant


def test_without_a_proxy_nobody_is_believed(rf: RequestFactory) -> None:
    request = rf.get("/", headers={"x-forwarded-for": "198.51.100.2"})

    assert middleware.address_of_asker(request) == "127.0.0.1"


def test_rabbitmq_confirms_what_it_keeps_and_keeps_it_in_a_quorum() -> None:
    rabbit = broker_settings("amqps://user:word@rabbit.example/troughline")
    app = Celery("rabbit", set_as_current=False)
    app.config_from_object(rabbit, namespace="CELERY")

    queue = app.amqp.queues["celery"]
    assert app.conf.broker_transport_options == {"confirm_publish": True}
    assert queue.queue_arguments == {"x-queue-type": "quorum", "x-delivery-limit": 20}
    assert queue.exchange.type == "topic"


def test_valkey_gives_back_within_minutes_what_a_dead_worker_held() -> None:
    assert broker_settings("redis+socket:///run/valkey.sock") == {
        "CELERY_BROKER_TRANSPORT_OPTIONS": {"visibility_timeout": 120}
    }


def test_only_sending_comes_back_when_its_worker_is_lost() -> None:
    returning = {
        name
        for name, task in current_app.tasks.items()
        if task.reject_on_worker_lost and not name.startswith("celery.")
    }

    assert returning == {"patients.tasks.drain_reminders"}


def test_the_clock_asks_for_reminders_and_forgets_a_tick_that_came_too_late() -> None:
    tick = settings.CELERY_BEAT_SCHEDULE["reminders"]

    assert tick["task"] in current_app.tasks
    assert tick["options"]["expires"] <= tick["schedule"]
