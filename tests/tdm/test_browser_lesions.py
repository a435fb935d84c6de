"""The body map, a study and its verdict, in a real browser."""

import pytest
from playwright.sync_api import expect

from patients.models import Lesion
from tests.tdm.browser import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def placed_on_the_left_knee(person: Person) -> None:
    """Tap the knee, leave it by key and come back by key."""
    page = person.page
    knee = page.locator("label", has=page.get_by_label("knee, left")).locator("path")
    box = knee.bounding_box()
    assert box is not None
    # The path spans both figures; its left end is on the figure seen from the front.
    page.mouse.click(box["x"] + 6, box["y"] + box["height"] / 2)
    expect(page.get_by_label("knee, left")).to_be_checked()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("knee, right")).to_be_checked()
    page.keyboard.press("ArrowDown")


def test_a_lesion_is_tapped_on_the_map_and_its_mri_is_judged(person: Person) -> None:
    person.signs_in("nurse")
    lesion = Lesion.objects.get(patient__identifier="TEACH-2")
    page = person.page
    page.goto(f"{person.address}/patients/{lesion.patient_id}/lesions/")

    person.click("Correct left", role="link")
    placed_on_the_left_knee(person)
    person.types("Why is it corrected?", "placed on the map")
    person.click("Save correction")
    expect(page.get_by_role("img", name="Body map: knee, left")).to_be_visible()

    person.click("Add imaging", role="link")
    person.types("Maximum area (mm\u00b2)", "600")
    person.click("Save")
    person.sees("MRI is saved.")
    formula = page.get_by_text("(600 \u2212 837) / 837").first
    expect(formula).to_be_hidden()
    page.locator(".computed summary").first.focus()
    page.keyboard.press("Enter")
    expect(formula).to_be_visible()
    rule = page.locator("tr", has_text="Maximum MRI area at least 20 % smaller")
    expect(rule).to_contain_text("837 \u2192 600")
    expect(rule.locator("b")).to_have_text("responds")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]  # type: ignore[index]
