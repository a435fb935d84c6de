"""Check that no line of the audit was changed, removed, inserted or moved."""

from django.core.management.base import BaseCommand, CommandError

from patients import audit


class Command(BaseCommand):
    help = "Recomputes the hash chains of the audit and names the first broken line."

    def handle(self, **options: object) -> None:
        broken = audit.broken_lines()
        if broken:
            raise CommandError(f"The audit is broken at line {broken[0]}.")
        for chain, position, tip in audit.tips():
            self.stdout.write(f"chain {chain}: {position} lines, {tip}")
        self.stdout.write("The audit is whole.")
