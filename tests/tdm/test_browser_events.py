"""Other drugs, events and tablets, and the safety questions, in a real browser."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from patients.models import Patient
from tests.tdm.browser import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def opened(person: Person, username: str) -> Patient:
    person.signs_in(username)
    patient = Patient.objects.get(identifier="TEACH-2")
    person.page.goto(f"{person.address}/patients/{patient.pk}/")
    return patient


def wide(person: Person) -> bool:
    width = person.page.evaluate("document.documentElement.scrollWidth")
    return bool(width > person.page.viewport_size["width"])  # type: ignore[index]


def test_a_drug_an_event_and_tablets_come_onto_the_page(person: Person) -> None:
    patient = opened(person, "nurse")

    person.click("Add interacting drug", role="link")
    person.page.get_by_label("Drug", exact=True).select_option("clarithromycin")
    expect(person.page.locator("#id_drug_helptext")).to_contain_text("strong inhibitor")
    person.click("Save")
    person.sees("size not known; the label says to avoid it")

    person.click("Add event", role="link")
    person.page.get_by_label("What", exact=True).select_option("surgery")
    ahead = patient.site.today(patient.levels.latest("pk").drawn_at) + timedelta(days=7)
    person.types("Day", ahead.isoformat())
    person.click("Save")
    person.sees("planned surgery is saved.")

    person.click("Tablets dispensed", role="link")
    person.types("Strength (mg)", "1")
    person.types("Number of tablets", "20")
    person.click("Save")
    person.sees("Tablets last until")
    assert not wide(person)


def test_a_prevented_prescription_says_why_and_is_lifted_with_a_reason(
    person: Person,
) -> None:
    patient = opened(person, "clinician")
    person.click("Prescribe", role="link")
    person.page.get_by_label("Reason", exact=True).fill("more pain")
    person.page.get_by_label("Pregnancy", exact=True).select_option("negative")
    person.page.get_by_label("Breastfeeding", exact=True).select_option("yes")
    person.page.get_by_label(
        "Live vaccine within 4 weeks, or planned", exact=True
    ).select_option("no")
    person.page.get_by_label("Liver impairment", exact=True).select_option("none")
    person.click("Prescribe")

    person.sees("This prescription is prevented")
    expect(person.page.locator(".prevented")).to_be_focused()
    expect(person.page.locator(".prevented")).to_be_in_viewport()
    assert not wide(person)
    person.types("Lift this rule, because", "weaned today")
    person.click("Prescribe")

    person.sees("Lifted: breastfeeding (weaned today)")
    assert patient.safety_checks.latest("pk").lifted[0]["reason"] == "weaned today"
