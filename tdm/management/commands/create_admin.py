"""Open the first account of a clinic, so that nobody needs the demo's."""

import sys
from decimal import Decimal
from getpass import getpass

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from patients import services
from patients.models import Role, Site, Staff

STOCK_MG = [Decimal("0.5"), Decimal(1), Decimal(2)]
WEEKEND = [5, 6]


class Command(BaseCommand):
    help = "Opens an administrator's account, and the clinic where it does not exist."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--site", required=True, help="name of the clinic")
        parser.add_argument("--time-zone", default="Asia/Tokyo")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read it from standard input"
        )

    def handle(
        self,
        *,
        username: str,
        site: str,
        time_zone: str,
        password_stdin: bool,
        **_options: object,
    ) -> None:
        password = sys.stdin.readline().rstrip("\n") if password_stdin else asked()
        try:
            open_account(username, password, site, time_zone)
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal
        self.stdout.write(f"{username} can sign in as an administrator of {site}.")


def asked() -> str:
    first, second = getpass("Password: "), getpass("The same again: ")
    if first != second:
        raise CommandError("The two passwords differ.")
    return first


@transaction.atomic
def open_account(username: str, password: str, name: str, time_zone: str) -> Staff:
    admin = services.register_staff(
        username=username, password=password, role=Role.ADMIN, sites=[]
    )
    site = Site.objects.filter(name=name).first()
    if site is None:
        site = Site(
            name=name,
            time_zone=time_zone,
            non_clinic_weekdays=WEEKEND,
            stocked_strengths_mg=STOCK_MG,
        )
        services.save_configuration(record=site, actor=admin)
    services.save_configuration(record=admin, actor=admin, sites=[site])
    return admin
