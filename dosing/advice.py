"""What a clinician is shown: the latest level read, and the doses it speaks for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dosing import policy
from dosing.history import History, history_of
from dosing.models import Decision, Dose, Protocol, TroughLevel
from dosing.units import Sentence
from patients.models import Patient

Basis = Mapping[str, int]
"""Record -> version of everything an advice rests on."""


class StaleAdviceError(Exception):
    """Something changed since the advice was shown; carries what, in sentences."""

    def __init__(self, changes: tuple[Sentence, ...]) -> None:
        super().__init__("The advice is out of date.")
        self.changes = changes


@dataclass(frozen=True, slots=True)
class Advice:
    patient: Patient
    level: TroughLevel
    reading: policy.Reading
    protocol: Protocol
    current: Dose | None
    suggestion: policy.Suggestion
    basis: Basis
    today: date

    @property
    def current_regimen(self) -> policy.Regimen | None:
        return self.current.regimen if self.current else None

    @property
    def new_dose_from(self) -> date:
        """Return the day a new dose is proposed for: tomorrow, or as planned."""
        tomorrow = self.today + timedelta(days=1)
        return max(tomorrow, self.current.starts_on) if self.current else tomorrow

    def goes_on(self, choice: policy.Regimen, starts_on: date) -> bool:
        """Say whether a choice leaves everything as it is planned."""
        dose = self.current
        if dose is None or choice.amount_mg == 0:
            return dose is None and choice.amount_mg == 0
        already = dose.starts_on <= self.today or dose.starts_on == starts_on
        return choice == dose.regimen and dose.stops_on is None and already

    @property
    def others(self) -> list[policy.Regimen]:
        """Return every other dose that can be taken, for the human who knows better."""
        limits = self.protocol.limits(self.patient.site)
        interval_h = self.current.interval_h if self.current else 24
        shown = {candidate.regimen for candidate in self.suggestion.candidates}
        return [
            regimen
            for regimen in policy.takeable(limits, interval_h)
            if regimen != self.current_regimen and regimen not in shown
        ]

    def next_level_on(self, *, new_dose_from: date | None) -> date:
        """Propose the day of the next level, after a change or without one."""
        return policy.next_level_on(
            self.reading,
            decided_on=self.today,
            new_dose_from=new_dose_from,
            closed=self.patient.site.non_clinic_weekdays,
        )

    def proposed_level_on(self, regimen: policy.Regimen | None) -> date:
        """Propose it for a regimen that would start on the first possible day."""
        start = self.new_dose_from
        as_it_is = regimen is None or self.goes_on(regimen, start)
        return self.next_level_on(new_dose_from=None if as_it_is else start)


def advise(patient: Patient, *, at: datetime) -> Advice | None:
    """Read the latest level and offer doses; None without a level or a protocol."""
    return advice_on(history_of(patient), at=at)


def advice_on(history: History, *, at: datetime) -> Advice | None:
    level = history.used_levels[-1] if history.used_levels else None
    reading = history.read(level) if level else None
    today = history.day(at)
    protocol = history.protocol_on(today)
    if level is None or reading is None or protocol is None:
        return None
    current = history.planned(today)
    limits = protocol.limits(history.patient.site)
    return Advice(
        patient=history.patient,
        level=level,
        reading=reading,
        protocol=protocol,
        current=current,
        suggestion=policy.suggest(reading, history.course, limits, today),
        basis=basis_of(history),
        today=today,
    )


def basis_of(history: History) -> Basis:
    """Name every record, with its version, that the advice rests on."""
    laboratories = {level.laboratory for level in history.levels}
    decisions = Decision.objects.filter(patient=history.patient)
    return {
        policy.ENGINE_VERSION: 1,
        **{f"level {level.pk}": level.version for level in history.levels},
        **{f"dose {dose.pk}": dose.version for dose in history.doses},
        **{f"protocol {a.pk}": a.version for a in history.assignments},
        **{f"laboratory {lab.pk}": lab.version for lab in laboratories},
        **{f"decision {pk}": 1 for pk in decisions.values_list("pk", flat=True)},
    }


CHANGED = {
    "level": "A level was added, corrected or set aside.",
    "dose": "A dose was prescribed or stopped.",
    "protocol": "The protocol was changed.",
    "laboratory": "A laboratory's profile was corrected.",
    "decision": "Someone else has signed a decision.",
    "policy": "Troughline was updated.",
}


def changes_between(shown: Basis, now: Basis) -> tuple[Sentence, ...]:
    """Say what changed between the advice that was shown and the present one."""
    kinds: Iterable[str] = (
        record.split()[0]
        for record in sorted({*shown, *now})
        if shown.get(record) != now.get(record)
    )
    return tuple(Sentence(CHANGED[kind]) for kind in dict.fromkeys(kinds))
