"""Workers, a clock and a relay as real processes, killed while reminders go out."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

from django.db.models import Count
from django.utils import timezone

from patients.models import (
    Contact,
    DeliveryAttempt,
    ItemKind,
    Patient,
    Reminder,
    ScheduleItem,
    Site,
    Stage,
    Waiting,
)
from patients.reminders import message_id_of
from tdm.children import wait_until

ROOT = Path(__file__).resolve().parents[2]
CELERY = [
    sys.executable, "-W", "ignore", "-m", "celery", "--quiet", "-A", "tdm",
]  # fmt: skip
QUICK = {
    "EMAIL_HOST": "127.0.0.1",
    "EMAIL_TIMEOUT": "1",
    "REMINDER_SCAN_S": "1",
    "REMINDER_BACK_OFF_S": "0.5",
    "REMINDER_LEASE_S": "4",
}


def a_queue(due: Sequence[datetime]) -> None:
    """Plan one visit for each of so many patients, to be arranged at these instants."""
    today = timezone.now().date()
    site = Site.objects.create(
        name="Fault clinic",
        time_zone="UTC",
        stocked_strengths_mg=[1],
        quiet_from=clock_time(0),
        quiet_until=clock_time(0),
    )
    patients = Patient.objects.bulk_create(
        Patient(
            site=site,
            identifier=f"F-{number}",
            family_name="Fault",
            given_name=f"{number}",
            born_on=date(1980, 1, 1),
            sex="unknown",
        )
        for number in range(len(due))
    )
    Contact.objects.bulk_create(
        Contact(patient=each, channel="email", address=f"p{each.pk}@example.org")
        for each in patients
    )
    ScheduleItem.objects.bulk_create(
        ScheduleItem(
            patient=each,
            kind=ItemKind.VISIT,
            key="fault",
            text="Visit",
            opens_on=today + timedelta(days=2),
            best_on=today + timedelta(days=3),
            closes_on=today + timedelta(days=9),
            next_stage=Stage.ARRANGE,
            remind_at=at,
        )
        for each, at in zip(patients, due, strict=True)
    )


@dataclass
class Process:
    """One process of ours in a session of its own, started again when it is killed."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    running: subprocess.Popen[bytes] | None = None
    since: float = field(default_factory=time.monotonic)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.argv,
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.since = time.monotonic()

    def kill(self) -> None:
        """Kill it with its children, as a machine that loses power would."""
        if self.running is None:
            return
        for pid in [self.running.pid, *self.children]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.running.wait()

    def kill_child(self) -> bool:
        """Kill the process in which tasks run, and leave its parent."""
        children = self.children
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(children)

    @property
    def children(self) -> list[int]:
        assert self.running is not None
        pid = self.running.pid
        try:
            words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            return []
        return [int(word) for word in words]


@dataclass
class Trial:
    """What runs, and how often it was killed."""

    folder: Path
    environment: Mapping[str, str]
    luck: random.Random
    workers: list[Process]
    others: list[Process]
    kills: int = 0

    @property
    def accepted(self) -> Path:
        return self.folder / "accepted"

    @property
    def accepted_count(self) -> int:
        if not self.accepted.exists():
            return 0
        return self.accepted.stat().st_size // len(message_id_of("") + "\n")

    def kill_one(self, *, whole: bool) -> None:
        """Kill the worker that has run longest, or the process in it."""
        oldest = min(self.workers, key=lambda each: each.since)
        if whole or not oldest.kill_child():
            oldest.kill()
            oldest.start()
        oldest.since = time.monotonic()
        self.kills += 1


@contextlib.contextmanager
def trial(
    folder: Path,
    environment: Mapping[str, str],
    *,
    seed: int,
    workers: int,
    clocks: int,
    look_up: bool,
    fails: float = 0.1,
) -> Iterator[Trial]:
    """Keep a relay, workers and clocks up until the block ends."""
    sink = [sys.executable, "-W", "ignore", "-m", "tests.faults.sink"]
    relay = Process(
        [*sink, str(folder), str(fails), str(seed)], os.environ, folder / "sink.log"
    )
    relay.start()
    started = [relay]
    try:
        assert wait_until((folder / "port").exists, 20), relay.log.read_text()
        log = str(folder / "accepted") if look_up else ""
        around = {
            **os.environ, **QUICK, **environment,
            "EMAIL_PORT": (folder / "port").read_text(),
            "REMINDER_RELAY_LOG": log,
            "REMINDER_DRAINS": str(workers),
        }  # fmt: skip
        hands = [
            Process(
                [
                    *CELERY, "worker", "--pool", "prefork", "--concurrency", "1",
                    "--without-gossip", "--without-mingle", "--loglevel", "ERROR",
                    "--hostname", f"w{number}@fault",
                ],
                around,
                folder / "workers.log",
            )
            for number in range(workers)
        ]  # fmt: skip
        beats = [
            Process(
                [*CELERY, "beat", "--pidfile=", "--loglevel", "ERROR"],
                around,
                folder / "clock.log",
            )
            for _each in range(clocks)
        ]
        for process in [*hands, *beats]:
            process.start()
            started.append(process)
        yield Trial(folder, around, random.Random(seed), hands, [relay, *beats])  # noqa: S311 - no secret
    finally:
        for process in started:
            process.kill()


def unfinished(wanted: int) -> int:
    """Count what is not yet recorded as sent."""
    return wanted - Reminder.objects.filter(state=Waiting.SENT).count()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the relay accepted beside what the database says."""

    wanted: int
    recorded: int
    lost: int
    doubled: int
    strange: int
    tries: Mapping[str, int]


def verdict_of(accepted: Path, wanted: int) -> Verdict:
    there = Counter(accepted.read_text().split())
    keys = Reminder.objects.values_list("key", flat=True)
    ours = {message_id_of(key) for key in keys}
    outcomes = DeliveryAttempt.objects.values_list("outcome").annotate(Count("pk"))
    return Verdict(
        wanted=wanted,
        recorded=wanted - unfinished(wanted),
        lost=wanted - len(ours & set(there)),
        doubled=sum(there.values()) - len(there),
        strange=len(set(there) - ours),
        tries=dict(outcomes.order_by("outcome")),
    )
