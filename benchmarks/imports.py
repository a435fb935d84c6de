"""What importing 10,000 levels costs, beside what PostgreSQL needs to copy the rows.

`python -m tdm.embedded with -- python -m benchmarks.imports`. A file of 10,000 levels
of 200 patients is uploaded, checked and imported in-process; the same rows are then
copied by a bare psycopg COPY into a table of the same columns without rules, versions
or audit.
Printed are the seconds of both, their ratio, and how much memory the import took more.
"""

import csv
import os
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from threading import Event, Thread
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tdm.settings")
django.setup()

from django.db import OperationalError, connection  # noqa: E402 - Django is set up first
from django.test.runner import DiscoverRunner  # noqa: E402
from django.utils import timezone  # noqa: E402

from dosing import services  # noqa: E402
from dosing.imports import Kind  # noqa: E402
from dosing.models import FileImport, Laboratory, TroughLevel  # noqa: E402
from dosing.units import Unit, parse_reported  # noqa: E402
from patients.models import Patient, Role, Staff  # noqa: E402
from tdm import filework  # noqa: E402
from tests.builders import (  # noqa: E402
    a_laboratory,
    a_patient,
    a_protocol,
    a_site,
    a_staff_member,
)

PATIENTS, LEVELS = 200, 50
# and one more patient, for whom a nurse enters levels meanwhile
BAR_S = 15.0


def a_file(patients: list[Patient]) -> bytes:
    """Write levels of the last weeks, one a week, none of them unusual."""
    now = timezone.localtime(timezone.now(), patients[0].site.zone)
    sheet = StringIO()
    table = csv.writer(sheet)
    table.writerow(["identifier", "born on", "drawn at", "level", "unit"])
    for patient in patients:
        for week in range(1, LEVELS + 1):
            drawn = now - timedelta(weeks=week)
            value = Decimal(90 + (week * 7) % 40) / 10
            row = [patient.identifier, patient.born_on, f"{drawn:%Y-%m-%d 08:00}"]
            table.writerow([*row, value, "ng/mL"])
    return sheet.getvalue().encode()


class Nurse(Thread):
    """Enters a level on a page again and again, and remembers the longest wait."""

    def __init__(self, patient: Patient, actor: Staff) -> None:
        super().__init__(daemon=True)
        self.patient, self.actor = patient, actor
        self.ended, self.waits = Event(), [0.0]

    def run(self) -> None:
        laboratory = Laboratory.objects.get(site=self.patient.site)
        drawn_at = timezone.now()
        while not self.ended.wait(0.05):
            drawn_at -= timedelta(minutes=1)
            begun = perf_counter()
            with suppress(OperationalError):  # the page says to try again
                self.enter(laboratory, drawn_at)
            self.waits.append(perf_counter() - begun)
        connection.close()

    def enter(self, laboratory: Laboratory, at: datetime) -> None:
        services.record_trough(
            patient=self.patient,
            laboratory=laboratory,
            reported=parse_reported("10.15"),
            unit=Unit.NG_PER_ML,
            drawn_at=at,
            last_dose_at=None,
            actor=self.actor,
        )


def timed(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    runner = DiscoverRunner(verbosity=0)
    databases = runner.setup_databases()
    try:
        measure()
    finally:
        runner.teardown_databases(databases)


def measure() -> None:
    site = a_site()
    a_laboratory(site)
    clinician = a_staff_member(site, Role.CLINICIAN)
    protocol = a_protocol()
    starts_on = timezone.localdate() - timedelta(weeks=LEVELS + 4)
    patients = [a_patient(site, clinician) for _n in range(PATIENTS + 1)]
    for patient in patients:
        services.prescribe_dose(
            patient=patient,
            amount_mg=Decimal(2),
            interval_h=24,
            starts_on=starts_on,
            reason="benchmark",
            protocol=protocol,
            actor=clinician,
        )
    other = patients.pop()
    content = a_file(patients)
    file = services.keep_upload(
        site=site, kind=Kind.LEVELS, name="a.csv", content=content, actor=clinician
    )
    before = memory_mb()
    checking = timed(lambda: check(file, clinician))
    file.refresh_from_db()
    nurses = [Nurse(each, clinician) for each in (patients[0], other)]
    for nurse in nurses:
        nurse.start()
    importing = timed(lambda: store(file, clinician))
    for nurse in nurses:
        nurse.ended.set()
        nurse.join()
    planning = timed(lambda: filework.plan(file.pk, clinician.pk, for_s=BAR_S * 4))
    grown = memory_mb() - before
    stored = TroughLevel.objects.exclude(reported_value="10.15").count()
    if stored != PATIENTS * LEVELS:
        raise SystemExit(f"{stored} levels are stored: {file.report}")
    copying = timed(copy)
    sys.stdout.write(
        f"{stored} levels: check {checking:.1f} s, import {importing:.1f} s,"
        f" schedules {planning:.1f} s (bar {BAR_S:.0f} s), bare COPY {copying:.2f} s,"
        f" ratio {importing / copying:.0f}, {grown:.0f} MB more;"
        f" a level on a page waits at most {max(nurses[0].waits):.1f} s if the patient"
        f" is in the file, else {max(nurses[1].waits):.1f} s\n"
    )


def check(file: FileImport, actor: Staff) -> None:
    services.check_file(file=file, version=file.version, actor=actor)


def store(file: FileImport, actor: Staff) -> None:
    services.import_file(file=file, version=file.version, actor=actor)


COLUMNS = (
    "patient_id, laboratory_id, comparator, reported_value, reported_unit, ng_per_ml,"
    " drawn_at, note, submission, version"
)


def copy() -> None:
    """Copy the same rows into a table of their own."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM dosing_troughlevel")
        rows = cursor.fetchall()
        cursor.execute(
            f"CREATE TABLE bare AS SELECT {COLUMNS} FROM dosing_troughlevel LIMIT 0"
        )
        with cursor.copy(f"COPY bare ({COLUMNS}) FROM STDIN") as sink:
            for row in rows:
                sink.write_row(row)


if __name__ == "__main__":
    main()
