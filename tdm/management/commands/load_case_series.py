"""Load the two published cases and the demo accounts, once."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from tdm import teaching


class Command(BaseCommand):
    help = "Loads the published case series as two fictitious patients, once."

    def handle(self, **options: object) -> None:
        if teaching.load(at=timezone.now()):
            self.stdout.write("The teaching cases are loaded.")
        self.stdout.write("Demo log-ins (password for all: " + teaching.PASSWORD + ")")
        for username, (role, _first, _last) in teaching.ACCOUNTS.items():
            self.stdout.write(f"  {username:<12} {role.label}")
