"""What goes out says that there is an appointment, and nothing about health."""

import pytest
from django.utils import translation

from patients.messages import LONGEST_SMS, TO_PATIENTS, Message, message_for

CLINIC, PHONE = "Tokyo clinic", "03-1234-5678"
UNSAID = ("sirolimus", "level", "ng/mL", "malformation", "MRI", "dose", "blood", "drug")


@pytest.fixture(params=TO_PATIENTS, ids=" ".join)
def said(request: pytest.FixtureRequest) -> Message:
    kind, stage = request.param
    return message_for(kind, stage, "en", clinic=CLINIC, phone=PHONE)


def test_a_message_names_the_clinic_and_its_telephone_and_no_health(
    said: Message,
) -> None:
    whole = " ".join([said.subject, said.text, said.line])

    assert (CLINIC in said.text, PHONE in said.text) == (True, True)
    assert [word for word in UNSAID if word.lower() in whole.lower()] == []
    assert "\n" not in said.subject


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("clinic", ["K", "Clinic " * 17])
@pytest.mark.parametrize(("kind", "stage"), TO_PATIENTS)
def test_a_text_message_is_one_line_that_fits_and_keeps_its_meaning(
    kind: str, stage: str, clinic: str, language: str
) -> None:
    said = message_for(kind, stage, language, clinic=clinic, phone="1" * 30)

    assert len(said.line) <= LONGEST_SMS
    assert "\n" not in said.line
    assert f"{said.subject}. {'1' * 30}" in said.line


def test_the_language_is_that_of_the_reader_not_of_whoever_asks() -> None:
    with translation.override("ja"):
        said = message_for("item", "eve", "en", clinic=CLINIC)

    assert said.subject == "You have an appointment with your clinic tomorrow"
    assert "Telephone" not in said.text


@pytest.mark.parametrize(
    ("count", "subject"),
    [
        (1, "1 thing is open in Troughline"),
        (2, "2 things are open in Troughline"),
    ],
)
def test_a_digest_is_a_number_and_a_link(count: int, subject: str) -> None:
    said = message_for(
        "digest", "", "en", clinic=CLINIC, count=count, link="https://t.example/inbox/"
    )

    assert said.subject == subject
    assert "https://t.example/inbox/" in said.text


def test_nothing_is_said_to_a_patient_about_what_is_escalated() -> None:
    with pytest.raises(KeyError):
        message_for("item", "escalated", "en", clinic=CLINIC)
