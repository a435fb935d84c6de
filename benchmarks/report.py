"""How long the one-page report takes, with lent servers and a database of its own.

`python -m tdm.embedded with -- python -m benchmarks.report`. Twelve months: a daily
diary of doses, pain and vital signs, weight at 4 visits, 15 levels, 4 MRI, 6 side
effects. "Fresh" is a question that
the models were never asked (a level was corrected before each), "again" the same one.
The bar for a fresh report is 2 s.
"""

import os
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from http import HTTPStatus

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tdm.settings")
django.setup()

from django.core.cache import cache  # noqa: E402 - Django is set up first
from django.test import Client  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.decide import Clinic, a_clinic, a_patient, p95, timed  # noqa: E402
from benchmarks.diary import TURNS, WEEKS, monday  # noqa: E402
from dosing import services  # noqa: E402
from dosing.diary import Place  # noqa: E402
from dosing.forecast import panel  # noqa: E402
from dosing.models import TroughLevel  # noqa: E402
from dosing.units import Unit, parse_reported  # noqa: E402
from patients import services as people  # noqa: E402
from patients.models import Patient  # noqa: E402
from tdm import report  # noqa: E402

RUNS, LEVELS, STUDIES, EFFECTS = 8, 15, 4, 6


def a_year(clinic: Clinic, client: Client) -> Patient:
    """Enter twelve months as a clinic would."""
    begun = monday(WEEKS)
    patient = a_patient(clinic, begun)
    for week in range(1, WEEKS + 1):
        enter(client, patient, monday(week))
    lesion = people.add_lesion(
        patient=patient,
        body_site="forearm",
        side="left",
        compartment="muscle",
        issva_type="common_vm",
        actor=clinic.staff,
    )
    for number in range(STUDIES):
        on = begun + timedelta(days=110 * number)
        people.record_imaging(
            lesion=lesion,
            done_on=on,
            modality="mri",
            numbers=people.Numbers(area_mm2=Decimal(900 - 60 * number)),
            actor=clinic.staff,
        )
        people.add_measurement(
            patient=patient,
            quantity="weight_kg",
            value=Decimal(60 + number),
            measured_on=on,
            actor=clinic.staff,
        )
    for number in range(EFFECTS):
        onset_on = begun + timedelta(days=50 * number + 10)
        people.record_effect(
            patient=patient,
            term="mucositis_oral",
            grade=1,
            onset_on=onset_on,
            resolved_on=onset_on + timedelta(days=10),
            actor=clinic.staff,
        )
    for number in range(LEVELS):
        draw(clinic, patient, begun + timedelta(days=14 + 23 * number), number)
    return patient


def enter(client: Client, patient: Patient, first: date) -> None:
    """Fill one week of the diary, all but the weight."""
    form = {"source": "phone", "reason": "benchmark"}
    for day in range(7):
        for row, text in TURNS[0].items():
            key = Place(first + timedelta(days=day), row).key
            form |= {f"was:{key}": "", f"now:{key}": text} if row != "weight_kg" else {}
    answer = client.post(f"/patients/{patient.pk}/diary/?on={first}", form)
    if answer.status_code != HTTPStatus.OK:
        raise SystemExit("a week was not entered")


def draw(clinic: Clinic, patient: Patient, day: date, number: int) -> None:
    drawn_at = datetime(day.year, day.month, day.day, 8, tzinfo=clinic.site.zone)
    services.record_trough(
        patient=patient,
        laboratory=clinic.laboratory,
        reported=parse_reported(f"{11 + number % 5}.{number % 10}"),
        unit=Unit.NG_PER_ML,
        drawn_at=drawn_at,
        last_dose_at=drawn_at - timedelta(hours=24),
        actor=clinic.staff,
    )


def main() -> None:
    runner = DiscoverRunner(verbosity=0)
    databases = runner.setup_databases()
    try:
        clinic, client = a_clinic(), Client()
        client.force_login(clinic.staff, backend="tdm.roles.RoleBackend")
        patient = a_year(clinic, client)
        works: dict[str, Callable[[], object]] = {
            "report in English": partial(made, patient, "en"),
            "report in Japanese": partial(made, patient, "ja"),
            "the patient's page": partial(client.get, f"/patients/{patient.pk}/"),
        }
        for name, work in works.items():
            show(name, work)
    finally:
        runner.teardown_databases(databases)


def made(patient: Patient, language: str) -> None:
    report.made(patient, at=timezone.now(), language=language)


def show(name: str, work: Callable[[], object]) -> None:
    level = TroughLevel.objects.latest("drawn_at")
    fresh, again = [], []
    for run in range(RUNS):
        value = level.ng_per_ml + Decimal(run) / 100
        TroughLevel.objects.filter(pk=level.pk).update(
            reported_value=value, ng_per_ml=value
        )
        cache.clear()
        panel.fitted.cache_clear()
        fresh.append(timed(work))
        again.append(timed(work))
    told = ", ".join(
        f"{word} {min(took):.0f} to {p95(took):.0f}"
        for word, took in (("fresh", fresh), ("again", again))
    )
    sys.stdout.write(f"{name:<20} least to p95, ms: {told}\n")


if __name__ == "__main__":
    main()
