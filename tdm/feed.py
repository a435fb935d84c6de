"""The address that someone's own calendar program reads, without signing in."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dosing.models.cohort import pseudonym
from patients.feed import Line, ahead, calendar, reader_of


@login_not_required
@require_safe
def calendar_feed(request: HttpRequest, secret: str) -> HttpResponse:
    """Send the calendar whose secret this is; any other does not exist."""
    reader = reader_of(secret)
    if reader is None:
        raise Http404
    now = timezone.now()
    lines = [
        Line(
            item_id=item.pk,
            version=item.version,
            name=pseudonym(item.patient_id),
            day=item.day,
            link=request.build_absolute_uri(
                reverse("schedule", args=[item.patient_id])
            ),
        )
        for item in ahead(reader, at=now)
    ]
    return HttpResponse(
        calendar(lines, host=request.get_host(), at=now),
        content_type="text/calendar; charset=utf-8",
        headers={"Cache-Control": "private, no-cache"},
    )
