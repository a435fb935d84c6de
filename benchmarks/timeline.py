"""What a patient's timeline costs beside bare psycopg, at 1,000 patients and more.

`python -m tdm.embedded with -- python -m benchmarks.timeline [PATIENTS ...]`. Every
patient keeps a diary daily: a day, a dose and a measurement, each with its line of the
audit where it is read here. All sides are WSGI applications called in turn in one
process, so that neighbours disturb all alike; what is counted is processor time, ours
and the database's. `bare` tells the same events by psycopg and orjson and nothing else:
no account, permission, pace, audit or mark. `plain` is the least that could be called
a timeline: six columns of three tables by one prepared UNION ALL and orjson, without
authors. `serializer` is Django REST framework's usual way to the very same answer: a
view with the same token, pace and line of the audit, and model serializers.
"""

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tdm.settings")
django.setup()

import orjson  # noqa: E402 - Django is set up first
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402

from benchmarks import usual  # noqa: E402
from patients import services as people  # noqa: E402
from patients.models import (  # noqa: E402
    Patient,
    Role,
    Scope,
    Site,
    Staff,
)
from patients.statements import rows  # noqa: E402
from tdm.events import (  # noqa: E402
    BRANCHES,
    Asked,
    chosen,
    facts_for,
    facts_told,
    places_of,
    union,
)

SIZES = ((1_000, 365), (10_000, 365), (100_000, 40))
"""Patients, and days of diary of each: a page is as long in all."""

ROUNDS, CALLS, READ = 5, 60, 300

FILL = (
    """
    INSERT INTO patients_patient (site_id, identifier, family_name, given_name,
        family_name_kana, given_name_kana, born_on, sex, phone, email, ended_because,
        version)
    SELECT %(site)s, %(site)s || '-' || n, 'Sato', 'Hanako', '', '', '1980-05-04',
        'female', '', '', '', 1
    FROM generate_series(1, %(size)s) AS n
    """,
    """
    INSERT INTO patients_diaryday (patient_id, day, source, no_side_effects, note,
        version)
    SELECT p.id, d::date, 'phone', false, '', 1
    FROM patients_patient p, generate_series(current_date - %(days)s::int,
        current_date - 1, interval '1 day') AS d WHERE p.site_id = %(site)s
    """,
    """
    INSERT INTO dosing_intake (patient_id, due_on, slot, state, reason, version)
    SELECT patient_id, day, 0, 'taken', '', 1 FROM patients_diaryday t
    JOIN patients_patient p ON p.id = t.patient_id WHERE p.site_id = %(site)s
    """,
    """
    INSERT INTO patients_measurement (patient_id, quantity, value, measured_on, method,
        note, version)
    SELECT patient_id, 'pain_vas', 4, day, '', '', 1 FROM patients_diaryday t
    JOIN patients_patient p ON p.id = t.patient_id WHERE p.site_id = %(site)s
    """,
)

AUDIT = """
INSERT INTO patients_auditevent (chain, position, previous_hash, hash, action,
    object_type, object_id, object_version, patient_id, actor_id, reason, details)
SELECT 17, nextval('patients_auditevent_id_seq'), '', '', 'save_diary',
    %(type)s, t.id::text, 1, t.patient_id, %(staff)s, '', '{{}}'
FROM {table} t WHERE t.patient_id = ANY(%(patients)s)
"""
TABLES = {
    "patients.diaryday": "patients_diaryday",
    "dosing.intake": "dosing_intake",
    "patients.measurement": "patients_measurement",
}

PLAIN = """
(SELECT day AS at, 1 AS kind, id, version, source AS text, NULL::numeric AS value
 FROM patients_diaryday WHERE patient_id = %(patient)s ORDER BY day DESC LIMIT %(n)s)
UNION ALL
(SELECT due_on, 2, id, version, state, amount_mg FROM dosing_intake
 WHERE patient_id = %(patient)s AND taken_at IS NULL ORDER BY due_on DESC LIMIT %(n)s)
UNION ALL
(SELECT measured_on, 3, id, version, quantity, value FROM patients_measurement
 WHERE patient_id = %(patient)s ORDER BY measured_on DESC LIMIT %(n)s)
ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT %(n)s
"""

Application = Callable[[Any, Any], Any]


def asked_of(environ: dict[str, object]) -> tuple[int, int]:
    patient, count = str(environ["QUERY_STRING"]).split("&")
    return int(patient), int(count)


def bare(environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
    """Answer the same events of one patient and nothing else."""
    key, count = asked_of(environ)
    patient = Patient.from_db("default", ["id"], [key])
    patient.site = Site.from_db("default", ["id", "time_zone"], [1, "Asia/Tokyo"])
    asked = Asked(count=count)
    facts = facts_for(patient, asked)
    places = rows(places_of(asked.shape), facts)[:count]
    for branch, record, _at in places:
        facts.setdefault(f"of_{branch}", []).append(record)
    numbers = tuple(sorted({branch for branch, _record, _at in places}))
    told = {(each[0], each[2]): each for each in rows(in_columns(numbers), facts)}
    found = [told[branch, record][1:] for branch, record, _at in places]
    start("200 OK", [("Content-Type", "application/json")])
    return [orjson.dumps([dict(zip(NAMES, each, strict=True)) for each in found])]


NAMES = tuple(facts_told(BRANCHES[0]))


@cache
def in_columns(numbers: Sequence[int]) -> str:
    """Return the statement of our events, each fact in a column of its own type."""
    return union(
        f"SELECT {number}, {', '.join(facts_told(BRANCHES[number]).values())}"
        f" {chosen(number, BRANCHES[number])}"
        for number in numbers
    )


def plain(environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
    """Answer six columns of three tables."""
    patient, count = asked_of(environ)
    with connection.connection.cursor() as cursor:
        cursor.execute(PLAIN, {"patient": patient, "n": count})
        rows = cursor.fetchall()
    start("200 OK", [("Content-Type", "application/json")])
    return [orjson.dumps(rows, default=str)]


def called(
    application: Application, path: str, query: str, **headers: str
) -> tuple[bytes, dict[str, str]]:
    environ: dict[str, object] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        **headers,
    }
    said: list[Any] = []
    answer = application(environ, lambda status, heads: said.extend([status, heads]))
    body = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    if not said[0].startswith(("200", "304")):
        raise SystemExit(f"{said[0]}: {body[:300]!r}")
    return body, dict(said[1])


def database_s() -> float:
    """Return the processor time of our own connection's process."""
    pid = connection.connection.info.backend_pid
    running_ns, *_waiting = Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(running_ns) / 1e9


def cost_ms(call: Callable[[int], object], numbers: Iterable[int]) -> float:
    """Return the processor time of one call, ours and the database's."""
    ours, theirs, count = process_time(), database_s(), 0
    for number in numbers:
        call(number)
        count += 1
    return 1000 * (process_time() - ours + database_s() - theirs) / count


@contextmanager
def no_triggers() -> Iterator[None]:
    """Fill tables without keeping versions: that would take most of the time."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET statement_timeout = 0")
        yield
        cursor.execute("RESET session_replication_role")


def vacuumed() -> None:
    """Leave tables as autovacuum does in time; what is not on disk it leaves out."""
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("VACUUM ANALYZE")


def a_clinic(size: int, days: int) -> tuple[list[int], str]:
    """Return some patients of a clinic of so many, and a key to read them."""
    site = Site.objects.create(name=f"{size}", stocked_strengths_mg=[1])
    admin = people.register_staff(
        username=f"admin-{size}",
        password="a sentence nobody guesses",
        role=Role.ADMIN,
        sites=[site],
    )
    with no_triggers(), connection.cursor() as cursor:
        for text in FILL:
            cursor.execute(text, {"site": site.pk, "size": size, "days": days})
    ours = Patient.objects.filter(site=site).order_by("pk")
    patients = list(ours.values_list("pk", flat=True))[:: size // READ][:READ]
    with no_triggers(), connection.cursor() as cursor:
        for kind, table in TABLES.items():
            cursor.execute(
                AUDIT.format(table=table),
                {"type": kind, "patients": patients, "staff": admin.pk},
            )
    vacuumed()
    _token, key = people.issue_token(
        name="bench",
        site=site,
        scopes=[Scope.READ_PATIENTS],
        days=1,
        requests_per_minute=6000,
        actor=admin,
    )
    return patients, key


class Program:
    """Asks for pages of one length with a token, and remembers their tags."""

    def __init__(self, key: str, count: int) -> None:
        self.application = get_wsgi_application()
        self.token, self.query = f"Token {key}", f"limit={count}"
        self.tags: dict[int, str] = {}

    def asked(self, path: str, **headers: str) -> tuple[bytes, dict[str, str]]:
        headers["HTTP_AUTHORIZATION"] = self.token
        return called(self.application, path, self.query, **headers)

    def ours(self, patient: int, **headers: str) -> bytes:
        path = f"/api/v1/patients/{patient}/timeline/"
        body, said = self.asked(path, **headers)
        self.tags[patient] = said["ETag"]
        return body

    def usual(self, patient: int) -> bytes:
        return self.asked(f"/api/usual/{patient}/")[0]

    def poll(self, patient: int) -> None:
        if self.ours(patient, HTTP_IF_NONE_MATCH=self.tags[patient]):
            raise SystemExit("A poll with nothing new has a body.")


def compared(patients: list[int], key: str, count: int) -> dict[str, float]:
    """Return the median cost of each side in ms."""
    program = Program(key, count)
    one, other = (
        orjson.loads(call(patients[0]))["events"]
        for call in (program.ours, program.usual)
    )
    if not usual.same(one, other):
        raise SystemExit("The usual way does not tell the same events.")
    for patient in patients:
        program.ours(patient)

    def beside(application: Application) -> Callable[[int], object]:
        return lambda patient: called(application, "/", f"{patient}&{count}")

    sides: dict[str, Callable[[int], object]] = {
        "ours": program.ours,
        "bare": beside(bare),
        "plain": beside(plain),
        "serializer": program.usual,
        "poll": program.poll,
    }
    chosen = cycle(patients)
    costs: dict[str, list[float]] = {name: [] for name in sides}
    for _round in range(ROUNDS):
        some = [next(chosen) for _each in range(CALLS)]
        for name, call in sides.items():
            costs[name].append(cost_ms(call, some))
    return {name: median(each) for name, each in costs.items()}


def p95_ms(patients: list[int], key: str) -> float:
    """Return the median of rounds of the p95 of a page of 100, by the clock."""
    program, rounds = Program(key, 100), []
    for _round in range(ROUNDS):
        taken = []
        for patient in patients:
            begun = perf_counter()
            program.ours(patient)
            taken.append(1000 * (perf_counter() - begun))
        rounds.append(quantiles(taken, n=20)[-1])
    return median(rounds)


def main(sizes: Iterable[tuple[int, int]]) -> None:
    Staff.objects.exists()
    usual.served()
    slow = []
    for size, days in sizes:
        patients, key = a_clinic(size, days)
        for count in (100, 1000):
            if count > days * len(TABLES):
                continue
            of = compared(patients, key, count)
            print(
                f"{size:>7} patients, {count:>4} events: {of['ours']:6.2f} ms;"
                f" bare {of['bare']:.2f} ({of['ours'] / of['bare']:.2f}x),"
                f" plain {of['plain']:.2f} ({of['ours'] / of['plain']:.2f}x),"
                f" serializer {of['serializer']:.2f}"
                f" ({of['serializer'] / of['ours']:.1f}x as dear),"
                f" nothing new {of['poll']:.2f} ({of['poll'] / of['ours']:.2f}x)",
                flush=True,
            )
        slow.append(p95_ms(patients, key))
    print(
        f"p95 of a page of 100: {' -> '.join(f'{each:.1f} ms' for each in slow)},"
        f" growth {slow[-1] / slow[0]:.2f}"
    )


if __name__ == "__main__":
    runner = DiscoverRunner(verbosity=0, interactive=False)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    try:
        wanted = {int(each) for each in sys.argv[1:]}
        main([each for each in SIZES if not wanted or each[0] in wanted])
    finally:
        runner.teardown_databases(databases)
