"""One patient's story across both rooms in words, for people, in clinical time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dosing import policy
from dosing.history import History, adherence, history_of
from dosing.labs import Read, read_labs
from dosing.models import (
    Comedication,
    Decision,
    Dispensing,
    Dose,
    DrugEvent,
    Intake,
    LabResult,
)
from dosing.policy.labs import CTCAE_VERSION, Side
from dosing.words import plain, say
from patients.models import (
    AuditEvent,
    DiaryDay,
    ImagingStudy,
    Lesion,
    Measurement,
    Patient,
    PreviousTreatment,
    SideEffect,
    Visit,
)


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as a page tells it: what, when, by whom, in words."""

    kind: str
    at: datetime
    title: str
    record: models.Model
    author: Author | None
    note: str = ""
    set_aside: bool = False
    all_day: bool = True

    @property
    def record_id(self) -> int:
        return int(self.record.pk)


KINDS = (
    "level",
    "dose",
    "intake",
    "diary",
    "drug",
    "event",
    "supply",
    "decision",
    "imaging",
    "visit",
    "measurement",
    "effect",
    "lab",
    "lesion",
    "treatment",
    "protocol",
)


SIDES = {Side.LOW: gettext_noop("low"), Side.HIGH: gettext_noop("high")}


class Storyteller:
    """Turns rows of one patient into entries; knows the clock and the authors."""

    def __init__(self, history: History, labs: Sequence[Read]) -> None:
        self.history = history
        self.read_labs = labs
        self.zone = history.patient.site.zone
        self.authors = authors_of(history.patient)
        self.taken = tuple(Intake.objects.of(history.patient))

    def at(self, day: date, hour: time = time(0)) -> datetime:
        return datetime.combine(day, hour, self.zone)

    def entry(
        self, kind: str, at: datetime, title: str, record: models.Model, **more: object
    ) -> Entry:
        author = self.authors.get((record._meta.label_lower, str(record.pk)))
        return Entry(kind, at, title, record, author, **more)  # type: ignore[arg-type]

    def levels(self) -> Iterable[Entry]:
        for level in self.history.levels:
            reading = self.history.read(level)
            doses = adherence(self.history, self.taken, level).sentences
            sentences = (*policy.in_words(reading), *doses) if reading else ()
            said = " ".join(map(say, sentences))
            yield self.entry(
                "level",
                level.drawn_at,
                said or str(level),
                level,
                note=level.set_aside_because or level.note,
                all_day=False,
                set_aside=level.set_aside_at is not None,
            )

    def doses(self) -> Iterable[Entry]:
        for dose in Dose.objects.filter(patient=self.history.patient):
            started = _("%(dose)s begins") % {"dose": dose}
            yield self.entry(
                "dose",
                self.at(dose.starts_on, dose.usual_time),
                started,
                dose,
                note=dose.reason,
                set_aside=dose.cancelled_at is not None,
            )
            if dose.stops_on:
                stopped = _("%(dose)s ends") % {"dose": dose}
                yield self.entry(
                    "dose",
                    self.at(dose.stops_on),
                    stopped,
                    dose,
                    set_aside=dose.cancelled_at is not None,
                )

    def intakes(self) -> Iterable[Entry]:
        for intake in self.taken:
            title = " \u00b7 ".join(self.of_a_dose(intake))
            yield self.entry(
                "intake",
                intake.taken_at or self.at(intake.due_on),
                title,
                intake,
                note=intake.reason,
                all_day=intake.taken_at is None,
            )

    def of_a_dose(self, intake: Intake) -> Iterable[str]:
        """Say what is known of a dose, in parts."""
        yield _("Dose: %(state)s") % {"state": intake.get_state_display()}
        for at, said in (
            (intake.taken_at, _("at %(time)s")),
            (intake.vomited_at, _("vomited at %(time)s")),
        ):
            if at is not None:
                yield said % {"time": f"{at.astimezone(self.zone):%H:%M}"}
        if intake.amount_mg is not None:
            yield _("%(amount)s mg") % {"amount": plain(intake.amount_mg)}
        if intake.with_food is not None:
            yield _("with food") if intake.with_food else _("without food")

    def diary(self) -> Iterable[Entry]:
        for told in DiaryDay.objects.of(self.history.patient):
            facts = [_("no side effects")] if told.no_side_effects else []
            title = _("Diary (%(source)s)") % {"source": told.get_source_display()}
            yield self.entry(
                "diary",
                self.at(told.day),
                " · ".join([title, *facts]),
                told,
                note=told.note,
            )

    def drugs(self) -> Iterable[Entry]:
        for course in Comedication.objects.filter(patient=self.history.patient):
            begins = _("%(drug)s begins") % {"drug": course}
            yield self.entry(
                "drug",
                self.at(course.starts_on),
                begins,
                course,
                note=course.note,
                set_aside=course.withdrawn_at is not None,
            )
            if course.stops_on and course.withdrawn_at is None:
                ends = _("%(drug)s ends") % {"drug": course}
                yield self.entry("drug", self.at(course.stops_on), ends, course)

    def events(self) -> Iterable[Entry]:
        for event in DrugEvent.objects.filter(patient=self.history.patient):
            yield self.entry(
                "event",
                self.at(event.happens_on),
                str(event),
                event,
                note=event.detail,
                set_aside=event.withdrawn_at is not None,
            )

    def supplies(self) -> Iterable[Entry]:
        for given in Dispensing.objects.filter(patient=self.history.patient):
            yield self.entry(
                "supply",
                self.at(given.dispensed_on),
                _("%(tablets)s dispensed") % {"tablets": given},
                given,
                set_aside=given.withdrawn_at is not None,
            )

    def protocols(self) -> Iterable[Entry]:
        for assignment in self.history.assignments:
            target = assignment.protocol.target
            title = _("Protocol %(name)s: %(low)s\u2013%(high)s ng/mL") % {
                "name": assignment.protocol,
                "low": plain(target.low_ng_per_ml),
                "high": plain(target.high_ng_per_ml),
            }
            yield self.entry(
                "protocol",
                self.at(assignment.starts_on),
                title,
                assignment,
                note=assignment.reason,
            )

    def decisions(self) -> Iterable[Entry]:
        for decision in Decision.objects.of(self.history.patient):
            chosen = policy.Regimen(
                decision.chosen_amount_mg, decision.chosen_interval_h
            )
            title = (
                _("Decision: pause sirolimus")
                if decision.holds
                else _("Decision: %(dose)s")
                % {"dose": say(policy.regimen_in_words(chosen))}
            )
            yield self.entry(
                "decision",
                decision.signed_at,
                title,
                decision,
                note=decision.reason_text or decision.get_reason_display(),
                all_day=False,
            )

    def measurements(self) -> Iterable[Entry]:
        rows = Measurement.objects.filter(patient=self.history.patient).in_time_order()
        for row in rows:
            title = f"{row.get_quantity_display()}: {plain(row.value)}"
            yield self.entry(
                "measurement",
                self.at(row.measured_on),
                title,
                row,
                note=row.note,
                set_aside=row.withdrawn_at is not None,
            )

    def visits(self) -> Iterable[Entry]:
        rows = Visit.objects.filter(patient=self.history.patient)
        for visit in rows.in_time_order():
            title = _("Visit: %(kind)s") % {"kind": visit.get_kind_display()}
            yield self.entry(
                "visit",
                self.at(visit.held_on),
                " \u00b7 ".join([title, *visit.done_in_words]),
                visit,
                note=visit.note,
                set_aside=visit.withdrawn_at is not None,
            )

    def imaging(self) -> Iterable[Entry]:
        rows = ImagingStudy.objects.filter(patient=self.history.patient)
        for study in rows.in_time_order():
            title = _("%(study)s, baseline") if study.is_baseline else "%(study)s"
            reader = _("Read by %(name)s") % {"name": study.reader_name}
            parts = [reader] if study.reader_name else []
            yield self.entry(
                "imaging",
                self.at(study.done_on),
                title % {"study": study},
                study,
                note="; ".join([*parts, *filter(None, [study.note])]),
                set_aside=study.withdrawn_at is not None,
            )

    def effects(self) -> Iterable[Entry]:
        for effect in SideEffect.objects.filter(patient=self.history.patient):
            yield self.entry(
                "effect",
                self.at(effect.onset_on),
                str(effect),
                effect,
                note="; ".join(filter(None, (effect.treatment, effect.note))),
                set_aside=effect.withdrawn_at is not None,
            )
            if effect.resolved_on and effect.withdrawn_at is None:
                gone = _("%(effect)s: gone") % {"effect": effect.label}
                yield self.entry("effect", self.at(effect.resolved_on), gone, effect)

    def labs(self) -> Iterable[Entry]:
        for lab in self.read_labs:
            row, side = lab.result, lab.side
            said = [str(row)] if not row.conversion else [str(row), row.shown]
            if side in SIDES:
                said.append(_(SIDES[side]))
            if lab.grade.number:
                facts = {"version": CTCAE_VERSION, "grade": lab.grade.number}
                said.append(_("CTCAE %(version)s grade %(grade)s") % facts)
            yield self.entry(
                "lab",
                self.at(row.drawn_on),
                ", ".join(said),
                row,
                note=row.note,
            )

        rows = LabResult.objects.filter(patient=self.history.patient)
        for row in rows.exclude(withdrawn_at=None).in_time_order():
            yield self.entry(
                "lab",
                self.at(row.drawn_on),
                str(row),
                row,
                note=row.note,
                set_aside=True,
            )

    def lesions(self) -> Iterable[Entry]:
        rows = Lesion.objects.filter(patient=self.history.patient)
        for lesion in rows.prefetch_related("previous_treatments"):
            recorded = self.authors.get((lesion._meta.label_lower, str(lesion.pk)))
            title = f"{lesion}, {lesion.get_issva_type_display()}"
            at = recorded.at if recorded else self.at(self.history.patient.born_on)
            yield self.entry("lesion", at, title, lesion, note=lesion.note)
            for treatment in lesion.previous_treatments.all():
                yield self.treatment(treatment, at)

    def treatment(self, treatment: PreviousTreatment, recorded: datetime) -> Entry:
        at = self.at(treatment.done_on) if treatment.done_on else recorded
        title = _("Earlier: %(treatment)s") % {"treatment": treatment}
        return self.entry(
            "treatment",
            at,
            title,
            treatment,
            note=treatment.outcome,
            set_aside=treatment.withdrawn_at is not None,
        )


def authors_of(patient: Patient) -> Mapping[tuple[str, str], Author]:
    """Return who last wrote each record of a patient, and when."""
    lines = (
        AuditEvent.objects.filter(patient=patient)
        .changes()
        .select_related("actor")
        .order_by("pk")
    )
    return {
        (line.object_type, line.object_id): Author(str(line.actor), line.at)
        for line in lines
    }


def timeline(history: History, labs: Sequence[Read]) -> list[Entry]:
    """Tell everything, newest first: one statement per kind, however long."""
    teller = Storyteller(history, labs)
    entries = [
        *teller.levels(),
        *teller.doses(),
        *teller.intakes(),
        *teller.diary(),
        *teller.drugs(),
        *teller.events(),
        *teller.supplies(),
        *teller.protocols(),
        *teller.decisions(),
        *teller.imaging(),
        *teller.visits(),
        *teller.measurements(),
        *teller.effects(),
        *teller.labs(),
        *teller.lesions(),
    ]
    order = {kind: number for number, kind in enumerate(KINDS)}
    return sorted(
        entries, key=lambda e: (e.at, -order[e.kind], e.record_id), reverse=True
    )


FOLDED = {"intake", "measurement"}
"""What a page tells in the line of its day, where the diary has one."""


def by_day(entries: Iterable[Entry], zone: ZoneInfo) -> list[Entry]:
    """Fold what a diary told of a day into one entry, for people to read.

    Programs are told every record by tdm.events: this is a page's way of telling.
    """
    told = list(entries)
    days = {e.at.astimezone(zone).date() for e in told if e.kind == "diary"}
    folded: defaultdict[date, list[Entry]] = defaultdict(list)
    kept = []
    for entry in told:
        day = day_of(entry, zone)
        if entry.kind in FOLDED and day in days and not (entry.note or entry.set_aside):
            folded[day].append(entry)
        else:
            kept.append(entry)
    return [
        with_titles(entry, folded[day_of(entry, zone)])
        if entry.kind == "diary"
        else entry
        for entry in kept
    ]


def day_of(entry: Entry, zone: ZoneInfo) -> date:
    """Return the day an entry belongs to; of a dose, the day it was due."""
    if isinstance(entry.record, Intake):
        return entry.record.due_on
    return entry.at.astimezone(zone).date()


def with_titles(entry: Entry, others: Iterable[Entry]) -> Entry:
    """Append what other entries say, doses first."""
    ordered = sorted(others, key=lambda e: (KINDS.index(e.kind), e.record_id))
    said = (each.title for each in ordered)
    return replace(entry, title=" \u00b7 ".join([entry.title, *said]))


def timeline_of(patient: Patient) -> list[Entry]:
    return timeline(history_of(patient), read_labs(patient))
