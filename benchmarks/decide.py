"""How long opening Decide takes, with lent servers and a database of its own.

`python -m tdm.embedded with -- python -m benchmarks.decide`. Two years of daily doses
and 12 levels. "Fresh" is a question that was never asked (a level was corrected before
each), "again" the same one.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tdm.settings")
django.setup()

from django.core.cache import cache  # noqa: E402 - Django is set up first
from django.test import Client  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402
from django.utils import timezone  # noqa: E402

from dosing import services  # noqa: E402
from dosing.forecast import panel  # noqa: E402
from dosing.models import Laboratory, Protocol, TroughLevel  # noqa: E402
from dosing.services.labs import Typed  # noqa: E402
from dosing.units import Unit, parse_reported  # noqa: E402
from patients import services as people  # noqa: E402
from patients.models import Patient, Role, Site, Staff  # noqa: E402

DAYS, LEVELS, RUNS = 730, 12, 40


@dataclass(frozen=True)
class Clinic:
    """Where the patients of a benchmark are treated, and by whom."""

    site: Site
    staff: Staff
    laboratory: Laboratory
    protocol: Protocol


def a_clinic() -> Clinic:
    strengths = [Decimal("0.5"), Decimal(1), Decimal(2)]
    site = Site.objects.create(name="Clinic", stocked_strengths_mg=strengths)
    staff = people.register_staff(
        username="clinician",
        password="a sentence nobody guesses",
        role=Role.CLINICIAN,
        sites=[site],
    )
    laboratory = Laboratory.objects.create(
        site=site,
        name="Laboratory",
        method="cmia",
        unit="ng/mL",
        lower_limit_ng_per_ml=2,
    )
    protocol = Protocol.objects.create(name="VM", strengths_mg=strengths, citation="x")
    return Clinic(site, staff, laboratory, protocol)


def a_patient(clinic: Clinic, begun: date) -> Patient:
    """Register someone on 2 mg once daily since a day."""
    patient = people.register_patient(
        site=clinic.site,
        identifier=str(Patient.objects.count() + 1),
        family_name="Sato",
        given_name="Hanako",
        born_on=begun.replace(year=1980),
        sex="female",
        actor=clinic.staff,
    )
    services.prescribe_dose(
        patient=patient,
        amount_mg=Decimal(2),
        interval_h=24,
        starts_on=begun,
        reason="start",
        protocol=clinic.protocol,
        actor=clinic.staff,
    )
    return patient


def a_long_history() -> tuple[Patient, Staff]:
    clinic = a_clinic()
    site, staff, laboratory = clinic.site, clinic.staff, clinic.laboratory
    begun = timezone.localdate(timezone.now(), site.zone) - timedelta(days=DAYS)
    patient = a_patient(clinic, begun)
    people.add_measurement(
        patient=patient,
        quantity="weight_kg",
        value=Decimal(60),
        measured_on=begun,
        actor=staff,
    )
    services.record_labs(
        patient=patient,
        drawn_on=begun,
        results={"haematocrit": Typed(Decimal(38), "%")},
        actor=staff,
    )
    for number in range(1, LEVELS + 1):
        day = begun + timedelta(days=number * DAYS // LEVELS - 1)
        drawn_at = datetime(day.year, day.month, day.day, 8, tzinfo=site.zone)
        services.record_trough(
            patient=patient,
            laboratory=laboratory,
            reported=parse_reported(f"{14 + number % 3}.{number % 10}"),
            unit=Unit.NG_PER_ML,
            drawn_at=drawn_at,
            last_dose_at=drawn_at - timedelta(hours=24),
            actor=staff,
        )
    return patient, staff


def timed(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return 1000 * (perf_counter() - begun)


def p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * len(times)) - 1]


def main() -> None:
    runner = DiscoverRunner(verbosity=0)
    databases = runner.setup_databases()
    try:
        patient, staff = a_long_history()
        client = Client()
        client.force_login(staff, backend="tdm.roles.RoleBackend")
        pages = {
            "Decide": f"/patients/{patient.pk}/decide/",
            "the patient's page": f"/patients/{patient.pk}/",
        }
        level = TroughLevel.objects.latest("drawn_at")
        for name, address in pages.items():
            fresh, again = [], []
            for run in range(RUNS):
                value = level.ng_per_ml + Decimal(run) / 100
                TroughLevel.objects.filter(pk=level.pk).update(
                    reported_value=value, ng_per_ml=value
                )
                fresh.append(timed(partial(client.get, address)))
                again.append(timed(partial(client.get, address)))
            cache.clear()
            panel.fitted.cache_clear()
            told = f"fresh {p95(fresh):6.0f}, again {p95(again):6.0f}"
            sys.stdout.write(f"{name:<20} p95, ms: {told}\n")
    finally:
        runner.teardown_databases(databases)


if __name__ == "__main__":
    main()
