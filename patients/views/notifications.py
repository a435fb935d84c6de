"""What waits for someone, and how they want to hear of it."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from patients import services
from patients.forms import NotificationsForm
from patients.inbox import Line, line_of, waiting
from patients.models import CalendarFeed, Role
from patients.reminders import ESCALATED_AFTER_DAYS
from patients.web import ServiceForm, StaffRequest, submit

PER_PAGE = 50


@permission_required("patients.view_patient", raise_exception=True)
@require_GET
def inbox(request: StaffRequest) -> HttpResponse:
    """List in `lines` what waits for the asker, or for everyone of the clinic."""
    now, role = timezone.now(), request.user.role
    has_own = role in {Role.NURSE, Role.CLINICIAN}
    shows_all = not has_own or request.GET.get("whose") == "all"
    rows = waiting(request.user, at=now, role="" if shows_all else str(role))
    shown = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    lines: list[Line] = [line_of(item, at=now) for item in shown.object_list]
    context = {
        "lines": lines,
        "shown": shown,
        "count": shown.paginator.count,
        "has_own": has_own,
        "shows_all": shows_all,
        "others": waiting(request.user, at=now).count() - shown.paginator.count,
        "today": timezone.localdate(now),
        "handed_over_after": ESCALATED_AFTER_DAYS,
    }
    return render(request, "patients/reminders/inbox.html", context)


@permission_required("patients.view_patient", raise_exception=True)
@require_http_methods(["GET", "POST"])
def notifications(request: StaffRequest) -> HttpResponse:
    """Offer in `form` the digest of the asker, and show their calendar `feed`."""
    known = {"email": request.user.email, "wants_digest": request.user.wants_digest}
    form = NotificationsForm(request.POST or None, initial=known)
    if submit(form, services.choose_notifications, actor=request.user) is not None:
        messages.success(request, _("Your notifications are saved."))
        return redirect("notifications")
    return shown(request, form, status=422 if form.is_bound else 200)


def shown(
    request: StaffRequest, form: NotificationsForm, *, address: str = "", status: int
) -> HttpResponse:
    feed = CalendarFeed.objects.running().filter(staff=request.user).first()
    context = {"form": form, "feed": feed, "address": address}
    return render(
        request, "patients/reminders/notifications.html", context, status=status
    )


@permission_required("patients.view_patient", raise_exception=True)
@require_POST
def make_feed(request: StaffRequest) -> HttpResponse:
    """Open a calendar feed and show its `address`, once."""
    made = submit(ServiceForm(request.POST), services.make_feed, actor=request.user)
    if made is None:
        messages.error(request, _("There is a feed already. End it first."))
        return redirect("notifications")
    _feed, secret = made
    address = request.build_absolute_uri(reverse("calendar_feed", args=[secret]))
    known = {"email": request.user.email, "wants_digest": request.user.wants_digest}
    form = NotificationsForm(initial=known)
    return shown(request, form, address=address, status=200)


@permission_required("patients.view_patient", raise_exception=True)
@require_POST
def end_feed(request: StaffRequest, feed_id: int) -> HttpResponse:
    """Close the asker's own calendar feed."""
    mine = CalendarFeed.objects.filter(staff=request.user)
    services.end_feed(feed=get_object_or_404(mine, pk=feed_id), actor=request.user)
    messages.success(request, _("The calendar feed is ended."))
    return redirect("notifications")
