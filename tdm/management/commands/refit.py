"""Ask the models about every patient anew, by the workers, with progress."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dosing.tasks import refit
from patients.models import Patient


class Command(BaseCommand):
    help = "Works out every patient's forecast again, after a model or data change."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", help="only the patients of this clinic")
        parser.add_argument(
            "--patience", type=float, default=60, help="seconds without any progress"
        )

    def handle(self, **options: Any) -> None:
        patients = Patient.objects.filter(ended_on=None).order_by("pk")
        if options["site"]:
            patients = patients.filter(site__name=options["site"])
        keys = list(patients.values_list("pk", flat=True))
        if not keys:
            raise CommandError("There is no patient in follow-up there.")
        done = 0
        for now in refit(keys).watched(options["patience"]):
            done = now.done
            said = f"{now.done} of {now.whole}, the models spoke of {now.spoke}"
            self.stdout.write(said)
        if done < len(keys):
            raise CommandError("Nothing moves any more. Is a worker running?")
