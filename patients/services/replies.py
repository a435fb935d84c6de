"""Answers to programs, kept for a day: asking twice with one key does it once."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction

from patients.models import ApiReply, Staff

KEPT_FOR = timedelta(hours=24)


def claim_key(*, actor: Staff, key: str) -> bool:
    """Hold a key of a program until the transaction ends; False while another does."""
    name = hashlib.sha256(f"{actor.pk} {key}".encode()).digest()
    number = int.from_bytes(name[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def keep_reply(
    *,
    actor: Staff,
    key: str,
    request_hash: str,
    status: int,
    headers: Mapping[str, str],
    body: str,
) -> ApiReply:
    """Keep an answer as it is sent, in the transaction of what it answers."""
    return ApiReply.objects.create(
        actor=actor,
        key=key,
        request_hash=request_hash,
        status=status,
        headers=dict(headers),
        body=body,
    )


@transaction.atomic
def forget_replies(*, at: datetime) -> int:
    """Remove the answers that are older than a day, and return how many."""
    count, _each = ApiReply.objects.made_before(at - KEPT_FOR).delete()
    return count
