"""Answer a container's health check by its exit code."""

import http.client

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tdm import env
from tdm.context import pulse


class Command(BaseCommand):
    help = "Succeeds while the web server answers, or while the clock beats."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own shape

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("part", choices=["web", "clock"])

    def handle(self, *, part: str, **options: object) -> None:
        if not (web_answers() if part == "web" else pulse(timezone.now()).fresh):
            raise CommandError(f"The {part} is not well.")


def web_answers() -> bool:
    """Ask the server of this container by a name it answers to."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(env.text("PORT", "8000")), timeout=5
    )
    host = settings.ALLOWED_HOSTS[0].lstrip(".")
    try:
        connection.request("GET", "/livez", headers={"Host": host})
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
