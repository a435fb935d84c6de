"""How the database draws the latest of a patient from levels, doses and tablets."""

import pgtrigger

from dosing import policy, units
from patients.models.latest import HELD, kept_by

USED = """
FROM dosing_troughlevel WHERE patient_id = who.patient_id AND set_aside_at IS NULL
"""
NEWEST = "ORDER BY drawn_at DESC, id DESC LIMIT 1"

MEASURED = f"""
{HELD}
UPDATE patients_latest AS latest SET
    level_at = newest.drawn_at,
    open_low_ng_per_ml = unanswered.low,
    open_high_ng_per_ml = unanswered.high,
    unmeasured_since = unmeasured.since
FROM (SELECT DISTINCT patient_id FROM changed) AS who
LEFT JOIN LATERAL (SELECT drawn_at {USED} {NEWEST}) AS newest ON true
CROSS JOIN LATERAL (
    SELECT min(CASE comparator WHEN '<' THEN 0 ELSE ng_per_ml END) AS low,
        max(CASE comparator WHEN '>' THEN {units.HARD_LIMIT_NG_PER_ML}
            ELSE ng_per_ml END) AS high
    FROM (
        (SELECT * {USED} {NEWEST})
        UNION (SELECT * {USED} AND last_dose_at IS NOT NULL {NEWEST})
    ) AS stands
    WHERE NOT EXISTS (
        SELECT FROM dosing_decision
        WHERE level_id = stands.id AND level_version = stands.version
    ) AND NOT EXISTS (
        SELECT FROM dosing_decision AS signed
        JOIN dosing_troughlevel AS later ON later.id = signed.level_id
        WHERE signed.patient_id = who.patient_id AND later.drawn_at > stands.drawn_at
    )
) AS unanswered
CROSS JOIN LATERAL (
    SELECT min(starts_on) AS since FROM dosing_dose
    WHERE patient_id = who.patient_id AND cancelled_at IS NULL AND (
        newest.drawn_at IS NULL
        OR newest.drawn_at AT TIME ZONE 'Etc/GMT+12'
            < starts_on + {policy.NEARLY_STEADY_AFTER_DAYS}
    )
) AS unmeasured
WHERE latest.patient_id = who.patient_id;
"""  # noqa: S608 - of our own words
"""A regimen surely is measured when so many days are over wherever the clinic lies."""

DISPENSED = f"""
{HELD}
UPDATE patients_latest AS latest SET used_up_on = last.dispensed_on
    + trunc(last.strength_mg * last.tablets / most.mg_per_day)::int
FROM (SELECT DISTINCT patient_id FROM changed) AS who
LEFT JOIN LATERAL (
    SELECT dispensed_on, strength_mg, tablets FROM dosing_dispensing
    WHERE patient_id = who.patient_id AND withdrawn_at IS NULL
    ORDER BY dispensed_on DESC, id DESC LIMIT 1
) AS last ON true
CROSS JOIN LATERAL (
    SELECT max(amount_mg * 24 / interval_h) AS mg_per_day FROM dosing_dose
    WHERE patient_id = who.patient_id AND cancelled_at IS NULL
        AND (stops_on IS NULL OR stops_on > last.dispensed_on)
) AS most
WHERE latest.patient_id = who.patient_id;
"""  # noqa: S608 - of our own words

of_levels = kept_by("measured", MEASURED, pgtrigger.Insert, pgtrigger.Update)
of_decisions = kept_by("measured", MEASURED, pgtrigger.Insert)
of_dispensings = kept_by("dispensed", DISPENSED, pgtrigger.Insert, pgtrigger.Update)
of_doses = [*of_levels, *of_dispensings]
