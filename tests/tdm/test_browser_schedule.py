"""Journey J5 in a real browser: planned by itself, booked in 3 clicks, then closed."""

from datetime import date

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from dosing.models import Protocol
from patients.models import ItemState, Patient, ScheduleItem, Staff
from tests.builders import DAY_0, TOKYO, a_dose, a_lesion, a_patient, an_mri
from tests.tdm.browser import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def someone_due(today: date, clinician: Staff) -> Patient:
    """Someone whose MRI of month 3 is due today."""
    case = Patient.objects.get(identifier="TEACH-1")
    patient = a_patient(case.site, clinician)
    protocol = Protocol.objects.latest("pk")
    start = (today - DAY_0).days - 91
    a_dose(patient, "2", protocol=protocol, day=start, actor=clinician)
    return patient


def test_an_mri_is_planned_booked_in_3_clicks_and_closed_by_its_numbers(
    person: Person,
) -> None:
    clinician = Staff.objects.get(username="clinician")
    today = timezone.localdate(timezone=TOKYO)
    patient = someone_due(today, clinician)
    person.signs_in("nurse")
    page = person.page
    page.goto(f"{person.address}/patients/{patient.pk}/schedule/")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]  # type: ignore[index]
    row = page.locator("tr", has_text="MRI, month 3")

    row.get_by_role("link", name="Book").click()
    page.get_by_label("Booked for").click()
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("booked for")

    an_mri(a_lesion(patient, clinician), day=(today - DAY_0).days, actor=clinician)
    page.reload()
    expect(row).to_contain_text("done")
    booked = ScheduleItem.objects.get(patient=patient, kind="mri", key="month-3")
    assert (booked.state, booked.done_on) == (ItemState.DONE, today)
