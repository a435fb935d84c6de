"""The one-page report: a patient's decision and what it rests on, as PDF."""

from tdm.report.facts import Facts, facts_of
from tdm.report.making import made, make
from tdm.report.page import page_of
from tdm.report.shelf import Made, Shelf, Stage

__all__ = [
    "Facts",
    "Made",
    "Shelf",
    "Stage",
    "facts_of",
    "made",
    "make",
    "page_of",
]
