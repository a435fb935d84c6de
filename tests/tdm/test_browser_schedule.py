"""Journey J5 in a real browser: planned by itself, booked in 3 clicks, closed in none."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from dosing.models import Protocol
from patients.models import ItemState, Patient, ScheduleItem, Staff
from tests.builders import DAY_0, a_dose, a_lesion, a_patient, an_mri
from tests.tdm.browser import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_mri_is_planned_booked_in_3_clicks_and_closed_by_its_numbers(
    person: Person,
) -> None:
    clinician = Staff.objects.get(username="clinician")
    case = Patient.objects.get(identifier="TEACH-1")
    patient = a_patient(case.site, clinician)
    today = patient.site.today(timezone.now())
    start = (today - DAY_0).days - 91
    protocol = Protocol.objects.latest("pk")
    a_dose(patient, "2", protocol=protocol, day=start, actor=clinician)
    person.signs_in("nurse")
    page = person.page
    page.goto(f"{person.address}/patients/{patient.pk}/schedule/")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]  # type: ignore[index]

    row = page.locator("tr", has_text="MRI, month 3")
    row.get_by_role("link", name="Book").click()
    page.get_by_label("Booked for").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("tr", has_text="MRI, month 3")).to_contain_text("booked for")

    booked = ScheduleItem.objects.get(patient=patient, kind="mri", key="month-3")
    assert booked.booked_on >= today

    lesion = a_lesion(patient, clinician)
    an_mri(lesion, day=(today - DAY_0).days, actor=clinician)
    page.reload()
    expect(page.locator("tr", has_text="MRI, month 3")).to_contain_text("done")
    booked.refresh_from_db()
    assert (booked.state, booked.done_on) == (ItemState.DONE, today)
    page.goto(f"{person.address}/week/?on={today + timedelta(days=180)}")
    expect(page.get_by_role("heading", name="Week", exact=False).first).to_be_visible()
