"""What a patient's timeline costs beside bare psycopg, at 1,000 patients and more.

`python -m tdm.embedded with -- python -m benchmarks.timeline [PATIENTS ...]`. Each
patient has a year of daily diary. Both sides are WSGI applications called in turn in
one process, so that neighbours disturb both alike; what is counted is processor time,
ours and the database's. Bare is one prepared UNION ALL of the same rows and orjson: no
account, no permission, no audit, no reading.
"""

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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

from patients import services as people  # noqa: E402
from patients.models import Patient, Role, Scope, Site, Staff  # noqa: E402

SIZES = (1_000, 10_000)
ROUNDS, CALLS = 5, 60
TICK_S = 1 / os.sysconf("SC_CLK_TCK")

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
    FROM patients_patient p, generate_series(current_date - 365, current_date - 1,
        interval '1 day') AS d WHERE p.site_id = %(site)s
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

BARE = """
(SELECT day AS at, 1 AS kind, id, version, source AS text, NULL::numeric AS value
 FROM patients_diaryday WHERE patient_id = %(patient)s ORDER BY day DESC LIMIT %(n)s)
UNION ALL
(SELECT due_on, 2, id, version, state, amount_mg FROM dosing_intake
 WHERE patient_id = %(patient)s ORDER BY due_on DESC LIMIT %(n)s)
UNION ALL
(SELECT measured_on, 3, id, version, quantity, value FROM patients_measurement
 WHERE patient_id = %(patient)s ORDER BY measured_on DESC LIMIT %(n)s)
ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT %(n)s
"""

Application = Callable[[Any, Any], Any]


def bare(environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
    """Answer a page of one patient and nothing else."""
    patient, count = str(environ["QUERY_STRING"]).split("&")
    with connection.connection.cursor() as cursor:
        cursor.execute(BARE, {"patient": int(patient), "n": int(count)}, prepare=True)
        rows = cursor.fetchall()
    start("200 OK", [("Content-Type", "application/json")])
    return [orjson.dumps(rows, default=str)]


def called(application: Application, path: str, query: str, key: str = "") -> bytes:
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
    }
    if key:
        environ["HTTP_AUTHORIZATION"] = f"Token {key}"
    said: list[str] = []
    answer = application(environ, lambda status, _headers: said.append(status))
    body = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    if not said[0].startswith("200"):
        raise SystemExit(f"{said[0]}: {body[:300]!r}")
    return body


def database_s() -> float:
    """Return the processor time of our own connection's process."""
    pid = connection.connection.info.backend_pid
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def cost_ms(call: Callable[[int], object], numbers: Iterable[int]) -> float:
    """Return the processor time of one call, ours and the database's."""
    ours, theirs, count = process_time(), database_s(), 0
    for number in numbers:
        call(number)
        count += 1
    return 1000 * (process_time() - ours + database_s() - theirs) / count


@contextmanager
def a_clinic(size: int) -> Iterator[tuple[list[int], str]]:
    """Yield the patients of a clinic of so many, and a key to read them."""
    site = Site.objects.create(name=f"{size}", stocked_strengths_mg=[1])
    with connection.cursor() as cursor:
        # Without the triggers that keep versions: they would take most of the time.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET statement_timeout = 0")
        for text in FILL:
            cursor.execute(text, {"site": site.pk, "size": size})
        cursor.execute("RESET session_replication_role")
    admin = people.register_staff(
        username=f"admin-{size}",
        password="a sentence nobody guesses",
        role=Role.ADMIN,
        sites=[site],
    )
    _token, key = people.issue_token(
        name="bench", site=site, scopes=[Scope.READ_PATIENTS], days=1, actor=admin
    )
    yield list(Patient.objects.filter(site=site).values_list("pk", flat=True)), key


def ratios(patients: list[int], key: str, count: int) -> tuple[float, float, float]:
    """Return our cost and the bare one in ms, and the median ratio of the rounds."""
    application = get_wsgi_application()
    step = max(len(patients) // (ROUNDS * CALLS), 1)
    chosen = iter(patients[::step] * 10)

    def ours(patient: int) -> None:
        path = f"/api/v1/patients/{patient}/timeline/"
        called(application, path, f"limit={count}", key)

    def without(patient: int) -> None:
        called(bare, "/", f"{patient}&{count}")

    found = []
    for _round in range(ROUNDS):
        some = [next(chosen) for _each in range(CALLS)]
        for patient in some:
            without(patient)
        found.append((cost_ms(ours, some), cost_ms(without, some)))
    return (
        median(a for a, _b in found),
        median(b for _a, b in found),
        median(a / b for a, b in found),
    )


def p95_ms(patients: list[int], key: str) -> float:
    application = get_wsgi_application()
    taken = []
    for patient in patients[:: max(len(patients) // 200, 1)]:
        begun = perf_counter()
        called(application, f"/api/v1/patients/{patient}/timeline/", "", key)
        taken.append(1000 * (perf_counter() - begun))
    return quantiles(taken, n=20)[-1]


def main(sizes: Iterable[int]) -> None:
    Staff.objects.exists()
    slow = []
    for size in sizes:
        with a_clinic(size) as (patients, key):
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
            for count in (100, 1000):
                ours, without, ratio = ratios(patients, key, count)
                print(
                    f"{size:>7} patients, {count:>4} events: {ours:6.2f} ms,"
                    f" bare {without:6.2f} ms, ratio {ratio:5.2f}"
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
        main([int(each) for each in sys.argv[1:]] or SIZES)
    finally:
        runner.teardown_databases(databases)
