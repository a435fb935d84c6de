"""The clock: what happens without anyone asking."""

import os
import socket

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from patients import services


@shared_task
def beat_heart() -> None:
    services.beat(name="celery", at=timezone.now())


@shared_task
def forget_replies() -> None:
    services.forget_replies(at=timezone.now())


@shared_task
def scan_reminders() -> None:
    """Evaluate what is due; then, or if that fails at the next tick, have it sent."""
    services.scan_reminders(at=timezone.now())
    for _each in range(settings.REMINDER_DRAINS):
        drain_reminders.apply_async(expires=settings.REMINDER_SCAN_S)


# Only this one comes back when its worker is lost: what it does is in the database.
@shared_task(reject_on_worker_lost=True)
def drain_reminders() -> None:
    services.drain_reminders(worker=worker(), for_s=settings.REMINDER_DRAIN_S)


def worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
