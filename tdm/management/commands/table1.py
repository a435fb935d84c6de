"""Print the case series' Table 1, recomputed from stored raw values."""

import json

from django.core.management.base import BaseCommand, CommandParser

from tdm import table1


class Command(BaseCommand):
    help = "Prints Table 1 with the printed percentage beside each recomputed one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["json", "csv"], default="json")

    def handle(self, **options: object) -> None:
        rows = table1.rows()
        if options["format"] == "csv":
            self.stdout.write(table1.as_csv(rows), ending="")
        else:
            self.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False))
