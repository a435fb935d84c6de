"""One patient's story across both rooms in words, for people, in clinical time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import partial
from itertools import chain
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Min, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dosing import policy
from dosing.history import Around, History, adherence
from dosing.labs import Read
from dosing.models import (
    Decision,
    Dispensing,
    Dose,
    Intake,
    LabResult,
    Protocol,
    ProtocolAssignment,
    State,
    TroughLevel,
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
    Quantity,
    Source,
    Visit,
)


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as a page tells it: what, when, by whom, in words.

    The words are found when they are read: a page reads those of a few.
    """

    kind: str
    at: datetime
    words: Callable[[], str]
    record: models.Model
    note: str = ""
    set_aside: bool = False
    all_day: bool = True
    author: Author | None = None

    @property
    def title(self) -> str:
        return self.words()

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


SEPARATOR = " \u00b7 "

SIDES = {Side.LOW: gettext_noop("low"), Side.HIGH: gettext_noop("high")}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a page has read of a patient, and a timeline tells of again."""

    beside: Around
    labs: Sequence[Read]
    decisions: Sequence[Decision]
    lesions: Sequence[Lesion]
    """Lesions with the treatments before."""


class Storyteller:
    """Turns rows of one patient into entries; knows the clock."""

    def __init__(self, history: History, kept: Kept) -> None:
        self.history = history
        self.kept = kept
        self.zone = history.patient.site.zone

    def at(self, day: date, hour: time = time(0)) -> datetime:
        return datetime.combine(day, hour, self.zone)

    def levels(self) -> Iterable[Entry]:
        for level in self.history.levels:
            yield Entry(
                "level",
                level.drawn_at,
                partial(self.of_a_level, level),
                level,
                note=level.set_aside_because or level.note,
                all_day=False,
                set_aside=level.set_aside_at is not None,
            )

    def of_a_level(self, level: TroughLevel) -> str:
        reading = self.history.read(level)
        if reading is None:
            return str(level)
        doses = adherence(self.history, self.kept.beside.intakes, level).sentences
        return " ".join(map(say, (*policy.in_words(reading), *doses)))

    def doses(self) -> Iterable[Entry]:
        for dose in Dose.objects.filter(patient=self.history.patient):
            yield Entry(
                "dose",
                self.at(dose.starts_on, dose.usual_time),
                partial(filled, gettext_noop("%(dose)s begins"), dose=dose),
                dose,
                note=dose.reason,
                set_aside=dose.cancelled_at is not None,
            )
            if dose.stops_on:
                yield Entry(
                    "dose",
                    self.at(dose.stops_on),
                    partial(filled, gettext_noop("%(dose)s ends"), dose=dose),
                    dose,
                    set_aside=dose.cancelled_at is not None,
                )

    def intakes(self) -> Iterable[Entry]:
        for intake in self.kept.beside.all_intakes:
            yield Entry(
                "intake",
                intake.taken_at or self.at(intake.due_on),
                partial(self.of_a_dose, intake),
                intake,
                note=intake.reason,
                all_day=intake.taken_at is None,
                set_aside=intake.is_cleared,
            )

    def of_a_dose(self, intake: Intake) -> str:
        """Say what is known of a dose, in parts."""
        said = [_("Dose: %(state)s") % {"state": State(intake.state).label}]
        for at, words in (
            (intake.taken_at, _("at %(time)s")),
            (intake.vomited_at, _("vomited at %(time)s")),
        ):
            if at is not None:
                said.append(words % {"time": f"{at.astimezone(self.zone):%H:%M}"})
        if intake.amount_mg is not None:
            said.append(_("%(amount)s mg") % {"amount": plain(intake.amount_mg)})
        if intake.with_food is not None:
            said.append(_("with food") if intake.with_food else _("without food"))
        return SEPARATOR.join(said)

    def diary(self) -> Iterable[Entry]:
        for told in DiaryDay.objects.of(self.history.patient):
            yield Entry(
                "diary",
                self.at(told.day),
                partial(of_a_day, told),
                told,
                note=told.note,
            )

    def drugs(self) -> Iterable[Entry]:
        for course in self.kept.beside.all_drugs:
            yield Entry(
                "drug",
                self.at(course.starts_on),
                partial(filled, gettext_noop("%(drug)s begins"), drug=course),
                course,
                note=course.note,
                set_aside=course.withdrawn_at is not None,
            )
            if course.stops_on and course.withdrawn_at is None:
                ends = partial(filled, gettext_noop("%(drug)s ends"), drug=course)
                yield Entry("drug", self.at(course.stops_on), ends, course)

    def events(self) -> Iterable[Entry]:
        for event in self.kept.beside.events:
            yield Entry(
                "event",
                self.at(event.happens_on),
                partial(str, event),
                event,
                note=event.detail,
                set_aside=event.withdrawn_at is not None,
            )

    def supplies(self) -> Iterable[Entry]:
        for given in Dispensing.objects.filter(patient=self.history.patient):
            yield Entry(
                "supply",
                self.at(given.dispensed_on),
                partial(filled, gettext_noop("%(tablets)s dispensed"), tablets=given),
                given,
                set_aside=given.withdrawn_at is not None,
            )

    def protocols(self) -> Iterable[Entry]:
        followed = ProtocolAssignment.objects.filter(patient=self.history.patient)
        for assignment in followed.select_related("protocol"):
            yield Entry(
                "protocol",
                self.at(assignment.starts_on),
                partial(of_a_protocol, assignment.protocol),
                assignment,
                note=assignment.reason,
                set_aside=assignment.withdrawn_at is not None,
            )

    def decisions(self) -> Iterable[Entry]:
        for decision in self.kept.decisions:
            yield Entry(
                "decision",
                decision.signed_at,
                partial(of_a_decision, decision),
                decision,
                note=decision.reason_text or decision.get_reason_display(),
                all_day=False,
            )

    def measurements(self) -> Iterable[Entry]:
        rows = Measurement.objects.filter(patient=self.history.patient)
        for row in rows.in_time_order():
            yield Entry(
                "measurement",
                self.at(row.measured_on),
                partial(of_a_measurement, row),
                row,
                note=row.note,
                set_aside=row.withdrawn_at is not None,
            )

    def visits(self) -> Iterable[Entry]:
        rows = Visit.objects.filter(patient=self.history.patient)
        for visit in rows.in_time_order():
            yield Entry(
                "visit",
                self.at(visit.held_on),
                partial(of_a_visit, visit),
                visit,
                note=visit.note,
                set_aside=visit.withdrawn_at is not None,
            )

    def imaging(self) -> Iterable[Entry]:
        rows = ImagingStudy.objects.filter(patient=self.history.patient)
        for study in rows.in_time_order():
            reader = _("Read by %(name)s") % {"name": study.reader_name}
            parts = [reader] if study.reader_name else []
            yield Entry(
                "imaging",
                self.at(study.done_on),
                partial(of_a_study, study),
                study,
                note="; ".join([*parts, *filter(None, [study.note])]),
                set_aside=study.withdrawn_at is not None,
            )

    def effects(self) -> Iterable[Entry]:
        for effect in self.kept.beside.effects:
            yield Entry(
                "effect",
                self.at(effect.onset_on),
                partial(str, effect),
                effect,
                note="; ".join(filter(None, (effect.treatment, effect.note))),
                set_aside=effect.withdrawn_at is not None,
            )
            if effect.resolved_on and effect.withdrawn_at is None:
                gone = partial(
                    filled, gettext_noop("%(effect)s: gone"), effect=effect.label
                )
                yield Entry("effect", self.at(effect.resolved_on), gone, effect)

    def labs(self) -> Iterable[Entry]:
        for lab in self.kept.labs:
            yield Entry(
                "lab",
                self.at(lab.result.drawn_on),
                partial(of_a_lab, lab),
                lab.result,
                note=lab.result.note,
            )

        rows = LabResult.objects.filter(patient=self.history.patient)
        for row in rows.exclude(withdrawn_at=None).in_time_order():
            yield Entry(
                "lab",
                self.at(row.drawn_on),
                partial(str, row),
                row,
                note=row.note,
                set_aside=True,
            )

    def lesions(self) -> Iterable[Entry]:
        """Tell of what nobody knows the day of when it was recorded."""
        treated = [(each, each.previous_treatments.all()) for each in self.kept.lesions]
        told = [*self.kept.lesions, *chain.from_iterable(done for _, done in treated)]
        first = first_written(self.history.patient, told)
        born = self.at(self.history.patient.born_on)
        for lesion, treatments in treated:
            at = first.get(named(lesion), born)
            title = partial(of_a_lesion, lesion)
            yield Entry("lesion", at, title, lesion, note=lesion.note)
            for treatment in treatments:
                yield self.treatment(treatment, first.get(named(treatment), born))

    def treatment(self, treatment: PreviousTreatment, recorded: datetime) -> Entry:
        return Entry(
            "treatment",
            self.at(treatment.done_on) if treatment.done_on else recorded,
            partial(
                filled, gettext_noop("Earlier: %(treatment)s"), treatment=treatment
            ),
            treatment,
            note=treatment.outcome,
            set_aside=treatment.withdrawn_at is not None,
        )


def filled(words: str, **facts: object) -> str:
    """Say words in the reader's language, with their facts."""
    return _(words) % facts


def of_a_day(told: DiaryDay) -> str:
    title = _("Diary (%(source)s)") % {"source": Source(told.source).label}
    facts = [_("no side effects")] if told.no_side_effects else []
    return SEPARATOR.join([title, *facts])


def of_a_protocol(protocol: Protocol) -> str:
    return _("Protocol %(name)s: %(low)s\u2013%(high)s ng/mL") % {
        "name": protocol,
        "low": plain(protocol.target.low_ng_per_ml),
        "high": plain(protocol.target.high_ng_per_ml),
    }


def of_a_decision(decision: Decision) -> str:
    if decision.holds:
        return _("Decision: pause sirolimus")
    chosen = policy.Regimen(decision.chosen_amount_mg, decision.chosen_interval_h)
    return _("Decision: %(dose)s") % {"dose": say(policy.regimen_in_words(chosen))}


def of_a_measurement(row: Measurement) -> str:
    return f"{Quantity(row.quantity).label}: {plain(row.value)}"


def of_a_visit(visit: Visit) -> str:
    title = _("Visit: %(kind)s") % {"kind": visit.get_kind_display()}
    return SEPARATOR.join([title, *visit.done_in_words])


def of_a_study(study: ImagingStudy) -> str:
    title = _("%(study)s, baseline") if study.is_baseline else "%(study)s"
    return title % {"study": study}


def of_a_lab(lab: Read) -> str:
    row, side = lab.result, lab.side
    said = [str(row)] if not row.conversion else [str(row), row.shown]
    if side in SIDES:
        said.append(_(SIDES[side]))
    if lab.grade.number:
        facts = {"version": CTCAE_VERSION, "grade": lab.grade.number}
        said.append(_("CTCAE %(version)s grade %(grade)s") % facts)
    return ", ".join(said)


def of_a_lesion(lesion: Lesion) -> str:
    return f"{lesion}, {lesion.get_issva_type_display()}"


def named(record: models.Model) -> tuple[str, str]:
    """Return how an audit line names a record."""
    return record._meta.label_lower, str(record.pk)


def lines_of(patient: Patient, records: Iterable[models.Model]) -> QuerySet[AuditEvent]:
    """Return the lines of the audit in which some records of a patient changed."""
    asked = {named(record) for record in records}
    return AuditEvent.objects.filter(
        patient=patient,
        object_type__in={kind for kind, _key in asked},
        object_id__in={key for _kind, key in asked},
    ).changes()


def authors_of(
    patient: Patient, records: Iterable[models.Model]
) -> Mapping[tuple[str, str], Author]:
    """Return who last wrote each of some records of a patient, and when."""
    lines = lines_of(patient, records).select_related("actor").order_by("pk")
    return {
        (line.object_type, line.object_id): Author(str(line.actor), line.at)
        for line in lines
    }


def first_written(
    patient: Patient, records: Iterable[models.Model]
) -> Mapping[tuple[str, str], datetime]:
    """Return when each of some records of a patient was first written."""
    lines = lines_of(patient, records).order_by("object_type", "object_id")
    found = lines.values_list("object_type", "object_id").annotate(Min("at"))
    return {(kind, key): at for kind, key, at in found}


def signed(patient: Patient, entries: Sequence[Entry]) -> list[Entry]:
    """Return entries with who last wrote them: one statement for all."""
    authors = authors_of(patient, (entry.record for entry in entries))
    return [replace(each, author=authors.get(named(each.record))) for each in entries]


def timeline(history: History, kept: Kept) -> list[Entry]:
    """Tell everything, newest first: one statement per kind, however long."""
    teller = Storyteller(history, kept)
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


def by_day(
    entries: Iterable[Entry], zone: ZoneInfo, *, at_once: int | None = None
) -> tuple[list[Entry], int]:
    """Fold what a diary told of a day into one entry, for people to read.

    Returned are the newest `at_once` of them, and how many are left out. Programs are
    told every record by tdm.events: this is a page's way of telling.
    """
    told = [(entry, day_of(entry, zone)) for entry in entries]
    days = {day for entry, day in told if entry.kind == "diary"}
    folded: defaultdict[date, list[Entry]] = defaultdict(list)
    kept = []
    for entry, day in told:
        if entry.kind in FOLDED and day in days and not (entry.note or entry.set_aside):
            folded[day].append(entry)
        else:
            kept.append((entry, day))
    shown = [
        with_titles(entry, folded[day]) if entry.kind == "diary" else entry
        for entry, day in kept[:at_once]
    ]
    return shown, len(kept) - len(shown)


def day_of(entry: Entry, zone: ZoneInfo) -> date:
    """Return the day an entry belongs to; of a dose, the day it was due."""
    if isinstance(entry.record, Intake):
        return entry.record.due_on
    return entry.at.astimezone(zone).date()


def with_titles(entry: Entry, others: Sequence[Entry]) -> Entry:
    """Append what other entries say, doses first."""
    return replace(entry, words=partial(together, entry, others))


def together(entry: Entry, others: Iterable[Entry]) -> str:
    ordered = sorted(others, key=lambda e: (KINDS.index(e.kind), e.record_id))
    return SEPARATOR.join([entry.title, *(each.title for each in ordered)])
