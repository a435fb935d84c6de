"""The one door from rows to judgement; units, hours and clinic days end here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from math import prod
from typing import TypeVar

from django.utils import timezone

from dosing import forecast, pk, policy, units
from dosing.models import (
    GIVEN,
    Analyte,
    Comedication,
    Dose,
    DrugEvent,
    Intake,
    Laboratory,
    LabResult,
    Method,
    Protocol,
    ProtocolAssignment,
    SafetyCheck,
    State,
    TroughLevel,
)
from patients.models import Measurement, Patient, Quantity, SideEffect


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
        period = self.course.behind(self.day(at))
        if period is None:
            return None
        dose = period.regimen.mg_per_day
        for level in reversed(self.used_levels):
            usable = level.comparator == "" and level.pk != without
            before = level.drawn_at < at and usable
            then = self.course.behind(self.day(level.drawn_at)) if before else None
            if then is not None:
                return units.expected_from_level(
                    level.ng_per_ml, then.regimen.mg_per_day, dose
                )
        return units.expected_from_dose(dose)


INDICATION = "venous malformation"
"""What every patient here is treated for, in the words of the model files."""

UNKNOWN_DOSE_TAKEN = 0.5
"""The chance that a dose of which nothing is known was taken: as likely as not [NV]."""

COVARIATES: Mapping[str, str] = {
    Analyte.HAEMATOCRIT.value: "HCT",
    Quantity.WEIGHT_KG.value: "WT",
    Analyte.BILIRUBIN.value: "TBIL",
}
"""What is measured by the models' name for it; the units are the same."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A number that the models use, from its day on."""

    what: str
    value: Decimal
    on: date


HALF_INTERVAL = 0.5
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Around:
    """What else changes the drug: doses taken or missed, other drugs, blood, weight."""

    intakes: tuple[Intake, ...]
    comedications: tuple[Comedication, ...]
    measurements: tuple[Measurement, ...]
    effects: tuple[SideEffect, ...]
    """Side effects, those entered in error among them: their versions count."""

    labs: tuple[LabResult, ...]
    events: tuple[DrugEvent, ...] = ()
    """All that were noted, those withdrawn among them."""

    check: SafetyCheck | None = None
    """The latest answers to the safety questions."""

    @property
    def open_effects(self) -> list[SideEffect]:
        return [effect for effect in self.effects if effect.is_open]

    @property
    def measured(self) -> tuple[Measured, ...]:
        """Return the numbers that the models use, each kind in time order."""
        return (
            *(Measured(m.quantity, m.value, m.measured_on) for m in self.measurements),
            *(
                Measured(lab.analyte, lab.value, lab.drawn_on)
                for lab in self.labs
                if lab.analyte in COVARIATES
            ),
        )

    @property
    def standing_events(self) -> list[DrugEvent]:
        return [event for event in self.events if event.withdrawn_at is None]

    @property
    def happenings(self) -> list[policy.Event]:
        """Return what was noted as an event, and what was answered besides.

        An answer gives way to an event of its kind that it was given under, or that
        came after it.
        """
        noted = [event.event for event in self.standing_events]
        if self.check is None:
            return noted
        answered = self.check.answers.as_events(self.check.asked_on)
        return [
            *noted,
            *(a for a in answered if not any(a.is_told_by(n) for n in noted)),
        ]


def around(patient: Patient) -> Around:
    measured = Measurement.objects.of(patient).filter(quantity__in=COVARIATES)
    labs = LabResult.objects.of(patient)
    return Around(
        intakes=tuple(Intake.objects.of(patient)),
        comedications=tuple(patient.comedications.order_by("starts_on", "pk")),
        measurements=tuple(measured.in_time_order()),
        effects=tuple(SideEffect.objects.filter(patient=patient).in_time_order()),
        labs=tuple(labs.in_time_order()),
        events=tuple(patient.drug_events.order_by("happens_on", "pk")),
        check=SafetyCheck.objects.latest_of(patient),
    )


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

    @property
    def adherence(self) -> float:
        """The share of the doses due that were taken, as far as is known."""
        unknown = len(self.unknown) * UNKNOWN_DOSE_TAKEN
        return (self.due - len(self.missed) - unknown) / self.due


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the models, the instant its hours count from, and the doses."""

    question: forecast.Question
    origin: datetime
    doses: DosesUsed
    known: frozenset[tuple[date, int]] = frozenset()
    """The doses of which the diary says something already, by day and slot."""

    unused: tuple[tuple[TroughLevel, units.Sentence], ...] = ()
    """Levels that no model can use, and why."""

    def hour(self, at: datetime) -> float:
        return hours_between(self.origin, at)

    def at(self, hour: float) -> datetime:
        return self.origin + timedelta(hours=hour)


def hours_between(origin: datetime, at: datetime) -> float:
    """Return real hours: two times of one zone would be subtracted on the wall."""
    apart = at.astimezone(UTC) - origin.astimezone(UTC)
    return round(apart.total_seconds() / HOUR_S, 6)


def question_of(
    history: History, beside: Around, *, at: datetime, with_aside: bool = False
) -> Asked | None:
    """Put a patient's rows as a question to the models; None without a dose.

    `with_aside` asks as if no level had been set aside.
    """
    protocol = history.protocol_on(history.day(at))
    due = as_reported(list(doses_due(history, beside.intakes, at)), history)
    if protocol is None or not due:
        return None
    origin = due[0].at
    levels = history.levels if with_aside else history.used_levels
    unused = tuple(unusable(levels, origin))
    left_out = {level.pk for level, _why in unused}
    usable = [level for level in levels if level.pk not in left_out]
    midnight = datetime.combine(history.day(at), time(0), history.patient.site.zone)
    running = history.running(history.day(at))
    asked = forecast.Question(
        person=forecast.Person(
            age_years=float(history.patient.age_on(history.day(at))),
            weight_kg=last_value(beside, Quantity.WEIGHT_KG),
            indication=INDICATION,
            methods=tuple(sorted({method_of(v) for v in usable} - {""})),
            dose_mg=float(running.amount_mg) if running else 0.0,
        ),
        weights=tuple(sorted(protocol.model_weights.items())),
        doses=tuple(administrations(due, origin)),
        levels=tuple(
            pk.Observation(
                hours_between(origin, level.drawn_at),
                float(level.ng_per_ml),
                below=level.comparator == "<",
            )
            for level in usable
        ),
        facts=tuple(facts_of(history, beside, origin)),
        today_h=hours_between(origin, midnight),
    )
    known = frozenset((each.due_on, each.slot) for each in beside.intakes)
    return Asked(asked, origin, doses_used(due), known, unused)


def unusable(
    levels: Iterable[TroughLevel], first_dose: datetime
) -> Iterable[tuple[TroughLevel, units.Sentence]]:
    """Yield the levels that say nothing to a model, and why."""
    for level in levels:
        if level.comparator == ">":
            yield level, units.Sentence("Only a lower limit: no model can use it.")
        elif level.drawn_at <= first_dose:
            yield level, units.Sentence("Drawn before the first dose that is recorded.")


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
            if at < until:
                yield replace(due, at=at, state=state, is_timed=timed is not None)


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
    return policy.Adherence(used.taken, used.missed, used.unknown, used.assumed)


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
    )


def administrations(
    due: Iterable[Due], origin: datetime
) -> Iterable[pk.Administration]:
    """Yield the doses in hours; equal ones at an even pace as one series."""
    given = [
        (hours_between(origin, each.at), float(each.amount_mg), each.probability)
        for each in due
        if each.state != State.MISSED
    ]
    for (amount, chance), doses in groupby(given, key=lambda each: each[1:]):
        yield from series([hour for hour, *_rest in doses], amount, chance)


def series(
    hours: Sequence[float], amount: float, chance: float
) -> Iterable[pk.Administration]:
    first = 0
    while first < len(hours):
        last = first
        if first + 1 < len(hours) and hours[first + 1] > hours[first]:
            last = first + 1
            while last + 1 < len(hours) and paced(hours[last - 1 : last + 2]):
                last += 1
        count = last - first + 1
        every = hours[first + 1] - hours[first] if count > 1 else 0.0
        yield pk.Administration(
            hours[first], amount, count=count, every_h=every, probability=chance
        )
        first += count


def paced(three: Sequence[float]) -> bool:
    before, now, after = three
    return round(after - now, 6) == round(now - before, 6)


def facts_of(
    history: History, beside: Around, origin: datetime
) -> Iterable[forecast.Facts]:
    """Yield the covariates from each day on which one of them changed.

    What was measured holds until it is measured again; before its first measurement
    the first one holds.
    """
    first = history.day(origin)
    drugs = beside.comedications
    turns = {
        first,
        *(each.on for each in beside.measured),
        *(drug.starts_on for drug in drugs),
        *(drug.stops_on for drug in drugs if drug.stops_on),
    }
    zone = history.patient.site.zone
    for day in sorted(turn for turn in turns if turn >= first):
        midnight = datetime.combine(day, time(0), zone)
        hour = max(0.0, hours_between(origin, midnight))
        values = {**measured_on(day, beside), "CL_FACTOR": factor_on(day, drugs)}
        yield forecast.Facts(hour, tuple(sorted(values.items())))


def measured_on(day: date, beside: Around) -> Mapping[str, float]:
    found = {}
    for what, name in COVARIATES.items():
        rows = [each for each in beside.measured if each.what == what]
        held = [row for row in rows if row.on <= day] or rows[:1]
        if held:
            found[name] = float(held[-1].value)
    return {**found, "OXC": 0.0}


def factor_on(day: date, drugs: Sequence[Comedication]) -> float:
    """Return what interacting drugs multiply clearance by on a day.

    The same drug counts once, however often it is recorded.
    """
    taken = {
        drug.interaction.same_as: drug.interaction.clearance_factor
        for drug in sorted(drugs, key=lambda each: -each.interaction.clearance_factor)
        if drug.starts_on <= day and (drug.stops_on is None or day < drug.stops_on)
    }
    return prod(taken.values())


def last_value(beside: Around, what: str) -> float | None:
    rows = [each for each in beside.measured if each.what == what]
    return float(rows[-1].value) if rows else None


def covers(dose: Dose, day: date) -> bool:
    return dose.starts_on <= day and (dose.stops_on is None or day < dose.stops_on)


def method_of(level: TroughLevel) -> str:
    known = level.laboratory.method != Method.UNKNOWN
    return level.laboratory.get_method_display() if known else ""


def histories_of(patients: Iterable[Patient]) -> dict[int, History]:
    """Read the doses, levels and protocols of patients: three statements for all."""
    by_key = {patient.pk: patient for patient in patients}
    doses = grouped(
        Dose.objects.standing().filter(patient__in=by_key).order_by("starts_on")
    )
    levels = grouped(
        TroughLevel.objects.filter(patient__in=by_key).in_time_order().with_answers()
    )
    assignments = grouped(
        ProtocolAssignment.objects.filter(patient__in=by_key)
        .select_related("protocol")
        .order_by("starts_on")
    )
    return {
        key: History(
            patient=patient,
            doses=tuple(doses[key]),
            levels=tuple(levels[key]),
            assignments=tuple(assignments[key]),
        )
        for key, patient in by_key.items()
    }


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
