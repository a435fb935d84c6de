"""Every event of one patient as finished JSON, straight from the tables.

One statement tells a page: each kind is a branch of a UNION ALL with its own limit, in
clinical time, newest first. Numbers and times become text in the database, so that a
page of any length costs no work on single values here. There is no second table of
events that could miss one.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS

from patients.models import Patient, Site, Staff
from patients.statements import rows
from tdm.branches import BRANCHES, KINDS, Branch

__all__ = [
    "BRANCHES",
    "KINDS",
    "LONGEST_PAGE",
    "PAGE",
    "Asked",
    "Mark",
    "Place",
    "Told",
    "chosen",
    "events",
    "facts_for",
    "facts_told",
    "opened",
    "places_of",
    "union",
]

LOOKED = "(action::text LIKE 'read\\_%%')"
"""A line of the audit of someone who only looked, in the words of its index."""

PAGE, LONGEST_PAGE = 100, 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the next begins after it."""

    at: str
    branch: int
    record: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A state of one patient's record: the audit's last line, and the last change
    that has none because a clock made it (a transaction of the database).
    """

    position: int
    transaction: int
    newest: int = 0
    """The last change by a clock; unlike `transaction` it stands still meanwhile."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a program asks for; `since` is the mark of an earlier answer."""

    kinds: Collection[str] = KINDS
    first: datetime | None = None
    last: datetime | None = None
    since: Mark | None = None
    after: Place | None = None
    count: int = PAGE

    @property
    def shape(self) -> "Shape":
        return Shape(
            frozenset(self.kinds),
            first=self.first is not None,
            last=self.last is not None,
            since=self.since is not None,
            after=self.after is not None,
        )


class Shape(NamedTuple):
    """What of a question changes the words of its statement."""

    kinds: Collection[str]
    first: bool
    last: bool
    since: bool
    after: bool


class Told(NamedTuple):
    """One event as JSON text, and its place."""

    text: str
    branch: int
    record: int
    at: str

    @property
    def kind(self) -> str:
        return BRANCHES[self.branch].kind

    @property
    def place(self) -> Place:
        return Place(self.at, self.branch, self.record)


OPENED = f"""
SELECT p.id, p.version, p.site_id, site.time_zone, coalesce((
    SELECT max(position) FROM patients_auditevent
    WHERE patient_id = p.id AND NOT {LOOKED}
), 0), pg_snapshot_xmin(pg_current_snapshot())::text::bigint, greatest(
    (SELECT max(changed_in) FROM patients_scheduleitem WHERE patient_id = p.id),
    (SELECT max(changed_in) FROM patients_reminder WHERE patient_id = p.id), 0
)
FROM patients_patient p
JOIN patients_site site ON site.id = p.site_id
JOIN patients_staff_sites mine ON mine.site_id = p.site_id
WHERE p.id = %(patient)s AND mine.staff_id = %(staff)s
"""  # noqa: S608 - of our own words


def opened(patient_id: int, staff: Staff) -> tuple[Patient, Mark]:
    """Return a patient whom someone may see, and the present mark of the record.

    What is committed later comes after the mark.

    Raises
    ------
    Patient.DoesNotExist
        Where there is none, or of another clinic.
    """
    found = rows(OPENED, {"patient": patient_id, "staff": staff.pk})
    if not found:
        raise Patient.DoesNotExist
    [(key, version, site, zone, *mark)] = found
    patient = Patient.from_db(
        DEFAULT_DB_ALIAS, ["id", "version", "site_id"], [key, version, site]
    )
    patient.site = Site.from_db(DEFAULT_DB_ALIAS, ["id", "time_zone"], [site, zone])
    return patient, Mark(*mark)


def events(patient: Patient, asked: Asked) -> list[Told]:
    """Return a page of what is asked for, newest first, one more than counted.

    First the places of the page are found, from every kind; then only what stands on
    it is told, kind by kind.
    """
    if not asked.kinds:
        return []
    facts = facts_for(patient, asked)
    places = rows(places_of(asked.shape), facts)
    on_page: dict[int, list[int]] = {}
    for branch, record, _at in places:
        on_page.setdefault(branch, []).append(record)
    if not on_page:
        return []
    for branch, records in on_page.items():
        facts[f"of_{branch}"] = records
    texts = {
        (branch, record): text
        for branch, record, text in rows(telling(tuple(sorted(on_page))), facts)
    }
    return [
        Told(texts[branch, record], branch, record, at) for branch, record, at in places
    ]


def union(statements: Iterable[str]) -> str:
    return "\nUNION ALL\n".join(f"({each})" for each in statements)


@lru_cache(maxsize=64)
def places_of(shape: Shape) -> str:
    """Return the statement of the places of a page: branch, record and instant."""
    branches = (
        placed(number, branch, shape)
        for number, branch in enumerate(BRANCHES)
        if branch.kind in shape.kinds
    )
    return f"""{CHANGED if shape.since else ""}
SELECT branch, id, at::text FROM ({union(branches)}) AS every
ORDER BY every.at DESC, branch DESC, id DESC LIMIT %(count)s"""  # noqa: S608 - of our own words


CHANGED = f"""
WITH touched AS MATERIALIZED (
    SELECT DISTINCT object_type, object_id AS id FROM patients_auditevent
    WHERE patient_id = %(patient)s AND position > %(position)s
      AND NOT {LOOKED}
)
"""  # noqa: S608 - of our own words


def placed(number: int, branch: Branch, shape: Shape) -> str:
    """Return the statement of the places of one branch, with a limit of its own."""
    mine = f"{branch.owner} = %(patient)s"
    return f"""
SELECT {branch.at} AS at, {number} AS branch, t.id AS id FROM {branch.table}
WHERE {" AND ".join([mine, *conditions(number, branch, shape)])}
ORDER BY {branch.order} DESC, t.id DESC LIMIT %(count)s"""  # noqa: S608 - of our own words


@lru_cache(maxsize=64)
def telling(numbers: Sequence[int]) -> str:
    """Return the statement that tells chosen records of some branches."""
    return union(told_by(number, BRANCHES[number]) for number in numbers)


def told_by(number: int, branch: Branch) -> str:
    """Return the statement that tells the chosen records of one branch."""
    told = ", ".join(f"'{name}', {fact}" for name, fact in facts_told(branch).items())
    return f"""
SELECT {number}, t.id, json_build_object({told})::text
{chosen(number, branch)}"""


def facts_told(branch: Branch) -> dict[str, str]:
    """Return what is told of a record of this branch, and how it is read."""
    day = branch.on_day or f"({branch.at} AT TIME ZONE %(zone)s)::date"
    return {
        "kind": f"'{branch.kind}'",
        "id": "t.id",
        "phase": f"'{branch.phase}'",
        "version": branch.version,
        "at": branch.at,
        "day": f"CASE WHEN {branch.day} THEN {day} END",
        "set_aside": branch.aside,
        "author": AUTHOR,
        "recorded_at": "line.at",
        "source": f"coalesce({branch.source}, {BY})",
        "quantities": branch.quantities,
        "facts": branch.facts,
        "link": f"'/history/{branch.kind}/' || t.id || '/'",
    }


AUTHOR = "coalesce(nullif(trim(s.first_name || ' ' || s.last_name), ''), s.username)"
BY = (
    "CASE WHEN s.role = 'api_client' THEN 'program'"
    " WHEN s.id IS NOT NULL THEN 'person' END"
)


def chosen(number: int, branch: Branch) -> str:
    """Return where the chosen records of a branch and their authors are."""
    records = f"%(of_{number})s"
    return f"""
FROM {branch.table} LEFT JOIN LATERAL (
    SELECT actor_id, at FROM patients_auditevent
    WHERE object_type = '{branch.of}' AND object_id = t.id::text AND NOT {LOOKED}
    ORDER BY id DESC LIMIT 1
) AS line ON true
LEFT JOIN patients_staff AS s ON s.id = line.actor_id
WHERE t.id = ANY({records})"""  # noqa: S608 - of our own words


TOUCHED = "SELECT id FROM touched WHERE object_type = '%s'"


def conditions(number: int, branch: Branch, shape: Shape) -> Sequence[str]:
    found = [branch.where]
    if shape.first:
        found.append(f"{branch.at} >= %(first)s")
        found += near(branch, ">=", "first", "- 1")
    if shape.last:
        found.append(f"{branch.at} < %(last)s")
        found += near(branch, "<=", "last", "+ 1")
    if shape.since:
        touched = f"t.id::text IN ({TOUCHED % branch.of})"
        clock = f" OR {branch.changed} >= %(transaction)s" if branch.changed else ""
        anew = f" OR {branch.read_anew}" if branch.read_anew else ""
        found.append(f"({touched}{clock}{anew})")
    if shape.after:
        found.append(f"{branch.at} <= %(at)s")
        found.append(
            f"({branch.at}, {number}, t.id) < (%(at)s, %(branch)s, %(record)s)"
        )
        found += near(branch, "<=", "at", "+ 1")
    return found


def near(branch: Branch, sign: str, name: str, slack: str) -> list[str]:
    """Bound a day by itself too, roughly: its index knows nothing of instants."""
    if branch.on_day is None:
        return []
    there = f"(%({name})s::timestamptz AT TIME ZONE %(zone)s)::date {slack}"
    return [f"{branch.on_day} {sign} {there}"]


def facts_for(patient: Patient, asked: Asked) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "patient": patient.pk,
        "zone": patient.site.time_zone,
        "count": asked.count + 1,
        "first": asked.first,
        "last": asked.last,
    }
    if asked.since:
        facts["position"] = asked.since.position
        facts["transaction"] = asked.since.transaction
    if asked.after:
        facts["at"], facts["record"] = asked.after.at, asked.after.record
        facts["branch"] = asked.after.branch
    return facts
