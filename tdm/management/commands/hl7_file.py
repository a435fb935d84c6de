"""Take in laboratory messages from a file, as the listener does."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tdm import hl7link


class Command(BaseCommand):
    help = "Takes in HL7 v2.5.1 ORU^R01 messages from a file and prints the answers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path")
        hl7link.add_arguments(parser)

    def handle(self, **options: Any) -> None:
        link = hl7link.link_of(options, tolerant=True)
        actor = hl7link.actor_of(options, link)
        try:
            content = Path(options["path"]).read_bytes()
        except OSError as missing:
            raise CommandError(f"{options['path']} cannot be read.") from missing
        said = hl7link.take_in(content.strip(b"\x0b\x1c\r\n"), link, actor)
        for answer in said:
            self.stdout.write(answer.replace("\r", "\n"))
        refused = sum("\rMSA|AA|" not in each for each in said)
        if refused:
            raise CommandError(f"Answers that are not AA: {refused} of {len(said)}.")
