from django.db import migrations

DRAWN = """
INSERT INTO patients_lasttold (patient_id, day)
SELECT patient_id, max(day) FROM patients_diaryday GROUP BY patient_id
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):

    dependencies = [
        ("patients", "0019_latest_of_each"),
    ]

    operations = [migrations.RunSQL(DRAWN, migrations.RunSQL.noop)]
