"""The one-page report: a patient's decision and what it rests on, as PDF."""

from tdm.report.facts import Facts, Line, Reason, Row, facts_of
from tdm.report.page import Page, drawn, page_of
from tdm.report.shelf import Made, Shelf, Stage

__all__ = [
    "Facts",
    "Line",
    "Made",
    "Page",
    "Reason",
    "Row",
    "Shelf",
    "Stage",
    "drawn",
    "facts_of",
    "page_of",
]
