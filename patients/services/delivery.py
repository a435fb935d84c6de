"""The way out of the queue: claimed on a lease, sent outside, recorded by its token."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from secrets import SystemRandom
from time import monotonic
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from patients import reminders
from patients.channels import (
    ConsoleSmsWay,
    EmailWay,
    LoggingRelay,
    SilentRelay,
    UndeliveredError,
    Way,
)
from patients.messages import Message, message_for
from patients.models import (
    Channel,
    DeliveryAttempt,
    Outcome,
    Reminder,
    Site,
    Waiting,
)
from patients.services.eligibility import (
    instead_of_sending,
    person_of,
    why_not_sent,
)
from patients.services.reminders import clock_of, open_for

LUCK = SystemRandom()
Ways = Mapping[str, Way]

KEPT_ENDING = gettext_noop("every try ended before its outcome was known")


def ways() -> Ways:
    """Return how to reach people in this installation."""
    log = settings.REMINDER_RELAY_LOG
    relay = LoggingRelay(Path(log)) if log else SilentRelay()
    return {Channel.EMAIL: EmailWay(relay), Channel.SMS: ConsoleSmsWay()}


@dataclass(frozen=True, slots=True)
class Claim:
    """A reminder taken on a lease, and what is to be sent.

    `again` says that a worker took it before and never reported; `why_not`, only then,
    that it is of no use any more unless it had gone out.
    """

    reminder: Reminder
    address: str
    message: Message
    again: bool = False
    why_not: str = ""

    @property
    def message_id(self) -> str:
        return reminders.message_id_of(self.reminder.key)


@dataclass(frozen=True, slots=True)
class Result:
    """How a try ended; without an outcome nothing was tried."""

    outcome: Outcome | None
    said: str = ""
    code: int | None = None
    provider_message_id: str = ""


def drain_reminders(
    *,
    worker: str,
    for_s: float,
    clock: Callable[[], datetime] = timezone.now,
    by: Ways | None = None,
) -> int:
    """Send what is due until nothing is, the time is over or the relay is away."""
    by = by or ways()
    until, tried = monotonic() + for_s, 0
    while monotonic() < until and (claim := claim_reminder(at=clock())):
        result = deliver(claim, by)
        finish_reminder(claim=claim, result=result, at=clock(), worker=worker)
        tried += 1
        if result.outcome is Outcome.UNREACHED:
            break
    return tried


def claim_reminder(*, at: datetime) -> Claim | None:
    """Take the next reminder that is due and still of use; the others are put away."""
    while True:
        with transaction.atomic():
            reminder = next_due(at)
            if reminder is None:
                return None
            if claim := taken(reminder, at):
                return claim


def next_due(at: datetime) -> Reminder | None:
    """Lock what a dead worker left behind, or else what waits longest."""
    free = Reminder.objects.select_related(
        "patient__site", "item", "contact", "staff"
    ).select_for_update(skip_locked=True, of=("self",), no_key=True)
    return free.abandoned(at).first() or free.waiting(at).first()


def taken(reminder: Reminder, at: datetime) -> Claim | None:
    """Lease a reminder, unless it is cancelled or put off.

    What a dead worker held is leased in any case: it may have gone out.
    """
    again = reminder.state == Waiting.LEASED
    instead = held_over(reminder, at) if again else instead_of_sending(reminder, at)
    if instead:
        change(reminder, instead)
        return None
    lease = {
        "state": Waiting.LEASED,
        "lease_until": at + timedelta(seconds=settings.REMINDER_LEASE_S),
        "lease_token": uuid4(),
        "attempts": reminder.attempts + 1,
    }
    change(reminder, lease)
    why_not = why_not_sent(reminder, at) if again else ""
    return replace(claim_of(reminder, at), again=again, why_not=why_not)


def held_over(reminder: Reminder, at: datetime) -> dict[str, Any]:
    """Leave what a dead worker held where it is until the quiet hours are over."""
    if reminder.patient is None:
        return {}
    wakes = reminders.awake(at, reminder.patient.site)
    return {"lease_until": wakes} if wakes > at else {}


def change(reminder: Reminder, facts: Mapping[str, Any]) -> None:
    for name, fact in facts.items():
        setattr(reminder, name, fact)
    reminder.save(update_fields=facts)


def claim_of(reminder: Reminder, at: datetime) -> Claim:
    """Put a message together; it is written nowhere."""
    kind, stage = reminder.kind, reminder.stage
    if reminder.staff is not None:
        site = clock_of(reminder.staff)
        return Claim(
            reminder,
            reminder.staff.email,
            message_for(
                kind,
                stage,
                language_of(site),
                clinic=str(site or ""),
                count=open_for(reminder.staff, at),
                link=settings.PUBLIC_URL,
            ),
        )
    patient, contact = person_of(reminder)
    site = patient.site
    text = message_for(
        kind, stage, contact.language, clinic=site.name, phone=site.phone
    )
    return Claim(reminder, contact.address, text)


def language_of(site: Site | None) -> str:
    return "ja" if site is not None and site.country == "JP" else "en"


def deliver(claim: Claim, by: Ways) -> Result:
    """Try to send, outside any transaction; look up first what may have gone out."""
    way, message_id = by[claim.reminder.channel], claim.message_id
    if claim.again:
        if way.found(message_id):
            return Result(Outcome.FOUND, provider_message_id=message_id)
        if claim.why_not:
            return Result(None, said=claim.why_not)
        if claim.reminder.attempts > reminders.MAX_ATTEMPTS:
            return Result(Outcome.UNREACHED, said=KEPT_ENDING)
    try:
        name = way.send(claim.address, claim.message, message_id)
    except UndeliveredError as failed:
        return Result(failed.outcome, said=failed.said, code=failed.code)
    return Result(Outcome.SENT, provider_message_id=name)


@transaction.atomic
def finish_reminder(*, claim: Claim, result: Result, at: datetime, worker: str) -> bool:
    """Record how a try ended; return False where the lease had passed to another.

    The try is noted in any case, because it was made.
    """
    reminder = claim.reminder
    held = Reminder.objects.filter(
        pk=reminder.pk, state=Waiting.LEASED, lease_token=reminder.lease_token
    )
    mine = held.update(
        lease_until=None, lease_token=None, **after(reminder, result, at)
    )
    if result.outcome is not None:
        DeliveryAttempt.objects.create(
            reminder=reminder,
            number=reminder.attempts,
            worker=worker[:80],
            outcome=result.outcome,
            smtp_code=result.code,
            said=result.said,
        )
    return bool(mine)


def after(reminder: Reminder, result: Result, at: datetime) -> dict[str, Any]:
    """Return what a reminder becomes after a try."""
    outcome = result.outcome
    if outcome is None:
        return {"state": Waiting.CANCELLED, "last_error": result.said}
    if outcome in {Outcome.SENT, Outcome.FOUND}:
        return {
            "state": Waiting.SENT,
            "sent_at": at,
            "provider_message_id": result.provider_message_id,
            "last_error": "",
        }
    waited = at - reminder.wanted_at
    reached = outcome is not Outcome.UNREACHED or result.said == KEPT_ENDING
    spent = reminders.is_spent(reminder.attempts, waited, reached=reached)
    if outcome is Outcome.REFUSED or spent:
        return {"state": Waiting.DEAD, "last_error": result.said}
    return {
        "state": Waiting.PENDING,
        "last_error": result.said,
        "next_try_at": next_try(reminder, at),
    }


def next_try(reminder: Reminder, at: datetime) -> datetime:
    wait = reminders.back_off(
        reminder.attempts, settings.REMINDER_BACK_OFF_S, LUCK.random()
    )
    if reminder.patient is None:
        return at + wait
    return reminders.awake(at + wait, reminder.patient.site)
