"""The demo clinic, worked out once and copied back for every test that wants it."""

from datetime import date

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from patients.models import Site, Staff
from tdm import teaching

KEPT: dict[type[Model], bytes] = {}
KEPT_ON: list[date] = []


@transaction.atomic
def demo_clinic() -> None:
    """Fill the tables as `make run` does, where they are not yet."""
    today = timezone.localdate()
    if Staff.objects.filter(username="clinician").exists():
        return
    if [today] != KEPT_ON:
        is_alone = not Site.objects.exists()
        teaching.load(at=timezone.now())
        if is_alone:
            KEPT_ON[:] = [today]
            KEPT.clear()
            KEPT.update(filled())
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model, rows in KEPT.items():
            table = model._meta.db_table
            with cursor.copy(f"COPY {table} FROM STDIN") as sink:
                sink.write(rows)
            if model._meta.auto_field:  # keys go on after those that are copied
                cursor.execute(LAST_KEY.format(table=table))
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


LAST_KEY = """
SELECT setval(key, greatest((SELECT max(id) FROM {table}), nextval(key)))
FROM pg_get_serial_sequence('{table}', 'id') AS key
"""


def filled() -> dict[type[Model], bytes]:
    """Return the content of each of our tables that has any."""
    found = {}
    models = [
        model
        for name in ("patients", "dosing")
        for model in apps.get_app_config(name).get_models(include_auto_created=True)
    ]
    with connection.cursor() as cursor:
        for model in models:
            table = model._meta.db_table
            with cursor.copy(f"COPY {table} TO STDOUT") as source:
                rows = b"".join(bytes(part) for part in source)
            if rows:
                found[model] = rows
    return found
