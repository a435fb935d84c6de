"""Haematocrit and bilirubin were measurements; now they are laboratory values.

Each row goes over with its day, note, version and withdrawal; which laboratory measured
it was never asked. Where a day held several, the last one stands and the others count as
withdrawn. The versions before stay where they were, in the history of measurements.
"""

from django.db import migrations

COPIED = """
    INSERT INTO dosing_labresult (
        patient_id, analyte, value, reported_value, reported_unit, drawn_on, note,
        withdrawn_at, version
    )
    SELECT
        patient_id,
        CASE quantity WHEN 'haematocrit_percent' THEN 'haematocrit' ELSE 'bilirubin' END,
        value,
        value,
        CASE quantity WHEN 'haematocrit_percent' THEN '%' ELSE 'umol/L' END,
        measured_on,
        note,
        CASE WHEN place > 1 THEN coalesce(withdrawn_at, now()) ELSE withdrawn_at END,
        version
    FROM (
        SELECT *, row_number() OVER (
            PARTITION BY patient_id, quantity, measured_on
            ORDER BY withdrawn_at IS NOT NULL, id DESC
        ) AS place
        FROM patients_measurement
        WHERE quantity IN ('haematocrit_percent', 'bilirubin_umol_l')
    ) AS moved
    ORDER BY id
"""

TABLES = ("patients_measurement", "patients_quantitylimit")


def move(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(COPIED)
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(
                f"DELETE FROM {table}"
                " WHERE quantity IN ('haematocrit_percent', 'bilirubin_umol_l')"
            )
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


class Migration(migrations.Migration):

    dependencies = [
        ("dosing", "0006_labs"),
        ("patients", "0003_diary"),
    ]

    operations = [migrations.RunPython(move)]
