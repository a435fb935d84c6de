"""What is newest of each patient's levels, doses and tablets, kept beside them."""

from datetime import date, timedelta
from typing import Self

import pgtrigger
from django.db import models

from dosing import policy
from patients.models import Patient
from patients.models.rules import after_each


class LatestQuerySet(models.QuerySet["Latest"]):
    def perhaps_running_out(self, today: date) -> Self:
        """Keep those whose last tablets alone might not last, at any clinic's date.

        What was left before and what was missed only makes them last longer.
        """
        warned_of = today + timedelta(days=policy.SUPPLY_WARNS_DAYS + 1)
        return self.filter(used_up_on__lte=warned_of)


class Latest(models.Model):
    """By what those who ask for someone are found without reading every story.

    Triggers draw it within the statement that changes what it is drawn from; services
    never write it. Where a number in them changes, a migration draws it anew as
    `manage.py draw_latest` does.

    - `level_at`: when the newest used level was drawn.
    - `open_low_ng_per_ml`, `open_high_ng_per_ml`: the lowest and highest of the latest
      levels that nobody signed on, one beyond a limit of its assay as beyond every
      target; None where all are answered.
    - `unmeasured_since`: the first day of the first regimen that perhaps no level at
      steady state speaks for.
    - `used_up_on`: when the tablets dispensed last end, at the highest dose since.
    """

    patient = models.OneToOneField(
        Patient, models.CASCADE, primary_key=True, related_name="latest"
    )
    level_at = models.DateTimeField(null=True)
    open_low_ng_per_ml = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    open_high_ng_per_ml = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    unmeasured_since = models.DateField(null=True)
    used_up_on = models.DateField(null=True)

    objects = LatestQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.patient_id)


NAMED = """
INSERT INTO dosing_latest (patient_id)
SELECT DISTINCT patient_id FROM changed ORDER BY patient_id ON CONFLICT DO NOTHING;
"""
HELD = f"""
{NAMED}
PERFORM FROM dosing_latest WHERE patient_id IN (SELECT patient_id FROM changed)
ORDER BY patient_id FOR UPDATE;
"""  # noqa: S608 - of our own words
"""Whoever draws it anew first waits for who does so already, in one order."""

USED = """
FROM dosing_troughlevel WHERE patient_id = who.patient_id AND set_aside_at IS NULL
"""
NEWEST = "ORDER BY drawn_at DESC, id DESC LIMIT 1"

BELOW, ABOVE = -1, 99_999
"""Beyond every target, whatever a protocol says; not levels."""

MEASURED = f"""
UPDATE dosing_latest AS latest SET
    level_at = newest.drawn_at,
    open_low_ng_per_ml = unanswered.low,
    open_high_ng_per_ml = unanswered.high,
    unmeasured_since = unmeasured.since
FROM (SELECT DISTINCT patient_id FROM changed) AS who
LEFT JOIN LATERAL (SELECT drawn_at {USED} {NEWEST}) AS newest ON true
CROSS JOIN LATERAL (
    SELECT min(CASE comparator WHEN '<' THEN {BELOW} ELSE ng_per_ml END) AS low,
        max(CASE comparator WHEN '>' THEN {ABOVE} ELSE ng_per_ml END) AS high
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
WHERE latest.patient_id = who.patient_id
    AND (level_at, open_low_ng_per_ml, open_high_ng_per_ml, unmeasured_since)
        IS DISTINCT FROM
        (newest.drawn_at, unanswered.low, unanswered.high, unmeasured.since);
"""  # noqa: S608 - of our own words
"""Which levels wait is said in words by `TroughLevelQuerySet.latest_unanswered`. A
regimen surely is measured where the days are over even at the westmost clinic."""

DISPENSED = """
UPDATE dosing_latest AS latest SET used_up_on = ends.day
FROM (SELECT DISTINCT patient_id FROM changed) AS who
LEFT JOIN LATERAL (
    SELECT dispensed_on, strength_mg * tablets AS mg FROM dosing_dispensing
    WHERE patient_id = who.patient_id AND withdrawn_at IS NULL
    ORDER BY dispensed_on DESC, id DESC LIMIT 1
) AS last ON true
CROSS JOIN LATERAL (
    SELECT last.dispensed_on
        + trunc(last.mg / max(amount_mg * 24 / interval_h))::int AS day
    FROM dosing_dose
    WHERE patient_id = who.patient_id AND cancelled_at IS NULL
        AND (stops_on IS NULL OR stops_on > last.dispensed_on)
) AS ends
WHERE latest.patient_id = who.patient_id AND used_up_on IS DISTINCT FROM ends.day;
"""

of_levels = after_each("measured", HELD + MEASURED, pgtrigger.Insert, pgtrigger.Update)
of_decisions = after_each("measured", HELD + MEASURED, pgtrigger.Insert)
of_dispensings = after_each(
    "dispensed", HELD + DISPENSED, pgtrigger.Insert, pgtrigger.Update
)
of_doses = after_each(
    "latest", HELD + MEASURED + DISPENSED, pgtrigger.Insert, pgtrigger.Update
)
