"""The chart stack is looked at closer by drag and by keys, in a real browser."""

from datetime import date

import pytest
from playwright.sync_api import expect

from patients.models import Patient
from tests.tdm.browser import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def days_shown(person: Person) -> int:
    return int(person.page.locator("#figure").get_attribute("data-days") or 0)


def test_the_chart_is_zoomed_by_drag_and_by_keys(person: Person) -> None:
    person.signs_in("nurse")
    patient = Patient.objects.get(identifier="TEACH-2")
    page = person.page
    page.goto(f"{person.address}/patients/{patient.pk}/")
    figure = page.locator("#figure")
    whole = days_shown(person)

    svg = figure.locator("svg:visible")
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    assert box is not None
    y = box["y"] + 90
    page.mouse.move(box["x"] + box["width"] * 0.3, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=4)
    expect(page.locator(".chart-veil")).to_be_visible()
    page.mouse.up()
    expect(figure).not_to_have_attribute("data-days", str(whole))
    dragged = days_shown(person)
    assert 0.25 * whole < dragged < 0.45 * whole
    assert "from=" in page.url

    figure.focus()
    page.keyboard.press("-")
    expect(figure).to_have_attribute("data-days", str(2 * dragged))
    expect(figure).to_be_focused()
    before = figure.get_attribute("data-first")
    page.keyboard.press("ArrowRight")
    expect(figure).not_to_have_attribute("data-first", str(before))
    assert date.fromisoformat(figure.get_attribute("data-first") or "") > (
        date.fromisoformat(before or "")
    )
    page.reload()
    expect(figure).to_have_attribute("data-days", str(2 * dragged))
    figure.focus()
    page.keyboard.press("0")
    expect(figure).to_have_attribute("data-days", str(whole))
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]  # type: ignore[index]
