"""The clock: what happens without anyone asking."""

from celery import shared_task
from django.utils import timezone

from patients import services


@shared_task
def beat_heart() -> None:
    services.beat(name="celery", at=timezone.now())
