"""The one command: it starts everything, mends it, and leaves nothing behind."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tdm import children, embedded
from tdm.children import Crew, Patience, Role

ROOT = Path(__file__).resolve().parents[2]
CODE = ["manage.py", "tdm", "patients", "dosing", "templates"]
COMMAND = [sys.executable, "-W", "ignore:XDG_RUNTIME_DIR", "-m", "tdm.embedded"]
LENT = {
    "ALLOWED_HOSTS",
    "CACHE_URL",
    "CELERY_BROKER_URL",
    "DATABASE_URL",
    "HTTPS",
    "SECRET_KEY",
}


def bare_environment(**more: str) -> dict[str, str]:
    """Return what a person's shell has: nothing about Troughline."""
    ours = {name: value for name, value in os.environ.items() if name not in LENT}
    return {**ours, **more}


@pytest.fixture
def checkout() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="checkout-") as name:
        for part in CODE:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, Path(name) / part)
        yield Path(name)


AT_ONCE = Patience(to_stop_s=0.2, before_restart_s=0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children_of(pid: int) -> list[int]:
    """Return the children of a process; one that has just ended has none."""
    try:
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(word) for word in words]


def family_of(pid: int) -> set[int]:
    return {pid}.union(*(family_of(child) for child in children_of(pid)))


def alive(pids: set[int]) -> set[int]:
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            if ") Z " not in Path(f"/proc/{pid}/stat").read_text():
                found.add(pid)
    return found


def all_gone(pids: set[int], seconds: float = 20) -> bool:
    return children.wait_until(lambda: not alive(pids), seconds)


@contextlib.contextmanager
def troughline(checkout: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    log = checkout / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*COMMAND, "run"],
            cwd=checkout,
            env=bare_environment(PORT=str(port)),
            stdout=output,
            stderr=output,
        )
    try:
        assert children.wait_until(lambda: "is ready" in log.read_text(), 120), (
            log.read_text()
        )
        yield process, port
    finally:
        process.terminate()
        process.wait(30)


def status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code


def told(checkout: Path, *words: str) -> str:
    """Run `manage.py` as a person beside a running Troughline would."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=checkout,
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.long
def test_one_command_serves_leaves_no_process_and_starts_again(checkout: Path) -> None:
    for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
        with troughline(checkout) as (process, port):
            assert status(port, "/sign-in/") == 200
            assert children.wait_until(lambda: status(port, "/readyz") == 200, 30)
            if number == signal.SIGKILL:
                assert "16.4" in told(checkout, "table1", "--format", "csv")
                assert "OUTDATED" not in told(checkout, "pgtrigger", "ls")
            family = family_of(process.pid)

            process.send_signal(number)
            code = process.wait(30)

        assert code == (-number if number == signal.SIGKILL else 0)
        assert len(family) > 6
        assert all_gone(family)
        if number == signal.SIGKILL:
            assert told(checkout, "table1", "--format", "csv") == (
                "SECRET_KEY is not set. Start Troughline with `make run`, or set it"
                " (see .env.example).\n"
            )


def test_a_second_start_in_the_same_folder_is_refused_in_one_sentence(
    tmp_path: Path,
) -> None:
    with (
        embedded.only_one(tmp_path),
        pytest.raises(SystemExit, match="already runs from this folder"),
        embedded.only_one(tmp_path),
    ):
        pass


def test_a_taken_port_is_said_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(SystemExit, match=f"port {port} is taken.*PORT=8001"):
            embedded.check_port(port)


@pytest.mark.parametrize("word", ["80x", "0", "65536", "-1"])
def test_a_port_is_a_number(word: str) -> None:
    with pytest.raises(SystemExit, match=re.escape(repr(word))):
        embedded.wanted_port(word)


def test_a_full_disk_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="the disk is full"):
        embedded.check_space(tmp_path, needed_bytes=1 << 60)


def test_the_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    key = embedded.secret_key(tmp_path)

    assert embedded.secret_key(tmp_path) == key
    assert len(key) > 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_lent_servers_end_with_the_command_and_its_code_is_passed_on() -> None:
    says = (
        "import os, psycopg;"
        "print(os.environ['CELERY_BROKER_URL']);"
        "psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 1');"
        "raise SystemExit(7)"
    )

    done = subprocess.run(
        [*COMMAND, "with", "--", sys.executable, "-c", says],
        cwd=ROOT,
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    broker = done.stdout.strip()
    assert done.returncode == 7
    assert not Path(broker.removeprefix("redis+socket://")).parent.exists()


def test_given_addresses_are_used_instead_of_servers_of_our_own() -> None:
    given = bare_environment(DATABASE_URL="postgresql:///x", CELERY_BROKER_URL="y")
    says = "import os; print(os.environ['DATABASE_URL'])"

    done = subprocess.run(
        [*COMMAND, "with", "--", sys.executable, "-c", says],
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "postgresql:///x\n"


def test_a_child_that_ends_is_started_again() -> None:
    with Crew(AT_ONCE) as crew:
        crew.start(Role("the sleeper", ["sleep", "60"]))
        first = crew.children[0].process
        first.kill()
        first.wait()

        crew.mend()

        second = crew.children[0].process
        assert second.pid != first.pid
        assert second.poll() is None
    assert second.poll() is not None


def test_a_child_that_keeps_ending_stops_everything() -> None:
    with Crew(AT_ONCE) as crew:
        crew.start(Role("the sleeper", ["sleep", "60"]))
        sleeper = crew.children[0]
        sleeper.restarts = children.RESTARTS
        sleeper.process.kill()
        sleeper.process.wait()

        with pytest.raises(SystemExit, match="the sleeper keeps ending"):
            crew.mend()


def test_a_child_that_never_starts_is_named(tmp_path: Path) -> None:
    log = tmp_path / "log"

    with Crew() as crew, pytest.raises(SystemExit, match=f"its log is {log}"):
        crew.start(Role("PostgreSQL", ["false"], ready=lambda _pid: False, log=log))


def test_a_child_that_will_not_leave_is_made_to(tmp_path: Path) -> None:
    ears_shut = tmp_path / "ears-shut"
    stubborn = f"trap '' TERM; touch {ears_shut}; while :; do sleep 0.1; done"

    with Crew(AT_ONCE) as crew:
        crew.start(
            Role(
                "the stubborn",
                ["sh", "-c", stubborn],
                ready=lambda _pid: ears_shut.exists(),
            )
        )

    assert crew.children[0].process.returncode == -signal.SIGKILL
