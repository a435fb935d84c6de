"""What a program sends back to go on: a page's end, or the mark of an answer."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime

from tdm.events import BRANCHES, Mark, Place

LONGEST = 400


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

    def encoded(self) -> str:
        facts: list[object] = [*pair(self.mark), *pair(self.since)]
        if self.after:
            facts += [self.after.at, self.after.branch, self.after.record]
        return urlsafe_b64encode(json.dumps(facts).encode()).decode().rstrip("=")


def pair(mark: Mark | None) -> tuple[int, int]:
    return (mark.position, mark.transaction) if mark else (-1, -1)


def decoded(text: str) -> Cursor:
    """Read a cursor.

    Raises
    ------
    NotOursError
        Where it is none of ours.
    """
    try:
        padded = text[:LONGEST] + "=" * (-len(text) % 4)
        facts = json.loads(urlsafe_b64decode(padded.encode("ascii")))
        position, transaction, since, since_transaction, *place = facts
        numbers = [position, transaction, since, since_transaction, *place[1:]]
        if not all(type(each) is int and abs(each) < HUGE for each in numbers):
            raise NotOursError(text)
        return Cursor(
            Mark(position, transaction),
            Mark(since, since_transaction) if since >= 0 else None,
            place_of(*place) if place else None,
        )
    except (ValueError, TypeError) as error:
        raise NotOursError(text) from error


HUGE = 2**62


def place_of(at: str, branch: int, record: int) -> Place:
    datetime.fromisoformat(at)
    if not 0 <= branch < len(BRANCHES):
        raise NotOursError(branch)
    return Place(at, branch, record)
