"""What both commands for laboratory messages share: the link, and a safe taking in."""

import logging
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import DatabaseError, DataError
from django.db.models import Q
from django.utils import timezone

from dosing import hl7, services
from dosing.hl7 import Fault
from dosing.models import LabMessage, Laboratory
from patients.models import ApiToken, Role, Scope, Site, Staff

logger = logging.getLogger(__name__)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--site", required=True, help="name of the clinic")
    parser.add_argument("--laboratory", required=True, help="name of the laboratory")
    parser.add_argument(
        "--by", required=True, help="name of the API token in whose name it is recorded"
    )
    parser.add_argument(
        "--assigner", required=True, help="assigning authority of identifiers, PID-3.4"
    )
    parser.add_argument("--identifier-type", default="MR", help="PID-3.5")


def link_of(options: dict[str, Any], *, tolerant: bool) -> services.Link:
    if not Site.objects.filter(name=options["site"]).exists():
        raise CommandError(f"There is no clinic {options['site']!r}.")
    found = Laboratory.objects.filter(
        site__name=options["site"], name=options["laboratory"]
    ).select_related("site")
    laboratories = list(found[:2])
    if len(laboratories) != 1:
        raise CommandError("There is no such laboratory of this clinic, or several.")
    return services.Link(
        laboratory=laboratories[0],
        assigner=options["assigner"],
        identifier_type=options["identifier_type"],
        tolerant=tolerant,
    )


def actor_of(options: dict[str, Any], link: services.Link) -> Staff:
    """Return the program's account by its user name or by what its token is for."""
    known = Staff.objects.filter(
        Q(username=options["by"]) | Q(first_name=options["by"]),
        role=Role.API_CLIENT,
        is_active=True,
        sites=link.site,
    )
    accounts = list(known[:2])
    if len(accounts) != 1:
        found = "More than one API token" if accounts else "No API token"
        raise CommandError(f"{found} of this clinic is named {options['by']!r}.")
    if not may_write(accounts[0]):
        raise CommandError("Its token is over, or does not write trough levels.")
    return accounts[0]


def may_write(account: Staff) -> bool:
    """Say whether a valid token of the program still opens the writing of levels."""
    tokens = ApiToken.objects.filter(
        Q(expiry__isnull=True) | Q(expiry__gt=timezone.now()),
        user=account,
        user__is_active=True,
        scopes__contains=[Scope.WRITE_LEVELS],
    )
    return bool(tokens.exists())


def take_in(frame: bytes, link: services.Link, actor: Staff) -> list[str]:
    """Take in each message of a frame; return the answers, after the commit.

    Without the database, or once the token is over, the sender is told to send again
    (207).
    """
    said: list[str] = []
    for content in hl7.split(frame):
        try:
            if not may_write(actor):
                logger.warning("a message was not kept: the token is over")
                said += refusal(content, link, 207, "The token of this link is over.")
                continue
            message = received(link, content, actor)
        except DataError:
            logger.exception("a message cannot be kept")
            said += refusal(content, link, 102, "This message cannot be kept.")
        except DatabaseError as trouble:
            logger.warning("a message was not kept: %s", type(trouble).__name__)
            said += refusal(content, link, 207, "Not kept. Send it again.")
        else:
            logger.info("message %s: %s", message.pk, message.code)
            said += message.answers
    return said


def received(link: services.Link, content: bytes, actor: Staff) -> LabMessage:
    """Take in a message; one that another link took in meanwhile is known by now."""
    try:
        return services.receive_message(link=link, content=content, actor=actor)
    except ValidationError:
        return services.receive_message(link=link, content=content, actor=actor)


def too_large(head: bytes, link: services.Link) -> list[str]:
    """Answer a frame above the cap by its first line; nothing of it is kept."""
    logger.warning("a message above the cap was refused")
    return refusal(head, link, 102, "The message is too large.", answer="AR")


def refusal(
    content: bytes, link: services.Link, code: int, said: str, answer: str = "AE"
) -> list[str]:
    judged = hl7.judge(
        content,
        assigner=link.assigner,
        identifier_type=link.identifier_type,
        tolerant=link.tolerant,
    )
    fault = Fault(answer, code, "MSH", said)
    return hl7.answers(judged.header, [fault], at=timezone.now(), place=str(link.site))
