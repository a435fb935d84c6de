"""A report made from beginning to end, and laid where its asker looks."""

from collections.abc import Callable
from datetime import datetime

from patients.models import Patient
from tdm.report.facts import facts_of
from tdm.report.page import page_of
from tdm.report.shelf import Made, Shelf, Stage


def made(
    patient: Patient,
    *,
    at: datetime,
    language: str,
    told: Callable[[Stage], None] = lambda _stage: None,
) -> Made:
    """Collect what the page says and draw it; `told` hears how far it is."""
    told(Stage.COLLECTING)
    facts = facts_of(patient, at=at, language=language)
    told(Stage.DRAWING)
    page = page_of(facts)
    return Made(language, facts.signed, facts.headline, page.pdf, page.png)


def make(shelf: Shelf, patient: Patient, *, at: datetime, language: str) -> None:
    """Make a report and lay it on a shelf that says all along how far it is."""
    try:
        found = made(patient, at=at, language=language, told=shelf.put)
    except Exception:
        shelf.put(Stage.FAILED)
        raise
    shelf.put(found)
