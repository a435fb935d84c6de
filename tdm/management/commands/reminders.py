"""What would go out: evaluated and claimed as the workers do, then undone."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from dosing.models import pseudonym
from patients import services
from patients.services.delivery import Claim


class Command(BaseCommand):
    help = "Says which reminders would go out, and changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="required: sending is the workers'"
        )
        parser.add_argument(
            "--at", help="an instant with its offset, 2026-03-01T09:00+09:00; else now"
        )

    def handle(self, **options: Any) -> None:
        if not options["dry_run"]:
            raise CommandError("Only --dry-run is there; the workers do the sending.")
        at = instant(options["at"])
        with transaction.atomic():
            services.scan_reminders(at=at)
            found = 0
            while claim := services.claim_reminder(at=at):
                self.stdout.write(told(claim))
                found += 1
            transaction.set_rollback(True)
        self.stdout.write(f"{found} would go out at {at.isoformat()}.")


SENSIBLE_YEARS = range(2000, 2200)


def instant(words: str | None) -> datetime:
    if words is None:
        return timezone.now()
    try:
        at = datetime.fromisoformat(words)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or at.year not in SENSIBLE_YEARS:
        raise CommandError("Give an instant such as 2026-03-01T09:00+09:00.")
    return at


def told(claim: Claim) -> str:
    """Say what goes to whom, without a name."""
    reminder = claim.reminder
    whom = f"staff {reminder.staff_id}"
    if reminder.patient_id is not None:
        whom = pseudonym(reminder.patient_id)
    what = f"{reminder.kind} {reminder.stage}".strip()
    return f"{what}\t{whom}\t{reminder.channel}\tdue {reminder.wanted_at.isoformat()}"
