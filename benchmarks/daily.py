"""What a clinic's everyday work costs: Today, a patient's page, a level logged.

`python -m tdm.embedded with -- python -m benchmarks.daily`. Counted are the processor
time of the application and of the database, and statements. Today is opened for a
clinic of 1,000 patients and one of 10,000, where the same 10 have an unanswered level
above the target and everyone else a level inside it and a diary of a month; the page of
a patient with 3 months and with a year of daily diary; and a level is logged for a
patient with 3 and with 60 of them.
"""

import os
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
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

from benchmarks.timeline import database_s, no_triggers, vacuumed  # noqa: E402
from dosing.history import history_of  # noqa: E402
from dosing.models import Dose, ProtocolAssignment, TroughLevel  # noqa: E402
from dosing.services.plan import replan_schedule  # noqa: E402
from patients.models import DiaryDay, Patient, Role, Site, Staff  # noqa: E402
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

RUNS, ASKING = 15, 10


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


def today() -> None:
    for size in (1_000, 10_000):
        site = a_clinic(size)
        staff = a_staff_member(site, Role.CLINICIAN)
        vacuumed()
        print(f"Today, {size:>6} patients: {cost(opened(signed_in(staff), '/'))}")


def a_clinic(size: int) -> Site:
    site = a_site(f"{size}")
    laboratory, protocol, now = a_laboratory(site), a_protocol(), timezone.now()
    began = timezone.localdate() - timedelta(days=100)
    people = [
        Patient(
            site=site,
            identifier=f"{size}-{number}",
            family_name="Sato",
            given_name="Hanako",
            born_on=date(1980, 5, 4),
            sex="female",
        )
        for number in range(size)
    ]
    with no_triggers():
        patients = Patient.objects.bulk_create(people)
        ProtocolAssignment.objects.bulk_create(
            ProtocolAssignment(
                patient=each, protocol=protocol, starts_on=began, reason="x"
            )
            for each in patients
        )
        Dose.objects.bulk_create(
            Dose(patient=each, amount_mg=2, starts_on=began, reason="x")
            for each in patients
        )
        TroughLevel.objects.bulk_create(
            TroughLevel(
                patient=each,
                laboratory=laboratory,
                reported_value=value,
                reported_unit="ng/mL",
                ng_per_ml=value,
                drawn_at=now - timedelta(days=10),
                last_dose_at=now - timedelta(days=11),
            )
            for number, each in enumerate(patients)
            for value in [Decimal("18.4" if number < ASKING else "9.5")]
        )
        DiaryDay.objects.bulk_create(
            (
                DiaryDay(
                    patient=each,
                    day=timezone.localdate() - timedelta(days=day),
                    source="phone",
                )
                for each in patients
                for day in range(30)
            ),
            batch_size=10_000,
        )
    return site


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
    today()
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

    def call() -> None:
        a_trough(patient, "9.5", day=next(days), actor=clinician)

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
