"""Read the environment or fail loudly.

While `make run` is up, its addresses stand in for what the environment does not say,
so that `manage.py` commands reach the same database.
"""

import fcntl
import json
import os
from pathlib import Path

RUN_FILE = Path(__file__).resolve().parent.parent / ".troughline" / "run.json"
LOCK_FILE = RUN_FILE.with_name("lock")


class MissingSettingError(SystemExit):
    """A setting without which nothing can start."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is not set. Start Troughline with `make run`, or set it"
            " (see .env.example)."
        )


def running() -> dict[str, str]:
    """Return the addresses of the Troughline that `make run` keeps up, if any."""
    try:
        found: dict[str, str] = json.loads(RUN_FILE.read_text())
    except (OSError, ValueError):
        return {}
    return found if is_locked(LOCK_FILE) else {}


def is_locked(path: Path) -> bool:
    """Tell a run that goes on from one that was killed and left its file behind."""
    try:
        with path.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name) or running().get(name) or default
    if value is None:
        raise MissingSettingError(name)
    return value


def flag(name: str, *, default: bool) -> bool:
    """Read 1/0, true/false, yes/no or on/off."""
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise SystemExit(f"{name} must be 1 or 0, not {value!r}.")
