"""One command that brings its own PostgreSQL and Valkey.

`python -m tdm.embedded run` keeps a whole Troughline up until it is interrupted;
`python -m tdm.embedded with -- COMMAND` lends throwaway servers to one command.
DATABASE_URL and CELERY_BROKER_URL replace the embedded parts where they are given.
"""

import contextlib
import errno
import fcntl
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

from tdm import env
from tdm.children import Child, Crew, Role, give_up, run, say, stop_when_asked
from tdm.servers import servers

ROOT = Path(__file__).resolve().parent.parent
HOME = env.RUN_FILE.parent
SPACE_NEEDED_BYTES = 500_000_000


def serve() -> None:
    """Keep everything up until someone asks to stop."""
    port = wanted_port(os.environ.get("PORT") or "8000")
    with only_one(HOME):
        check_port(port)
        check_space(HOME)
        try:
            serve_at(port)
        finally:
            say("Troughline: stopped.")


def serve_at(port: int) -> None:
    own_database = not os.environ.get("DATABASE_URL")
    with servers(HOME, throwaway=False) as (lent, addresses):
        environment = {**surroundings(secret_key(HOME)), **addresses}
        os.environ.update(environment)
        with announced(environment), Crew() as crew:
            prepare(with_teaching=own_database)
            keep_up([lent, crew], port)


def keep_up(crews: Sequence[Crew], port: int) -> None:
    for role in roles(port):
        crews[-1].start(role)
    say(f"\nTroughline is ready at http://127.0.0.1:{port}   (Ctrl-C stops it)")
    while True:
        time.sleep(1)
        for crew in crews:
            crew.mend()


def roles(port: int) -> list[Role]:
    """Return the processes that make up Troughline."""
    python = [sys.executable, "-m"]
    celery = [
        sys.executable, "-W", "ignore:You're running",
        "-m", "celery", "--quiet", "-A", "tdm",
    ]  # fmt: skip
    worker = [
        *celery, "worker", "--pool", "prefork", "--concurrency", "2",
        "--without-gossip", "--without-mingle", "--loglevel", "WARNING",
    ]  # fmt: skip
    beat = [*celery, "beat", "--pidfile=", "--loglevel", "WARNING"]
    web = [
        *python, "gunicorn", "tdm.wsgi", "--bind", f"127.0.0.1:{port}",
        "--workers", "3", "--timeout", "20",
        "--no-control-socket", "--log-level", "warning",
    ]  # fmt: skip
    return [
        Role("the worker", worker),
        Role("the clock", beat),
        Role("the web server", web, ready=lambda _pid: answers(port)),
    ]


def answers(port: int) -> bool:
    address = f"http://127.0.0.1:{port}/livez"
    try:
        with urllib.request.urlopen(address, timeout=2) as reply:
            return bool(reply.status == HTTPStatus.OK)
    except OSError:
        return False


def prepare(*, with_teaching: bool) -> None:
    """Bring the tables up to date; only our own database gets teaching cases."""
    manage("migrate", "--verbosity", "0")
    if with_teaching:
        manage("load_case_series")
        return
    say(
        "DATABASE_URL is yours, so no teaching cases and no demo log-ins are loaded."
        " The first account: manage.py create_admin USERNAME --site CLINIC"
    )


def manage(*words: str) -> None:
    patient = {**os.environ, "DB_STATEMENT_TIMEOUT": "0"}
    if run([sys.executable, ROOT / "manage.py", *words], patient):
        raise give_up(f"`manage.py {words[0]}` failed; see above.")


def surroundings(key: str) -> dict[str, str]:
    """Return what Troughline is told on this computer unless someone says otherwise."""
    local = {
        "SECRET_KEY": key,
        "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
        "HTTPS": "0",
    }
    return {name: os.environ.get(name) or value for name, value in local.items()}


def secret_key(home: Path) -> str:
    """Return this folder's own key, made at the first start."""
    path = home / "secret_key"
    if not path.exists() or not path.read_text():
        write_privately(path, secrets.token_urlsafe(50))
    return path.read_text()


def write_privately(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


@contextlib.contextmanager
def announced(environment: Mapping[str, str]) -> Iterator[None]:
    """Let `manage.py` find the servers while we run."""
    write_privately(env.RUN_FILE, json.dumps(dict(environment)))
    try:
        yield
    finally:
        env.RUN_FILE.unlink(missing_ok=True)


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the folder's lock; a lock left by a dead process does not hold."""
    home.mkdir(exist_ok=True)
    with (home / env.LOCK_FILE.name).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise give_up("it already runs from this folder.") from error
        yield


def wanted_port(word: str) -> int:
    if not word.isdecimal() or not 0 < int(word) < 1 << 16:
        raise give_up(f"PORT must be a number from 1 to 65535, not {word!r}.")
    return int(word)


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise give_up(f"port {port} is for the system only.") from error
        except OSError as error:
            raise give_up(
                f"port {port} is taken. Choose another: PORT=8001 make run"
            ) from error


def check_space(home: Path, needed_bytes: int = SPACE_NEEDED_BYTES) -> None:
    free = shutil.disk_usage(home).free
    if free < needed_bytes:
        raise give_up(
            f"the disk is full: {free // 1_000_000} MB are free,"
            f" {needed_bytes // 1_000_000} MB are needed."
        )


def lend(command: Sequence[str]) -> int:
    """Run one command with throwaway servers and return its exit code."""
    with (
        tempfile.TemporaryDirectory(prefix="tl-", ignore_cleanup_errors=True) as folder,
        servers(Path(folder), throwaway=True) as (_crew, addresses),
    ):
        environment = {**surroundings(secrets.token_urlsafe(50)), **addresses}
        child = subprocess.Popen(command, env={**os.environ, **environment})
        try:
            return child.wait()
        finally:
            child.terminate()
            Child(Role(command[0], command), child).stop()


def main(words: Sequence[str]) -> int:
    stop_when_asked()
    match words:
        case ["run"]:
            serve()
            return 0
        case ["with", "--", *command] if command:
            return lend(command)
    raise give_up("say `run`, or `with -- COMMAND`.")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as problem:
        if problem.errno == errno.ENOSPC:
            raise give_up("the disk is full.") from problem
        raise give_up(f"{problem}.") from problem
