"""Every event of one patient as finished JSON, straight from the tables.

One statement tells a page: each kind is a branch of a UNION ALL with its own limit, in
clinical time, newest first. Numbers and times become text in the database, so that a
page of any length costs no work on single values here. There is no second table of
events that could miss one.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS

from dosing.models import Analyte
from dosing.policy.labs import Substance, kept_unit
from patients.models import Patient, Site, Staff
from patients.models.observations import UNITS
from patients.statements import rows

MEASURED_IN = {str(quantity): unit for quantity, unit in UNITS.items()}
LABS_IN = {each.value: kept_unit(Substance(each.value)) for each in Analyte}


@dataclass(frozen=True, slots=True)
class Branch:
    """How one kind of event is read; `of` names what the audit calls its record.

    `at` is the clinical instant, `day` tells that only the day is known, `facts` and
    `quantities` are JSON, each quantity with name, comparator, value and unit.
    """

    kind: str
    of: str
    table: str
    at: str
    facts: str
    quantities: str = "'[]'::json"
    day: str = "true"
    phase: str = ""
    aside: str = "false"
    version: str = "t.version"
    source: str = "NULL::text"
    where: str = "true"
    changed: str = ""
    owner: str = "t.patient_id"

    @property
    def on_day(self) -> str | None:
        """The column of the day itself, where `at` is its first instant."""
        plain = ON_A_DAY.fullmatch(self.at)
        return plain[1] if plain else None

    @property
    def order(self) -> str:
        """What sorts as `at` does: the day itself, where an index may have it."""
        return self.on_day or self.at


ON_A_DAY = re.compile(r"\((t\.\w+)::timestamp AT TIME ZONE %\(zone\)s\)")


def on(column: str) -> str:
    """Return the first instant of a day at the clinic."""
    return f"({column}::timestamp AT TIME ZONE %(zone)s)"


def number(name: str, value: str, unit: str, comparator: str = "''") -> str:
    return (
        f"json_build_object('name', {name}, 'comparator', {comparator},"
        f" 'value', trim_scale({value})::text, 'unit', {unit})"
    )


def unit_of(column: str, units: Mapping[str, str]) -> str:
    cases = (f"WHEN '{name}' THEN '{unit}'" for name, unit in units.items())
    return f"CASE {column} {' '.join(cases)} END".replace("%", "%%")


def numbers(*each: str) -> str:
    return f"json_build_array({', '.join(each)})"


def only_where(condition: str, one: str) -> str:
    return f"CASE WHEN {condition} THEN {numbers(one)} ELSE '[]'::json END"


WITHDRAWN = "t.withdrawn_at IS NOT NULL"

INTAKE = (
    "json_build_object('state', t.state, 'due_on', t.due_on, 'slot', t.slot, 'reason',"
    " t.reason, 'with_food', t.with_food, 'vomited_at', t.vomited_at)"
)
AMOUNT = only_where(
    "t.amount_mg IS NOT NULL", number("'amount'", "t.amount_mg", "'mg'")
)

BRANCHES = (
    Branch(
        "level",
        "dosing.troughlevel",
        "dosing_troughlevel t JOIN dosing_laboratory lab ON lab.id = t.laboratory_id",
        "t.drawn_at",
        "json_build_object('laboratory', lab.name, 'method', lab.method, 'matrix',"
        " lab.matrix, 'last_dose_at', t.last_dose_at, 'note', t.note,"
        " 'set_aside_because', t.set_aside_because)",
        numbers(
            number("'level'", "t.ng_per_ml", "'ng/mL'", "t.comparator"),
            number("'reported'", "t.reported_value", "t.reported_unit", "t.comparator"),
        ),
        day="false",
        aside="t.set_aside_at IS NOT NULL",
    ),
    Branch(
        "dose",
        "dosing.dose",
        "dosing_dose t",
        "((t.starts_on + t.usual_time) AT TIME ZONE %(zone)s)",
        "json_build_object('reason', t.reason, 'usual_time', t.usual_time,"
        " 'starts_on', t.starts_on, 'stops_on', t.stops_on)",
        numbers(
            number("'amount'", "t.amount_mg", "'mg'"),
            number("'interval'", "t.interval_h", "'h'"),
        ),
        day="false",
        phase="begins",
        aside="t.cancelled_at IS NOT NULL",
    ),
    Branch(
        "dose",
        "dosing.dose",
        "dosing_dose t",
        on("t.stops_on"),
        "json_build_object('starts_on', t.starts_on, 'stops_on', t.stops_on)",
        numbers(
            number("'amount'", "t.amount_mg", "'mg'"),
            number("'interval'", "t.interval_h", "'h'"),
        ),
        phase="ends",
        aside="t.cancelled_at IS NOT NULL",
        where="t.stops_on IS NOT NULL",
    ),
    Branch(
        "intake",
        "dosing.intake",
        "dosing_intake t",
        on("t.due_on"),
        INTAKE,
        AMOUNT,
        where="t.taken_at IS NULL",
    ),
    Branch(
        "intake",
        "dosing.intake",
        "dosing_intake t",
        "t.taken_at",
        INTAKE,
        AMOUNT,
        day="false",
        where="t.taken_at IS NOT NULL",
    ),
    Branch(
        "diary",
        "patients.diaryday",
        "patients_diaryday t",
        on("t.day"),
        "json_build_object('no_side_effects', t.no_side_effects, 'note', t.note)",
        source="t.source",
    ),
    Branch(
        "drug",
        "dosing.comedication",
        "dosing_comedication t",
        on("t.starts_on"),
        "json_build_object('drug', t.drug, 'stops_on', t.stops_on, 'note', t.note)",
        phase="begins",
        aside=WITHDRAWN,
    ),
    Branch(
        "drug",
        "dosing.comedication",
        "dosing_comedication t",
        on("t.stops_on"),
        "json_build_object('drug', t.drug, 'stops_on', t.stops_on)",
        phase="ends",
        aside=WITHDRAWN,
        where="t.stops_on IS NOT NULL",
    ),
    Branch(
        "event",
        "dosing.drugevent",
        "dosing_drugevent t",
        on("t.happens_on"),
        "json_build_object('what', t.kind, 'lasts_until', t.lasts_until,"
        " 'child_pugh', t.child_pugh, 'detail', t.detail)",
        aside=WITHDRAWN,
    ),
    Branch(
        "supply",
        "dosing.dispensing",
        "dosing_dispensing t",
        on("t.dispensed_on"),
        "'{}'::json",
        numbers(
            number("'strength'", "t.strength_mg", "'mg'"),
            number("'tablets'", "t.tablets", "'{tablet}'"),
        ),
        aside=WITHDRAWN,
    ),
    Branch(
        "decision",
        "dosing.decision",
        "dosing_decision t",
        "t.signed_at",
        "json_build_object('level', t.level_id, 'interval_h', t.chosen_interval_h,"
        " 'reason', t.reason, 'reason_text', t.reason_text, 'next_level_on',"
        " t.next_level_on, 'engine_version', t.engine_version)",
        numbers(number("'chosen'", "t.chosen_amount_mg", "'mg'")),
        day="false",
        version="1",
    ),
    Branch(
        "protocol",
        "dosing.protocolassignment",
        "dosing_protocolassignment t JOIN dosing_protocol p ON p.id = t.protocol_id",
        on("t.starts_on"),
        "json_build_object('name', p.name, 'protocol_version', p.version, 'citation',"
        " p.citation, 'reason', t.reason)",
        numbers(
            number("'target_low'", "p.target_low_ng_per_ml", "'ng/mL'"),
            number("'target_high'", "p.target_high_ng_per_ml", "'ng/mL'"),
        ),
    ),
    Branch(
        "safety",
        "dosing.safetycheck",
        "dosing_safetycheck t",
        on("t.asked_on"),
        "json_build_object('pregnancy', t.pregnancy, 'breastfeeding',"
        " t.breastfeeding, 'live_vaccine', t.live_vaccine, 'liver', t.liver,"
        " 'surgery_on', t.surgery_on)",
    ),
    Branch(
        "imaging",
        "patients.imagingstudy",
        "patients_imagingstudy t",
        on("t.done_on"),
        "json_build_object('modality', t.modality, 'sequence', t.sequence,"
        " 'is_baseline', t.is_baseline, 'reader', t.reader_name, 'note', t.note)",
        aside=WITHDRAWN,
    ),
    Branch(
        "visit",
        "patients.visit",
        "patients_visit t",
        on("t.held_on"),
        "json_build_object('what', t.kind, 'done', t.done, 'function_grade',"
        " t.function_grade, 'daily_life', t.daily_life, 'work', t.work, 'appearance',"
        " t.appearance, 'satisfaction', t.satisfaction, 'bleeding', t.bleeding,"
        " 'severity', t.severity, 'note', t.note)",
        only_where(
            "t.qol_score IS NOT NULL", number("t.qol_name", "t.qol_score", "'{score}'")
        ),
        aside=WITHDRAWN,
    ),
    Branch(
        "measurement",
        "patients.measurement",
        "patients_measurement t",
        on("t.measured_on"),
        "json_build_object('lesion', t.lesion_id, 'imaging', t.imaging_id, 'visit',"
        " t.visit_id, 'landmark', t.landmark_id, 'method', t.method, 'note', t.note)",
        numbers(number("t.quantity", "t.value", unit_of("t.quantity", MEASURED_IN))),
        aside=WITHDRAWN,
    ),
    Branch(
        "effect",
        "patients.sideeffect",
        "patients_sideeffect t",
        on("t.onset_on"),
        "json_build_object('term', t.term, 'other_text', t.other_text, 'action',"
        " t.action_taken, 'relation', t.relation, 'treatment', t.treatment, 'note',"
        " t.note, 'resolved_on', t.resolved_on)",
        numbers(number("'grade'", "t.grade", "'CTCAE ' || t.ctcae_version")),
        phase="begins",
        aside=WITHDRAWN,
    ),
    Branch(
        "effect",
        "patients.sideeffect",
        "patients_sideeffect t",
        on("t.resolved_on"),
        "json_build_object('term', t.term, 'other_text', t.other_text)",
        phase="ends",
        aside=WITHDRAWN,
        where="t.resolved_on IS NOT NULL",
    ),
    Branch(
        "lab",
        "dosing.labresult",
        "dosing_labresult t"
        " LEFT JOIN dosing_laboratory lab ON lab.id = t.laboratory_id",
        on("t.drawn_on"),
        "json_build_object('laboratory', lab.name, 'note', t.note)",
        numbers(
            number(
                "t.analyte", "t.value", unit_of("t.analyte", LABS_IN), "t.comparator"
            ),
            number("'reported'", "t.reported_value", "t.reported_unit", "t.comparator"),
        ),
        aside=WITHDRAWN,
    ),
    Branch(
        "lesion",
        "patients.lesion",
        "patients_lesion t",
        on("(SELECT born_on FROM patients_patient WHERE id = t.patient_id)"),
        "json_build_object('body_site', t.body_site, 'side', t.side, 'region',"
        " t.region, 'compartment', t.compartment, 'issva_type', t.issva_type, 'gene',"
        " t.gene, 'variant', t.variant, 'note', t.note)",
    ),
    Branch(
        "treatment",
        "patients.previoustreatment",
        "patients_previoustreatment t JOIN patients_lesion l ON l.id = t.lesion_id",
        on(
            "coalesce(t.done_on,"
            " (SELECT born_on FROM patients_patient WHERE id = l.patient_id))"
        ),
        "json_build_object('lesion', t.lesion_id, 'what', t.kind, 'agent', t.agent,"
        " 'done_on', t.done_on, 'outcome', t.outcome)",
        aside=WITHDRAWN,
        owner="l.patient_id",
    ),
    Branch(
        "schedule",
        "patients.scheduleitem",
        "patients_scheduleitem t",
        on("coalesce(t.done_on, t.booked_on, t.best_on)"),
        "json_build_object('what', t.kind, 'state', t.state, 'opens_on', t.opens_on,"
        " 'best_on', t.best_on, 'closes_on', t.closes_on, 'booked_on', t.booked_on,"
        " 'done_on', t.done_on, 'reason', t.reason, 'rests_on', t.source)",
        aside="t.state = 'cancelled'",
        changed="t.changed_in",
    ),
    Branch(
        "reminder",
        "patients.reminder",
        "patients_reminder t",
        "coalesce(t.sent_at, t.wanted_at)",
        "json_build_object('about', t.kind, 'stage', t.stage, 'channel', t.channel,"
        " 'state', t.state, 'item', t.item_id, 'wanted_at', t.wanted_at, 'sent_at',"
        " t.sent_at)",
        day="false",
        version="1",
        source="'clock'",
        aside="t.state = 'cancelled'",
        changed="t.changed_in",
    ),
    Branch(
        "task",
        "patients.task",
        "patients_task t",
        "t.raised_at",
        "json_build_object('what', t.kind, 'text', t.text, 'facts', t.facts,"
        " 'is_urgent', t.is_urgent, 'owner', t.owner, 'closed_at', t.closed_at,"
        " 'outcome', t.outcome)",
        day="false",
    ),
)
"""In the order in which events of one instant are told, first to last."""

KINDS = tuple(dict.fromkeys(branch.kind for branch in BRANCHES))

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


OPENED = """
SELECT p.id, p.version, p.site_id, site.time_zone, coalesce((
    SELECT max(position) FROM patients_auditevent
    WHERE patient_id = p.id AND NOT (action::text LIKE 'read\\_%%')
), 0), pg_snapshot_xmin(pg_current_snapshot())::text::bigint, greatest(
    (SELECT max(changed_in) FROM patients_scheduleitem WHERE patient_id = p.id),
    (SELECT max(changed_in) FROM patients_reminder WHERE patient_id = p.id), 0
)
FROM patients_patient p
JOIN patients_site site ON site.id = p.site_id
JOIN patients_staff_sites mine ON mine.site_id = p.site_id
WHERE p.id = %(patient)s AND mine.staff_id = %(staff)s
"""


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


CHANGED = """
WITH touched AS MATERIALIZED (
    SELECT DISTINCT object_type, object_id AS id FROM patients_auditevent
    WHERE patient_id = %(patient)s AND position > %(position)s
      AND NOT (action::text LIKE 'read\\_%%')
)
"""


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
        "author": "author.name",
        "recorded_at": "author.at",
        "source": f"coalesce({branch.source}, author.source)",
        "quantities": branch.quantities,
        "facts": branch.facts,
        "link": f"'/history/{branch.kind}/' || t.id || '/'",
    }


def chosen(number: int, branch: Branch) -> str:
    """Return where the chosen records of a branch and their authors are."""
    return f"""
FROM {branch.table} LEFT JOIN LATERAL (
    SELECT coalesce(nullif(trim(s.first_name || ' ' || s.last_name), ''), s.username)
           AS name, line.at AS at,
           CASE WHEN s.role = 'api_client' THEN 'program' ELSE 'person' END AS source
    FROM patients_auditevent AS line JOIN patients_staff AS s ON s.id = line.actor_id
    WHERE line.object_type = '{branch.of}' AND line.object_id = t.id::text
      AND NOT (line.action::text LIKE 'read\\_%%')
    ORDER BY line.id DESC LIMIT 1
) AS author ON true
WHERE t.id = ANY(%(of_{number})s)"""  # noqa: S608 - of our own words


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
        found.append(f"({touched}{clock})")
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
