"""How long the tablets last: what was dispensed, less what the diary says was taken."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from dosing.policy.regimens import Course, Period
from dosing.units import Fact, Sentence

SUPPLY_WARNS_DAYS = 7
"""Days before the last tablet from which the worklist asks for new ones: design default
[NV]."""

SUPPLY_VIEW_DAYS = 28
"""How far ahead a gap is shown: design default [NV]."""

SUPPLY_LOOKS_DAYS = 400
"""Tablets that last longer than this are not counted to their end."""


@dataclass(frozen=True, slots=True)
class Packet:
    """Tablets of one strength, dispensed on a day; that day's doses come from them."""

    on: date
    strength_mg: Decimal
    tablets: int

    @property
    def mg(self) -> Decimal:
        return self.strength_mg * self.tablets


@dataclass(frozen=True, slots=True)
class Diary:
    """What is known of doses, as (day, which of the day)."""

    missed: Collection[tuple[date, int]] = frozenset()
    taken: Collection[tuple[date, int]] = frozenset()
    amounts_mg: Mapping[tuple[date, int], Decimal] = field(default_factory=dict)
    """What was taken where it is not what was prescribed."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What is left of the latest packets, and the last day it suffices for.

    `doses_taken` and `doses_not_known` count from the latest dispensing on;
    `lasts_until` is None where no dose is planned that would use the tablets up.
    """

    packets: tuple[Packet, ...]
    carried_mg: Decimal
    doses_taken: int
    doses_not_known: int
    left_mg: Decimal
    lasts_until: date | None

    @property
    def asks_from(self) -> date | None:
        """Return the day from which someone should dispense again."""
        if self.lasts_until is None:
            return None
        return self.lasts_until - timedelta(days=SUPPLY_WARNS_DAYS)

    def gap(self, today: date) -> tuple[date, date] | None:
        """Return the first and the last day without tablets, as far as is shown."""
        if self.lasts_until is None:
            return None
        first = self.lasts_until + timedelta(days=1)
        last = today + timedelta(days=SUPPLY_VIEW_DAYS)
        return (first, last) if first <= last else None


@dataclass(frozen=True, slots=True)
class Use:
    """Which tablets each day uses up; a dose the diary does not know is taken."""

    course: Course
    diary: Diary

    def due(self, day: date) -> list[tuple[tuple[date, int], Decimal]]:
        """Return the doses of a day with their amounts."""
        period = self.course.on(day)
        if period is None:
            return []
        amount = period.regimen.amount_mg
        doses = [(day, slot) for slot in range(doses_of(period, day))]
        return [(dose, self.diary.amounts_mg.get(dose, amount)) for dose in doses]

    def spend(
        self, stock: Decimal, packets: Sequence[Packet], over: Sequence[date]
    ) -> tuple[Decimal, date | None]:
        """Return what is left after some days, and the first that went short."""
        short = None
        for day in over:
            stock += sum((p.mg for p in packets if p.on == day), Decimal(0))
            for dose, amount in self.due(day):
                if dose in self.diary.missed:
                    continue
                if amount <= stock:
                    stock -= amount
                else:
                    short = short or day
        return stock, short


def supply(
    packets: Sequence[Packet], course: Course, diary: Diary, today: date
) -> Supply | None:
    """Count the tablets; None where none were dispensed yet."""
    given = sorted((p for p in packets if p.on <= today), key=lambda p: p.on)
    if not given:
        return None
    use, latest_on = Use(course, diary), given[-1].on
    carried, _ = use.spend(Decimal(0), given, days(given[0].on, latest_on))
    latest = tuple(p for p in given if p.on == latest_on)
    left, _ = use.spend(carried, latest, days(latest_on, today))
    ahead = days(latest_on, today + timedelta(days=SUPPLY_LOOKS_DAYS))
    _, short = use.spend(carried, latest, ahead)
    past = [dose for day in days(latest_on, today) for dose, _mg in use.due(day)]
    known = {*diary.taken, *diary.missed}
    return Supply(
        packets=latest,
        carried_mg=carried,
        doses_taken=sum(dose in diary.taken for dose in past),
        doses_not_known=sum(dose not in known for dose in past),
        left_mg=left,
        lasts_until=None if short is None else short - timedelta(days=1),
    )


def days(first: date, end: date) -> list[date]:
    """Return the days from the first up to, not including, the end."""
    return [first + timedelta(days=n) for n in range((end - first).days)]


def doses_of(period: Period, day: date) -> int:
    """Count the doses of a day of a regimen."""
    interval = period.regimen.interval_h
    every_days = max(1, interval // 24)
    falls = (day - period.starts_on).days % every_days == 0
    return max(1, 24 // interval) if falls else 0


def supply_in_words(found: Supply) -> tuple[Sentence, ...]:
    """Say how long the tablets last and what that is counted from."""
    facts: dict[str, Fact] = {
        "until": found.lasts_until or "",
        "given": given_in_words(found.packets),
        "day": found.packets[0].on,
        "taken": found.doses_taken,
        "unknown": found.doses_not_known,
    }
    if found.lasts_until is None:
        text = (
            "No dose is planned that would use the tablets up (%(given)s on %(day)s,"
            " %(taken)s doses taken, %(unknown)s not known)."
        )
    else:
        text = (
            "Tablets last until %(until)s (%(given)s on %(day)s, %(taken)s doses taken,"
            " %(unknown)s not known)."
        )
    said = [Sentence(text, facts)]
    if found.carried_mg:
        left = {"mg": found.carried_mg}
        said.append(Sentence("%(mg)s mg were left from before.", left))
    if found.doses_not_known:
        said.append(Sentence("Doses that are not known count as taken."))
    return tuple(said)


def given_in_words(packets: Sequence[Packet]) -> Sentence:
    if len({packet.strength_mg for packet in packets}) > 1:
        mg = sum((packet.mg for packet in packets), Decimal(0))
        return Sentence("%(mg)s mg in tablets of several strengths", {"mg": mg})
    count = sum(packet.tablets for packet in packets)
    facts: dict[str, Fact] = {"count": count, "mg": packets[0].strength_mg}
    return Sentence("%(count)s tablets of %(mg)s mg", facts)
