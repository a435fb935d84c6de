"""What a clinician is shown: the latest level read, and the doses it speaks for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from zlib import crc32

from django.utils import translation

from dosing import forecast, policy
from dosing.history import (
    COVARIATES,
    Around,
    History,
    adherence,
    around,
    history_of,
    method_of,
)
from dosing.labs import read_labs
from dosing.models import Analyte, Decision, Dose, Protocol, TroughLevel
from dosing.prognosis import Prognosis, library_digest, prognosis_of
from dosing.units import Sentence
from patients.models import Patient
from patients.schedule import Calendar

Basis = Mapping[str, int]
"""Record -> version of everything an advice rests on."""


class StaleAdviceError(Exception):
    """Something changed since the advice was shown; carries what, in sentences."""

    def __init__(self, changes: tuple[Sentence, ...]) -> None:
        super().__init__("The advice is out of date.")
        self.changes = changes


@dataclass(frozen=True, slots=True)
class Offer:
    """A dose that can be taken: by the proportional rule, and by the models."""

    candidate: policy.Candidate
    choice: forecast.Choice | None

    @property
    def regimen(self) -> policy.Regimen:
        return self.candidate.regimen


@dataclass(frozen=True)
class Advice:
    patient: Patient
    history: History
    beside: Around
    level: TroughLevel
    reading: policy.Reading
    protocol: Protocol
    current: Dose | None
    suggestion: policy.Suggestion
    basis: Basis
    at: datetime

    @property
    def today(self) -> date:
        return self.history.day(self.at)

    @property
    def adherence(self) -> policy.Adherence:
        """Which of the doses behind the level were taken, as far as is known."""
        return adherence(self.history, self.beside.intakes, self.level)

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

    @cached_property
    def limits(self) -> policy.Limits:
        return self.protocol.limits(self.patient.site)

    @cached_property
    def calendar(self) -> Calendar:
        return self.patient.site.calendar()

    @cached_property
    def takeable(self) -> list[policy.Regimen]:
        """Return every dose that can be taken, the present one among them."""
        current = self.current_regimen
        found = policy.takeable(self.limits, current.interval_h if current else 24)
        if current is not None and current not in found:
            found.append(current)
        return found

    @cached_property
    def prognosis(self) -> Prognosis:
        """What the models say; worked out when it is first asked for."""
        target = self.protocol.target
        return prognosis_of(
            self.history, self.beside, self.takeable, target, at=self.at
        )

    @property
    def withheld(self) -> bool:
        """Whether a rule of kind prevent fired: it holds for rule and models alike."""
        return forecast.withheld(self.suggestion)

    @cached_property
    def recommended(self) -> policy.Regimen | None:
        return forecast.recommended(
            self.prognosis.outlook,
            self.reading,
            self.suggestion,
            self.current_regimen,
            self.limits,
        )

    @cached_property
    def ranked(self) -> list[Offer]:
        """The doses within one step that do not go the wrong way, best first."""
        outlook, current = self.prognosis.outlook, self.current_regimen
        if outlook is None or current is None:
            return []
        found = forecast.ranked(outlook, self.reading, current, self.limits)
        return [self.offer(choice.regimen) for choice in found]

    def offer(self, regimen: policy.Regimen) -> Offer:
        current = self.current_regimen or regimen
        outlook = self.prognosis.outlook
        known = next(
            (c for c in self.suggestion.candidates if c.regimen == regimen), None
        )
        candidate = known or policy.candidate(
            regimen,
            self.reading,
            self.limits,
            current,
            reliable=self.suggestion.exact_mg_per_day is not None,
        )
        return Offer(candidate, outlook.choice(regimen) if outlook else None)

    @cached_property
    def offers(self) -> list[Offer]:
        """What is shown: no change first, then up to three other doses."""
        keep = self.suggestion.keep
        first = [Offer(keep, self.choice_of(keep.regimen))] if keep else []
        others = [o for o in self.ranked if o.regimen != self.current_regimen]
        if self.prognosis.outlook is None:
            others = [Offer(c, None) for c in self.suggestion.candidates]
        by_rule = self.suggestion.recommended
        shown = others[: policy.MOST_CANDIDATES]
        if by_rule and by_rule not in {o.regimen for o in (*first, *shown)}:
            shown = [*shown[:-1], self.offer(by_rule)]
        return [*first, *sorted(shown, key=lambda o: -o.regimen.mg_per_day)]

    def choice_of(self, regimen: policy.Regimen) -> forecast.Choice | None:
        outlook = self.prognosis.outlook
        return outlook.choice(regimen) if outlook else None

    @property
    def others(self) -> list[policy.Regimen]:
        """Return every other dose that can be taken, for the human who knows better."""
        shown = {offer.regimen for offer in self.offers}
        return [r for r in self.takeable if r not in shown]

    def next_level_on(self, *, new_dose_from: date | None) -> date:
        """Propose the day of the next level, after a change or without one."""
        return policy.next_level_on(
            self.reading,
            decided_on=self.today,
            new_dose_from=new_dose_from,
            is_open=self.calendar.is_open,
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
    beside = around(history.patient)
    methods = {method_of(each) for each in history.used_levels} - {""}
    besides = (
        *findings_beside(history, level, beside, today),
        *policy.findings_on_methods(methods),
        *policy.findings_on_severe(open_effects(beside)),
    )
    if reading.target != protocol.target:
        reading = history.read(level, protocol.target) or reading
        besides = (*besides, policy.another_range())
    reading = replace(reading, findings=(*reading.findings, *besides))
    limits = protocol.limits(history.patient.site)
    suggestion = policy.suggest(reading, history.course, limits, today)
    graded = [*open_effects(beside), *graded_labs(beside)]
    holding = policy.findings_on_holding(graded, protocol.holding)
    return Advice(
        patient=history.patient,
        history=history,
        beside=beside,
        level=level,
        reading=reading,
        protocol=protocol,
        current=history.planned(today),
        suggestion=replace(suggestion, findings=(*suggestion.findings, *holding)),
        basis=basis_of(history, beside),
        at=at,
    )


def graded_labs(beside: Around) -> Iterable[policy.Effect]:
    """Yield the last value of each analyte that a protocol may speak for, if graded.

    They bring proposals only: nobody judges whether a number is the drug's doing.
    """
    if not any(lab.analyte in policy.ANALYTES for lab in beside.labs):
        return
    with translation.override("en"):
        names = {analyte.value: str(analyte.label) for analyte in Analyte}
    last = {read.result.analyte: read for read in read_labs(beside.labs[0].patient)}
    for analyte, read in last.items():
        if analyte in policy.ANALYTES and read.grade.number:
            yield policy.Effect(
                name=names[analyte],
                trigger=analyte,
                grade=read.grade.number,
                is_severe=False,
                is_unrelated=False,
            )


def open_effects(beside: Around) -> list[policy.Effect]:
    return [
        policy.Effect(
            name=effect.english,
            trigger=effect.term,
            grade=effect.grade,
            is_severe=effect.is_severe,
            is_unrelated=effect.is_unrelated,
        )
        for effect in beside.open_effects
    ]


def findings_beside(
    history: History, level: TroughLevel, beside: Around, today: date
) -> Iterable[policy.Finding]:
    """Judge doses missed before the draw, drugs taken beside it, and what happened."""
    drawn_on = history.day(level.drawn_at)
    used = adherence(history, beside.intakes, level)
    yield from policy.findings_on_doses(used, drawn_on)
    drugs = [course.course for course in beside.comedications]
    yield from policy.findings_on_drugs(drugs, drawn_on, today)
    yield from policy.findings_on_events(beside.happenings, drawn_on, today)
    if beside.check is not None:
        yield from policy.findings_on_answers(beside.check.answers)


def basis_of(history: History, beside: Around) -> Basis:
    """Name every record, with its version, that the advice rests on.

    Diaries grow long, so of each kind beside the levels the versions are added up:
    every entry and every correction raises the sum.
    """
    site = history.patient.site
    stock = sorted(map(float, site.stocked_strengths_mg))
    laboratories = {level.laboratory for level in history.levels}
    decisions = Decision.objects.filter(patient=history.patient)
    return {
        policy.ENGINE_VERSION: 1,
        forecast.CORE_VERSION: 1,
        "models": crc32(library_digest().encode()),
        "site": crc32(repr((site.time_zone, stock)).encode()),
        "patient": history.patient.version,
        **{f"level {level.pk}": level.version for level in history.levels},
        **{f"dose {dose.pk}": dose.version for dose in history.doses},
        **{f"protocol {a.pk}": a.version for a in history.assignments},
        **{f"laboratory {lab.pk}": lab.version for lab in laboratories},
        **{f"decision {pk}": 1 for pk in decisions.values_list("pk", flat=True)},
        "intakes": sum(each.version for each in beside.all_intakes),
        "drugs": sum(each.version for each in beside.all_drugs),
        "effects": sum(each.version for each in beside.effects),
        "measurements": crc32(
            repr([(each.pk, each.version) for each in beside.measurements]).encode()
        ),
        "labs": crc32(repr(labs_used(beside)).encode()),
        "events": sum(each.version for each in beside.events),
        "safety": beside.check.pk if beside.check else 0,
    }


def labs_used(beside: Around) -> list[tuple[int | str, int]]:
    """Name the laboratory values that a model or a protocol's rule may use.

    Grades are among them, since another reference range changes them.
    """
    used = {*COVARIATES, *policy.ANALYTES}
    rows = [(each.pk, each.version) for each in beside.labs if each.analyte in used]
    return [*rows, *((each.trigger, each.grade) for each in graded_labs(beside))]


CHANGED = {
    "level": "A level was added, corrected or set aside.",
    "dose": "A dose was prescribed or stopped.",
    "protocol": "The protocol was changed.",
    "laboratory": "A laboratory's profile was corrected.",
    "decision": "Someone else has signed a decision.",
    "intakes": "A dose was entered as taken or missed.",
    "effects": "A side effect was entered, corrected or resolved.",
    "drugs": "An interacting drug was entered, corrected or withdrawn.",
    "measurements": "A weight was entered or corrected.",
    "labs": "A blood value was entered, corrected or withdrawn.",
    "events": "An event was entered, corrected or withdrawn.",
    "safety": "The safety questions were answered anew.",
    "site": "The clinic's stock or time zone was changed.",
    "patient": "Facts about the patient were corrected.",
    "models": "Troughline was updated.",
    "policy": "Troughline was updated.",
    "pk": "Troughline was updated.",
}


def changes_between(shown: Basis, now: Basis) -> tuple[Sentence, ...]:
    """Say what changed between the advice that was shown and the present one."""
    kinds: Iterable[str] = (
        record.split()[0]
        for record in sorted({*shown, *now})
        if shown.get(record) != now.get(record)
    )
    return tuple(Sentence(CHANGED[kind]) for kind in dict.fromkeys(kinds))
