"""A report made from beginning to end, and laid where its asker looks."""

from datetime import datetime

from patients.models import Patient
from tdm.report.facts import facts_of
from tdm.report.page import page_of
from tdm.report.shelf import Made, Shelf, Stage


def made(patient: Patient, *, at: datetime, language: str) -> Made:
    """Collect what the page says and draw it, at once."""
    facts = facts_of(patient, at=at, language=language)
    page = page_of(facts)
    return Made(language, facts.signed, facts.headline, page.pdf, page.png)


def make(shelf: Shelf, patient: Patient, *, at: datetime, language: str) -> None:
    """Make a report and lay it on a shelf that says all along how far it is."""
    shelf.put(Stage.COLLECTING)
    try:
        facts = facts_of(patient, at=at, language=language)
        shelf.put(Stage.DRAWING)
        page = page_of(facts)
    except Exception:
        shelf.put(Stage.FAILED)
        raise
    shelf.put(Made(language, facts.signed, facts.headline, page.pdf, page.png))
