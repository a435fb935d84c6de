"""What a message says: that there is something to see to, and nothing about health."""

from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Message:
    subject: str
    text: str


def message_for(
    kind: str,
    stage: str,
    language: str,
    *,
    clinic: str,
    phone: str = "",
    count: int = 0,
    link: str = "",
) -> Message:
    """Return the wording of one reminder in a language."""
    del kind, stage
    with translation.override(language):
        said = _("Please contact your clinic.") if not count else str(count)
    return Message(clinic, " ".join(filter(None, [said, phone, link])))
