"""Who is reminded, on a desk and on a phone, in a real browser."""

import pytest
from playwright.sync_api import expect

from patients.models import Contact, Patient
from tests.builders import a_planned_item
from tests.tdm.browser import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "a.rather.long.address.of.someone@mail.hospital.example.org"
OVERFLOWS = "document.documentElement.scrollWidth > window.innerWidth"


def test_a_contact_is_added_in_a_drawer_previewed_and_turned_off(
    person: Person,
) -> None:
    case = Patient.objects.get(identifier="TEACH-1")
    a_planned_item(case, opens=-9, closes=-2)
    page = person.page
    person.signs_in("nurse")
    page.goto(f"{person.address}/patients/{case.pk}/reminders/")

    page.get_by_role("link", name="Add contact").click()
    page.get_by_label("E-mail address or telephone number").fill(LONG)
    page.get_by_label("Language of the messages").select_option("en")
    page.keyboard.press("Enter")
    person.sees("is saved.")
    person.sees("Please contact Demo clinic to arrange your next appointment.")
    assert not page.evaluate(OVERFLOWS)

    page.get_by_role("button", name="Write no more").focus()
    page.keyboard.press("Enter")
    person.sees("nothing is sent")
    assert not Contact.objects.reachable().exists()

    page.get_by_role("link", name="Inbox").click()
    expect(page.locator("tr", has_text="Teaching Case 1")).to_contain_text("late since")
    assert not page.evaluate(OVERFLOWS)
