"""What a scan for due reminders costs among 10,000 open items and among 100,000.

`python -m tdm.embedded with -- python -m benchmarks.reminders`. Printed are the time of
a scan in which 1,000 items are due, and of one in which none is, the growth between
both sizes, and the most memory the process ever used. A scan of 100,000 open items may
take 2 s and 300 MB; with the same number due, the growth should be near 1.
"""

import gc
import os
import resource
import sys
from datetime import UTC, date, datetime, timedelta
from statistics import median
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tdm.settings")
django.setup()

from django.db import connection  # noqa: E402 - Django is set up first
from django.test.runner import DiscoverRunner  # noqa: E402

from patients import services  # noqa: E402
from patients.models import (  # noqa: E402
    Contact,
    Patient,
    ScheduleItem,
    Site,
    Stage,
)

SIZES = (10_000, 100_000)
DUE, RUNS, EACH = 1_000, 5, 10
BAR_S, BAR_MB = 2.0, 300
OPENS_ON = date(2030, 1, 10)
DUE_AT = datetime(2030, 1, 3, 9, tzinfo=UTC)


def a_clinic(size: int) -> None:
    """Plan so many open items, ten for each patient, none of them due."""
    there = ScheduleItem.objects.count()
    site, _made = Site.objects.get_or_create(
        name="Benchmark", defaults={"time_zone": "UTC", "stocked_strengths_mg": [1]}
    )
    patients = Patient.objects.bulk_create(
        [
            Patient(
                site=site,
                identifier=f"B-{there}-{number}",
                family_name="B",
                born_on=date(1980, 1, 1),
                sex="unknown",
            )
            for number in range((size - there) // EACH)
        ],
        batch_size=1_000,
    )
    Contact.objects.bulk_create(
        [
            Contact(patient=each, channel="email", address=f"b{each.pk}@example.org")
            for each in patients
        ],
        batch_size=1_000,
    )
    for start in range(0, len(patients), 500):
        ScheduleItem.objects.bulk_create(
            ScheduleItem(
                patient=each,
                kind="visit",
                key=f"b-{number}",
                text="Visit",
                opens_on=OPENS_ON,
                best_on=OPENS_ON,
                closes_on=OPENS_ON + timedelta(days=9),
                next_stage=Stage.ARRANGE,
                remind_at=DUE_AT + timedelta(days=900),
            )
            for each in patients[start : start + 500]
            for number in range(EACH)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def make_due(run: int) -> None:
    """Let the first stage of other items come, spread over all patients."""
    every = ScheduleItem.objects.count() // DUE
    keys = list(ScheduleItem.objects.order_by("pk").values_list("pk", flat=True))
    ScheduleItem.objects.filter(pk__in=keys[run::every][:DUE]).update(remind_at=DUE_AT)


def scan(expected: int) -> float:
    """Return seconds."""
    begun = perf_counter()
    looked = services.scan_reminders(at=DUE_AT)
    if looked != expected:
        raise SystemExit(f"{looked} items were due, not {expected}")
    return perf_counter() - begun


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    runner = DiscoverRunner(verbosity=0)
    databases = runner.setup_databases()
    took: dict[int, float] = {}
    worst = 0.0
    try:
        for size in SIZES:
            a_clinic(size)
            scan(0)
            idle = median(scan(0) for _run in range(RUNS))
            times = []
            for run in range(RUNS):
                make_due(run)
                gc.collect()
                times.append(scan(DUE))
            took[size], worst = median(times), max([worst, *times])
            sys.stdout.write(
                f"{size:>7} open items: {DUE} due {took[size]:.2f} s"
                f" (worst {max(times):.2f}), none due {1000 * idle:.1f} ms\n"
            )
    finally:
        runner.teardown_databases(databases)
    small, large = SIZES
    sys.stdout.write(
        f"growth {took[large] / took[small]:.2f};"
        f" worst scan {worst:.2f} s (bar {BAR_S});"
        f" most memory with the making of the items {peak_mb():.0f} MB (bar {BAR_MB})\n"
    )
    if worst > BAR_S or peak_mb() > BAR_MB:
        raise SystemExit("A bar is missed.")


if __name__ == "__main__":
    main()
