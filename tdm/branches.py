"""Each kind of event of a timeline: where its records lie, and how they are told."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dosing.models import Analyte
from dosing.policy.labs import Substance, kept_unit
from patients.models.observations import UNITS

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
    read_anew: str = ""
    """Where what is `touched` may change what is told of this one."""

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


def recorded(of: str, patient: str) -> str:
    """Return when a record was first written, for what nobody knows the day of.

    What was stored past the services, without a line of the audit, is told at birth.
    """
    born = on(f"(SELECT born_on FROM patients_patient WHERE id = {patient})")  # noqa: S608 - of our own words
    return (
        "coalesce((SELECT min(line.at) FROM patients_auditevent AS line"  # noqa: S608 - of our own words
        f" WHERE line.object_type = '{of}' AND line.object_id = t.id::text), {born})"
    )


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

READ_ANEW = """EXISTS (
    SELECT 1 FROM touched WHERE object_type = 'dosing.protocolassignment'
) OR t.drawn_at > (SELECT min(at) FROM (
    SELECT v.drawn_at FROM dosing_troughlevelevent v JOIN touched
        ON object_type = 'dosing.troughlevel' AND touched.id = v.pgh_obj_id::text
    WHERE v.patient_id = %(patient)s
    UNION ALL
    SELECT (CASE WHEN count(DISTINCT (v.starts_on, v.amount_mg, v.interval_h,
            v.cancelled_at)) = 1 AND count(*) > 1 THEN min(v.stops_on)
        ELSE min(v.starts_on) END)::timestamp AT TIME ZONE %(zone)s
    FROM dosing_doseevent v JOIN touched
        ON object_type = 'dosing.dose' AND touched.id = v.pgh_obj_id::text
    WHERE v.patient_id = %(patient)s GROUP BY v.pgh_obj_id
) AS changed(at))"""
"""A level is read by its protocol, and by the levels and the doses before it: wherever
a version of them lies, or where a dose ends of which nothing else was ever changed.
"""

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
        read_anew=READ_ANEW,
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
        aside="t.state = 'cleared'",
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
        aside=WITHDRAWN,
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
        recorded("patients.lesion", "t.patient_id"),
        "json_build_object('body_site', t.body_site, 'side', t.side, 'region',"
        " t.region, 'compartment', t.compartment, 'issva_type', t.issva_type, 'gene',"
        " t.gene, 'variant', t.variant, 'note', t.note)",
        day="false",
    ),
    Branch(
        "treatment",
        "patients.previoustreatment",
        "patients_previoustreatment t JOIN patients_lesion l ON l.id = t.lesion_id",
        f"coalesce({on('t.done_on')},"
        f" {recorded('patients.previoustreatment', 'l.patient_id')})",
        "json_build_object('lesion', t.lesion_id, 'what', t.kind, 'agent', t.agent,"
        " 'done_on', t.done_on, 'outcome', t.outcome)",
        day="t.done_on IS NOT NULL",
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
