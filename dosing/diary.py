"""A week of a diary as cells of text: what is known, and what was typed, read.

Every cell has one canonical text. What is stored is shown as it, what is typed is read
into it, so that a cell is saved exactly when a reload shows what the page showed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property

from django.core.exceptions import ValidationError
from django.db.models import QuerySet, prefetch_related_objects
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dosing import policy
from dosing.models import Dose, Intake, State
from dosing.words import plain
from patients.models import (
    DiaryDay,
    Limits,
    Measurement,
    Patient,
    Quantity,
    SideEffect,
    limits_of,
)
from patients.models.rules import plain_text
from patients.statements import Given, at_once, compiled
from patients.web import instant

WEEK_DAYS = 7
LONGEST_NOTE = 2000
SYSTOLIC, DIASTOLIC = Quantity.SYSTOLIC_MMHG, Quantity.DIASTOLIC_MMHG

REASONS = {
    "forgotten": gettext_lazy("forgotten"),
    "felt ill": gettext_lazy("felt ill"),
    "ran out": gettext_lazy("ran out"),
    "told to pause": gettext_lazy("told to pause"),
    "not told": gettext_lazy("reason not told"),
}
"""Why a dose was missed, as it is stored."""

MISSED = "missed: "


@dataclass(frozen=True, slots=True)
class Place:
    """One cell: a day and a row, `slot` for rows of a dose."""

    day: date
    row: str
    slot: int = 0

    @property
    def key(self) -> str:
        return f"{self.day:%Y-%m-%d}.{self.row}.{self.slot}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell as it was shown and as it is now; `confirmed` answers a question."""

    place: Place
    was: str
    now: str
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the grid; `full` is when a typed number is complete."""

    name: str
    label: str
    kind: str = "number"
    slot: int = 0
    full: str = ""
    quantity: Quantity | None = None

    @property
    def rare(self) -> bool:
        """Whether a phone shows it only when it is asked for."""
        return self.name in RARE


RARE = {"at", "amount", "food", "vomited", Quantity.RESPIRATORY_PER_MIN.value, "note"}


NUMBERS: Mapping[Quantity, tuple[Promise | str, int, str]] = {
    Quantity.TEMPERATURE_C: (
        gettext_lazy("Temperature °C"),
        1,
        r"^\d\d\.\d$",
    ),
    Quantity.PULSE_PER_MIN: (gettext_lazy("Pulse /min"), 0, r"^([4-9]\d|[1-3]\d\d)$"),
    Quantity.RESPIRATORY_PER_MIN: (gettext_lazy("Breaths /min"), 0, r"^\d\d$"),
    Quantity.SPO2_PERCENT: (gettext_lazy("SpO₂ %"), 0, r"^([2-9]\d|100)$"),
    Quantity.WEIGHT_KG: (gettext_lazy("Weight kg"), 2, r"^\d{2,3}\.\d$"),
    Quantity.PAIN_VAS: (gettext_lazy("Pain 0–10"), 0, r"^([02-9]|10)$"),
}
"""Label, decimals, and when a typed number is complete."""

PRESSURE_FULL = r"^\d{2,3}/([3-9]\d|1\d\d)$"
TIME_FULL = r"^\d\d:\d\d$"


class CellError(ValueError):
    """What was typed cannot be what is meant; the sentence for the cell."""


def normal(text: str) -> str:
    """Return text as it is kept: composed characters, no outer space."""
    return unicodedata.normalize("NFC", text).strip()


def digits(text: str) -> str:
    """Return a number typed in any width as plain digits."""
    return text.translate(FULL_WIDTH).strip()


FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
"""Digits and signs as a Japanese keyboard writes them; nothing else is a digit."""


NUMBER = re.compile(r"(0|[1-9]\d{0,3})(\.\d{1,3})?", re.ASCII)
FAHRENHEIT = (Decimal(86), Decimal(113))
"""30 to 45 °C in degrees Fahrenheit."""


def number_of(text: str, quantity: Quantity, limits: Limits) -> Decimal:
    """Read a number of a quantity.

    Raises
    ------
    CellError
        For what is no number, has too many decimals, or cannot be true.
    """
    if "," in text:
        raise CellError(_("Write the decimal with a point, such as 36.4."))
    if not NUMBER.fullmatch(text):
        raise CellError(_("This is not a number: write digits only."))
    value = Decimal(text)
    _label, decimals, _full = NUMBERS.get(quantity, ("", 0, ""))
    if value != round(value, decimals):
        raise CellError(
            _("Write a whole number.")
            if decimals == 0
            else _("Write at most %(count)s decimals.") % {"count": decimals}
        )
    low, high = FAHRENHEIT
    if quantity == Quantity.TEMPERATURE_C and low <= value <= high:
        celsius = round((value - 32) * 5 / 9, 1)
        raise CellError(
            _("%(value)s looks like °F. In °C it is %(celsius)s.")
            % {"value": plain(value), "celsius": plain(celsius)}
        )
    if not limits.can_be_true(value):
        raise CellError(
            _("This cannot be true: it lies between %(low)s and %(high)s.")
            % {"low": plain(limits.low), "high": plain(limits.high)}
        )
    return value


def pressure_of(
    text: str, limits: Mapping[Quantity, Limits]
) -> tuple[Decimal, Decimal]:
    """Read systolic and diastolic pressure, mmHg, typed as 120/80."""
    parts = text.replace(" ", "/").split("/") if text else []
    if len(parts) != 2 or not all(parts):  # noqa: PLR2004 - a pair
        raise CellError(_("Give both pressures, such as 120/80."))
    high, low = (
        number_of(part, quantity, limits[quantity])
        for part, quantity in zip(parts, (SYSTOLIC, DIASTOLIC), strict=True)
    )
    if high <= low:
        raise CellError(_("The first pressure is the higher one: swap them?"))
    return high, low


def clock_of(text: str) -> time:
    """Read a time of day, typed as 8:05 or 0805."""
    if text in {"24:00", "2400"}:
        raise CellError(_("24:00 is 00:00 of the next day: enter it there."))
    for form in ("%H:%M", "%H%M"):
        try:
            return datetime.strptime(text, form).time()  # noqa: DTZ007 - a wall time
        except ValueError:
            continue
    raise CellError(_("Write the time such as 08:05."))


@dataclass
class Week:
    """What is known of some days of one patient; read by a fixed number of statements.

    `current` gives the text of a cell, `days` run from `first`.
    """

    patient: Patient
    first: date
    today: date
    count: int = WEEK_DAYS
    doses: Sequence[Dose] = ()
    intakes: dict[tuple[date, int], Intake] = field(default_factory=dict)
    measured: dict[tuple[date, str], Measurement] = field(default_factory=dict)
    told: dict[date, DiaryDay] = field(default_factory=dict)
    effects: Sequence[SideEffect] = ()

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range(self.count)]

    @cached_property
    def limits(self) -> dict[Quantity, Limits]:
        return limits_of(self.patient.site)

    def due(self, day: date, slot: int) -> Dose | None:
        """Return the regimen that has such a dose."""
        return next((dose for dose in self.doses if dose.is_due(day, slot)), None)

    def due_at(self, day: date, slot: int) -> datetime | None:
        dose = self.due(day, slot)
        if dose is None:
            return None
        return wall_of(dose, day, slot).replace(tzinfo=self.patient.site.zone)

    @cached_property
    def rows(self) -> list[Row]:
        """Return the rows: those of each dose of a day, then what was measured."""
        found: list[Row] = []
        for slot in self.slots:
            found += dose_rows(slot, self.doses)
        for quantity, (label, _decimals, full) in NUMBERS.items():
            found.append(Row(quantity.value, str(label), full=full, quantity=quantity))
            if quantity == Quantity.TEMPERATURE_C:
                pressure = str(_("Blood pressure mmHg"))
                found.append(Row("pressure", pressure, "pressure", full=PRESSURE_FULL))
        return [
            *found,
            Row("none", str(_("Side effects")), "effects"),
            Row("note", str(_("Note")), "text"),
        ]

    @property
    def slots(self) -> list[int]:
        """Return the doses a day of these days has, from 0."""
        due = {slot for day in self.days for slot in (0, 1) if self.due(day, slot)}
        told = {each.slot for each in self.intakes.values() if not each.is_cleared}
        return sorted(due | told)

    def current(self, place: Place) -> str:
        """Return the text of a cell as it is stored; nothing where nothing is known."""
        if place.row in DOSE_TEXTS:
            intake = self.intakes.get((place.day, place.slot))
            return DOSE_TEXTS[place.row](self, intake) if intake else ""
        told = self.told.get(place.day)
        if place.row == "note":
            return told.note if told else ""
        if place.row == "none":
            return "none" if told and told.no_side_effects else ""
        if place.row == "pressure":
            pair = [self.value(place.day, q) for q in (SYSTOLIC, DIASTOLIC)]
            return "/".join(pair) if any(pair) else ""
        return self.value(place.day, Quantity(place.row))

    def value(self, day: date, quantity: Quantity) -> str:
        found = self.measured.get((day, quantity.value))
        standing = found is not None and found.withdrawn_at is None
        return plain(found.value) if found and standing else ""

    def canonical(self, place: Place, text: str) -> str:
        """Return what a typed text will be shown as once it is saved.

        Raises
        ------
        CellError
            Where it cannot be saved.
        """
        typed = normal(text)
        if typed == "":
            return ""
        if place.row == "pressure":
            return "/".join(map(plain, pressure_of(digits(typed), self.limits)))
        if place.row in TEXT_ROWS:
            return TEXT_ROWS[place.row](typed)
        quantity = Quantity(place.row)
        return plain(number_of(digits(typed), quantity, self.limits[quantity]))

    def effects_on(self, day: date) -> list[SideEffect]:
        """Return the side effects that a day has."""
        return [
            effect
            for effect in self.effects
            if effect.onset_on <= day
            and (effect.resolved_on is None or day <= effect.resolved_on)
        ]

    def is_abnormal(self, place: Place) -> bool:
        text = self.current(place)
        if not text or place.row in TEXT_ROWS:
            return False
        if place.row == "pressure":
            pair = zip(text.split("/"), (SYSTOLIC, DIASTOLIC), strict=True)
            return any(self.limits[q].is_abnormal(Decimal(part)) for part, q in pair)
        return self.limits[Quantity(place.row)].is_abnormal(Decimal(text))


def wall_of(dose: Dose, day: date, slot: int) -> datetime:
    """Return when a dose of a day is due, on the clinic's wall."""
    return datetime.combine(day, dose.usual_time) + slot * timedelta(
        hours=dose.interval_h
    )


def dose_rows(slot: int, doses: Sequence[Dose]) -> Iterable[Row]:
    """Yield the rows of one dose of a day: state, time, amount, food, vomiting."""
    regimens = {str(dose): dose for dose in doses if slot < dose.per_day}
    amounts = " / ".join(plain(dose.amount_mg) for dose in regimens.values())
    hours = " / ".join(
        f"{wall_of(dose, date.min, slot):%H:%M}" for dose in regimens.values()
    )
    label = _("%(amount)s mg, %(time)s") % {"amount": amounts, "time": hours}
    yield Row("dose", label if regimens else str(_("Dose")), "dose", slot)
    yield Row("at", str(_("taken at")), "time", slot, full=TIME_FULL)
    yield Row("amount", str(_("other amount, mg")), "number", slot)
    yield Row("food", str(_("food")), "food", slot)
    yield Row("vomited", str(_("vomited at")), "time", slot, full=TIME_FULL)


def text_of_dose(week: Week, intake: Intake) -> str:
    if intake.is_cleared:
        return ""
    if intake.state == State.MISSED:
        return MISSED + (intake.reason or "not told")
    late_without_time = intake.state == State.LATE and intake.taken_at is None
    if intake.state == State.LATE and not late_without_time:
        return State.TAKEN.value
    return str(intake.state)


def wall_text(week: Week, at: datetime | None) -> str:
    return f"{at.astimezone(week.patient.site.zone):%H:%M}" if at else ""


DOSE_TEXTS: Mapping[str, Callable[[Week, Intake], str]] = {
    "dose": text_of_dose,
    "at": lambda week, intake: wall_text(week, intake.taken_at),
    "amount": lambda _week, intake: plain(intake.amount_mg) if intake.amount_mg else "",
    "food": lambda _week, intake: {None: "", True: "with", False: "without"}[
        intake.with_food
    ],
    "vomited": lambda week, intake: wall_text(week, intake.vomited_at),
}


def dose_text(typed: str) -> str:
    states = {State.TAKEN.value, State.LATE.value, State.UNKNOWN.value}
    if typed in states or typed.removeprefix(MISSED) in REASONS:
        return typed
    raise CellError(_("Choose one of the listed answers."))


def amount_text(typed: str) -> str:
    """Read how many mg were taken, where it was another amount than prescribed."""
    text = digits(typed)
    if "," in text:
        raise CellError(_("Write the decimal with a point, such as 1.5."))
    if not NUMBER.fullmatch(text):
        raise CellError(_("This is not a number: write digits only."))
    amount_mg = Decimal(text)
    if amount_mg != round(amount_mg, 2):
        raise CellError(_("Write at most %(count)s decimals.") % {"count": 2})
    if amount_mg == 0:
        raise CellError(_("Nothing taken is a missed dose."))
    if amount_mg > policy.ABSOLUTE_CEILING_MG_PER_DAY:
        raise CellError(_("Never more than 40 mg on any day."))
    return plain(amount_mg)


def food_text(typed: str) -> str:
    if typed not in {"with", "without"}:
        raise CellError(_("Choose one of the listed answers."))
    return typed


def none_text(typed: str) -> str:
    if typed != "none":
        raise CellError(_("Choose one of the listed answers."))
    return typed


def note_text(typed: str) -> str:
    if len(typed) > LONGEST_NOTE:
        raise CellError(
            _("A note has at most %(count)s characters.") % {"count": LONGEST_NOTE}
        )
    try:
        plain_text(typed)
    except ValidationError as problem:
        raise CellError(str(problem.message)) from problem
    return typed


TEXT_ROWS: Mapping[str, Callable[[str], str]] = {
    "dose": dose_text,
    "at": lambda typed: f"{clock_of(digits(typed)):%H:%M}",
    "amount": amount_text,
    "food": food_text,
    "vomited": lambda typed: f"{clock_of(digits(typed)):%H:%M}",
    "none": none_text,
    "note": note_text,
}


def first_after(week: Week, place: Place, clock: time, earliest: datetime) -> datetime:
    """Return the first instant of a time of day from an instant on.

    Raises
    ------
    CellError
        Where clocks jump over it.
    """
    zone = week.patient.site.zone
    start = earliest.astimezone(zone).replace(tzinfo=None)
    wall = datetime.combine(start.date(), clock)
    if wall < start.replace(second=0, microsecond=0):
        wall += timedelta(days=1)
    try:
        return instant(wall, zone, "0")
    except ValidationError as problem:
        raise CellError(str(problem.message)) from problem


def taken_from(week: Week, place: Place) -> datetime:
    """Return from when on a dose may have been taken: early, but not a day early."""
    dose, due_at = week.due(place.day, place.slot), week.due_at(place.day, place.slot)
    if dose is None or due_at is None:
        raise CellError(_("No dose was prescribed for this day."))
    return due_at - policy.EARLIEST_TAKEN * timedelta(hours=dose.interval_h)


def is_late(week: Week, place: Place, at: datetime) -> bool:
    due_at = week.due_at(place.day, place.slot)
    return due_at is not None and at - due_at > policy.LATE_AFTER


def week_of(
    patient: Patient, first: date, *, today: date, count: int = WEEK_DAYS
) -> Week:
    """Read some days of a diary: six statements, however long the history."""
    prefetch_related_objects([patient.site], "limits")
    last = first + timedelta(days=count - 1)
    days = {"patient": patient.pk, "first": first, "last": last}
    doses, intakes = doses_on.given(**days), intakes_on.given(**days)
    measured, told = measured_on.given(**days), told_on.given(**days)
    effects = effects_on.given(**days)
    at_once(doses, intakes, measured, told, effects)
    for row in measured.found:
        row.patient = patient
    return Week(
        patient=patient,
        first=first,
        today=today,
        count=count,
        doses=doses.found,
        intakes={(each.due_on, each.slot): each for each in intakes.found},
        measured={
            (each.measured_on, each.quantity): each
            for each in sorted(
                measured.found, key=lambda each: each.withdrawn_at is None
            )
        },
        told={each.day: each for each in told.found},
        effects=effects.found,
    )


OF_THE_PATIENT, FIRST, LAST = Given("patient"), Given("first"), Given("last")


@compiled
def doses_on() -> QuerySet[Dose]:
    doses = Dose.objects.standing().filter(patient=OF_THE_PATIENT, starts_on__lte=LAST)
    return doses.exclude(stops_on__lte=FIRST).order_by("starts_on")


@compiled
def intakes_on() -> QuerySet[Intake]:
    return Intake.objects.filter(patient=OF_THE_PATIENT, due_on__range=(FIRST, LAST))


@compiled
def measured_on() -> QuerySet[Measurement]:
    return Measurement.objects.filter(
        patient=OF_THE_PATIENT, lesion=None, measured_on__range=(FIRST, LAST)
    ).exclude(visit__isnull=False, withdrawn_at__isnull=False)


@compiled
def told_on() -> QuerySet[DiaryDay]:
    return DiaryDay.objects.filter(patient=OF_THE_PATIENT, day__range=(FIRST, LAST))


@compiled
def effects_on() -> QuerySet[SideEffect]:
    effects = SideEffect.objects.standing().filter(patient=OF_THE_PATIENT)
    begun = effects.filter(onset_on__lte=LAST)
    return begun.exclude(resolved_on__lt=FIRST).in_time_order()
