"""Days of a diary, saved cell by cell: nothing lost, nothing silently overwritten."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dosing import policy
from dosing.diary import (
    DIASTOLIC,
    DOSE_TEXTS,
    MISSED,
    SYSTOLIC,
    CellError,
    Entry,
    Place,
    Week,
    first_after,
    is_late,
    taken_from,
    week_of,
)
from dosing.models import GIVEN, Decision, Intake, ProtocolAssignment, State
from dosing.words import plain
from patients import audit
from patients.models import DiaryDay, Measurement, Patient, Quantity, Staff
from patients.revision import hold_still
from patients.services.effects import heed_temperatures

Slot = tuple[date, int]


@dataclass
class Outcome:
    """What became of each cell: saved, refused with a sentence, changed meanwhile, or
    asked about.
    """

    week: Week
    saved: list[Place] = field(default_factory=list)
    refused: dict[Place, str] = field(default_factory=dict)
    conflicts: dict[Place, str] = field(default_factory=dict)
    questions: dict[Place, str] = field(default_factory=dict)

    @property
    def unsaved(self) -> int:
        return len(self.refused) + len(self.conflicts) + len(self.questions)


@transaction.atomic
def save_diary(
    *,
    patient: Patient,
    entries: Sequence[Entry],
    source: str,
    actor: Staff,
    reason: str = "",
) -> Outcome:
    """Save every cell that can be saved, each by comparing it with what was shown.

    A cell that says something else by now is left as it is and comes back with what it
    says. The number of statements does not grow with the cells or the history.
    """
    hold_still(patient)
    days = sorted({entry.place.day for entry in entries})
    today = patient.site.today(timezone.now())
    first = days[0] if days else today
    count = (days[-1] - first).days + 1 if days else 1
    week = week_of(patient, first, today=today, count=count)
    pen = Pen(week, source=source, reason=reason)
    for entry in sorted(entries, key=lambda each: each.place.key):
        pen.take(entry)
    pen.write_doses()
    audit.record_many(
        [(row, "save_diary") for row in pen.store()],
        patient=patient,
        actor=actor,
        reason=reason.strip(),
    )
    heed_temperatures(patient=patient, measurements=pen.measured(), actor=actor)
    return pen.outcome


class Pen:
    """Turns cells into rows, and writes the rows of each kind at once."""

    def __init__(self, week: Week, *, source: str, reason: str) -> None:
        self.week = week
        self.source, self.reason = source, reason.strip()
        self.outcome = Outcome(week)
        self.of_doses: defaultdict[Slot, dict[str, str]] = defaultdict(dict)
        self.fresh: list[models.Model] = []
        self.changed: list[models.Model] = []
        self.weight = LastWeight(week.patient)
        self.signed = LastDecision(week.patient)
        self.ceilings = Ceilings(week.patient)

    def take(self, entry: Entry) -> None:
        """Judge one cell and set it aside for writing."""
        place = entry.place
        try:
            self.check_day(place.day)
            text = self.week.canonical(place, entry.now)
            current = self.week.current(place)
            if text == current:
                self.outcome.saved.append(place)
                return
            if current != entry.was:
                self.outcome.conflicts[place] = current
                return
            if current:
                self.check_signed(place.day)
            self.put(place, text, confirmed=entry.confirmed)
        except CellError as problem:
            self.outcome.refused[place] = str(problem)

    def check_day(self, day: date) -> None:
        patient = self.week.patient
        if day > self.week.today:
            raise CellError(_("This day has not come yet."))
        if day < patient.born_on:
            raise CellError(_("This day lies before birth."))
        if day < self.week.today - policy.LATE_ENTRY and not self.reason:
            raise CellError(
                _("More than %(days)s days ago: say below why it is entered so late.")
                % {"days": policy.LATE_ENTRY.days}
            )

    def check_signed(self, day: date) -> None:
        """Ask why something is changed that a signed decision may rest on."""
        signed_on = self.signed.day
        if signed_on is not None and day <= signed_on and not self.reason:
            raise CellError(
                _("A decision has been signed since: say below why it is changed.")
            )

    def put(self, place: Place, text: str, *, confirmed: bool) -> None:
        if place.row in DOSE_TEXTS:
            self.check_day_total(place, text)
            asked = self.asked_of_amount(place, text)
            if asked and not (confirmed and self.reason):
                self.outcome.questions[place] = asked
                return
            self.of_doses[place.day, place.slot][place.row] = text
            return
        if place.row in {"note", "none"}:
            self.tell(place, text)
        elif place.row == "pressure":
            parts = text.split("/") if text else ["", ""]
            for quantity, part in zip((SYSTOLIC, DIASTOLIC), parts, strict=True):
                self.measure(place.day, quantity, part)
        else:
            asked = self.asked(place, text)
            if asked and not confirmed:
                self.outcome.questions[place] = asked
                return
            self.measure(place.day, Quantity(place.row), text)
        self.outcome.saved.append(place)

    def tell(self, place: Place, text: str) -> None:
        if text == "none" and self.week.effects_on(place.day):
            raise CellError(_("A side effect is recorded for this day."))
        day = self.day(place.day)
        if place.row == "note":
            day.note = text
        else:
            day.no_side_effects = text == "none"
        self.mark(day)

    def check_day_total(self, place: Place, text: str) -> None:
        """Refuse an amount with which more would be taken on a day than ever may be."""
        if place.row != "amount" or not text:
            return
        if self.day_total(place, text) > policy.ABSOLUTE_CEILING_MG_PER_DAY:
            raise CellError(_("Never more than 40 mg on any day."))

    def day_total(self, place: Place, text: str) -> Decimal:
        """Add up the day's doses; what is not told is what is prescribed (mg)."""
        total = Decimal(text)
        for slot in self.week.slots:
            dose = self.week.due(place.day, slot)
            if slot == place.slot or dose is None:
                continue
            typed = self.of_doses.get((place.day, slot), {}).get("amount")
            known = self.week.current(Place(place.day, "amount", slot))
            total += Decimal(typed or known or dose.amount_mg)
        return total

    def asked_of_amount(self, place: Place, text: str) -> str:
        """Return the question about an amount that is hardly meant, if there is one."""
        dose = self.week.due(place.day, place.slot)
        if place.row != "amount" or not text or dose is None:
            return ""
        amount_mg = Decimal(text)
        facts = {"amount": plain(amount_mg), "usual": plain(dose.amount_mg)}
        if policy.amount_jumps(dose.amount_mg, amount_mg):
            return (
                _(
                    "%(amount)s mg where %(usual)s mg are prescribed: is this right?"
                    " Say below why."
                )
                % facts
            )
        ceiling = self.ceilings.on(place.day)
        if ceiling is not None and self.day_total(place, text) > ceiling:
            return _(
                "More than the protocol's ceiling of %(ceiling)s mg a day: is this"
                " right? Say below why."
            ) % {"ceiling": plain(ceiling)}
        stocked = self.week.patient.site.stocked_strengths_mg
        if policy.tablets_for(amount_mg, stocked) is None:
            return (
                _(
                    "%(amount)s mg cannot be made of whole stocked tablets: is this"
                    " right? Say below why."
                )
                % facts
            )
        return ""

    def asked(self, place: Place, text: str) -> str:
        """Return the question about a weight that jumps; nothing for any other cell."""
        if place.row != Quantity.WEIGHT_KG or not text:
            return ""
        before = self.weight.before(place.day, self.week.measured)
        if before is None:
            return ""
        percent = policy.weight_jump_percent(before, Decimal(text))
        if percent is None:
            return ""
        facts = {"before": plain(before), "percent": f"{percent:+.0f}"}
        return _("%(percent)s %% from %(before)s kg before: is this right?") % facts

    def measure(self, day: date, quantity: Quantity, text: str) -> None:
        row = self.week.measured.get((day, quantity.value))
        if row is None:
            if not text:
                return
            row = Measurement(
                patient=self.week.patient,
                quantity=quantity.value,
                measured_on=day,
                value=Decimal(text),
            )
            self.week.measured[day, quantity.value] = row
        elif text:
            row.value, row.withdrawn_at = Decimal(text), None
        else:
            row.withdrawn_at = timezone.now()
        self.mark(row)
        self.day(day)

    def day(self, on: date) -> DiaryDay:
        """Return the row of a day that is written on; its source is the latest."""
        row = self.week.told.get(on)
        if row is None:
            row = DiaryDay(patient=self.week.patient, day=on, source=self.source)
            self.week.told[on] = row
            self.mark(row)
        elif row.source != self.source:
            row.source = self.source
            self.mark(row)
        return row

    def mark(self, row: models.Model) -> None:
        """Note that a row is new or changed, once."""
        kept = self.fresh if row.pk is None else self.changed
        if not any(row is each for each in kept):
            kept.append(row)

    def write_doses(self) -> None:
        """Turn the cells of each dose into what is known of it."""
        for (day, slot), typed in self.of_doses.items():
            places = {row: Place(day, row, slot) for row in typed}
            try:
                self.write_dose(day, slot, typed)
                self.outcome.saved += places.values()
            except CellError as problem:
                said = str(problem)
                self.outcome.refused |= dict.fromkeys(places.values(), said)

    def write_dose(self, day: date, slot: int, typed: dict[str, str]) -> None:
        if self.week.due(day, slot) is None:
            raise CellError(_("No dose was prescribed for this day."))
        known = self.week.intakes.get((day, slot))
        texts = {
            row: typed.get(row, self.week.current(Place(day, row, slot)))
            for row in DOSE_TEXTS
        }
        intake = known or Intake(patient=self.week.patient, due_on=day, slot=slot)
        given = self.state(intake, texts, typed)
        amount = texts["amount"] if given else ""
        intake.amount_mg = Decimal(amount) if amount else None
        food = "" if intake.is_cleared else texts["food"]
        intake.with_food = {"with": True, "without": False}.get(food)
        if typed.keys() & {"dose", "at", "vomited"}:
            self.times(intake, texts if given else {}, typed, Place(day, "at", slot))
        self.week.intakes[day, slot] = intake
        self.mark(intake)
        self.day(day)

    def state(
        self, intake: Intake, texts: dict[str, str], typed: dict[str, str]
    ) -> bool:
        """Set the state of a dose; say whether it was given.

        An emptied cell says nothing again; what is told of an unsaid dose was of one
        that was taken.
        """
        text = texts["dose"]
        if not text:
            cleared = "dose" in typed and not typed.get("food")
            text = State.CLEARED.value if cleared else State.TAKEN.value
        untold = text == State.UNKNOWN and "dose" not in typed
        told = any(typed.get(row) for row in ("at", "amount", "vomited"))
        if untold and told:
            text = State.TAKEN.value
        missed = text.startswith(MISSED)
        state = State.MISSED if missed else State(text)
        if state not in GIVEN and told:
            raise CellError(_("A dose that was not taken has no time and no amount."))
        intake.state = state
        intake.reason = text.removeprefix(MISSED) if missed else ""
        return state in GIVEN

    def times(
        self,
        intake: Intake,
        texts: dict[str, str],
        typed: dict[str, str],
        place: Place,
    ) -> None:
        """Place the times of a dose; one taken hours after it was due is late.

        A time that was not typed stays the instant it is.
        """
        taken = intake.taken_at if texts.get("at") else None
        vomited = intake.vomited_at if texts.get("vomited") else None
        if typed.get("at"):
            taken = self.instant(place, typed["at"], taken_from(self.week, place))
        due_at = self.week.due_at(place.day, place.slot)
        if typed.get("vomited") and due_at is not None:
            vomited = self.instant(place, typed["vomited"], taken or due_at)
        intake.taken_at, intake.vomited_at = taken, vomited
        if taken is not None:
            late = is_late(self.week, place, taken)
            intake.state = State.LATE if late else State.TAKEN

    def instant(self, place: Place, text: str, earliest: datetime) -> datetime:
        found = first_after(self.week, place, time.fromisoformat(text), earliest)
        if found > timezone.now():
            raise CellError(_("This time lies in the future."))
        return found

    def measured(self) -> list[Measurement]:
        """Return the numbers that were written."""
        rows = (*self.fresh, *self.changed)
        return [row for row in rows if isinstance(row, Measurement)]

    def store(self) -> list[models.Model]:
        """Write the rows of each kind at once, and return them."""
        for row in self.changed:
            row.version += 1  # type: ignore[attr-defined]
        for kind, fields in KEPT:
            new = [row for row in self.fresh if isinstance(row, kind)]
            old = [row for row in self.changed if isinstance(row, kind)]
            if new:
                kind._default_manager.bulk_create(new)
            if old:
                kind._default_manager.bulk_create(
                    old,
                    update_conflicts=True,
                    unique_fields=["id"],
                    update_fields=[*fields, "version"],
                )
        return [*self.fresh, *self.changed]


KEPT: Sequence[tuple[type[models.Model], Sequence[str]]] = (
    (DiaryDay, ("source", "note", "no_side_effects")),
    (Intake, ("state", "taken_at", "reason", "with_food", "vomited_at", "amount_mg")),
    (Measurement, ("value", "withdrawn_at")),
)


class LastWeight:
    """The weights of a patient, read once, where one is asked about."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        self.rows: list[tuple[date, Decimal]] | None = None

    def before(
        self, day: date, written: Mapping[tuple[date, str], Measurement]
    ) -> Decimal | None:
        """Return the last weight before a day, those just written among them."""
        if self.rows is None:
            found = Measurement.objects.of(self.patient).filter(
                quantity=Quantity.WEIGHT_KG
            )
            self.rows = list(
                found.order_by("measured_on").values_list("measured_on", "value")
            )
        stored = {on: value for on, value in self.rows if on < day}
        fresh = {
            on: row.value if row.withdrawn_at is None else None
            for (on, quantity), row in written.items()
            if quantity == Quantity.WEIGHT_KG and on < day
        }
        known = {on: value for on, value in {**stored, **fresh}.items() if value}
        return known[max(known)] if known else None


class Ceilings:
    """The ceilings of a patient's protocols, read once, where one is asked about."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient

    @cached_property
    def rows(self) -> list[tuple[date, Decimal]]:
        followed = ProtocolAssignment.objects.standing().filter(patient=self.patient)
        return list(
            followed.order_by("starts_on").values_list(
                "starts_on", "protocol__ceiling_mg_per_day"
            )
        )

    def on(self, day: date) -> Decimal | None:
        """Return what may be taken on a day (mg); before the first protocol, nothing
        says.
        """
        held = [ceiling for starts_on, ceiling in self.rows if starts_on <= day]
        return held[-1] if held else None


class LastDecision:
    """The clinic's day of the last signature, read once, where something is changed."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient

    @cached_property
    def day(self) -> date | None:
        last = (
            Decision.objects.filter(patient=self.patient).order_by("signed_at").last()
        )
        return self.patient.site.today(last.signed_at) if last else None
