"""How a patient is reminded: added, corrected, turned off and on again."""

import unicodedata

from django.db import transaction
from django.utils import timezone

from patients import audit
from patients.models import Channel, Contact, Patient, Staff
from patients.revision import hold_still, locked, revise, store
from patients.services.schedule import tell_anew

BETWEEN_DIGITS = str.maketrans("", "", " -()./\u2010\u2011\u2012\u2013\u2212\u30fc")
"""What people write between the digits of a telephone number."""


CALLING_CODES = {"JP": "81"}
"""What the leading 0 of a number within a country stands for, for whoever calls it."""


def canonical(channel: str, address: str, country: str) -> str:
    """Return an address as it is kept, so that it is kept once.

    A number without the code of its country is taken for one of the clinic's.
    """
    typed = unicodedata.normalize("NFKC", address).strip()
    if channel != Channel.SMS:
        return typed
    number = typed.replace("(0)", "").translate(BETWEEN_DIGITS)
    if number.startswith("00"):
        return f"+{number[2:]}"
    if number.startswith("0") and country in CALLING_CODES:
        return f"+{CALLING_CODES[country]}{number[1:]}"
    return number


@transaction.atomic
def add_contact(
    *, patient: Patient, channel: str, address: str, language: str, actor: Staff
) -> Contact:
    contact = Contact(
        patient=hold_still(patient),
        channel=channel,
        address=canonical(channel, address, patient.site.country),
        language=language,
    )
    store(contact)
    audit.record("add_contact", contact, patient=patient, actor=actor)
    tell_anew(patient)
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
    country = fresh.patient.site.country
    fresh.address = canonical(fresh.channel, address, country)
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
    tell_anew(fresh.patient)
    return revise(
        fresh,
        action="opt_in",
        patient=fresh.patient,
        actor=actor,
        reason="Opted in",
    )
