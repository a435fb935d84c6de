"""The cast and the clinic: every test that asks for them gets real rows."""

import os
import re
import sys
import threading
from collections import Counter
from collections.abc import Generator, Iterator

import pytest
from coverage import Coverage
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import translation
from hypothesis import settings as hypothesis
from pytest_django import DjangoDbBlocker

from dosing.models import Laboratory, Protocol
from patients.models import Patient, Role, Site, Staff
from tests import builders

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

hypothesis.register_profile("untimed", deadline=None)
hypothesis.load_profile("untimed")


FIRST_CACHE = 2
"""Valkey's database of the first worker's cache: 0 is the broker, 1 the cache of an
app, 7 and 8 are a fault test's; so there are at most five workers.
"""


def pytest_configure() -> None:
    """Build the tests' tables from the models: the migrations run in test_embedded."""
    settings.PGTRIGGER_INSTALL_ON_MIGRATE = True
    # Else every test's client reads the whole static folder before its first page.
    settings.WHITENOISE_AUTOREFRESH = True
    # Else one worker empties the cache of the other, and reads what it left.
    cache = settings.CACHES["default"]
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    cache["LOCATION"] = re.sub(r"\d+$", str(FIRST_CACHE + worker), cache["LOCATION"])
    os.environ["CACHE_URL"] = cache["LOCATION"]


MEASURED_OF_A_GRID = 3
UNMEASURED = pytest.StashKey[bool]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker waits for it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    seen: Counter[str] = Counter()
    for item in sorted(items, key=lambda item: item.nodeid):
        grid = item.nodeid.partition("[")[0]
        seen[grid] += 1
        left_out = item.get_closest_marker("browser") or item.get_closest_marker("long")
        item.stash[UNMEASURED] = bool(left_out) or seen[grid] > MEASURED_OF_A_GRID


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure coverage in three of each grid, and in nothing long or in Chromium.

    All are run and count alike; but tracing doubles what a test costs, and a floor
    that some of them reach is reached by all.
    """
    if not item.stash[UNMEASURED] or Coverage.current() is None:
        return (yield)
    traces = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(traces[0])
        threading.settrace(traces[1])


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Make the triggers with the tables: emptying those afterwards leaves them be.

    What a server of the browser still holds open at the end is closed for it, or the
    database could not be dropped.
    """
    settings.PGTRIGGER_INSTALL_ON_MIGRATE = False
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def quick_passwords(settings: object) -> None:
    """Hash passwords cheaply: what is tested is the clinic, not Argon2."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Let no request of one test choose the language of the next."""
    with translation.override("en"):
        yield


@pytest.fixture
def site(db: None) -> Site:
    return builders.a_site()


@pytest.fixture
def clinician(site: Site) -> Staff:
    return builders.a_staff_member(site, Role.CLINICIAN)


@pytest.fixture
def nurse(site: Site) -> Staff:
    return builders.a_staff_member(site, Role.NURSE)


@pytest.fixture
def administrator(site: Site) -> Staff:
    return builders.a_staff_member(site, Role.ADMIN)


@pytest.fixture
def laboratory(site: Site) -> Laboratory:
    return builders.a_laboratory(site)


@pytest.fixture
def protocol(db: None) -> Protocol:
    return builders.a_protocol()


@pytest.fixture
def patient(site: Site, clinician: Staff) -> Patient:
    """Someone who was registered but takes nothing yet."""
    return builders.a_patient(site, clinician)


@pytest.fixture
def treated(patient: Patient, protocol: Protocol, clinician: Staff) -> Patient:
    """Someone on 2 mg once daily since DAY_0, under a 5-15 protocol."""
    builders.a_dose(patient, "2", protocol=protocol, actor=clinician)
    return patient


@pytest.fixture
def browser_of(client: Client) -> object:
    """Return a client that is signed in as someone."""

    def signed_in(staff: Staff) -> Client:
        client.force_login(staff, backend="tdm.roles.RoleBackend")
        return client

    return signed_in
