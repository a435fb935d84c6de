"""The form of a visit by keys alone, at thumb size and on paper, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from patients.models import Patient
from tests.tdm.browser import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

THUMB_PX = 44
NARROWEST = """
[...document.querySelectorAll(".visit .thumbs label")]
  .map(label => label.getBoundingClientRect())
  .reduce((least, box) => Math.min(least, box.width, box.height), Infinity)
"""


def fits_thumbs_and_screen(page: Page) -> None:
    assert page.evaluate(NARROWEST) >= THUMB_PX
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]  # type: ignore[index]


def test_a_visit_is_filled_by_keys_asked_about_and_saved(person: Person) -> None:
    person.signs_in("nurse")
    case = Patient.objects.get(identifier="TEACH-1")
    page = person.page
    page.goto(f"{person.address}/patients/{case.pk}/visits/new/")
    fits_thumbs_and_screen(page)
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1

    key = page.keyboard
    page.get_by_label("forearm, left: not stated in the report (cm)").focus()
    key.type("19.5")
    key.press("Tab")
    for _step in range(3):
        key.press("ArrowRight")
    key.press("Tab")
    key.press("ArrowRight")
    expect(page.locator("[name=pain_vas]:checked")).to_have_value("2")
    expect(page.locator("[name=function_grade]:checked")).to_have_value("0")
    key.press("Enter")

    person.sees("-15.22 % since")
    page.get_by_label("Yes, the same landmark").focus()
    key.press("Space")
    key.press("Enter")
    person.sees("is saved.")
    row = page.locator("tr", has_text="forearm, left")
    expect(row).to_contain_text("19.5 \u221230.36 %")
    expect(page.locator("tr", has_text="daily life")).to_contain_text("0 no limit")
