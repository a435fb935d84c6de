"""What a clinic's everyday work costs: a patient's page, a level logged.

`python -m tdm.embedded with -- python -m benchmarks.daily`. Counted are the processor
time of the application and of the database, and statements. Opened is the page of a
patient with 3 months and with a year of daily diary; and a level is logged for a
patient with 3 and with 60 of them.
"""

import os
from collections.abc import Callable
from http import HTTPStatus
from itertools import count
from statistics import median
from time import process_time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tdm.settings")
django.setup()

from django.core.cache import cache  # noqa: E402 - Django is set up first
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.timeline import database_s  # noqa: E402
from dosing.history import history_of  # noqa: E402
from dosing.models import Laboratory  # noqa: E402
from dosing.services.plan import replan_schedule  # noqa: E402
from patients.models import Patient, Role, Staff  # noqa: E402
from tests.builders import (  # noqa: E402
    DAY_0,
    a_dose,
    a_laboratory,
    a_patient,
    a_protocol,
    a_site,
    a_staff_member,
    a_trough,
    in_diary,
)

RUNS = 15


def cost(call: Callable[[], object]) -> str:
    """Return the median processor time of a call, and its statements."""
    with CaptureQueriesContext(connection) as asked:
        call()
        statements = len(asked)
    ours, theirs = [], []
    for _run in range(RUNS):
        cache.clear()
        begun, database = process_time(), database_s()
        call()
        ours.append(1000 * (process_time() - begun))
        theirs.append(1000 * (database_s() - database))
    return (
        f"{median(ours):6.1f} ms and {sum(theirs) / RUNS:5.1f} ms of the database,"
        f" {statements} statements"
    )


def opened(client: Client, address: str) -> Callable[[], None]:
    def call() -> None:
        answer = client.get(address)
        if answer.status_code != HTTPStatus.OK:
            raise SystemExit(f"{address}: {answer.status_code}")

    return call


def signed_in(staff: Staff) -> Client:
    client = Client()
    client.force_login(staff, backend="tdm.roles.RoleBackend")
    return client


def begun(days: int) -> int:
    """Return the day, counted as the builders do, that is so many days ago."""
    return (timezone.localdate() - DAY_0).days - days


def a_story(clinician: Staff, *, days: int, levels: int) -> Patient:
    patient = a_patient(clinician.sites.get(), clinician)
    first = begun(days)
    a_dose(patient, "2", day=first, protocol=a_protocol(), actor=clinician)
    for day in range(days):
        in_diary(patient, first + day, dose="taken", pain_vas="3", actor=clinician)
    for number in range(levels):
        a_trough(patient, "9.5", day=first + 14 + number, actor=clinician)
    return patient


def main() -> None:
    site = a_site()
    a_laboratory(site)
    clinician = a_staff_member(site, Role.CLINICIAN)
    client = signed_in(clinician)
    for days in (90, 365):
        patient = a_story(clinician, days=days, levels=6)
        told = cost(opened(client, f"/patients/{patient.pk}/"))
        print(f"Page of a patient, {days:>3} days of diary: {told}")
    for levels in (3, 60):
        patient = a_story(clinician, days=100, levels=levels)
        told, part = cost(logged(patient, clinician)), cost(planned(patient, clinician))
        print(f"A level logged, {levels:>2} before it: {told}")
        print(f"of it its schedule planned anew: {part}")


def logged(patient: Patient, clinician: Staff) -> Callable[[], None]:
    days = count(begun(20))
    laboratory = Laboratory.objects.get(site=patient.site)

    def call() -> None:
        day = next(days)
        a_trough(patient, "9.5", day=day, laboratory=laboratory, actor=clinician)

    return call


def planned(patient: Patient, clinician: Staff) -> Callable[[], None]:
    history = history_of(patient)

    def call() -> None:
        with transaction.atomic():
            replan_schedule(patient=patient, actor=clinician, history=history)

    return call


if __name__ == "__main__":
    runner = DiscoverRunner(verbosity=0, interactive=False)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    try:
        main()
    finally:
        runner.teardown_databases(databases)
