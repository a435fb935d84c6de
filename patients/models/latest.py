"""The latest of each patient, kept by the database beside what it is drawn from."""

from datetime import date
from typing import Self

import pgtrigger
from django.db import models

from patients.models.people import Patient


class LatestQuerySet(models.QuerySet["Latest"]):
    def used_up_by(self, day: date) -> Self:
        """Keep those whose last tablets alone might not last beyond a day.

        What was left before and what was missed only makes them last longer.
        """
        return self.filter(used_up_on__lte=day)


class Latest(models.Model):
    """What is newest of a patient, so that few stories are read to find who asks.

    Triggers on the tables it is drawn from keep it; nothing else writes it. `told_on`
    is the last day in the diary and `level_at` when the newest used level was drawn;
    `open_low_ng_per_ml` and `open_high_ng_per_ml` are the lowest and highest of the
    latest levels nobody signed on, None where there are none. `unmeasured_since` is
    the first day of the first regimen that perhaps no level at steady state speaks
    for, and `used_up_on` when the tablets dispensed last would end at the highest dose
    prescribed since.
    """

    patient = models.OneToOneField(
        Patient, models.CASCADE, primary_key=True, related_name="latest"
    )
    told_on = models.DateField(null=True)
    level_at = models.DateTimeField(null=True)
    open_low_ng_per_ml = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    open_high_ng_per_ml = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    unmeasured_since = models.DateField(null=True)
    used_up_on = models.DateField(null=True)

    objects = LatestQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.patient_id)


def kept_by(
    name: str, func: str, *operations: pgtrigger.core.Operation
) -> list[pgtrigger.Trigger]:
    """Return triggers that run `func` once for each statement on a table.

    It finds the rows that were written in `changed`.
    """
    return [
        pgtrigger.Trigger(
            name=f"{name}_{operation}".lower(),
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(new="changed"),  # type: ignore[no-untyped-call]
            func=f"{func} RETURN NULL;",
        )
        for operation in operations
    ]


HELD = """
INSERT INTO patients_latest (patient_id)
SELECT DISTINCT patient_id FROM changed ORDER BY patient_id ON CONFLICT DO NOTHING;
PERFORM FROM patients_latest WHERE patient_id IN (SELECT patient_id FROM changed)
ORDER BY patient_id FOR UPDATE;
"""
"""Whoever draws the latest anew first waits for who does so already."""

TOLD = """
INSERT INTO patients_latest (patient_id, told_on)
SELECT patient_id, max(day) FROM changed GROUP BY patient_id ORDER BY patient_id
ON CONFLICT (patient_id) DO UPDATE
SET told_on = greatest(patients_latest.told_on, EXCLUDED.told_on)
WHERE patients_latest.told_on IS DISTINCT FROM
    greatest(patients_latest.told_on, EXCLUDED.told_on);
"""
"""A day once told stays told."""
