"""What a tired person types into the level form, and what the form says."""

import pytest
from django.test import Client

from dosing.models import Laboratory, TroughLevel
from patients import services as people
from patients.models import AuditEvent, Patient, Site, Staff
from tests.builders import a_laboratory, a_site, a_trough, on_day


@pytest.fixture
def form(treated: Patient, laboratory: Laboratory) -> dict[str, str]:
    return {
        "level": "13.3",
        "unit": "ng/mL",
        "drawn_at": on_day(28).strftime("%Y-%m-%dT%H:%M"),
        "last_dose_at": on_day(27).strftime("%Y-%m-%dT%H:%M"),
        "laboratory": str(laboratory.pk),
        "patient": str(treated.pk),
    }


@pytest.fixture
def nurses_browser(client: Client, nurse: Staff) -> Client:
    client.force_login(nurse, backend="tdm.roles.RoleBackend")
    return client


def sent(
    browser: Client, patient: Patient, form: dict[str, str], /, **facts: str
) -> tuple[int, str]:
    answer = browser.post(f"/patients/{patient.pk}/levels/new/", form | facts)
    return answer.status_code, answer.content.decode().replace("&#x27;", "'")


@pytest.mark.parametrize(
    "text", ["13.3", "13,3", "１３.３", "１３，３", " 13.3 ", "13.30", "<2.0", "< 2,0"]
)
def test_one_number_may_be_typed_in_several_ways(
    nurses_browser: Client, treated: Patient, form: dict[str, str], text: str
) -> None:
    status, _page = sent(nurses_browser, treated, form, level=text)

    assert status == 303
    assert str(TroughLevel.objects.get()) in {"13.3 ng/mL", "<2 ng/mL"}


REFUSED = {
    "": "Type the level",
    "1e2": "plain digits",
    "1_000": "plain digits",
    "٣": "plain digits",
    "-0": "greater than zero",
    "-5": "greater than zero",
    "NaN": "plain digits",
    "Infinity": "plain digits",
    "0x1F": "plain digits",
    "13.3 ng/mL": "Type the number alone",
    "13.333": "at most two decimals",
    "1,300": "at most two decimals",
    ".5": "Write a zero before",
    "5.": "Write a digit after",
    "0": "Zero is no level",
    "200.01": "between 0 and 200",
    "12345": "too large",
    "9" * 400: "too long",
    "9" * 401: "at most 400 characters",
}


@pytest.mark.parametrize(("text", "words"), REFUSED.items())
def test_what_is_no_level_is_refused_beside_the_field_and_stored_nowhere(
    nurses_browser: Client,
    treated: Patient,
    form: dict[str, str],
    text: str,
    words: str,
) -> None:
    lines = AuditEvent.objects.count()

    status, page = sent(nurses_browser, treated, form, level=text)

    assert (status, words in page) == (422, True)
    assert not TroughLevel.objects.exists()
    assert AuditEvent.objects.count() == lines


WRONG = {
    "no unit": ({"unit": ""}, "This field is required"),
    "micrograms per decilitre": ({"unit": "ug/dL"}, "is 10 ng/mL"),
    "milligrams per litre": ({"unit": "mg/L"}, "is 1000 ng/mL"),
    "an invented unit": ({"unit": "IU"}, "not one of the available choices"),
    "no sample time": ({"drawn_at": ""}, "This field is required"),
    "a date without a time": ({"drawn_at": "2026-03-30"}, "Give a date that exists"),
    "a day that does not exist": (
        {"drawn_at": "2026-02-30T08:00"},
        "Give a date that exists",
    ),
    "the future": ({"drawn_at": "2036-03-30T08:00"}, "cannot lie in the future"),
    "before birth": (
        {"drawn_at": "1970-01-01T08:00", "confirm": "first-dose:13.3:ng/mL"},
        "before the patient's birth",
    ),
    "year one": ({"drawn_at": "0001-01-01T08:00"}, "Give a date that exists"),
    "the dose after the sample": (
        {"last_dose_at": "2026-03-30T09:00"},
        "after the last dose",
    ),
    "no laboratory": ({"laboratory": ""}, "This field is required"),
    "another form's patient": ({"patient": "0"}, "opened for another patient"),
    "a long note": ({"note": "x" * 501}, "at most 500 characters"),
    "a NUL in the note": ({"note": "a\x00b"}, "Null characters are not allowed"),
    "a hidden direction sign": ({"note": "a\u202eb"}, "invisible control character"),
}


@pytest.mark.parametrize(("facts", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_entry_is_explained_and_stored_nowhere(
    nurses_browser: Client,
    treated: Patient,
    form: dict[str, str],
    facts: dict[str, str],
    words: str,
) -> None:
    status, page = sent(
        nurses_browser, treated, form, confirmation_reason="asked", **facts
    )

    assert (status, words in page) == (422, True)
    assert not TroughLevel.objects.exists()


def test_a_script_in_a_note_is_shown_as_text(
    nurses_browser: Client, treated: Patient, form: dict[str, str]
) -> None:
    sent(nurses_browser, treated, form, note="<script>alert(1)</script>")

    page = nurses_browser.get(f"/patients/{treated.pk}/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_what_was_typed_is_kept_when_something_is_wrong(
    nurses_browser: Client, treated: Patient, form: dict[str, str]
) -> None:
    _status, page = sent(nurses_browser, treated, form, level="13.333", note="by phone")

    assert 'value="13.333"' in page
    assert 'value="by phone"' in page


ASKED = {
    "ng/dL": (
        {"unit": "ng/dL"},
        "13.3 ng/dL is 0.133 ng/mL, below the assay's limit of 2 ng/mL."
        " Did the report mean 13.3 ng/mL?",
    ),
    "nmol/L": ({"level": "14.5", "unit": "nmol/L"}, "14.5 nmol/L is 13.2555 ng/mL"),
    "ten times too high": ({"level": "133"}, "Did the report say 13.3 ng/mL?"),
    "ten times too low": ({"level": "1.33"}, "Did the report say 13.3 ng/mL?"),
    "above the assay": ({"level": "41"}, "above 30 ng/mL, the top of most assays"),
    "below the assay": ({"level": "1.9"}, "Did the report say <2?"),
    "before the first dose": (
        {"drawn_at": "2026-02-01T08:00", "last_dose_at": ""},
        "Was it drawn before treatment?",
    ),
}


@pytest.mark.parametrize(("facts", "words"), ASKED.values(), ids=ASKED.keys())
def test_an_unusual_entry_asks_before_it_is_saved(
    nurses_browser: Client,
    treated: Patient,
    form: dict[str, str],
    facts: dict[str, str],
    words: str,
) -> None:
    status, page = sent(nurses_browser, treated, form, **facts)

    assert (status, words in page.replace("&lt;", "<")) == (422, True)
    assert not TroughLevel.objects.exists()


def test_the_answer_to_a_unit_slip_saves_the_unit_that_was_meant(
    nurses_browser: Client, treated: Patient, form: dict[str, str]
) -> None:
    facts = {"unit": "ng/dL", "instead": "13.3|ng/mL"}

    status, _page = sent(nurses_browser, treated, form, **facts)

    assert (status, str(TroughLevel.objects.get())) == (303, "13.3 ng/mL")


def test_insisting_on_an_unusual_value_needs_a_word_on_how_it_was_checked(
    nurses_browser: Client, treated: Patient, form: dict[str, str]
) -> None:
    facts = {"level": "41", "confirm": "high:41.0:ng/mL"}

    refused, page = sent(nurses_browser, treated, form, **facts)
    accepted, _page = sent(
        nurses_browser, treated, form, confirmation_reason="called the lab", **facts
    )

    assert (refused, "Say how you checked this." in page) == (422, True)
    assert accepted == 303
    assert TroughLevel.objects.get().confirmed == "called the lab"


def test_an_answer_does_not_carry_over_to_another_value(
    nurses_browser: Client, treated: Patient, form: dict[str, str]
) -> None:
    facts = {"level": "42", "confirmed": "high:41.0:ng/mL", "confirmation_reason": "ok"}

    assert sent(nurses_browser, treated, form, **facts)[0] == 422


def test_a_level_above_the_assay_is_kept_as_such(
    nurses_browser: Client, treated: Patient, form: dict[str, str]
) -> None:
    sent(
        nurses_browser,
        treated,
        form,
        level=">60",
        confirm="high:>60.0:ng/mL",
        confirmation_reason="not diluted",
    )

    assert str(TroughLevel.objects.get()) == ">60 ng/mL"


def test_the_same_sample_is_not_recorded_twice(
    nurses_browser: Client, treated: Patient, form: dict[str, str]
) -> None:
    sent(nurses_browser, treated, form)

    status, page = sent(nurses_browser, treated, form, level="13.4")

    assert (status, "already recorded" in page) == (422, True)
    assert TroughLevel.objects.count() == 1


def test_a_laboratory_of_another_clinic_is_not_on_the_list(
    nurses_browser: Client, treated: Patient, form: dict[str, str]
) -> None:
    other = a_laboratory(a_site("Osaka clinic"))

    assert sent(nurses_browser, treated, form, laboratory=str(other.pk))[0] == 422


def test_no_level_is_recorded_after_follow_up_has_ended(
    nurses_browser: Client, treated: Patient, nurse: Staff, form: dict[str, str]
) -> None:
    people.correct_patient(
        patient=treated,
        version=1,
        reason="moved away",
        ended_on="2026-04-01",
        ended_because="transferred",
        actor=nurse,
    )

    status, page = sent(nurses_browser, treated, form)

    assert (status, "Follow-up of this patient has ended" in page) == (422, True)


def test_no_level_is_recorded_without_a_protocol(
    nurses_browser: Client, patient: Patient, laboratory: Laboratory
) -> None:
    form = {
        "level": "13.3",
        "unit": "ng/mL",
        "drawn_at": "2026-03-30T08:00",
        "laboratory": str(laboratory.pk),
        "patient": str(patient.pk),
    }

    status, page = sent(nurses_browser, patient, form)

    assert (status, "Choose a protocol" in page) == (422, True)


@pytest.fixture
def in_zurich(site: Site) -> Site:
    Site.objects.update(time_zone="Europe/Zurich")
    return site


def test_a_time_that_the_clocks_jump_over_does_not_exist(
    in_zurich: Site, nurses_browser: Client, treated: Patient, form: dict[str, str]
) -> None:
    status, page = sent(nurses_browser, treated, form, drawn_at="2026-03-29T02:30")

    assert (status, "does not exist: clocks go forward" in page) == (422, True)


def test_a_time_that_comes_twice_asks_which_one(
    in_zurich: Site, nurses_browser: Client, treated: Patient, form: dict[str, str]
) -> None:
    night = {"drawn_at": "2026-10-25T02:30", "last_dose_at": "2026-10-24T02:30"}

    asked, page = sent(nurses_browser, treated, form, **night)
    saved, _page = sent(nurses_browser, treated, form, drawn_at_fold="1", **night)

    assert (asked, "occurs twice" in page, 'name="drawn_at_fold"' in page) == (
        422,
        True,
        True,
    )
    assert saved == 303
    assert TroughLevel.objects.get().drawn_at.isoformat() == "2026-10-25T01:30:00+00:00"


@pytest.mark.parametrize(("hour", "day"), [("23:30", 30), ("00:30", 31)])
def test_a_sample_around_midnight_keeps_its_clinic_day(
    nurses_browser: Client,
    treated: Patient,
    form: dict[str, str],
    hour: str,
    day: int,
) -> None:
    sent(
        nurses_browser,
        treated,
        form,
        drawn_at=f"2026-03-{day}T{hour}",
        last_dose_at=f"2026-03-{day - 1}T{hour}",
    )

    page = nurses_browser.get(f"/patients/{treated.pk}/").content.decode()
    assert f"{day} Mar 2026" in page


def test_a_correction_keeps_the_decimals_of_the_report(
    treated: Patient, laboratory: Laboratory, nurse: Staff, nurses_browser: Client
) -> None:
    level = a_trough(treated, "13.35", actor=nurse)

    page = nurses_browser.get(f"/levels/{level.pk}/correct/").content.decode()

    assert 'value="13.35"' in page
