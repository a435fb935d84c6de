"""The browser that several tests share."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.tdm.browser import Person
from tests.tdm.demo import demo_clinic

FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        pytest.fail("Chromium is missing: install it or set CHROMIUM=/its/path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=[1440, 390], ids=["desk", "phone"])
def person(
    request: pytest.FixtureRequest,
    chromium: Browser,
    live_server: LiveServer,
) -> Iterator[Person]:
    demo_clinic()
    context = chromium.new_context(
        viewport={"width": request.param, "height": 900}, locale="en-GB"
    )
    person = Person(context.new_page(), live_server.url)
    yield person
    person.leaves()
    context.close()
    assert person.trouble == []
