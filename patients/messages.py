"""What a message says: that there is something to see to, and nothing about health.

No drug, no value, no diagnosis and no name of a patient stands in any of them, so that
whoever reads over a shoulder learns of an appointment and no more.
"""

from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

LONGEST_SMS = 160
"""So many letters fit into one text message in GSM 7-bit."""


@dataclass(frozen=True, slots=True)
class Message:
    """The wording of one reminder; `line` is the whole of it as a text message."""

    subject: str
    text: str
    line: str


ITEM, DIARY, DIGEST = "item", "diary", "digest"

WORDS = {
    (ITEM, "arrange"): (
        gettext_noop("You have an appointment to arrange with your clinic"),
        gettext_noop("Please contact %(clinic)s to arrange your next appointment."),
    ),
    (ITEM, "eve"): (
        gettext_noop("You have an appointment with your clinic tomorrow"),
        gettext_noop(
            "You have an appointment at %(clinic)s tomorrow. If you cannot come, please"
            " tell the clinic."
        ),
    ),
    (ITEM, "late"): (
        gettext_noop("An appointment with your clinic is still open"),
        gettext_noop(
            "An appointment at %(clinic)s is still open. Please contact the clinic to"
            " arrange it. If you have been there already, there is nothing to do."
        ),
    ),
    (DIARY, ""): (
        gettext_noop("Your diary has been empty for some days"),
        gettext_noop(
            "Your diary has been empty for some days. Please fill it in, or tell"
            " %(clinic)s if you need help with it."
        ),
    ),
}
"""(about, stage) -> subject and text of what is sent to a patient."""

TO_PATIENTS = tuple(WORDS)


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
    """Return the wording of one reminder in the language of whoever reads it.

    Raises
    ------
    KeyError
        Where nothing is said at that stage: what is escalated concerns the staff.
    """
    with translation.override(language):
        if kind == DIGEST:
            return digest(clinic, count, link)
        return to_patient(kind, stage if kind == ITEM else "", clinic, phone)


def to_patient(kind: str, stage: str, clinic: str, phone: str) -> Message:
    subject, text = map(_, WORDS[kind, stage])
    number = _("Telephone: %(phone)s") % {"phone": phone} if phone else ""
    parts = [
        text % {"clinic": clinic},
        number,
        _(
            "This message was sent automatically. Please tell the clinic if you do not"
            " want such messages."
        ),
    ]
    return Message(
        subject, "\n\n".join(filter(None, parts)), one_line(subject, clinic, phone)
    )


def one_line(said: str, clinic: str, phone: str) -> str:
    """Fit a text message into one: of too long a clinic's name the end is left out."""
    rest = ": ".join(["", said]) + (f". {phone}" if phone else "")
    room = LONGEST_SMS - len(rest)
    named = clinic if len(clinic) <= room else clinic[: max(room - 3, 0)] + "..."
    return " ".join(f"{named}{rest}".split())[:LONGEST_SMS]


def digest(clinic: str, count: int, link: str) -> Message:
    said = ngettext(
        "%(count)s thing is open in Troughline",
        "%(count)s things are open in Troughline",
        count,
    ) % {"count": count}
    how = _("You can turn this message off under My notifications.")
    text = "\n\n".join(filter(None, [f"{clinic}: {said}.", link, how]))
    return Message(said, text, f"{said}: {link}" if link else said)
