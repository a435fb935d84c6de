"""Where a report lies from its making until it is fetched: minutes, for one asker."""

from dataclasses import dataclass
from enum import IntEnum
from uuid import uuid4

from django.core.cache import cache

KEPT_S = 15 * 60
"""Long enough to look at it and to print it; whoever comes later makes a new one."""


class Stage(IntEnum):
    """How far the making is."""

    WAITING = 0
    COLLECTING = 1
    DRAWING = 2
    FAILED = -1


@dataclass(frozen=True, slots=True)
class Made:
    """A finished report; the PDF and a picture of the same page."""

    language: str
    signed: bool
    headline: str
    pdf: bytes
    png: bytes


@dataclass(frozen=True, slots=True)
class Shelf:
    """The place of one report, which only who asked for it about whom can name."""

    asker_id: int
    patient_id: int
    key: str

    @classmethod
    def new(cls, asker_id: int, patient_id: int) -> "Shelf":
        place = cls(asker_id, patient_id, uuid4().hex)
        place.put(Stage.WAITING)
        return place

    @property
    def name(self) -> str:
        return f"report:{self.asker_id}:{self.patient_id}:{self.key}"

    def put(self, what: Stage | Made) -> None:
        cache.set(self.name, what, KEPT_S)

    def look(self) -> Stage | Made | None:
        """Return the report, or how far it is; None once it is gone."""
        found: Stage | Made | None = cache.get(self.name)
        return found
