"""What a program sends back to go on: a page's end, or the mark of an answer."""

from dataclasses import dataclass

from django.core.signing import BadSignature, Signer

from tdm.events import Mark, Place


class NotOursError(ValueError):
    """A cursor that no answer of ours ever gave."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """`mark` is the state of the first page of an answer, `since` the one it began
    from, `after` where the last page ended; a cursor without `after` begins a poll.
    """

    mark: Mark
    since: Mark | None = None
    after: Place | None = None

    def encoded(self, patient: int) -> str:
        """Return it as text that is signed for one patient's timeline."""
        facts: list[object] = [*pair(self.mark), *pair(self.since)]
        if self.after:
            facts += [self.after.at, self.after.branch, self.after.record]
        return signer(patient).sign_object(facts)


def signer(patient: int) -> Signer:
    return Signer(salt=f"timeline {patient}")


def pair(mark: Mark | None) -> tuple[int, int]:
    return (mark.position, mark.transaction) if mark else (-1, -1)


def decoded(text: str, patient: int) -> Cursor:
    """Read a cursor.

    Raises
    ------
    NotOursError
        Where it is none of ours, or one of another patient.
    """
    try:
        facts = signer(patient).unsign_object(text)
    except BadSignature as error:
        raise NotOursError(text) from error
    position, transaction, since, since_transaction, *place = facts
    return Cursor(
        Mark(position, transaction),
        Mark(since, since_transaction) if since >= 0 else None,
        Place(*place) if place else None,
    )
