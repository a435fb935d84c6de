"""What else changes the drug: doses taken, other drugs, blood, weight, events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import prod

from dosing import policy
from dosing.models import (
    Analyte,
    Comedication,
    DrugEvent,
    Intake,
    LabResult,
    SafetyCheck,
)
from patients.models import Measurement, Patient, Quantity, SideEffect

COVARIATES: Mapping[str, str] = {
    Analyte.HAEMATOCRIT.value: "HCT",
    Quantity.WEIGHT_KG.value: "WT",
    Analyte.BILIRUBIN.value: "TBIL",
}
"""What is measured by the models' name for it; the units are the same."""


WEIGHT_COUNTS_FROM_PERCENT = Decimal(5)
"""A weight counts anew where it differs by so much from the one that counted: design
cut [NV]. With clearance as weight to the power of 0.75, less is 4 % of it."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A number that the models use, from its day on."""

    what: str
    value: Decimal
    on: date


@dataclass(frozen=True, slots=True)
class Around:
    """What else changes the drug: doses taken or missed, other drugs, blood, weight."""

    all_intakes: tuple[Intake, ...]
    """What the diary says of doses, and what was cleared: their versions count."""

    all_drugs: tuple[Comedication, ...]
    """Other drugs, those entered in error among them: their versions count."""

    measurements: tuple[Measurement, ...]
    effects: tuple[SideEffect, ...]
    """Side effects, those entered in error among them: their versions count."""

    labs: tuple[LabResult, ...]
    events: tuple[DrugEvent, ...] = ()
    """All that were noted, those withdrawn among them."""

    check: SafetyCheck | None = None
    """The latest answers to the safety questions."""

    @property
    def intakes(self) -> tuple[Intake, ...]:
        """Return the doses of which the diary says something."""
        return tuple(each for each in self.all_intakes if not each.is_cleared)

    @property
    def comedications(self) -> tuple[Comedication, ...]:
        """Return the other drugs that were really taken."""
        return tuple(each for each in self.all_drugs if each.withdrawn_at is None)

    @property
    def open_effects(self) -> list[SideEffect]:
        return [effect for effect in self.effects if effect.is_open]

    @property
    def measured(self) -> tuple[Measured, ...]:
        """Return the numbers that the models use, each kind in time order."""
        weights = (
            Measured(m.quantity, m.value, m.measured_on) for m in self.measurements
        )
        return (
            *that_count(weights),
            *(
                Measured(lab.analyte, lab.value, lab.drawn_on)
                for lab in self.labs
                if lab.analyte in COVARIATES and not lab.comparator
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


def that_count(weights: Iterable[Measured]) -> Iterable[Measured]:
    """Leave out the weights that hardly differ from the last that counted.

    A scale that is stepped on daily would make every day another question to a model.
    """
    last: Measured | None = None
    for each in weights:
        change = 100 if last is None else 100 * abs(each.value / last.value - 1)
        if change >= WEIGHT_COUNTS_FROM_PERCENT:
            last = each
            yield each


def around(patient: Patient) -> Around:
    measured = Measurement.objects.of(patient).filter(quantity__in=COVARIATES)
    labs = LabResult.objects.of(patient)
    return Around(
        all_intakes=tuple(Intake.objects.of(patient)),
        all_drugs=tuple(patient.comedications.order_by("starts_on", "pk")),
        measurements=tuple(measured.in_time_order()),
        effects=tuple(SideEffect.objects.filter(patient=patient).in_time_order()),
        labs=tuple(labs.in_time_order()),
        events=tuple(patient.drug_events.order_by("happens_on", "pk")),
        check=SafetyCheck.objects.latest_of(patient),
    )


def measured_on(day: date, beside: Around) -> Mapping[str, float]:
    found = {}
    measured = beside.measured
    for what, name in COVARIATES.items():
        rows = [each for each in measured if each.what == what]
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
