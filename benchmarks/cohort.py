"""What the cohort page costs at a clinic of 1,000 patients and at one of 10,000.

`python -m tdm.embedded with -- python -m benchmarks.cohort`. Both clinics lie in one
throwaway database and their pages are opened in turn, so that neighbours disturb both
alike. Printed are how fast lines are worked out, the median and the 95th percentile of
the page, and the number of statements. The page of the large clinic may take 1.5 times
that of the small one (p95), with the same number of statements.
"""

import os
import random
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from statistics import median, quantiles
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tdm.settings")
django.setup()

from django.db import connection  # noqa: E402 - Django is set up first
from django.test import Client  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from dosing import services as dosing  # noqa: E402
from dosing.models import (  # noqa: E402
    Decision,
    Dose,
    Laboratory,
    Protocol,
    ProtocolAssignment,
    TroughLevel,
)
from patients import services as people  # noqa: E402
from patients.models import (  # noqa: E402
    AuditEvent,
    Lesion,
    Measurement,
    Patient,
    Role,
    SideEffect,
    Site,
    Staff,
)
from patients.models.audit import CHAINS  # noqa: E402

SIZES = (1_000, 10_000)
RUNS, BATCH = 40, 500
BAR = 1.5
LEVEL_DAYS = (14, 28, 56, 84, 140, 200)
PAGES = {
    "the page": "/cohort/",
    "filtered": "/cohort/?lesion=fava&age=adult",
    "its last pages": "/cohort/?lanes=99999&rows=99999&effects=99999",
}


def a_clinic(size: int, rng: random.Random) -> Client:
    """Fill a clinic of so many patients and sign its research reader in."""
    strengths = [Decimal("0.5"), Decimal(1), Decimal(2)]
    site = Site.objects.create(name=f"{size}", stocked_strengths_mg=strengths)
    staff = people.register_staff(
        username=f"reader-{size}",
        password="a sentence nobody guesses",
        role=Role.RESEARCH_READER,
        sites=[site],
    )
    protocol, _new = Protocol.objects.get_or_create(
        name="VM", defaults={"strengths_mg": strengths, "citation": "x"}
    )
    laboratory = Laboratory.objects.create(
        site=site, name="L", method="cmia", unit="ng/mL", lower_limit_ng_per_ml=2
    )
    for first in range(0, size, BATCH):
        fill(range(first, min(first + BATCH, size)), staff, protocol, laboratory, rng)
    client = Client()
    client.force_login(staff, backend="tdm.roles.RoleBackend")
    return client


def fill(
    numbers: range,
    staff: Staff,
    protocol: Protocol,
    laboratory: Laboratory,
    rng: random.Random,
) -> None:
    site = laboratory.site
    today = timezone.localdate()
    patients = Patient.objects.bulk_create(
        Patient(
            site=site,
            identifier=f"{site.pk}-{number}",
            family_name="Sato",
            given_name="Hanako",
            born_on=date(rng.randint(1935, 2020), 5, 4),
            sex=rng.choice(["female", "male"]),
        )
        for number in numbers
    )
    starts = {each.pk: today - timedelta(rng.randint(30, 900)) for each in patients}
    ProtocolAssignment.objects.bulk_create(
        ProtocolAssignment(
            patient=each, protocol=protocol, starts_on=starts[each.pk], reason="x"
        )
        for each in patients
    )
    Dose.objects.bulk_create(
        Dose(patient=each, amount_mg=2, starts_on=starts[each.pk], reason="x")
        for each in patients
    )
    lesions = Lesion.objects.bulk_create(
        Lesion(
            patient=each,
            body_site="Forearm",
            side="left",
            compartment="muscle",
            issva_type=rng.choice(["common_vm", "fava", "kts"]),
        )
        for each in patients
    )
    Measurement.objects.bulk_create(
        row for each in lesions for row in measured(each, starts[each.patient_id], rng)
    )
    levels = TroughLevel.objects.bulk_create(
        row
        for each in patients
        for row in drawn(each, starts[each.pk], laboratory, rng)
    )
    Decision.objects.bulk_create(signed(levels, protocol, staff, rng))
    SideEffect.objects.bulk_create(
        SideEffect(
            patient=each,
            term="nausea",
            grade=rng.randint(1, 3),
            onset_on=starts[each.pk] + timedelta(days=20),
        )
        for each in patients[::2]
    )
    AuditEvent.objects.bulk_create(
        AuditEvent(
            chain=each.pk % CHAINS,
            action="register_patient",
            object_type="patients.patient",
            object_id=str(each.pk),
            patient=each,
            actor=staff,
        )
        for each in patients
    )


def measured(lesion: Lesion, start: date, rng: random.Random) -> Iterator[Measurement]:
    for day in (0, 91):
        yield Measurement(
            patient_id=lesion.patient_id,
            lesion=lesion,
            quantity="mri_max_area_mm2",
            value=rng.randint(400, 1600),
            measured_on=start + timedelta(days=day),
        )


def drawn(
    patient: Patient, start: date, laboratory: Laboratory, rng: random.Random
) -> Iterator[TroughLevel]:
    for day in LEVEL_DAYS:
        value = Decimal(rng.randint(20, 210)) / 10
        wall = datetime.combine(start + timedelta(days=day), datetime.min.time())
        yield TroughLevel(
            patient=patient,
            laboratory=laboratory,
            reported_value=value,
            reported_unit="ng/mL",
            ng_per_ml=value,
            drawn_at=timezone.make_aware(wall.replace(hour=8)),
        )


def signed(
    levels: list[TroughLevel], protocol: Protocol, staff: Staff, rng: random.Random
) -> Iterator[Decision]:
    for level in levels[:: len(LEVEL_DAYS)]:
        yield Decision(
            patient_id=level.patient_id,
            level=level,
            level_version=1,
            protocol=protocol,
            basis={"level": level.pk},
            inputs={},
            findings=[],
            offered={"recommended": {"amount_mg": "1.5", "interval_h": 24}},
            chosen_amount_mg=rng.choice([Decimal("1.5"), Decimal(2)]),
            chosen_interval_h=24,
            reason="patient_wish",
            next_level_on=level.drawn_at.date() + timedelta(days=28),
            engine_version="1",
            signed_by=staff,
            signed_at=level.drawn_at,
        )


def timed(work: Callable[[], object]) -> float:
    """Return milliseconds."""
    begun = perf_counter()
    work()
    return 1000 * (perf_counter() - begun)


def opened(client: Client, address: str) -> None:
    if client.get(address).status_code != HTTPStatus.OK:
        raise SystemExit(f"{address} was not answered")


def main() -> None:
    runner = DiscoverRunner(verbosity=0)
    databases = runner.setup_databases()
    try:
        rng = random.Random(6)
        clients = {size: a_clinic(size, rng) for size in SIZES}
        work_out()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        for name, address in PAGES.items():
            show(name, address, clients)
    finally:
        runner.teardown_databases(databases)


def work_out() -> None:
    begun = perf_counter()
    while dosing.refresh_cohort(at=timezone.now(), at_most=BATCH):
        pass
    took = perf_counter() - begun
    said = f"{sum(SIZES)} lines worked out, {1000 * took / sum(SIZES):.1f} ms each\n"
    sys.stdout.write(said)


def show(name: str, address: str, clients: dict[int, Client]) -> None:
    times: dict[int, list[float]] = {size: [] for size in clients}
    asked = {}
    for size, client in clients.items():
        opened(client, address)
        with CaptureQueriesContext(connection) as seen:
            opened(client, address)
        asked[size] = len(seen)
    for _run in range(RUNS):
        for size, client in clients.items():
            times[size].append(timed(lambda client=client: opened(client, address)))  # type: ignore[misc]
    late = {size: quantiles(took, n=20)[-1] for size, took in times.items()}
    for size, took in times.items():
        sys.stdout.write(
            f"{name}, {size:>6} patients: median {median(took):.1f} ms,"
            f" p95 {late[size]:.1f} ms, {asked[size]} statements\n"
        )
    small, large = SIZES
    sys.stdout.write(
        f"{name}, growth: median {median(times[large]) / median(times[small]):.2f},"
        f" p95 {late[large] / late[small]:.2f} (bar {BAR})\n"
    )


if __name__ == "__main__":
    main()
