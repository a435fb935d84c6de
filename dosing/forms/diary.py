"""A week or a day of a diary as it is typed: cells, what they said, and answers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from dosing.diary import MISSED, REASONS, Entry, Place, Row, Week
from dosing.models import State
from dosing.services import Outcome
from patients.models import SideEffect, Source
from patients.models.rules import plain_text
from patients.web import EARLIEST_YEAR, ServiceForm

NAME = re.compile(
    r"now:(?P<day>\d{4}-\d\d-\d\d)\.(?P<row>[a-z_0-9]{1,30})\.(?P<slot>[01])", re.ASCII
)


class DiaryForm(ServiceForm):
    """What goes with the cells: who told it, and why so late."""

    source = forms.ChoiceField(label=_("Source"), choices=Source.choices)
    reason = forms.CharField(
        label=_("Why it is entered so late"),
        max_length=300,
        required=False,
        validators=[plain_text],
    )


def entries(data: Mapping[str, str], week: Week) -> list[Entry]:
    """Return the cells of a week that were changed, or whose conflict was answered.

    `now:` is what a cell says, `was:` what it said when it was shown. After a conflict
    `pick:` says whose version stays, and `seen:` what the other one was.
    """
    known = {(row.name, row.slot) for row in week.rows}
    found = []
    for name, now in data.items():
        place = place_of(name)
        if place is None or place.day not in week.days:
            continue
        if (place.row, place.slot) not in known:
            continue
        was = data.get(f"was:{place.key}", "")
        pick = data.get(f"pick:{place.key}")
        if pick == "theirs":
            continue
        if pick == "mine":
            was = data.get(f"seen:{place.key}", "")
        fill = "all" in data and is_empty_dose(week, place, now)
        text = State.TAKEN.value if fill else now.strip()
        if text != was:
            confirmed = f"sure:{place.key}" in data
            found.append(Entry(place, was, text, confirmed))
    return found


def is_empty_dose(week: Week, place: Place, now: str) -> bool:
    """Ask whether "all as prescribed" fills this cell."""
    is_dose = place.row == "dose" and not now
    due = week.due(place.day, place.slot) is not None
    return is_dose and due and place.day <= week.today


def place_of(name: str) -> Place | None:
    match = NAME.fullmatch(name)
    if match is None:
        return None
    try:
        day = date.fromisoformat(match["day"])
    except ValueError:
        return None
    return Place(day, match["row"], int(match["slot"]))


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as the page shows it."""

    place: Place
    row: Row
    text: str
    was: str
    open: bool
    label: str
    error: str = ""
    question: str = ""
    theirs: str | None = None
    abnormal: bool = False
    late: bool = False
    effects: tuple[SideEffect, ...] = ()

    @property
    def state(self) -> str:
        """The first word of a dose cell: taken, missed, unknown or none."""
        return self.text.split(":")[0] or "none"

    @property
    def reason(self) -> str:
        """Why a dose was missed; nothing of any other."""
        return self.text.removeprefix(MISSED) if self.text.startswith(MISSED) else ""

    @property
    def said(self) -> str:
        return in_words(self.text)

    @property
    def their_words(self) -> str:
        return in_words(self.theirs or "")

    @property
    def unsaved(self) -> bool:
        return bool(self.error or self.question) or self.theirs is not None


WORDS = {
    State.TAKEN.value: State.TAKEN.label,
    State.LATE.value: State.LATE.label,
    State.UNKNOWN.value: State.UNKNOWN.label,
    "with": _("with"),
    "without": _("without"),
    "none": _("none"),
}


def in_words(text: str) -> str:
    """Say what a cell says, in the reader's language."""
    if text.startswith(MISSED):
        reason = text.removeprefix(MISSED)
        return f"{State.MISSED.label}: {REASONS.get(reason, reason)}"
    return str(WORDS.get(text, text))


def cells(
    week: Week, outcome: Outcome | None = None, typed: Iterable[Entry] = ()
) -> list[tuple[Row, list[Cell]]]:
    """Return the grid, row by row; what was not saved keeps what was typed."""
    kept = {entry.place: entry for entry in typed}
    return [
        (row, [cell(week, row, day, outcome, kept) for day in week.days])
        for row in week.rows
    ]


def cell(
    week: Week,
    row: Row,
    day: date,
    outcome: Outcome | None,
    typed: Mapping[Place, Entry],
) -> Cell:
    place = Place(day, row.name, row.slot)
    current = week.current(place)
    entry = typed.get(place)
    error = outcome.refused.get(place, "") if outcome else ""
    question = outcome.questions.get(place, "") if outcome else ""
    theirs = outcome.conflicts.get(place) if outcome else None
    keeps = entry is not None and (error or question or theirs is not None)
    of_a_dose = row.kind in {"dose", "time", "food"}
    intake = week.intakes.get((day, row.slot))
    return Cell(
        place=place,
        row=row,
        text=entry.now if keeps and entry else current,
        was=entry.was if keeps and entry else current,
        open=day <= week.today
        and (not of_a_dose or week.due(day, row.slot) is not None),
        label=f"{row.label}, {day:%Y-%m-%d}",
        error=error,
        question=question,
        theirs=theirs,
        abnormal=not keeps and week.is_abnormal(place),
        effects=tuple(week.effects_on(day)) if row.kind == "effects" else (),
        late=bool(intake and intake.state == State.LATE and row.name == "dose"),
    )


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def day_asked(text: str, today: date) -> date:
    """Return the day an address names; today for one to come, or what is no day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return min(day, today) if day.year >= EARLIEST_YEAR else today
