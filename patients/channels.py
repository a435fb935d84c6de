"""The ways to a person: e-mail through a relay, and a stand-in for text messages."""

import logging
import re
import smtplib
from pathlib import Path
from typing import Protocol

from django.core.mail import EmailMessage

from patients.messages import Message
from patients.models import Outcome

logger = logging.getLogger(__name__)

PERMANENT = 500
"""SMTP replies from here on say that trying again is useless."""


class UndeliveredError(Exception):
    """A try that failed: how, with which SMTP code, and what the relay said."""

    def __init__(self, outcome: Outcome, said: str, code: int | None = None) -> None:
        super().__init__(said)
        self.outcome, self.code, self.said = outcome, code, without_addresses(said)


def without_addresses(said: str) -> str:
    return re.sub(r"\S+@\S+", "…", said)[:200]


class Relay(Protocol):
    """What is known of the messages that a relay accepted."""

    def found(self, message_id: str) -> bool | None:
        """Say whether a message was accepted; None where that cannot be looked up."""


class SilentRelay:
    """A relay whose log cannot be read."""

    def found(self, message_id: str) -> bool | None:
        """Know nothing."""
        del message_id
        return None


class LoggingRelay:
    """A relay that writes the Message-ID of what it accepts before it says so."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def found(self, message_id: str) -> bool | None:
        """Search the log; None while it cannot be read."""
        sought = message_id.encode()
        try:
            with self.log.open("rb") as lines:
                return any(sought in line for line in lines)
        except OSError:
            return None


class Way(Protocol):
    """One way to a person."""

    def send(self, address: str, message: Message, message_id: str) -> str:
        """Send once and return the provider's own name of it.

        Raises UndeliveredError where it was not accepted.
        """

    def found(self, message_id: str) -> bool | None:
        """Say whether it was accepted before, as far as that can be known."""


class EmailWay:
    """E-mail through the SMTP relay of the settings."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay

    def found(self, message_id: str) -> bool | None:
        return self.relay.found(message_id)

    def send(self, address: str, message: Message, message_id: str) -> str:
        headers = {"Message-ID": message_id, "Auto-Submitted": "auto-generated"}
        mail = EmailMessage(
            message.subject, message.text, to=[address], headers=headers
        )
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as refused:
            raise answered(*next(iter(refused.recipients.values()))) from refused
        except smtplib.SMTPDataError as refused:
            raise answered(refused.smtp_code, refused.smtp_error) from refused
        except smtplib.SMTPResponseException as trouble:
            # The relay refuses us, not this message: a wrong password is mended.
            said = spoken(trouble.smtp_error)
            raise UndeliveredError(
                Outcome.UNREACHED, said, trouble.smtp_code
            ) from trouble
        except ValueError as impossible:
            raise UndeliveredError(Outcome.REFUSED, str(impossible)) from impossible
        except OSError as away:  # smtplib's own errors are of this kind
            raise UndeliveredError(Outcome.UNREACHED, type(away).__name__) from away
        return message_id


def answered(code: int, said: bytes | str) -> UndeliveredError:
    outcome = Outcome.REFUSED if code >= PERMANENT else Outcome.DEFERRED
    return UndeliveredError(outcome, spoken(said), code)


def spoken(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


class ConsoleSmsWay:
    """Stands in for a provider of text messages: says that one would go."""

    def found(self, message_id: str) -> bool | None:
        """Know nothing."""
        del message_id
        return None

    def send(self, address: str, message: Message, message_id: str) -> str:
        del address
        logger.info("A text message would go (%s): %s", message_id, message.line)
        return "console"
