"""The one-page report: what it says, that it stays one page, and who gets it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import polib
import pypdfium2 as pdfium
import pytest
from celery.contrib.testing.worker import start_worker
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from dosing import services as dosing
from dosing.advice import advise
from dosing.models import Decision, Intake, Laboratory, Protocol
from patients import services as people
from patients.models import AuditEvent, Measurement, Patient, Site, Staff
from tdm import report
from tdm.celery import app
from tdm.report.glyphs import MISSING, held, printable
from tests.builders import DAY_0, a_dose, a_lesion, a_patient, a_trough, on_day

Browse = Callable[[Staff], Client]
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
    pages, words, _boxes = sheet(report.drawn(facts))
    assert pages == 1
    return words


def signed(patient: Patient, actor: Staff, mg: str = "1.5", **facts: str) -> Decision:
    advice = advise(patient, at=timezone.now())
    assert advice is not None
    return dosing.sign_decision(
        patient=patient,
        basis=advice.basis,
        amount_mg=Decimal(mg),
        interval_h=24,
        reason="clinical_picture",
        actor=actor,
        **facts,
    )


@pytest.fixture
def measured(treated: Patient, laboratory: Laboratory, clinician: Staff) -> Patient:
    """Case 2: 13.5 and 16.4 on days 14 and 28 of 2 mg."""
    lesion = a_lesion(treated, clinician)
    for quantity, day, value in (
        ("pain_vas", 0, 5),
        ("pain_vas", 28, 3),
        ("mri_max_area_mm2", 0, 837),
        ("mri_max_area_mm2", 28, 704),
    ):
        people.add_measurement(
            patient=treated,
            lesion=None if quantity == "pain_vas" else lesion,
            quantity=quantity,
            value=Decimal(value),
            measured_on=DAY_0 + timedelta(days=day),
            actor=clinician,
        )
    a_trough(treated, "13.5", day=14, actor=clinician)
    a_trough(treated, "16.4", actor=clinician)
    return treated


def a_year(patient: Patient, protocol: Protocol, actor: Staff, levels: int = 15) -> None:
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
        people.add_measurement(
            patient=patient,
            lesion=lesion,
            quantity="mri_max_area_mm2",
            value=Decimal(900 - 60 * n),
            measured_on=begun + timedelta(days=110 * n),
            actor=actor,
        )
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
