"""Processes that start together, are started again when they end, and stop together."""

import contextlib
import ctypes
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

RESTARTS = 3
STEADY_AFTER_S = 60
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def give_up(sentence: str) -> SystemExit:
    """Return an exit with one sentence and a code that is not zero."""
    return SystemExit(f"Troughline: {sentence}")


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def wait_until(ready: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(0.05)
    return False


@dataclass(frozen=True)
class Patience:
    """How long a process is waited for, in seconds."""

    to_start_s: float = 60
    to_stop_s: float = 15
    before_restart_s: float = 2


USUAL = Patience()


@dataclass(frozen=True, slots=True)
class Role:
    """How one process is started, known to be up, and asked to stop."""

    name: str
    argv: Sequence[str | Path]
    ready: Callable[[int], bool] = bool
    farewell: signal.Signals = signal.SIGTERM
    user: str | None = None
    log: Path | None = None


@dataclass
class Child:
    """One running process in its role."""

    role: Role
    process: subprocess.Popen[bytes]
    restarts: int = 0
    since: float = field(default_factory=time.monotonic)

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def stop(self, within_s: float = USUAL.to_stop_s) -> None:
        """Wait for the end that was asked for, then insist."""
        try:
            self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def launch(
    role: Role, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, so that Ctrl-C reaches only us."""

    def end_with_parent() -> None:
        if hasattr(LIBC, "prctl"):
            LIBC.prctl(PR_SET_PDEATHSIG, role.farewell)

    with contextlib.ExitStack() as stack:
        log = stack.enter_context(role.log.open("ab")) if role.log else None
        return subprocess.Popen(
            [str(word) for word in role.argv],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=role.user,
            group=pwd.getpwnam(role.user).pw_gid if role.user else None,
            extra_groups=[] if role.user else None,
            # The kernel asks only from here on, after the change of user.
            preexec_fn=end_with_parent,  # noqa: PLW1509 - we have one thread
        )


class Crew:
    """Processes kept up until the block ends, however it ends."""

    def __init__(self, patience: Patience = USUAL) -> None:
        self.children: list[Child] = []
        self.patience = patience

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in self.children:
            if not child.ended:
                child.process.send_signal(child.role.farewell)
        for child in self.children:
            child.stop(self.patience.to_stop_s)

    def start(self, role: Role) -> None:
        child = Child(role, launch(role))
        self.children.append(child)
        self.wait_for(child)

    def settle(self, child: Child) -> None:
        """Wait until a process is ready or has ended, not longer than our patience."""
        pid, role = child.process.pid, child.role
        wait_until(lambda: child.ended or role.ready(pid), self.patience.to_start_s)

    def wait_for(self, child: Child) -> None:
        self.settle(child)
        role = child.role
        if child.ended or not role.ready(child.process.pid):
            where = f"its log is {role.log}" if role.log else "see its words above"
            raise give_up(f"{role.name} did not start; {where}.")

    def mend(self) -> None:
        """Start again what ended by itself, a few times in a row."""
        for child in self.children:
            if child.ended:
                self.restart(child)

    def restart(self, child: Child) -> None:
        if time.monotonic() - child.since > STEADY_AFTER_S:
            child.restarts = 0
        if child.restarts == RESTARTS:
            raise give_up(f"{child.role.name} keeps ending, so everything is stopped.")
        child.restarts += 1
        say(f"Troughline: {child.role.name} ended and is started again.")
        time.sleep(self.patience.before_restart_s * child.restarts)
        child.process, child.since = launch(child.role), time.monotonic()
        self.settle(child)


def stop_when_asked() -> None:
    """Let the first Ctrl-C, SIGTERM or SIGHUP unwind every block; ignore the rest."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # not under nohup
        numbers.append(signal.SIGHUP)

    def leave(number: int, frame: object) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(0)

    for number in numbers:
        signal.signal(number, leave)


def run(argv: Sequence[str | Path], environment: Mapping[str, str]) -> int:
    """Run a process to its end, out of reach of the terminal's Ctrl-C."""
    role = Role(str(argv[0]), argv)
    child = Child(role, launch(role, environment))
    try:
        return child.process.wait()
    finally:
        child.process.terminate()
        child.stop()
