"""The worker's page: when it last looked, what waits, what failed, what went out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Min, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from patients.models import Heartbeat, Reminder, Waiting
from patients.web import StaffRequest

SCANS_MISSED = 4
"""After so many missed scans the clock is called silent."""
FAILED_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue of reminders at one moment, of all clinics together."""

    scanned_at: datetime | None
    is_fresh: bool
    due: int
    oldest_due_at: datetime | None
    later: int
    on_the_way: int
    failed: int
    sent_today: int
    cancelled_today: int


def queue_at(at: datetime) -> Queue:
    beat = Heartbeat.objects.filter(name="reminders").first()
    patience = timedelta(seconds=SCANS_MISSED * settings.REMINDER_SCAN_S)
    day_ago = at - timedelta(days=1)
    due = Q(state=Waiting.PENDING, next_try_at__lte=at)
    counts = Reminder.objects.aggregate(
        due=Count("pk", filter=due),
        oldest_due_at=Min("wanted_at", filter=due),
        later=Count("pk", filter=Q(state=Waiting.PENDING) & ~due),
        on_the_way=Count("pk", filter=Q(state=Waiting.LEASED)),
        failed=Count("pk", filter=Q(state=Waiting.DEAD)),
        sent_today=Count("pk", filter=Q(sent_at__gte=day_ago)),
        cancelled_today=Count(
            "pk", filter=Q(state=Waiting.CANCELLED, wanted_at__gte=day_ago)
        ),
    )
    scanned_at = beat.beaten_at if beat else None
    fresh = scanned_at is not None and at - scanned_at <= patience
    return Queue(scanned_at, fresh, **counts)


@permission_required("patients.view_heartbeat", raise_exception=True)
@require_GET
def worker(request: StaffRequest) -> HttpResponse:
    """Show the `queue` and what `failed`, newest first; nobody is named."""
    failed = (
        Reminder.objects.filter(state=Waiting.DEAD)
        .select_related("patient__site")
        .order_by("-wanted_at", "-pk")
    )
    context = {
        "queue": queue_at(timezone.now()),
        "failed": failed[:FAILED_SHOWN],
        "has_relay": bool(settings.EMAIL_HOST),
        "is_searched": bool(settings.REMINDER_RELAY_LOG),
    }
    return render(request, "tdm/worker.html", context)
