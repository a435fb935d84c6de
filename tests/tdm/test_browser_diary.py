"""A week and a day of a diary in a real browser, with clicks and taps counted."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, expect
from pytest_django.live_server_helper import LiveServer

from dosing.diary import Place
from patients.models import Patient
from tests.tdm.browser import Person
from tests.tdm.demo import demo_clinic

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def case_2() -> Patient:
    return Patient.objects.get(identifier="TEACH-2")


def last_monday() -> date:
    today = case_2().site.today(timezone.now())
    return today - timedelta(days=today.weekday() + 7)


class Nurse(Person):
    """Someone who fills in a diary, and counts every click or tap."""

    def opens(self, address: str) -> None:
        self.page.goto(f"{self.address}/patients/{case_2().pk}/{address}")

    def cell(self, row: str, day: int = 0) -> Locator:
        key = Place(last_monday() + timedelta(days=day), row).key
        return self.page.locator(f'[name="now:{key}"]')

    def taps(self, found: Locator) -> None:
        self.clicks += 1
        found.click()

    def is_told_it_is_saved(self) -> None:
        status = self.page.locator("[data-status]")
        expect(status).to_have_text(re.compile(r"^\s*Saved \d\d:\d\d\s*$"))

    def chooses(self, row: str, day: int, words: str) -> None:
        """Open a cell's list and take a line of it."""
        self.clicks += 2
        self.cell(row, day).select_option(label=words)


def nurse_at(width: int, browser: Browser, server: LiveServer) -> Iterator[Nurse]:
    demo_clinic()
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale="en-GB"
    )
    nurse = Nurse(context.new_page(), server.url)
    nurse.signs_in("nurse")
    yield nurse
    context.close()
    assert nurse.trouble == []


@pytest.fixture
def desk(chromium: Browser, live_server: LiveServer) -> Iterator[Nurse]:
    yield from nurse_at(1440, chromium, live_server)


@pytest.fixture
def other(chromium: Browser, live_server: LiveServer) -> Iterator[Nurse]:
    yield from nurse_at(1440, chromium, live_server)


@pytest.fixture
def phone(chromium: Browser, live_server: LiveServer) -> Iterator[Nurse]:
    yield from nurse_at(390, chromium, live_server)


def test_a_typical_week_takes_8_clicks_and_numbers(desk: Nurse) -> None:
    desk.opens(f"diary/?on={last_monday()}")

    desk.click("All as prescribed")
    desk.page.keyboard.type("36.436.536.436.637.836.936.5")
    desk.page.keyboard.type("128/76131/80126/74129/78133/82130/79128/80")
    for _row in ("breaths", "SpO2", "weight", "pain"):
        desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.type("4434432")
    desk.chooses("dose", 4, "missed: forgotten")
    desk.taps(desk.page.locator(".row-effects .add").nth(4))
    desk.click("Fever", role="link")
    desk.taps(desk.page.locator("#drawer .grade").first)
    expect(desk.page.locator(".row-effects .effect").first).to_contain_text("G1")
    desk.sees("28 cells not saved")
    desk.click("Save")

    desk.is_told_it_is_saved()
    expect(desk.page.locator(".unsaved")).to_have_count(0)
    assert desk.clicks <= 8
    patient = case_2()
    week = patient.intakes.filter(due_on__gte=last_monday()).order_by("due_on")
    states = list(week.values_list("state", flat=True))
    assert states == ["taken"] * 4 + ["missed"] + ["taken"] * 2
    counts = {
        quantity: patient.measurements.filter(
            quantity=quantity, measured_on__gte=last_monday()
        ).count()
        for quantity in ("temperature_c", "systolic_mmhg", "diastolic_mmhg", "pain_vas")
    }
    assert set(counts.values()) == {7}


def test_one_day_on_a_phone_takes_5_taps(phone: Nurse) -> None:
    phone.opens(f"diary/?on={last_monday()}")

    phone.taps(phone.page.locator(".diary-days a").first)
    phone.taps(phone.page.get_by_role("radio", name="✓ taken"))
    phone.taps(phone.page.get_by_role("radio", name="4", exact=True))
    phone.taps(phone.page.get_by_role("radio", name="none", exact=True))
    phone.page.get_by_label("Temperature").fill("36.4")
    phone.taps(phone.page.get_by_role("button", name="Save"))

    phone.is_told_it_is_saved()
    assert phone.clicks == 5
    day = case_2().diary_days.get()
    assert (day.no_side_effects, case_2().intakes.get().state) == (True, "taken")
    wide = phone.page.evaluate("document.documentElement.scrollWidth")
    assert wide == 390


def test_every_button_of_the_day_is_as_large_as_a_thumb(phone: Nurse) -> None:
    phone.opens(f"diary/day/?on={last_monday()}")

    boxes = [
        found.bounding_box()
        for found in phone.page.locator(".thumbs span, .thumb .btn").all()
    ]

    assert boxes
    assert all(box and box["height"] >= 44 for box in boxes)


def test_a_lock_screen_or_a_lost_server_keeps_what_was_typed(phone: Nurse) -> None:
    phone.opens(f"diary/day/?on={last_monday()}")
    phone.page.get_by_role("radio", name="✓ taken").click()
    phone.page.get_by_label("Temperature").fill("36.4")

    phone.page.reload()
    expect(phone.page.get_by_label("Temperature")).to_have_value("36.4")
    phone.page.route("**/diary/**", lambda route: route.abort())
    phone.page.get_by_role("button", name="Save").click()
    phone.sees("The server did not answer")
    phone.page.unroute("**/diary/**")
    expect(phone.page.get_by_label("Temperature")).to_have_value("36.4")
    phone.page.get_by_role("button", name="Save").click()

    phone.is_told_it_is_saved()
    assert case_2().intakes.get().state == "taken"
    phone.page.reload()
    expect(phone.page.locator(".unsaved")).to_have_count(0)


def test_the_grid_is_walked_by_keys(desk: Nurse) -> None:
    desk.opens(f"diary/?on={last_monday()}")
    desk.cell("temperature_c", 2).focus()

    desk.page.keyboard.press("ArrowDown")
    expect(desk.cell("pressure", 2)).to_be_focused()
    desk.page.keyboard.press("ArrowLeft")
    expect(desk.cell("pressure", 1)).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(desk.cell("pressure", 2)).to_be_focused()
    desk.page.keyboard.press("ArrowUp")
    desk.page.keyboard.type("36.4")
    expect(desk.cell("temperature_c", 3)).to_be_focused()
    desk.sees("1 cell not saved")


def test_two_nurses_on_one_cell_are_shown_both(desk: Nurse, other: Nurse) -> None:
    for nurse, value in ((desk, "36.4"), (other, "37.2")):
        nurse.opens(f"diary/?on={last_monday()}")
        nurse.cell("temperature_c").fill(value)
    desk.click("Save")
    desk.is_told_it_is_saved()

    other.click("Save")
    other.sees("theirs: 36.4")
    other.page.get_by_label("yours: 37.2").check()
    other.click("Save")
    other.is_told_it_is_saved()

    kept = case_2().measurements.get(quantity="temperature_c")
    assert str(kept.value) == "37.20"
