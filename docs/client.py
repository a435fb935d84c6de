"""A small client of the API: the standard library only, to be copied and changed.

python docs/client.py http://127.0.0.1:8000 KEY
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

Facts = Mapping[str, object]


class RefusedError(Exception):
    """The clinic said no; `problem` says where and why, `etag` what stands now."""

    def __init__(self, status: int, problem: dict[str, Any], etag: str) -> None:
        said = problem.get("errors") or [{"detail": problem.get("detail", "")}]
        words = "; ".join(f"{e.get('pointer', '')} {e['detail']}".strip() for e in said)
        super().__init__(f"{status} {problem.get('title')}: {words}")
        self.status = status
        self.problem = problem
        self.etag = etag


@dataclass(frozen=True)
class Answer:
    """What was answered, and the tag by which a change names this version."""

    body: dict[str, Any]
    etag: str


@dataclass(frozen=True)
class Clinic:
    """The clinics that a key opens; `address` is that of the pages."""

    address: str
    key: str
    timeout_s: float = 30

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def add(self, path: str, facts: Facts, *, key: str = "") -> Answer:
        """Add a record. Repeat it with the same `key`, and it is added once."""
        return self.send("POST", path, facts, {"Idempotency-Key": key or str(uuid4())})

    def change(self, path: str, facts: Facts, *, etag: str) -> Answer:
        """Replace a record that was read as `etag`; refused if it moved on."""
        return self.send("PUT", path, facts, {"If-Match": etag})

    def act(self, path: str, facts: Facts, *, etag: str) -> Answer:
        """Withdraw, set aside, book: what is done to a record read as `etag`."""
        return self.send("POST", path, facts, {"If-Match": etag})

    def each(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the records of a list, page after page."""
        following: str | None = path
        while following:
            page = self.get(following).body
            yield from page["results"]
            following = page["next"]

    def timeline(
        self, patient_id: int, *, since: str = ""
    ) -> tuple[list[dict[str, Any]], str]:
        """Return what happened to a patient, newest first, and a mark.

        With the mark as `since` of the next call only what changed after it is
        returned: what you hold of the same kind and id is replaced by it.
        """
        asked = urlencode({"limit": 1000, **({"since": since} if since else {})})
        following: str | None = f"patients/{patient_id}/timeline/?{asked}"
        events: list[dict[str, Any]] = []
        while following:
            page = self.get(following).body
            events += page["events"]
            following, since = page["next"], page["since"]
        return events, since

    def send(
        self,
        method: str,
        path: str,
        facts: Facts | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request to a path after /api/v1/, or to a whole address.

        Raises
        ------
        RefusedError
            For every answer that is a problem document.
        """
        is_whole = path.startswith(("http://", "https://"))
        request = Request(  # noqa: S310 - the address is the caller's
            path if is_whole else f"{self.address}/api/v1/{path}",
            method=method,
            data=None if facts is None else json.dumps(facts).encode(),
            headers={
                "Authorization": f"Token {self.key}",
                "Accept": "application/json",
                "Content-Type": "application/json",
                **(headers or {}),
            },
        )
        try:
            with urlopen(request, timeout=self.timeout_s) as answer:  # noqa: S310
                return Answer(json.load(answer), answer.headers.get("ETag", ""))
        except HTTPError as error:
            with error:
                problem = json.load(error)
            tag = error.headers.get("ETag", "")
            raise RefusedError(error.code, problem, tag) from error

    def add_level(
        self,
        patient_id: int,
        *,
        level: str,
        unit: str,
        drawn_at: datetime,
        last_dose_at: datetime | None,
        laboratory: int,
    ) -> Answer:
        """Add a trough level as it was reported, such as "13.3" or "<2.0"."""
        facts = {
            "level": level,
            "unit": unit,
            "drawn_at": drawn_at.isoformat(),
            "last_dose_at": last_dose_at and last_dose_at.isoformat(),
            "laboratory": laboratory,
        }
        return self.add(f"patients/{patient_id}/troughs/", facts)


def main(address: str = "", key: str = "") -> None:
    """Print how much happened to each patient; without an answer, say why and end."""
    if not key:
        sys.exit("Name the address and a key: client.py http://127.0.0.1:8000 KEY")
    try:
        tell(Clinic(address.rstrip("/"), key))
    except RefusedError as refusal:
        sys.exit(f"The clinic refused it. {refusal}")
    except (OSError, ValueError) as trouble:
        sys.exit(f"No answer of a clinic at {address}: {trouble}")


def tell(clinic: Clinic) -> None:
    """Print of each patient how many events and how many levels there are."""
    for patient in clinic.each("patients/"):
        events, _mark = clinic.timeline(patient["id"])
        levels = list(clinic.each(f"patients/{patient['id']}/troughs/"))
        said = f"{patient['identifier']}: {len(events)} events, {len(levels)} levels"
        sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
