"""Everything about one patient's drug, read once, and how a level is read in it."""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Self, TypeVar

from django.db.models import QuerySet
from django.utils import timezone

from dosing import policy, units
from dosing.models import (
    Dose,
    Laboratory,
    Method,
    Protocol,
    ProtocolAssignment,
    TroughLevel,
)
from patients.models import Patient
from patients.statements import among, at_once, compiled


@dataclass(frozen=True, slots=True)
class History:
    """Everything about one patient's drug, read once."""

    patient: Patient
    doses: tuple[Dose, ...]
    levels: tuple[TroughLevel, ...]
    assignments: tuple[ProtocolAssignment, ...]

    @property
    def course(self) -> policy.Course:
        return policy.Course(
            tuple(
                policy.Period(dose.regimen, dose.starts_on, dose.stops_on)
                for dose in self.doses
            )
        )

    @property
    def used_levels(self) -> tuple[TroughLevel, ...]:
        return tuple(level for level in self.levels if level.set_aside_at is None)

    def with_level(self, level: TroughLevel) -> Self:
        """Return the same history with one more level, in its place."""
        levels = list(self.levels)
        insort(levels, level, key=attrgetter("drawn_at"))
        return replace(self, levels=tuple(levels))

    def protocol_on(self, day: date) -> Protocol | None:
        """Return the protocol in force; before the first one, the first one."""
        begun = [a for a in self.assignments if a.starts_on <= day]
        nearest = begun[-1:] or self.assignments[:1]
        return nearest[0].protocol if nearest else None

    def day(self, at: datetime) -> date:
        return timezone.localdate(at, self.patient.site.zone)

    def running(self, today: date) -> Dose | None:
        """Return the regimen of a day."""
        return next((d for d in self.doses if covers(d, today)), None)

    def planned(self, today: date) -> Dose | None:
        """Return the last regimen that runs or will, unless all have stopped."""
        going = [d for d in self.doses if d.stops_on is None or d.stops_on > today]
        return going[-1] if going else None

    def read(
        self, level: TroughLevel, target: policy.Target | None = None
    ) -> policy.Reading | None:
        """Judge one level in its context; None without a protocol.

        With a `target` it is judged against that one, not the protocol's.
        """
        drawn_on = self.day(level.drawn_at)
        protocol = self.protocol_on(drawn_on)
        if protocol is None:
            return None
        earlier = [v for v in self.used_levels if v.drawn_at < level.drawn_at]
        facts = policy.Level(
            ng_per_ml=level.ng_per_ml,
            comparator=units.Comparator(level.comparator),
            drawn_on=drawn_on,
            hours_since_dose=level.hours_since_dose,
            method=method_of(level),
            previous_method=method_of(earlier[-1]) if earlier else "",
            previous_ng_per_ml=self.comparable(earlier, drawn_on),
        )
        return policy.read(facts, self.course, target or protocol.target)

    def comparable(
        self, earlier: Sequence[TroughLevel], drawn_on: date
    ) -> Decimal | None:
        """Return the level before, if it is a number near steady state on this dose."""
        since = self.course.unchanged_since(drawn_on)
        if not earlier or since is None or earlier[-1].comparator:
            return None
        days = (self.day(earlier[-1].drawn_at) - since).days
        near = days >= policy.NEARLY_STEADY_AFTER_DAYS
        return earlier[-1].ng_per_ml if near else None

    def expectation(
        self, *, at: datetime, without: int | None
    ) -> units.Expectation | None:
        """Return what a level drawn at an instant could be; None off the drug.

        `without` is the key of a level under correction.
        """
        course = self.course
        period = course.behind(self.day(at))
        if period is None:
            return None
        dose = period.regimen.mg_per_day
        for level in reversed(self.levels):
            left_out = without is not None and level.pk == without
            used = level.set_aside_at is None and not left_out
            before = level.drawn_at < at and used and level.comparator == ""
            then = course.behind(self.day(level.drawn_at)) if before else None
            if then is not None:
                return units.expected_from_level(
                    level.ng_per_ml, then.regimen.mg_per_day, dose
                )
        return units.expected_from_dose(dose)


def covers(dose: Dose, day: date) -> bool:
    return dose.starts_on <= day and (dose.stops_on is None or day < dose.stops_on)


def method_of(level: TroughLevel) -> str:
    known = level.laboratory.method != Method.UNKNOWN
    return level.laboratory.get_method_display() if known else ""


def histories_of(patients: Iterable[Patient]) -> dict[int, History]:
    """Read the doses, levels and protocols of patients: four statements for all."""
    by_key = {patient.pk: patient for patient in patients}
    keys = list(by_key)
    doses, levels = doses_of.given(patients=keys), levels_of.given(patients=keys)
    sites = sorted({patient.site_id for patient in by_key.values()})
    laboratories = laboratories_of.given(sites=sites)
    assignments = assignments_of.given(patients=keys)
    at_once(doses, levels, laboratories, assignments)
    measured_by = {each.pk: each for each in laboratories.found}
    for level in levels.found:
        if level.laboratory_id in measured_by:
            level.laboratory = measured_by[level.laboratory_id]
    its_doses, its_levels = grouped(doses.found), grouped(levels.found)
    its_assignments = grouped(assignments.found)
    return {
        key: History(
            patient=patient,
            doses=tuple(its_doses[key]),
            levels=tuple(its_levels[key]),
            assignments=tuple(its_assignments[key]),
        )
        for key, patient in by_key.items()
    }


@compiled
def doses_of() -> QuerySet[Dose]:
    doses = Dose.objects.standing().filter(among("patient", "patients"))
    return doses.order_by("starts_on")


@compiled
def levels_of() -> QuerySet[TroughLevel]:
    levels = TroughLevel.objects.filter(among("patient", "patients"))
    return levels.with_answers().in_time_order()


@compiled
def laboratories_of() -> QuerySet[Laboratory]:
    """Find most of those that levels name; one that is new meanwhile is read alone."""
    return Laboratory.objects.filter(among("site", "sites"))


@compiled
def assignments_of() -> QuerySet[ProtocolAssignment]:
    assignments = ProtocolAssignment.objects.standing().filter(
        among("patient", "patients")
    )
    return assignments.select_related("protocol").order_by("starts_on")


def history_of(patient: Patient) -> History:
    return histories_of([patient])[patient.pk]


Row = TypeVar("Row", Dose, TroughLevel, ProtocolAssignment)


def grouped(rows: Iterable[Row]) -> defaultdict[int, list[Row]]:
    """Sort rows into one list per patient, keeping their order."""
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.patient_id].append(row)
    return found


def entry_of(
    *,
    reported: units.Reported,
    unit: units.Unit,
    laboratory: Laboratory,
    expectation: units.Expectation | None,
) -> units.Entry:
    return units.Entry(
        reported=reported,
        unit=unit,
        laboratory_unit=units.Unit(laboratory.unit),
        lower_limit_ng_per_ml=Decimal(laboratory.lower_limit_ng_per_ml),
        whole_blood=laboratory.matrix == "whole_blood",
        expectation=expectation,
    )
