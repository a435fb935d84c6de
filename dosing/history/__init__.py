"""The one door from rows to judgement; units, hours and clinic days end here."""

from dosing.history.beside import COVARIATES, Around, around
from dosing.history.doses import adherence, doses_of
from dosing.history.question import Asked, administrations, question_of
from dosing.history.record import (
    History,
    covers,
    entry_of,
    histories_of,
    history_of,
    method_of,
)

__all__ = [
    "COVARIATES",
    "Around",
    "Asked",
    "History",
    "adherence",
    "administrations",
    "around",
    "covers",
    "doses_of",
    "entry_of",
    "histories_of",
    "history_of",
    "method_of",
    "question_of",
]
