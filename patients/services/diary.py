"""Photos of diaries on paper."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from patients import audit
from patients.models import DiaryPhoto, Patient, Staff
from patients.revision import store
from patients.services.photos import cleaned


@transaction.atomic
def attach_photo(
    *, patient: Patient, week_on: date, sent: bytes, actor: Staff
) -> DiaryPhoto:
    """Keep a picture of a week on paper, without what a telephone adds to it."""
    content, content_type = cleaned(sent)
    photo = DiaryPhoto(
        patient=patient,
        week_on=week_on - timedelta(days=week_on.weekday()),
        content=content,
        content_type=content_type,
        attached_at=timezone.now(),
    )
    store(photo)
    audit.record("attach_photo", photo, patient=patient, actor=actor)
    return photo
