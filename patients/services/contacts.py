"""How a patient is reminded: added, corrected, turned off and on again."""

import unicodedata

from django.db import transaction
from django.utils import timezone

from patients import audit
from patients.models import Channel, Contact, Patient, Staff
from patients.revision import hold_still, locked, revise

BETWEEN_DIGITS = str.maketrans("", "", " -()./\u2010\u2011\u2012\u2013\u2212\u30fc")
"""What people write between the digits of a telephone number."""


def canonical(channel: str, address: str) -> str:
    """Return an address as it is kept, so that it is kept once."""
    typed = unicodedata.normalize("NFKC", address).strip()
    return typed.translate(BETWEEN_DIGITS) if channel == Channel.SMS else typed


@transaction.atomic
def add_contact(
    *, patient: Patient, channel: str, address: str, language: str, actor: Staff
) -> Contact:
    contact = Contact(
        patient=hold_still(patient),
        channel=channel,
        address=canonical(channel, address),
        language=language,
    )
    contact.full_clean()
    contact.save()
    audit.record("add_contact", contact, patient=patient, actor=actor)
    return contact


@transaction.atomic
def correct_contact(
    *,
    contact: Contact,
    version: int,
    address: str,
    language: str,
    reason: str,
    actor: Staff,
) -> Contact:
    """Change where and in which language someone is written to."""
    hold_still(contact.patient)
    fresh = locked(contact, version)
    fresh.address = canonical(fresh.channel, address)
    fresh.language = language
    return revise(
        fresh,
        action="correct_contact",
        patient=fresh.patient,
        actor=actor,
        reason=reason,
    )


@transaction.atomic
def opt_out(*, contact: Contact, version: int, actor: Staff) -> Contact:
    """Write no more to a contact, from this moment on."""
    hold_still(contact.patient)
    fresh = locked(contact, version)
    fresh.opted_out_at = fresh.opted_out_at or timezone.now()
    return revise(
        fresh,
        action="opt_out",
        patient=fresh.patient,
        actor=actor,
        reason="Opted out",
    )


@transaction.atomic
def opt_in(*, contact: Contact, version: int, actor: Staff) -> Contact:
    """Write to a contact again."""
    hold_still(contact.patient)
    fresh = locked(contact, version)
    fresh.opted_out_at = None
    return revise(
        fresh,
        action="opt_in",
        patient=fresh.patient,
        actor=actor,
        reason="Opted in",
    )
