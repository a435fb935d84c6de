"""Print what a signed decision rested on, and work its numbers out again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dosing.explanation import explained
from dosing.models import Decision


class Command(BaseCommand):
    help = "Prints inputs, versions and numbers of a decision, computed again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=int, help="the number of the decision")

    def handle(self, **options: Any) -> None:
        decision = Decision.objects.filter(pk=options["id"]).first()
        if decision is None:
            raise CommandError(f"There is no decision {options['id']}.")
        found = explained(decision)
        for line in found.lines:
            self.stdout.write(line)
        if not found.same:
            raise CommandError("The numbers are not the same again: see above.")
