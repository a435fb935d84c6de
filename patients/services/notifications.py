"""What the staff is told: the digest and the calendar feed; and the closed days."""

import secrets

from django.db import transaction
from django.utils import timezone

from patients import audit
from patients.feed import hash_of
from patients.models import CalendarFeed, ClosedDay, Patient, Staff
from patients.revision import store
from patients.services.schedule import plan_anew

SECRET_BYTES = 32
"""256 bits: nobody guesses the address of a feed."""


@transaction.atomic
def choose_notifications(*, email: str, wants_digest: bool, actor: Staff) -> Staff:
    """Set where one's own digest goes, and whether it is sent."""
    staff = Staff.objects.select_for_update(no_key=True).get(pk=actor.pk)
    before = {"email": staff.email, "wants_digest": staff.wants_digest}
    after = {"email": email, "wants_digest": wants_digest}
    staff.email, staff.wants_digest = email, wants_digest
    store(staff, only=[*after])
    changed = {name: [old, after[name]] for name, old in before.items()}
    details = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    audit.record("choose_notifications", staff, actor=actor, details=details)
    return staff


@transaction.atomic
def make_feed(*, actor: Staff) -> tuple[CalendarFeed, str]:
    """Open a calendar feed and return its secret, once; only its hash is kept."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    feed = CalendarFeed(staff=actor, secret_hash=hash_of(secret))
    store(feed)
    audit.record("make_feed", feed, actor=actor)
    return feed, secret


@transaction.atomic
def end_feed(*, feed: CalendarFeed, actor: Staff) -> None:
    """Close a calendar feed for good: its address answers no more."""
    fresh = CalendarFeed.objects.select_for_update().get(pk=feed.pk)
    if fresh.ended_at is None:
        fresh.ended_at = timezone.now()
        fresh.save(update_fields=["ended_at"])
        audit.record("end_feed", fresh, actor=actor)


@transaction.atomic
def remove_closed_day(*, closed: ClosedDay, actor: Staff) -> None:
    """Open the clinic again on a day; the audit keeps what was planned."""
    details = audit.facts_of(closed)
    audit.record("remove_closed_day", closed, actor=actor, details=details)
    closed.delete()
    plan_anew(Patient.objects.filter(site=closed.site))
