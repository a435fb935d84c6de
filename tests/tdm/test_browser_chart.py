"""The chart stack is looked at closer by drag and by keys, in a real browser."""

import pytest
from playwright.sync_api import expect

from patients.models import Patient
from tests.tdm.browser import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def days_shown(person: Person) -> int:
    return int(person.page.locator("#figure").get_attribute("data-days") or 0)


def dragged(person: Person) -> int:
    """Drag over a third of the chart; return how many days are shown then."""
    page, whole = person.page, days_shown(person)
    svg = page.locator("#figure svg:visible")
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 90)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 90, steps=4)
    expect(page.locator(".chart-veil")).to_be_visible()
    page.mouse.up()
    expect(page.locator("#figure")).not_to_have_attribute("data-days", str(whole))
    return days_shown(person)


def test_the_chart_is_zoomed_by_drag_and_by_keys(person: Person) -> None:
    person.signs_in("nurse")
    patient = Patient.objects.get(identifier="TEACH-2")
    page = person.page
    page.goto(f"{person.address}/patients/{patient.pk}/")
    figure, whole = page.locator("#figure"), days_shown(person)

    shown = dragged(person)
    assert 0.25 * whole < shown < 0.45 * whole
    assert "from=" in page.url

    figure.focus()
    page.keyboard.press("-")
    expect(figure).to_have_attribute("data-days", str(2 * shown))
    expect(figure).to_be_focused()
    before = figure.get_attribute("data-first") or ""
    page.keyboard.press("ArrowRight")
    expect(figure).not_to_have_attribute("data-first", before)
    assert (figure.get_attribute("data-first") or "") > before
    page.reload()
    expect(figure).to_have_attribute("data-days", str(2 * shown))
    figure.focus()
    page.keyboard.press("0")
    expect(figure).to_have_attribute("data-days", str(whole))
