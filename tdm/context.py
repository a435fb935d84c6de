"""What every page shows: the clinic, the version, and whether the clock still beats."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from patients.inbox import waiting
from patients.models import Heartbeat, Role, Site, Staff

FRESH = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Pulse:
    """When the background worker last did some work."""

    beaten_at: datetime | None
    fresh: bool


def pulse(at: datetime) -> Pulse:
    beat = Heartbeat.objects.filter(name="celery").first()
    if beat is None:
        return Pulse(None, fresh=False)
    return Pulse(beat.beaten_at, fresh=at - beat.beaten_at <= FRESH)


def clinic(request: HttpRequest) -> Site | None:
    if not isinstance(request.user, Staff):
        return None
    return request.user.sites.order_by("pk").first()


MOST_COUNTED = 99


def waiting_for(request: HttpRequest) -> str:
    """Count what waits for whoever asks, as far as a counter says it; else nothing."""
    if not isinstance(request.user, Staff):
        return ""
    if request.user.role not in {Role.NURSE, Role.CLINICIAN}:
        return ""
    rows = waiting(request.user, at=timezone.now(), role=request.user.role)
    count = rows.order_by()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count or "")


def every_page(request: HttpRequest) -> dict[str, object]:
    return {
        "version": settings.VERSION,
        "heartbeat": SimpleLazyObject(lambda: pulse(timezone.now())),
        "inbox_count": SimpleLazyObject(lambda: waiting_for(request)),
        "clinic": SimpleLazyObject(lambda: clinic(request)),
    }
