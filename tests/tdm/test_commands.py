"""What is done on a command line before anyone can sign in."""

import io
import sys

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from patients.models import AuditEvent, Site, Staff

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
