"""The journey a clinician makes, in a real browser, with its clicks counted."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from dosing.models import Decision, Dose, TroughLevel
from patients.models import Patient, SideEffect
from tests.tdm.browser import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_new_level_is_logged_read_and_signed_in_4_clicks_and_1_field(
    person: Person,
) -> None:
    person.signs_in("clinician")
    person.sees("16.4 ng/mL above 5–15")

    person.click("Add level", role="link")
    person.types("Level", "16.8")
    person.click("Save and decide")
    person.click("1.5 mg once daily", role="radio")
    person.click("Sign")

    person.sees("Signed: 1.5 mg once daily.")
    assert (person.clicks, person.fields) == (4, 1)
    assert Decision.objects.get().level == TroughLevel.objects.latest("pk")
    assert [
        str(dose) for dose in Dose.objects.filter(patient__identifier="TEACH-2")
    ] == [
        "2 mg once daily",
        "1.5 mg once daily",
    ]


def test_a_unit_slip_is_asked_about_and_mended_with_one_button(
    person: Person,
) -> None:
    person.signs_in("nurse")
    person.click("Add level", role="link")
    person.types("Level", "13.3")
    person.page.get_by_label("Unit").select_option("ng/dL")
    person.click("Save")
    person.sees("Did the report mean 13.3 ng/mL?")

    person.click("Yes: 13.3 ng/mL")

    person.sees("13.3 ng/mL is saved.")
    assert str(TroughLevel.objects.latest("pk")) == "13.3 ng/mL"


def test_after_a_question_enter_saves_what_is_typed_now(person: Person) -> None:
    person.signs_in("nurse")
    person.click("Add level", role="link")
    person.types("Level", "168")
    person.click("Save")
    person.sees("Did the report say 16.8 ng/mL?")

    person.types("Level", "11.2")
    person.page.keyboard.press("Enter")

    person.sees("11.2 ng/mL is saved.")
    assert str(TroughLevel.objects.latest("pk")) == "11.2 ng/mL"


def test_choosing_another_dose_ticks_it(person: Person) -> None:
    person.signs_in("clinician")
    person.click("Decide", role="link")

    person.page.get_by_label("Another dose").select_option("3.5@24")

    expect(person.page.get_by_role("radio", name="Other")).to_be_checked()


def test_the_chosen_dose_is_drawn_for_the_next_four_weeks(person: Person) -> None:
    person.signs_in("clinician")
    person.click("Decide", role="link")
    ahead = person.page.locator(".future svg:visible .ahead").first
    expect(ahead).to_be_visible()
    before = ahead.get_attribute("d") or ""

    person.click("1 mg once daily", role="radio")

    expect(ahead).not_to_have_attribute("d", before)
    person.sees("1 mg once daily")


def test_why_opens_by_keyboard_with_every_models_own_view(person: Person) -> None:
    person.signs_in("clinician")
    person.click("Decide", role="link")
    why = person.page.locator(".why summary")
    expect(why).to_be_visible()

    why.focus()
    person.page.keyboard.press("Enter")

    person.sees("Mao 2024")
    person.sees("It needs the weight, which is not known.")
    wide = person.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= person.page.viewport_size["width"]  # type: ignore[index]


def test_enter_on_a_dose_does_not_sign(person: Person) -> None:
    person.signs_in("clinician")
    person.click("Decide", role="link")
    person.click("1.5 mg once daily", role="radio")

    person.page.keyboard.press("Enter")

    expect(person.page.get_by_role("button", name="Sign", exact=True)).to_be_visible()
    assert not Decision.objects.exists()


def test_nothing_typed_is_lost_when_the_server_is_away(person: Person) -> None:
    person.signs_in("nurse")
    person.click("Add level", role="link")
    person.types("Level", "12.1")
    person.page.route("**/levels/new/", lambda route: route.abort())

    person.click("Save")

    person.sees("The server did not answer")
    expect(person.page.get_by_label("Level", exact=True)).to_have_value("12.1")
    with person.page.expect_response("**/levels/hint/"):
        person.types("Level", "12.2")
    expect(person.page.get_by_text("The server did not answer")).to_be_visible()


def test_nothing_typed_is_lost_when_the_session_has_ended(person: Person) -> None:
    person.signs_in("nurse")
    person.click("Add level", role="link")
    person.types("Level", "12.1")
    person.page.context.clear_cookies(name="sessionid")

    person.click("Save")

    person.sees("Not saved: you have been signed out.")
    expect(person.page.get_by_label("Level", exact=True)).to_have_value("12.1")


def test_the_keyboard_opens_and_closes_the_drawer(person: Person) -> None:
    person.signs_in("clinician")
    patient = Patient.objects.get(identifier="TEACH-2")
    person.page.goto(f"{person.address}/patients/{patient.pk}/")

    person.page.keyboard.press("l")
    expect(person.page.get_by_label("Level", exact=True)).to_be_focused()
    person.page.keyboard.press("Escape")

    expect(person.page.locator("#drawer")).to_be_hidden()


PLACES = [
    "/",
    "/patients/",
    "/patients/{pk}/",
    "/patients/{pk}/?under=4-12",
    "/patients/{pk}/decide/",
    "/patients/{pk}/protocol/",
    "/patients/{pk}/doses/taken/",
    "/patients/{pk}/drugs/new/",
    "/models/",
    "/table1/",
]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_page_is_wider_than_the_screen(person: Person, language: str) -> None:
    person.signs_in("clinician")
    patient = Patient.objects.get(identifier="TEACH-2")
    person.page.set_extra_http_headers({"Accept-Language": language})

    for place in PLACES:
        person.page.goto(person.address + place.format(pk=patient.pk))
        wide = person.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= person.page.viewport_size["width"], place  # type: ignore[index]


THUMB_PX = 44


def opens_case_1(someone: Person) -> Patient:
    patient = Patient.objects.get(identifier="TEACH-1")
    someone.signs_in("nurse")
    someone.page.goto(f"{someone.address}/patients/{patient.pk}/")
    return patient


@pytest.mark.parametrize("width", [390, 1440])
def test_without_a_search_the_way_out_is_at_the_right_end(
    person: Person, width: int
) -> None:
    person.page.set_viewport_size({"width": width, "height": 900})
    person.signs_in("reader")
    person.sees("Sign out")

    out = person.page.get_by_role("button", name="Sign out").bounding_box()
    cohort = person.page.get_by_role("link", name="Cohort", exact=True).bounding_box()

    assert out is not None
    assert cohort is not None
    assert width - 40 < out["x"] + out["width"] <= width
    assert cohort["x"] < 200


def test_after_a_refused_form_the_first_wrong_field_has_the_focus(
    person: Person,
) -> None:
    person.signs_in("admin")
    person.click("Issue token")

    focused = person.page.locator(":focus")
    assert focused.get_attribute("aria-invalid") == "true"


def test_the_owner_of_a_line_of_today_stays_on_one_line(person: Person) -> None:
    person.signs_in("clinician")
    person.page.get_by_role("button", name="日本語").click()

    cell = person.page.locator("td[data-label='担当']").first.bounding_box()

    assert cell is not None
    assert cell["width"] > 40


def test_three_taps_record_a_side_effect(person: Person) -> None:
    patient = opens_case_1(person)

    person.click("Add side effect", role="link")
    person.page.wait_for_selector(".chips")
    for tappable in person.page.locator(".chip").all():
        assert (tappable.bounding_box() or {"height": 0})["height"] >= THUMB_PX
    person.click("Mucositis oral", role="link")
    grade = person.page.get_by_role("button", name="Moderate pain or ulcer")
    assert (grade.bounding_box() or {"height": 0})["height"] >= THUMB_PX
    person.clicks += 1
    grade.click()

    person.sees("Mucositis oral, grade 2 is saved.")
    assert person.clicks == 3
    effect = SideEffect.objects.get(patient=patient)
    assert (effect.term, effect.grade) == ("mucositis_oral", 2)
    width = person.page.evaluate("document.documentElement.scrollWidth")
    assert width <= (person.page.viewport_size or {"width": 0})["width"]


def test_the_keyboard_alone_records_one(person: Person) -> None:
    patient = opens_case_1(person)
    keys = person.page.keyboard

    person.page.get_by_role("link", name="Add side effect").first.focus()
    keys.press("Enter")
    expect(person.page.locator("#drawer h1")).to_be_focused()
    person.page.locator("#drawer").get_by_role("link", name="Other, specify").focus()
    keys.press("Enter")
    person.page.get_by_label("Which side effect?").focus()
    keys.type("Hair loss")
    keys.press("Enter")
    keys.press("Tab")
    expect(person.page.locator("button[name=grade][value='1']")).to_be_focused()
    assert SideEffect.objects.filter(patient=patient).count() == 0
    keys.press("Enter")

    person.sees("Hair loss, grade 1 is saved.")


@pytest.fixture
def unscripted(chromium: Browser, live_server: LiveServer) -> Iterator[Person]:
    context = chromium.new_context(
        viewport={"width": 390, "height": 900},
        locale="en-GB",
        java_script_enabled=False,
    )
    yield Person(context.new_page(), live_server.url)
    context.close()


def test_without_scripts_it_is_three_taps_as_well(
    person: Person,
    unscripted: Person,
) -> None:
    patient = opens_case_1(unscripted)

    unscripted.click("Add side effect", role="link")
    unscripted.click("Fatigue", role="link")
    unscripted.page.get_by_role("button", name="Relieved by rest.").click()

    unscripted.sees("Fatigue, grade 1 is saved.")
    assert SideEffect.objects.get(patient=patient).grade == 1


def test_a_panel_of_safety_labs_is_entered_in_one_form_and_fits_the_screen(
    person: Person,
) -> None:
    person.signs_in("nurse")
    person.page.goto(f"{person.address}/patients/{Patient.objects.latest('pk').pk}/")
    person.click("Add labs", role="link")
    person.types("Neutrophils", "0.9")
    person.types("Haemoglobin", "13.2")
    person.click("Save")
    person.sees("between 20 and 300 g/L")
    person.page.get_by_label("Unit of Haemoglobin").select_option("g/dL")
    person.click("Save")

    person.sees("13.2 g/dL = 132 g/L (× 10)")
    person.sees("CTCAE 5.0 grade 3")
    wider = "document.documentElement.scrollWidth > window.innerWidth"
    assert person.page.evaluate(wider) is False
