"""Which of the doses behind a level were taken, as far as the diary says."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from dosing.units import Sentence

ADHERENCE_DAYS = 14
"""The days whose doses make a trough: after them 99 % of steady state is reached [D],
so what was missed before them no longer shows."""


@dataclass(frozen=True, slots=True)
class Adherence:
    """The doses due in the last days before a draw, by what is known of them."""

    taken: int
    missed: tuple[date, ...]
    unknown: tuple[date, ...]
    silent: int
    """Of which the diary says nothing; they are counted as taken, and it is said."""

    other: tuple[date, ...] = ()
    """Of those taken, the ones of another amount than was prescribed."""

    @property
    def due(self) -> int:
        return self.taken + len(self.missed) + len(self.unknown) + self.silent

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(in_words(self)) if self.due else ()


def in_words(adherence: Adherence) -> Iterable[Sentence]:
    days, due = ADHERENCE_DAYS, adherence.due
    if adherence.silent == due:
        text = (
            "The diary says nothing of the %(due)s doses due in the %(days)s days"
            " before this draw; all are counted as taken."
        )
        yield Sentence(text, {"due": due, "days": days})
        return
    text = "%(due)s doses due in the %(days)s days before this draw: %(taken)s taken."
    yield Sentence(text, {"due": due, "days": days, "taken": adherence.taken})
    for dates, said in (
        (adherence.other, "%(count)s of another amount, the last on %(day)s."),
        (adherence.missed, "%(count)s missed, the last on %(day)s."),
        (adherence.unknown, "%(count)s not known, the last on %(day)s."),
    ):
        if dates:
            yield Sentence(said, {"count": len(dates), "day": max(dates)})
    if adherence.silent:
        text = "%(count)s without an entry, counted as taken."
        yield Sentence(text, {"count": adherence.silent})
