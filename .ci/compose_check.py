"""Run what docker-compose.yml runs, without Docker, and ask each part for its health.

Needs DATABASE_URL and CELERY_BROKER_URL, which `python -m tdm.embedded with --` lends.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 60
FILLED_IN = {"SECRET_KEY": "x", "POSTGRES_PASSWORD": "x", "ALLOWED_HOSTS": "x"}


def main() -> int:
    check_syntax()
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ours = {name: service for name, service in services.items() if "build" in service}
    port = free_port()
    environments = {name: surroundings(it, port) for name, it in ours.items()}
    first = ours.pop("migrate")
    if not report("migrate", call(first["command"], environments["migrate"])):
        return 1
    with tempfile.TemporaryFile() as log:
        running = [
            begin(it["command"], environments[name], log) for name, it in ours.items()
        ]
        try:
            well = [is_well(name, it, environments[name]) for name, it in ours.items()]
        finally:
            end(running)
        if not all(well):
            log.seek(0)
            say(log.read().decode(errors="replace"))
    return 0 if all(well) else 1


def check_syntax() -> None:
    """Let Docker read the file, where Docker can."""
    docker = shutil.which("docker")
    if (
        docker
        and not subprocess.run(
            [docker, "compose", "version"], capture_output=True
        ).returncode
    ):
        subprocess.run(
            [docker, "compose", "config", "--quiet"],
            cwd=ROOT,
            env={**os.environ, **FILLED_IN},
            check=True,
        )
        say("docker-compose.yml: ok")
    else:
        say("This computer has no `docker compose`, so only the commands are checked.")


LENT = ("DATABASE_URL", "CELERY_BROKER_URL")
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<how>[-?])(?P<rest>[^}]*))?\}")


def surroundings(service: Mapping[str, Any], port: int) -> dict[str, str]:
    """Return a container's environment from the file, with our own addresses in it."""
    told = {name: filled(str(text)) for name, text in service["environment"].items()}
    lent = {name: os.environ[name] for name in LENT if name in told}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    here = {"PATH": path, "PORT": str(port), "HOME": os.environ.get("HOME", "/")}
    return {**told, **lent, **here}


def filled(text: str) -> str:
    """Put the variables of .env.example's kind into a value of the file."""
    return VARIABLE.sub(
        lambda found: FILLED_IN.get(
            found["name"], found["rest"] if found["how"] == "-" else ""
        ),
        text,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def begin(
    command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)


def call(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True)
    return done.returncode == 0


def is_well(
    name: str, service: Mapping[str, Any], environment: Mapping[str, str]
) -> bool:
    """Ask the service's own health check until it agrees."""
    _how, *question = service["healthcheck"]["test"]
    deadline = time.monotonic() + PATIENCE_S
    while not (well := call(question, environment)) and time.monotonic() < deadline:
        time.sleep(1)
    return report(name, well)


def report(name: str, well: bool) -> bool:
    say(f"{name}: {'ok' if well else 'NOT WELL'}")
    return well


def end(running: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in running:
        process.terminate()
    for process in running:
        process.wait()


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
