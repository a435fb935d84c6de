"""Issue a token for a program; the key is printed once and kept as a hash."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from patients import services
from patients.models import Scope, Site, Staff


class Command(BaseCommand):
    help = "Issues an API token for one clinic or several and prints its key once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what the token is for")
        parser.add_argument("--site", required=True, help="name of the clinic")
        parser.add_argument("--by", required=True, help="user name of an administrator")
        parser.add_argument(
            "--scopes", nargs="+", choices=Scope.values, default=[Scope.READ_PATIENTS]
        )
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument(
            "--more-sites", nargs="*", default=[], help="other clinics that it sees"
        )
        parser.add_argument(
            "--per-minute", type=int, default=600, help="requests a minute at most"
        )

    def handle(self, **options: Any) -> None:
        try:
            site = Site.objects.get(name=options["site"])
            actor = Staff.objects.get(username=options["by"])
            _token, key = services.issue_token(
                name=options["name"],
                site=site,
                scopes=list(options["scopes"]),
                days=options["days"],
                more_sites=[Site.objects.get(name=n) for n in options["more_sites"]],
                requests_per_minute=options["per_minute"],
                actor=actor,
            )
        except Site.DoesNotExist as missing:
            named = ", ".join([options["site"], *options["more_sites"]])
            raise CommandError(f"There is no clinic {named!r}.") from missing
        except Staff.DoesNotExist as missing:
            raise CommandError(f"There is no account {options['by']!r}.") from missing
        except ValidationError as refusal:
            raise CommandError("; ".join(refusal.messages)) from refusal
        self.stdout.write(key)
