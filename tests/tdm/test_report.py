"""The one-page report: what it says, that it stays one page, and who gets it."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import polib
import pypdfium2 as pdfium
import pytest
from celery.contrib.testing.worker import start_worker
from django.test import Client
from django.utils import timezone

from dosing import services as dosing
from dosing.advice import advise
from dosing.models import Decision, Intake, Laboratory, Protocol, TroughLevel
from patients import services as people
from patients.models import AuditEvent, Measurement, Patient, Staff
from tdm import report
from tdm.celery import app
from tdm.report.glyphs import MISSING, held, printable
from tests.builders import DAY_0, a_dose, a_lesion, a_trough, a_visit, an_mri, on_day
from tests.tdm.demo import demo_clinic

Browse = Callable[[Staff], Client]
LOCALE = Path(report.__file__).parent.parent / "locale"
A4_PT = (595.28, 841.89)


def sheet(pdf: bytes) -> tuple[int, str, list[tuple[float, float, float, float]]]:
    """Read a PDF back: how many pages, its words, and the box of every letter."""
    document = pdfium.PdfDocument(pdf)
    page = document[0]
    text = page.get_textpage()
    boxes = [text.get_charbox(n) for n in range(text.count_chars())]
    words = " ".join(text.get_text_range().split())
    return len(document), words.replace("\u200b", ""), boxes


def printed(patient: Patient, language: str = "en", day: int = 29) -> str:
    facts = report.facts_of(patient, at=on_day(day, 9), language=language)
    pages, words, _boxes = sheet(report.page_of(facts).pdf)
    assert pages == 1
    return words


def signed(
    patient: Patient, actor: Staff, why: str = "", amount_mg: str = "1.5"
) -> Decision:
    advice = advise(patient, at=timezone.now())
    assert advice is not None
    return dosing.sign_decision(
        patient=patient,
        basis=advice.basis,
        amount_mg=Decimal(amount_mg),
        interval_h=24,
        reason="clinical_picture",
        actor=actor,
        reason_text=why,
    )


@pytest.fixture
def measured(treated: Patient, laboratory: Laboratory, clinician: Staff) -> Patient:
    """Case 2: 13.5 and 16.4 on days 14 and 28 of 2 mg."""
    lesion = a_lesion(treated, clinician)
    for day, pain, area in ((0, "5", "837"), (28, "3", "704")):
        a_visit(treated, lesion, day=day, pain=pain, actor=clinician)
        an_mri(lesion, day=day, area=area, actor=clinician)
    a_trough(treated, "13.5", day=14, actor=clinician)
    a_trough(treated, "16.4", actor=clinician)
    return treated


def a_year(
    patient: Patient, protocol: Protocol, actor: Staff, levels: int = 15
) -> None:
    """Tell twelve months up to today: daily diary, levels, MRI, side effects."""
    first = (patient.site.today(timezone.now()) - DAY_0).days - 364
    begun = DAY_0 + timedelta(days=first)
    days = [begun + timedelta(days=n) for n in range(364)]
    a_dose(patient, "2", day=first, protocol=protocol, actor=actor)
    lesion = a_lesion(patient, actor)
    Intake.objects.bulk_create(
        Intake(patient=patient, due_on=day, state="missed" if n % 40 == 7 else "taken")
        for n, day in enumerate(days)
    )
    Measurement.objects.bulk_create(
        Measurement(
            patient=patient,
            quantity="pain_vas",
            value=Decimal(8 - n // 60),
            measured_on=day,
        )
        for n, day in enumerate(days)
    )
    for n in range(4):
        an_mri(lesion, day=first + 110 * n, area=str(900 - 60 * n), actor=actor)
    for n in range(levels):
        value = f"{5.2 + n % 14:.1f}"
        a_trough(patient, value, day=first + 14 + n * 340 // levels, actor=actor)
    for term, day in (("mucositis_oral", 20), ("rash_acneiform", 60), ("nausea", 120)):
        people.record_effect(
            patient=patient,
            term=term,
            grade=1,
            onset_on=begun + timedelta(days=day),
            resolved_on=begun + timedelta(days=day + 9),
            actor=actor,
        )


def test_the_first_line_is_the_decision_in_plain_words(
    measured: Patient, clinician: Staff
) -> None:
    before = printed(measured)
    decision = signed(measured, clinician)
    after = printed(measured)

    assert before.startswith("Not decided yet. Suggested: change to 1.5 mg once daily;")
    assert before.count("NOT SIGNED") >= 2
    assert decision.dose is not None
    start, following = decision.dose.starts_on, decision.next_level_on
    assert after.startswith(
        f"From {start:%A} {start.day} {start:%B %Y} take 1.5 mg once daily; next level"
        f" on {following:%A} {following.day} {following:%B %Y}."
    )
    assert "NOT SIGNED" not in after
    assert f"Signed by {clinician}" in after


def test_a_signed_dose_that_was_cancelled_since_is_not_told_to_be_taken(
    measured: Patient, clinician: Staff
) -> None:
    decision = signed(measured, clinician)
    assert decision.dose is not None
    start = decision.dose.starts_on
    day = f"{start:%A} {start.day} {start:%B %Y}"

    dosing.stop_dose(patient=measured, on=start, reason="fever", actor=clinician)

    words = printed(measured)
    assert words.startswith(
        f"Prescribed now, otherwise than signed: 2 mg once daily, and none from {day}."
    )
    assert f"Signed was: From {day} take 1.5 mg once daily" in words


def test_a_day_on_which_a_signed_dose_will_stop_is_told(
    measured: Patient, clinician: Staff
) -> None:
    decision = signed(measured, clinician)
    assert decision.dose is not None
    last = decision.dose.starts_on + timedelta(days=9)

    dosing.stop_dose(patient=measured, on=last, reason="surgery", actor=clinician)

    assert printed(measured).startswith(
        "Prescribed now, otherwise than signed: 1.5 mg once daily, and none from"
    )


def test_a_pause_that_was_signed_stands_until_the_drug_is_begun_again(
    measured: Patient, clinician: Staff
) -> None:
    signed(measured, clinician, amount_mg="0", why="Infection.")
    assert printed(measured).startswith("Pause sirolimus;")

    later = (measured.site.today(timezone.now()) - DAY_0).days + 3
    a_dose(measured, "1", day=later, actor=clinician)

    assert printed(measured).startswith("Prescribed now, otherwise than signed: 1 mg")


def test_a_dose_prescribed_since_the_signature_is_the_first_line(
    measured: Patient, clinician: Staff
) -> None:
    decision = signed(measured, clinician)
    assert decision.dose is not None
    later = (decision.dose.starts_on - DAY_0).days + 3
    a_dose(measured, "1", day=later, actor=clinician)

    assert printed(measured).startswith(
        "Prescribed now, otherwise than signed: 1 mg once daily from"
    )


def in_(patient: Patient, language: str) -> report.Facts:
    return report.facts_of(patient, at=timezone.now(), language=language)


def test_a_year_fits_on_one_page_and_what_is_left_out_is_said(
    patient: Patient, protocol: Protocol, laboratory: Laboratory, clinician: Staff
) -> None:
    a_year(patient, protocol, clinician, levels=24)
    oldest = TroughLevel.objects.in_time_order()[0]
    dosing.set_aside_trough(level=oldest, version=1, reason="a slip", actor=clinician)
    pages, japanese, boxes = sheet(report.page_of(in_(patient, "ja")).pdf)
    facts = in_(patient, "en")
    more_pages, words, more_boxes = sheet(report.page_of(facts).pdf)

    assert (pages, more_pages) == (1, 1)
    assert "範囲内" in japanese
    for left, low, right, top in (*boxes, *more_boxes):
        assert 0 <= left <= right <= A4_PT[0]
        assert 0 <= low <= top <= A4_PT[1]
    assert facts.domain.badge in words
    assert "362 values, 2 to 8" in words
    (rest,) = map(int, re.findall(r"and (\d+) earlier levels", words))
    older = sorted(line.ng_per_ml for line in facts.levels[-rest - 1 : -1])
    assert f"{rest} earlier levels, {older[0]:.1f} to {older[-1]:.1f} ng/mL" in words
    shown = facts.levels[: -rest - 1]
    assert len(shown) >= 6
    assert all(f"{line.drawn_on} {line.value}" in words for line in shown)


def test_the_page_holds_what_the_clinic_measured_and_what_the_models_are(
    measured: Patient, clinician: Staff
) -> None:
    words = printed(measured)

    for said in (
        "16.4",
        "▲ above",
        "13.5",
        "● in range",
        "2 mg once daily",
        "MRI maximum lesion area (mm²) 837 (2 Mar 2026)",
        "704 (30 Mar 2026) −15.9 %",
        "5 (2 Mar 2026)",
        "−40.0 %",
        "Outside the models' populations",
        "Mao 2024",
        "engine policy",
        "Target range 5–15 ng/mL",
    ):
        assert said.replace("'", "’") in words.replace("'", "’"), said
    assert "範囲内" in printed(measured, "ja")
    assert "モデルの母集団の外です" in printed(measured, "ja")


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (
            "TEACH-1",
            "13.3|14.7|28 (|23 (|\u221217.9 %|1299|931|\u221228.3 %|\u221262.5 %"
            "|the report prints \u221229 %",
        ),
        (
            "TEACH-2",
            "13.5|16.4|37 (|33 (|\u221210.8 %|837|704|\u221215.9 %|\u221240.0 %",
        ),
    ],
)
def test_the_published_cases_are_printed_with_right_percentages(
    db: None, case: str, words: str
) -> None:
    demo_clinic()
    patient = Patient.objects.get(identifier=case)
    facts = report.facts_of(patient, at=timezone.now(), language="en")

    pages, page, _boxes = sheet(report.page_of(facts).pdf)

    assert pages == 1
    assert [each for each in words.split("|") if each not in page] == []
    assert ("report prints" in page) is (case == "TEACH-1")
    assert "ng/mL" in page
    assert "ng/dL" not in page


def test_circumferences_of_two_landmarks_are_two_rows(
    measured: Patient, clinician: Staff
) -> None:
    lesion = measured.lesions.get()
    known = measured.landmarks.get().pk
    other = people.add_landmark(
        lesion=lesion, limb="thigh", side="left", place="middle", actor=clinician
    ).pk
    for day, girths in ((10, {known: 37, other: 50}), (60, {known: 33, other: 48})):
        numbers = {key: Decimal(cm) for key, cm in girths.items()}
        a_visit(
            measured,
            lesion,
            day=day,
            measured=people.Measured(None, numbers),
            actor=clinician,
        )

    words = printed(measured)

    assert "\u221210.8 %" in words
    assert "\u22124.0 %" in words


def test_what_came_after_the_signature_is_said_and_a_new_level_takes_it_away(
    measured: Patient, clinician: Staff
) -> None:
    decision = signed(measured, clinician, why="Pain is better.")
    assert "Since it was signed" not in printed(measured)
    dosing.record_comedication(
        patient=measured, drug="clarithromycin", starts_on=DAY_0, actor=clinician
    )
    words = printed(measured)
    assert "Since it was signed: An interacting drug was entered" in words
    assert "Clinical picture: Pain is better." in words
    assert decision.engine_version in words

    a_trough(measured, "9.0", day=29, actor=clinician)
    words = printed(measured, day=30)
    assert words.startswith("Not decided yet")
    assert "The last signed decision was on another level: From" in words


def test_names_are_printed_as_they_are_written_however_long(
    patient: Patient, protocol: Protocol, laboratory: Laboratory, clinician: Staff
) -> None:
    names = {"family_name": "#panic() $x$ *a* [b] \\ @c <d>", "given_name": "W" * 80}
    people.correct_patient(
        patient=patient, version=1, reason="a trick", actor=clinician, **names
    )
    patient.refresh_from_db()
    for number in range(12):
        a_lesion(patient, clinician, body_site=f"{number} " + "long" * 35)
    a_dose(patient, "2", protocol=protocol, actor=clinician)
    a_trough(patient, "16.4", actor=clinician)
    signed(patient, clinician, why="why " * 120)
    facts = report.facts_of(patient, at=on_day(29), language="en")
    pages, words, boxes = sheet(report.page_of(facts).pdf)

    assert pages == 1
    assert "#panic() $x$ *a* [b] \\ @c <d>" in words
    assert "W" * 80 in words.replace(" ", "")
    assert "more, in the record" in words
    assert max(right for _l, _b, right, _t in boxes) <= A4_PT[0]
    assert min(low for _l, low, _r, _t in boxes) >= 0


def test_without_a_level_nothing_is_suggested(
    patient: Patient, treated: Patient
) -> None:
    words = printed(treated, day=3)

    assert words.startswith("No level to decide on yet. Taken now: 2 mg once daily.")
    assert "NOT SIGNED" in words
    assert "what is expected for someone like this" in words
    assert "No model was used" not in words


def test_every_word_of_both_languages_can_be_drawn() -> None:
    catalogue = polib.pofile(str(next(LOCALE.rglob("ja/**/django.po"))))
    for entry in catalogue:
        for text in (entry.msgid, entry.msgstr, *entry.msgstr_plural.values()):
            assert MISSING not in printable(text), text
    marks = "▲▼●○◆–−×²→µ≥≤·‰"
    assert set(marks) <= held()
    assert printable("SpO₂ 10⁹/L é") == "SpO2 10^9/L é"
    assert printable("𠮷野") == "〓野"


@pytest.mark.django_db(transaction=True)
def test_a_worker_makes_the_report_and_only_its_asker_fetches_it(
    measured: Patient, clinician: Staff, nurse: Staff, browser_of: Browse
) -> None:
    client = browser_of(clinician)
    with start_worker(app, pool="solo", perform_ping_check=False, loglevel="ERROR"):
        sent = client.post(f"/patients/{measured.pk}/report/", {"language": "ja"})
        place = sent["Location"]
        shelf = report.Shelf(clinician.pk, measured.pk, place.split("/")[4])
        until = monotonic() + 30
        while isinstance(shelf.look(), report.Stage) and monotonic() < until:
            sleep(0.1)
    page = client.get(place).content.decode()
    assert "Download the PDF" in page
    found = re.search(r'href="([^"]+/file/pdf/)"', page)
    assert found is not None
    pdf = client.get(found[1])

    assert "目標範囲" in sheet(pdf.content)[1]
    assert pdf["Cache-Control"] == "private, no-store"
    assert client.get(found[1].replace("pdf", "png"))["Content-Type"] == "image/png"
    assert client.get(found[1].replace("pdf", "exe")).status_code == 404
    line = AuditEvent.objects.filter(action="read_report").earliest("pk")
    assert (line.actor, line.patient) == (clinician, measured)
    assert line.details["file"] == "pdf"
    assert line.details["sha256"] == sha256(pdf.content).hexdigest()
    assert browser_of(nurse).get(found[1]).status_code == 404
    assert "no longer kept" in client.get(place).content.decode()


def test_progress_is_shown_while_a_worker_is_busy(
    measured: Patient, clinician: Staff, browser_of: Browse
) -> None:
    client = browser_of(clinician)
    shelf = report.Shelf.new(clinician.pk, measured.pk)
    address = f"/patients/{measured.pk}/report/{shelf.key}/en/"
    seen = {}
    for stage in report.Stage:
        shelf.put(stage)
        seen[stage] = client.get(
            address, headers={"HX-Request": "true"}
        ).content.decode()

    assert "Waiting for the background worker" in seen[report.Stage.WAITING]
    assert "asking the models" in seen[report.Stage.COLLECTING]
    assert 'value="2"' in seen[report.Stage.DRAWING]
    assert "hx-get" in seen[report.Stage.DRAWING]
    assert "hx-get" not in seen[report.Stage.FAILED]
    assert "could not be made" in seen[report.Stage.FAILED]


def test_a_making_that_fails_says_so(measured: Patient, clinician: Staff) -> None:
    shelf = report.Shelf.new(clinician.pk, measured.pk)
    with pytest.raises(RuntimeError, match="language code"):
        report.make(shelf, measured, at=on_day(29), language="nowhere")
    assert shelf.look() is report.Stage.FAILED


def test_without_a_broker_the_report_is_made_in_the_page(
    measured: Patient, clinician: Staff, browser_of: Browse, settings: Any
) -> None:
    client = browser_of(clinician)
    away = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": away}
    page = client.post(f"/patients/{measured.pk}/report/", {"language": "en"})
    now = f"/patients/{measured.pk}/report/now/en/"

    assert "The background worker cannot be reached." in page.content.decode()
    assert now in page.content.decode()
    pdf = client.get(now)
    assert "Not decided yet" in sheet(pdf.content)[1]
    assert "attachment" in pdf["Content-Disposition"]
    assert AuditEvent.objects.filter(action="read_report").count() == 1
    gone = client.get(f"/patients/{measured.pk}/report/abc/en/").content.decode()
    assert "no longer kept" in gone
