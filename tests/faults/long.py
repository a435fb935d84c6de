"""The long form: everything that can end ends at random while 10,000 reminders go out.

`make fault-test`, with SEED=, REMINDERS=, and LOOKUP=0 for a relay whose log cannot be
searched. It brings a PostgreSQL and a Valkey of its own, restarts both, and prints what
was found; it fails where a reminder is lost, or doubled beyond what is promised.
"""

import os
import random
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import django
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from tdm.children import (
    Child,
    Crew,
    launch,
    run,
    say,
    wait_until,
)
from tdm.servers import servers

ROOT = Path(__file__).resolve().parents[2]
WORKERS, CLOCKS = 4, 2
KILLS, BROKER_RESTARTS, DATABASE_RESTARTS = 50, 5, 2
DUE_OVER_S = 120
"""The reminders become due over so long, the half of them before the start."""
PATIENCE_S = 90
"""So long without any progress is waited; a slow computer only takes longer."""


@contextmanager
def surroundings(folder: Path) -> Iterator[Crew]:
    """Keep up servers of our own with tables, and point Django at them."""
    for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
        os.environ.pop(name, None)
    with servers(folder, throwaway=False) as (crew, addresses):
        os.environ.update(
            addresses,
            SECRET_KEY=secrets.token_urlsafe(50),
            ALLOWED_HOSTS="localhost",
            HTTPS="0",
            DJANGO_SETTINGS_MODULE="tdm.settings",
        )
        patient = {**os.environ, "DB_STATEMENT_TIMEOUT": "0"}
        manage = [sys.executable, str(ROOT / "manage.py")]
        if run([*manage, "migrate", "--verbosity", "0"], patient):
            raise SystemExit("The tables could not be made.")
        django.setup()
        yield crew


def end(child: Child, how: signal.Signals) -> None:
    child.process.send_signal(how)
    child.process.wait()


def restart(crew: Crew, name: str) -> None:
    """End a server without a farewell and start it again."""
    child = next(each for each in crew.children if each.role.name == name)
    if name == "Valkey":
        end(child, signal.SIGKILL)
        words = [str(word) for word in child.role.argv]
        Path(words[words.index("--unixsocket") + 1]).unlink(missing_ok=True)
    else:
        end(child, signal.SIGQUIT)  # as a crash, but its children go with it
    time.sleep(1)
    child.process = launch(child.role)
    crew.settle(child)


def course(luck: random.Random, wanted: int) -> list[tuple[int, str]]:
    """Draw after how many messages what ends."""
    names = (
        *["worker"] * KILLS,
        *["Valkey"] * BROKER_RESTARTS,
        *["PostgreSQL"] * DATABASE_RESTARTS,
    )
    return sorted((luck.randrange(wanted // 50, wanted * 19 // 20), n) for n in names)


def while_it_goes_on(left: Callable[[], int]) -> bool:
    """Wait until nothing is left; False where nothing moves any more."""
    least = left()
    while least > 0:
        if not wait_until(lambda least=least: left() < least, PATIENCE_S):  # type: ignore[misc]
            return False
        least = min(least, left())
    return True


def patiently(ask: Callable[[], int], otherwise: int) -> int:
    """Ask a database that may just be away."""
    close_old_connections()
    try:
        return ask()
    except DatabaseError:
        return otherwise


def campaign(crew: Crew, folder: Path, *, seed: int, wanted: int, look_up: bool) -> int:
    """Send everything while things end, and say what was found."""
    from tests.faults.trial import (  # noqa: PLC0415 - Django is set up first
        a_queue,
        trial,
        unfinished,
        verdict_of,
    )

    luck = random.Random(seed)  # noqa: S311 - no secret
    begun, at = time.monotonic(), timezone.now()
    half = DUE_OVER_S / 2
    spread = [luck.uniform(-half, half) for _each in range(wanted)]
    a_queue([at + timedelta(seconds=late) for late in spread])
    with trial(
        folder, {}, seed=seed, workers=WORKERS, clocks=CLOCKS, look_up=look_up
    ) as fault:
        for goal, name in course(luck, wanted):
            while_it_goes_on(lambda goal=goal: goal - fault.accepted_count)  # type: ignore[misc]
            if name == "worker":
                fault.kill_one(whole=luck.random() < 0.7)
            else:
                restart(crew, name)
                say(f"after {goal} messages: {name} restarted")
        say(f"{fault.kills} kills")
        while_it_goes_on(lambda: patiently(lambda: unfinished(wanted), wanted))
    found = verdict_of(fault.accepted, wanted)
    say(f"seed {seed}, look-up {'on' if look_up else 'off'}: {found}")
    say(f"{time.monotonic() - begun:.0f} s, {fault.kills} kills of {WORKERS} workers")
    allowed = 0 if look_up else fault.kills + DATABASE_RESTARTS * WORKERS
    well = (found.recorded, found.lost, found.strange) == (wanted, 0, 0)
    return 0 if well and found.doubled <= allowed else 1


def give_over(number: int, _frame: object) -> None:
    """End everything we started; an interrupted run has found nothing."""
    raise SystemExit(f"Stopped by {signal.Signals(number).name}.")


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, give_over)
    seed = int(os.environ.get("SEED") or secrets.randbelow(10_000))
    wanted = int(os.environ.get("REMINDERS") or 10_000)
    look_up = os.environ.get("LOOKUP", "1") != "0"
    say(f"SEED={seed} LOOKUP={int(look_up)} repeats this run.")
    with (
        tempfile.TemporaryDirectory(prefix="tl-", ignore_cleanup_errors=True) as name,
        surroundings(Path(name)) as crew,
    ):
        return campaign(crew, Path(name), seed=seed, wanted=wanted, look_up=look_up)


if __name__ == "__main__":
    sys.exit(main())
