"""Words for what is planned and who is told of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from typing import Any

from patients import reminders, services
from patients.channels import UndeliveredError
from patients.messages import Message
from patients.models import (
    Contact,
    DeliveryAttempt,
    ItemKind,
    Outcome,
    Patient,
    Reminder,
    ScheduleItem,
    Waiting,
)
from patients.services.delivery import deliver

numbers = count(1)


def an_item(patient: Patient, *, at: datetime, **facts: Any) -> ScheduleItem:
    """Plan a visit from 10 to 14 April 2026, as of an instant."""
    known = {
        "kind": ItemKind.VISIT,
        "key": f"test-{next(numbers)}",
        "text": "Visit",
        "opens_on": date(2026, 4, 10),
        "best_on": facts.get("opens_on", date(2026, 4, 10)),
        "closes_on": date(2026, 4, 14),
        **facts,
    }
    item = ScheduleItem(patient=patient, **known)
    reminders.set_next(item, at=at)
    item.full_clean()
    item.save()
    return item


def changed(item: ScheduleItem, *, at: datetime, **facts: Any) -> ScheduleItem:
    """Change an item as the services that plan do: its next reminder follows."""
    item.refresh_from_db()
    for name, fact in facts.items():
        setattr(item, name, fact)
    reminders.set_next(item, at=at)
    item.full_clean()
    item.save()
    return item


def a_contact(patient: Patient, **facts: Any) -> Contact:
    address = f"someone{next(numbers)}@example.org"
    return Contact.objects.create(
        **{"patient": patient, "channel": "email", "address": address, **facts}
    )


@dataclass
class Post:
    """A way to people that keeps what it was given and fails as often as it is told."""

    failures: list[UndeliveredError] = field(default_factory=list)
    went: list[tuple[str, str]] = field(default_factory=list)
    log: set[str] | None = None

    def send(self, address: str, message: Message, message_id: str) -> str:
        assert message.text
        if self.failures:
            raise self.failures.pop(0)
        self.went.append((address, message_id))
        if self.log is not None:
            self.log.add(message_id)
        return message_id

    def found(self, message_id: str) -> bool | None:
        return None if self.log is None else message_id in self.log

    @property
    def addresses(self) -> list[str]:
        return [address for address, _name in self.went]


def scanned(at: datetime) -> int:
    return services.scan_reminders(at=at)


def drained(post: Post, at: datetime, worker: str = "test") -> int:
    return services.drain_reminders(
        worker=worker, for_s=60, clock=lambda: at, by={"email": post, "sms": post}
    )


def left_by_a_dead_worker(at: datetime, post: Post | None = None) -> Reminder:
    """Let a worker take a reminder and die: after sending it, if there is a post."""
    claim = services.claim_reminder(at=at)
    assert claim is not None
    if post is not None:
        deliver(claim, {"email": post, "sms": post})
    return claim.reminder


def states() -> list[tuple[str, str]]:
    """Return stage and state of every reminder, in no order of their own."""
    rows = Reminder.objects.values_list("stage", "state")
    return sorted((stage, state) for stage, state in rows)


def why_cancelled() -> list[str]:
    gone = Reminder.objects.filter(state=Waiting.CANCELLED).order_by("pk")
    return list(gone.values_list("last_error", flat=True))


def tries() -> Sequence[tuple[int, str]]:
    rows = DeliveryAttempt.objects.order_by("pk").values_list("number", "outcome")
    return [(number, outcome) for number, outcome in rows]


def put_off(code: int = 451) -> UndeliveredError:
    return UndeliveredError(Outcome.DEFERRED, "try later", code)


def refused() -> UndeliveredError:
    return UndeliveredError(Outcome.REFUSED, "no such user", 550)


def unreached() -> UndeliveredError:
    return UndeliveredError(Outcome.UNREACHED, "TimeoutError")
