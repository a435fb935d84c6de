"""What saving a full week costs: after one week of history, and after 52.

`python -m tdm.embedded with -- python -m benchmarks.diary`. The same full week (7 days,
10 rows, every cell changed) is saved by HTTP for two patients in turn, so that
neighbours disturb both alike. Printed are the least and the median wall time of 40
saves and the number of statements; the two must not differ by more than 1.2 times.
"""

import os
import sys
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from http import HTTPStatus
from itertools import count
from statistics import median

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tdm.settings")
django.setup()

from django.core.cache import cache  # noqa: E402 - Django is set up first
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.decide import DAYS, a_clinic, a_patient, timed  # noqa: E402
from dosing.diary import Place  # noqa: E402
from patients.models import Patient  # noqa: E402

RUNS, WEEKS = 40, 52
TURNS = (
    {
        "dose": "taken",
        "at": "08:10",
        "food": "with",
        "temperature_c": "36.4",
        "pressure": "128/76",
        "pulse_per_min": "72",
        "spo2_percent": "98",
        "weight_kg": "61.2",
        "pain_vas": "4",
        "note": "well",
    },
    {
        "dose": "taken",
        "at": "08:20",
        "food": "without",
        "temperature_c": "36.6",
        "pressure": "126/74",
        "pulse_per_min": "74",
        "spo2_percent": "97",
        "weight_kg": "61.4",
        "pain_vas": "3",
        "note": "tired",
    },
)


def monday(weeks_ago: int) -> date:
    today = timezone.localdate()
    return today - timedelta(days=today.weekday() + 7 * weeks_ago)


def save(client: Client, patient: Patient, first: date, turn: int) -> None:
    """Save a week whose every cell says something new."""
    before = TURNS[(turn - 1) % 2] if turn else {}
    form = {"source": "phone", "reason": "benchmark"}
    for day in range(7):
        for row, text in TURNS[turn % 2].items():
            key = Place(first + timedelta(days=day), row).key
            form |= {f"was:{key}": before.get(row, ""), f"now:{key}": text}
    answer = client.post(f"/patients/{patient.pk}/diary/?on={first}", form)
    if answer.status_code != HTTPStatus.OK:
        raise SystemExit("a week was not saved")
    cache.clear()


def statements(work: Callable[[], None]) -> int:
    with CaptureQueriesContext(connection) as seen:
        work()
    return len(seen)


def main() -> None:
    runner = DiscoverRunner(verbosity=0)
    databases = runner.setup_databases()
    try:
        clinic = a_clinic()
        client = Client()
        client.force_login(clinic.staff, backend="tdm.roles.RoleBackend")
        begun = timezone.localdate() - timedelta(days=DAYS)
        patients = {weeks: a_patient(clinic, begun) for weeks in (1, WEEKS)}
        for weeks, patient in patients.items():
            for week in range(1, weeks + 1):
                save(client, patient, monday(week), 0)
        show(client, patients)
    finally:
        runner.teardown_databases(databases)


def show(client: Client, patients: dict[int, Patient]) -> None:
    times: dict[int, list[float]] = {weeks: [] for weeks in patients}
    turns = count(1)
    for _run in range(RUNS):
        turn = next(turns)
        for weeks, patient in patients.items():
            work = partial(save, client, patient, monday(1), turn)
            times[weeks].append(timed(work))
    turn = next(turns)
    for weeks, patient in patients.items():
        asked = statements(partial(save, client, patient, monday(1), turn))
        took = times[weeks]
        sys.stdout.write(
            f"{weeks:>2} weeks of history: least {min(took):.1f} ms,"
            f" median {median(took):.1f} ms, {asked} statements\n"
        )
    least, middle = (
        measure(times[WEEKS]) / measure(times[1]) for measure in (min, median)
    )
    sys.stdout.write(f"ratio: least {least:.2f}, median {middle:.2f} (bar 1.2)\n")


if __name__ == "__main__":
    main()
