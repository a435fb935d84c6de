"""A side effect beside the drug: day of treatment, nearest level, what is proposed."""

from collections.abc import Iterable
from dataclasses import dataclass

from dosing import policy
from dosing.history import History
from dosing.models import Protocol, TroughLevel
from patients.models import SideEffect


@dataclass(frozen=True, slots=True)
class Seen:
    """An episode, the day of treatment it began on, and the level nearest to it.

    `day` counts from 0, the first dose; it is None before it and without a dose.
    `apart_days` is negative where the level was drawn before the onset.
    """

    effect: SideEffect
    day: int | None
    level: TroughLevel | None
    apart_days: int
    proposals: tuple[policy.HoldRule, ...]

    @property
    def days_apart(self) -> int:
        return abs(self.apart_days)


def seen(
    effects: Iterable[SideEffect], history: History, protocol: Protocol | None
) -> list[Seen]:
    """Place side effects in the treatment, the newest first."""
    rules = protocol.holding if protocol else ()
    found = [beside(effect, history, rules) for effect in effects]
    return found[::-1]


def beside(
    effect: SideEffect, history: History, rules: tuple[policy.HoldRule, ...]
) -> Seen:
    first = history.course.starts_on()
    day = None if first is None else (effect.onset_on - first).days
    level = nearest(effect, history)
    drawn_on = history.day(level.drawn_at) if level else effect.onset_on
    proposed = effect.is_open and not effect.is_unrelated
    return Seen(
        effect=effect,
        day=day if day is not None and day >= 0 else None,
        level=level,
        apart_days=(drawn_on - effect.onset_on).days,
        proposals=policy.proposals(rules, effect.term, effect.grade)
        if proposed
        else (),
    )


def nearest(effect: SideEffect, history: History) -> TroughLevel | None:
    """Return the used level drawn nearest to the onset; of two the earlier."""
    return min(
        history.used_levels,
        key=lambda level: (
            abs(history.day(level.drawn_at) - effect.onset_on),
            level.drawn_at,
        ),
        default=None,
    )
