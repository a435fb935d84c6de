"""Draw what Today looks at first anew, after rows were loaded by hand."""

from django.core.management.base import BaseCommand

from dosing import services


class Command(BaseCommand):
    help = "Draws the newest of every patient anew, and counts what was not so."

    def handle(self, **options: object) -> None:
        mended = services.draw_latest()
        self.stdout.write(f"{mended} rows said something else than the tables.")
