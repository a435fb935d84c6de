"""Staff, tokens and settings, and who looked at what."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from patients import audit
from patients.models import (
    ApiToken,
    ClosedDay,
    Heartbeat,
    Patient,
    Role,
    Site,
    Staff,
)
from patients.models.audit import READ
from patients.models.people import USUAL_REQUESTS_PER_MINUTE
from patients.revision import store
from patients.services.schedule import plan_anew


@transaction.atomic
def save_configuration(
    *, record: models.Model, actor: Staff, sites: Iterable[Site] | None = None
) -> models.Model:
    """Store a clinic, laboratory, protocol or account as an administrator left it.

    The audit keeps what was changed, without passwords.
    """
    before = audit.facts_of(record)
    if hasattr(record, "version") and record.pk and hasattr(record, "events"):
        record.version += 1
    store(record)
    if isinstance(record, Staff) and sites is not None:
        record.sites.set(sites)
    after = audit.facts_of(record)
    changed = {n: [before.get(n), v] for n, v in after.items() if before.get(n) != v}
    audit.record("save_configuration", record, actor=actor, details=changed)
    if isinstance(record, Site):
        plan_anew(Patient.objects.filter(site=record))
    if isinstance(record, ClosedDay):
        plan_anew(Patient.objects.filter(site=record.site))
    return record


@transaction.atomic
def register_staff(
    *,
    username: str,
    password: str,
    role: Role,
    sites: Iterable[Site],
    actor: Staff | None = None,
    **facts: object,
) -> Staff:
    """Open an account; without an actor it is the first one, and vouches for itself."""
    staff = Staff(username=username, role=role, is_staff=role == Role.ADMIN, **facts)
    validate_password(password, staff)
    staff.set_password(password)
    store(staff)
    staff.sites.set(sites)
    audit.record("register_staff", staff, actor=actor or staff)
    return staff


@transaction.atomic
def change_password(*, staff: Staff, password: str, actor: Staff) -> Staff:
    """Give an account a new password; the old sessions end."""
    validate_password(password, staff)
    staff.set_password(password)
    staff.save(update_fields=["password"])
    audit.record("change_password", staff, actor=actor)
    return staff


LONGEST_TOKEN_DAYS = 366


@transaction.atomic
def issue_token(
    *,
    name: str,
    site: Site,
    scopes: list[str],
    days: int,
    actor: Staff,
    more_sites: Iterable[Site] = (),
    requests_per_minute: int = USUAL_REQUESTS_PER_MINUTE,
) -> tuple[ApiToken, str]:
    """Open an account for a program at its clinics and return its key, once."""
    sites = {site, *more_sites}
    if actor.role != Role.ADMIN:
        raise ValidationError(_("Only an administrator issues tokens."))
    if not 1 <= days <= LONGEST_TOKEN_DAYS:
        raise ValidationError({"days": _("A token is valid for 1 to 366 days.")})
    if ApiToken.objects.filter(user__sites__in=sites, name=name).exists():
        raise ValidationError({"name": _("This clinic has a token of that name.")})
    asked = {"name": name, "scopes": scopes, "requests_per_minute": requests_per_minute}
    ApiToken(**asked).validate_constraints()
    account = Staff(
        username=f"api-{site.pk}-{secrets.token_hex(8)}",
        first_name=name,  # what it did still bears its name after the token is gone
        role=Role.API_CLIENT,
    )
    account.set_unusable_password()
    store(account)
    account.sites.set(sites)
    token, key = ApiToken.objects.create(
        user=account, expiry=timedelta(days=days), **asked
    )
    token.full_clean()
    audit.record("issue_token", token, actor=actor, details={"name": name})
    return token, key


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: Staff) -> None:
    """End a key at once; its account stays for the record, closed."""
    audit.record("revoke_token", token, actor=actor, details={"name": token.name})
    account = token.user
    account.is_active = False
    account.save(update_fields=["is_active"])
    token.delete()


def note_reading(
    *,
    patient: Patient,
    by: str,
    actor: Staff,
    details: Mapping[str, object] | None = None,
) -> None:
    """Remember that someone looked at a patient's record, and by which door.

    One line is written whole or not at all; it needs no transaction.
    """
    audit.record(f"{READ}{by}", patient, patient=patient, actor=actor, details=details)


def note_feedback(
    *, patient: Patient, details: Mapping[str, object], actor: Staff
) -> None:
    """Remember what became of an advice that another system showed."""
    audit.record("cds_feedback", patient, patient=patient, actor=actor, details=details)


def note_export(
    *, what: str, actor: Staff, details: Mapping[str, object] | None = None
) -> None:
    """Remember that someone took data out: what, how many, and chosen how."""
    audit.record(f"export_{what}", actor, actor=actor, details=details)


def beat(*, name: str, at: datetime) -> None:
    """Note that a background process is alive; a clock has no actor."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beaten_at": at})
