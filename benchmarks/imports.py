"""What importing 10,000 levels costs, beside what PostgreSQL needs to copy the rows.

`python -m tdm.embedded with -- python -m benchmarks.imports`. A file of 10,000 levels
of 200 patients is uploaded, checked, imported and undone in-process; the same rows are
copied by a bare psycopg COPY into a table of the same columns without rules, versions
or audit.
Printed are the seconds of each and of the schedules planned anew after it, how much
memory all of it took more, and how long others waited meanwhile: a nurse who enters
levels, and a reader of a patient in the file, who leaves a line in the audit.
"""

import csv
import os
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from itertools import count
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
from patients import audit  # noqa: E402
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
BY_HAND = "10.15"
NOW, MINUTES = timezone.now(), count(1)


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


class Other(Thread):
    """Does something again and again, and remembers the longest wait."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.act, self.ended, self.waits = act, Event(), [0.0]

    def run(self) -> None:
        while not self.ended.wait(0.05):
            begun = perf_counter()
            with suppress(OperationalError):  # the page says to try again
                self.act()
            self.waits.append(perf_counter() - begun)
        connection.close()


def nurse(patient: Patient, actor: Staff) -> Other:
    """Enters levels, each drawn in another minute."""
    laboratory = Laboratory.objects.get(site=patient.site)
    return Other(
        lambda: services.record_trough(
            patient=patient,
            laboratory=laboratory,
            reported=parse_reported(BY_HAND),
            unit=Unit.NG_PER_ML,
            drawn_at=NOW - timedelta(minutes=next(MINUTES)),
            last_dose_at=None,
            actor=actor,
        )
    )


def reader(patient: Patient, actor: Staff) -> Other:
    """Leaves the line of the audit that reading a patient leaves."""
    return Other(
        lambda: audit.record("read_patient", patient, patient=patient, actor=actor)
    )


def beside(others: list[Other], work: Callable[[], object]) -> float:
    """Return the seconds of some work, while others act."""
    for other in others:
        other.start()
    seconds = timed(work)
    for other in others:
        other.ended.set()
        other.join()
    return seconds


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


def a_clinic() -> tuple[list[Patient], Staff]:
    """Make patients on a dose, by a protocol."""
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
    return patients, clinician


def measure() -> None:
    patients, clinician = a_clinic()
    other = patients.pop()
    file = services.keep_upload(
        site=other.site,
        kind=Kind.LEVELS,
        name="a.csv",
        content=a_file(patients),
        actor=clinician,
    )
    before = memory_mb()
    checking = timed(lambda: check(file, clinician))
    file.refresh_from_db()
    others = [
        nurse(patients[0], clinician),
        nurse(other, clinician),
        reader(patients[1], clinician),
    ]
    importing = beside(others, lambda: store(file, clinician))
    planning = timed(lambda: plan(file, clinician))
    stored = TroughLevel.objects.exclude(reported_value=BY_HAND).count()
    if stored != PATIENTS * LEVELS:
        raise SystemExit(f"{stored} levels are stored: {file.report}")
    copying = timed(copy)
    file.refresh_from_db()
    late = [nurse(patients[0], clinician), reader(patients[1], clinician)]
    undoing = beside(late, lambda: undo(file, clinician))
    again = timed(lambda: plan(file, clinician))
    grown = memory_mb() - before
    waits = [f"{max(each.waits):.1f} s" for each in (*others, *late)]
    sys.stdout.write(
        f"{stored} levels: check {checking:.1f} s, import {importing:.1f} s"
        f" (bar {BAR_S:.0f} s for both), schedules {planning:.1f} s,"
        f" undo {undoing:.1f} s, schedules {again:.1f} s,"
        f" bare COPY {copying:.2f} s, {grown:.0f} MB more\n"
        f"while importing, a level of a patient in the file waits at most {waits[0]},"
        f" of another {waits[1]}, a reader {waits[2]};"
        f" while undoing, a level {waits[3]}, a reader {waits[4]}\n"
    )


def check(file: FileImport, actor: Staff) -> None:
    services.check_file(file=file, version=file.version, actor=actor)


def plan(file: FileImport, actor: Staff) -> None:
    filework.plan(file.pk, actor.pk, for_s=BAR_S * 4)


def undo(file: FileImport, actor: Staff) -> None:
    services.undo_file(file=file, version=file.version, reason="benchmark", actor=actor)


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
