"""Every dose that was due, and what the diary and the levels say of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from dosing import policy
from dosing.history.record import History
from dosing.models import (
    GIVEN,
    Dose,
    Intake,
    State,
    TroughLevel,
)

UNKNOWN_DOSE_TAKEN = 0.5
"""The chance that a dose of which nothing is known was taken: as likely as not [NV]."""


HALF_INTERVAL = 0.5


HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Due:
    """One dose that was due: when, how much, and what is known of it."""

    on: date
    slot: int
    due_at: datetime
    at: datetime
    interval: timedelta
    amount_mg: Decimal
    state: str = ""
    is_timed: bool = False
    """Whether the diary says when it was taken."""

    is_other: bool = False
    """Whether another amount than the prescribed one was taken."""

    @property
    def probability(self) -> float:
        return UNKNOWN_DOSE_TAKEN if self.state == State.UNKNOWN else 1.0


@dataclass(frozen=True, slots=True)
class DosesUsed:
    """How the doses that were due entered a forecast."""

    due: int
    taken: int
    assumed: int
    missed: tuple[date, ...]
    unknown: tuple[date, ...]
    other: tuple[date, ...]
    """Days on which another amount than the prescribed one was taken."""

    @property
    def adherence(self) -> float:
        """The share of the doses due that were taken, as far as is known."""
        unknown = len(self.unknown) * UNKNOWN_DOSE_TAKEN
        return (self.due - len(self.missed) - unknown) / self.due


def hours_between(origin: datetime, at: datetime) -> float:
    """Return real hours: two times of one zone would be subtracted on the wall."""
    apart = at.astimezone(UTC) - origin.astimezone(UTC)
    return round(apart.total_seconds() / HOUR_S, 6)


def doses_due(
    history: History, intakes: Sequence[Intake], until: datetime
) -> Iterable[Due]:
    """Yield every dose due before an instant, in order, with what the diary says."""
    known = {(intake.due_on, intake.slot): intake for intake in intakes}
    for dose in history.doses:
        for due in doses_of(dose, history, until):
            intake = known.get((due.on, due.slot))
            timed = intake.taken_at if intake else None
            at = timed or due.due_at
            state = state_of(intake, at) if intake else ""
            told_mg = intake.amount_mg if intake else None
            if at < until:
                yield replace(
                    due,
                    at=at,
                    state=state,
                    is_timed=timed is not None,
                    amount_mg=told_mg or due.amount_mg,
                    is_other=told_mg not in {None, due.amount_mg},
                )


def adherence(
    history: History, intakes: Sequence[Intake], level: TroughLevel
) -> policy.Adherence:
    """Say which of the doses behind a level were taken, as far as the diary says."""
    days = timedelta(days=policy.ADHERENCE_DAYS)
    first = history.day(level.drawn_at) - days
    due = [
        each
        for each in doses_due(history, intakes, level.drawn_at)
        if each.on >= first and each.due_at < level.drawn_at
    ]
    used = doses_used(due)
    return policy.Adherence(
        used.taken, used.missed, used.unknown, used.assumed, used.other
    )


def state_of(intake: Intake, at: datetime) -> str:
    """Return what is known of a dose; vomited soon after, it is not known."""
    vomited = intake.vomited_at
    if vomited is not None and vomited - at < policy.VOMITED_SOON:
        return State.UNKNOWN
    return intake.state


def doses_of(dose: Dose, history: History, until: datetime) -> Iterable[Due]:
    zone = history.patient.site.zone
    days = max(1, dose.interval_h // 24)
    interval = timedelta(hours=dose.interval_h)
    on = dose.starts_on
    while on <= history.day(until) and (dose.stops_on is None or on < dose.stops_on):
        for slot in range(dose.per_day):
            wall = datetime.combine(on, dose.usual_time) + slot * interval
            at = wall.replace(tzinfo=zone).astimezone(UTC)
            yield Due(on, slot, at, at, interval, dose.amount_mg)
        on += timedelta(days=days)


def as_reported(due: list[Due], history: History) -> list[Due]:
    """Let a level's own report of the last dose before it move the doses around it.

    The diary comes first: what it says of a dose stands, and only a dose without a time
    takes the reported one. A dose due between the reported one and the draw, of which
    nothing is known, was taken after the draw; any before that were missed.
    """
    for level in history.used_levels:
        if level.last_dose_at is not None:
            due = moved(due, level.last_dose_at, level.drawn_at)
    return sorted(due, key=lambda each: each.at)


def moved(due: list[Due], taken_at: datetime, drawn_at: datetime) -> list[Due]:
    reported = meant(due, taken_at)
    found = []
    for each in due:
        if each is reported and each.state != State.MISSED and not each.is_timed:
            found.append(replace(each, at=taken_at, state=State.TAKEN, is_timed=True))
        elif each.state == "" and taken_at < each.at < drawn_at:
            after = drawn_at - each.at <= each.interval * HALF_INTERVAL
            late = replace(each, at=drawn_at)
            found.append(late if after else replace(each, state=State.MISSED))
        else:
            found.append(each)
    return found


def meant(due: Sequence[Due], taken_at: datetime) -> Due | None:
    """Return the dose that a reported time means: rather a late one than an early one.

    It is the last that was due by then or within a quarter of its interval after it,
    and not a whole interval before.
    """
    earliest = -policy.EARLIEST_TAKEN
    near = [
        each
        for each in due
        if earliest * each.interval <= taken_at - each.due_at < each.interval
    ]
    return near[-1] if near else None


def doses_used(due: Sequence[Due]) -> DosesUsed:
    return DosesUsed(
        due=len(due),
        taken=sum(each.state in GIVEN for each in due),
        assumed=sum(each.state == "" for each in due),
        missed=tuple(each.on for each in due if each.state == State.MISSED),
        unknown=tuple(each.on for each in due if each.state == State.UNKNOWN),
        other=tuple(each.on for each in due if each.is_other),
    )
