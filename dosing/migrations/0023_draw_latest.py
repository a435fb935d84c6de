from django.db import migrations

# The triggers fire, and no row has a new version.
DRAWN = [
    "UPDATE dosing_dose SET version = version"
    " WHERE id IN (SELECT max(id) FROM dosing_dose GROUP BY patient_id)",
    "UPDATE dosing_troughlevel SET version = version"
    " WHERE id IN (SELECT max(id) FROM dosing_troughlevel GROUP BY patient_id)",
]


class Migration(migrations.Migration):

    dependencies = [
        ("dosing", "0022_latest_of_each"),
    ]

    operations = [migrations.RunSQL(DRAWN, migrations.RunSQL.noop)]
