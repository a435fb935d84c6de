"""Long work on a file of rows: done by a worker, while the page asks how far it is."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import TypedDict

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from django.utils.translation import gettext_noop
from psycopg.errors import LockNotAvailable
from redis.exceptions import RedisError

from dosing import services
from dosing.models import FileImport
from patients.models import Staff

KEPT_S = 15 * 60
SILENT = timedelta(seconds=120)
"""Work that tells nothing for so long has lost its worker: none may take longer."""

TOLD_EVERY_S = 0.3

PLANNED_AT_ONCE = 10
PLANNED_IN_REQUEST_S = 2.0

BUSY = gettext_noop(
    "Someone is at work on this file or its patients. Try again in a moment."
)
GONE_WRONG = gettext_noop(
    "The work was broken off, and nothing of it is stored. Try again."
)
STOPPED = gettext_noop(
    "The work on this file stopped before its end. Nothing was stored. Start it again."
)

WORKS: dict[str, Callable[..., FileImport]] = {
    "check": services.check_file,
    "store": services.import_file,
    "undo": services.undo_file,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """How far the work on a version of a file is, as told at an instant.

    `said` is why it ended without success.
    """

    done: int = 0
    whole: int = 0
    said: str = ""
    version: int = 0
    told_at: datetime = field(default_factory=timezone.now)


def key_of(file_id: int) -> str:
    return f"filework:{file_id}"


def shown(file: FileImport, *, at: datetime) -> Shown | None:
    """Return how far it is; None where nothing is under way.

    What was silent for too long has stopped. Where the file is another version by now,
    the work was done, by this or another hand, and nothing is left to say.
    """
    found: Shown | None = None
    with suppress(RedisError):
        found = cache.get(key_of(file.pk))
    if found is None or found.version != file.version:
        return None
    if found.said or at - found.told_at <= SILENT:
        return found
    return Shown(said=STOPPED)


def put(file_id: int, what: Shown) -> None:
    """Tell how far it is; the work goes on where nobody can be told."""
    with suppress(RedisError):
        cache.set(key_of(file_id), what, KEPT_S)


def forget(file_id: int) -> None:
    with suppress(RedisError):
        cache.set(key_of(file_id), None, 1)


class Job(TypedDict):
    """What is to be done with which version of a file, for whom, with what words."""

    file_id: int
    version: int
    actor_id: int
    what: str
    words: dict[str, str]
    language: str


def work(job: Job) -> None:
    """Do one thing with a file; doing it twice changes nothing.

    The version of the file moves on when it is done, so a second run does nothing.
    """
    file_id, version = job["file_id"], job["version"]
    told_at = 0.0

    def tell(done: int, whole: int) -> None:
        nonlocal told_at
        if monotonic() - told_at > TOLD_EVERY_S:
            told_at = monotonic()
            put(file_id, Shown(done, whole, version=version))

    file = FileImport.objects.get(pk=file_id)
    if file.version != version:
        forget(file_id)
        return
    actor = Staff.objects.get(pk=job["actor_id"])
    put(file_id, Shown(version=version))
    try:
        with translation.override(job["language"]):
            WORKS[job["what"]](
                file=file,
                version=version,
                actor=actor,
                progress=tell,
                **job["words"],
            )
    except ValidationError as refusal:
        put(file_id, Shown(said=" ".join(refusal.messages), version=version))
    except BaseException as trouble:
        waited = isinstance(trouble.__cause__, LockNotAvailable)
        put(file_id, Shown(said=BUSY if waited else GONE_WRONG, version=version))
        raise
    else:
        forget(file_id)


def plan(file_id: int, actor_id: int, *, for_s: float) -> bool:
    """Plan anew for the patients of an import, for so long; say whether any are left.

    Whoever is left is planned for by the clock, should nobody come back to it.
    """
    file, actor = FileImport.objects.get(pk=file_id), Staff.objects.get(pk=actor_id)
    patients = {made["patient"] for made in file.made}
    until = monotonic() + for_s
    while monotonic() < until:
        planned = services.plan_on(
            at=timezone.now(), at_most=PLANNED_AT_ONCE, among=patients, actor=actor
        )
        if planned < PLANNED_AT_ONCE:
            return False
    return True
