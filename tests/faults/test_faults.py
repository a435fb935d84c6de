"""Workers are killed while reminders go out: none is lost and none is doubled.

The long form, with the broker and the database restarted, is `make fault-test`.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from tdm.children import wait_until
from tests.faults.trial import Trial, Verdict, a_queue, trial, unfinished, verdict_of

REMINDERS, KILLS, SEED = 200, 4, 7


@pytest.fixture
def surroundings(transactional_db: None) -> dict[str, str]:
    """Name the tests' database, and a queue that no other test reads."""
    facts = connection.get_connection_params()
    place = {name: facts[name] for name in ("host", "user", "dbname")}
    broker = os.environ["CELERY_BROKER_URL"]
    return {
        "DATABASE_URL": make_conninfo(**place),
        "CELERY_BROKER_URL": f"{broker}?virtual_host=7",
        "CACHE_URL": broker.replace("redis+socket://", "unix://") + "?db=8",
    }


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tl-") as name:
        yield Path(name)


def kill_as_it_goes(fault: Trial) -> None:
    """Kill a worker whenever some more messages have gone, its child at every other."""
    for number in range(KILLS):
        goal = (number + 1) * REMINDERS // (KILLS + 2)
        assert wait_until(lambda goal=goal: fault.accepted_count >= goal, 30)  # type: ignore[misc]
        time.sleep(fault.luck.random() / 20)
        fault.kill_one(whole=number % 2 == 0)


@pytest.mark.long
def test_workers_killed_while_they_send_lose_nothing_and_double_nothing(
    surroundings: dict[str, str], folder: Path
) -> None:
    a_queue([timezone.now() - timedelta(minutes=1)] * REMINDERS)
    with trial(
        folder, surroundings, seed=SEED, workers=2, clocks=1, look_up=True
    ) as fault:
        kill_as_it_goes(fault)
        assert wait_until(lambda: not unfinished(REMINDERS), 40)

    found = verdict_of(fault.accepted, REMINDERS)
    tries = found.tries
    assert found == Verdict(REMINDERS, REMINDERS, 0, 0, 0, tries)
    assert tries["deferred"] > 0
