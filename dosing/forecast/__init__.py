"""What published models expect of one person: a question in, numbers out; no Django."""

from dosing.forecast.curve import (
    Curve,
    Fading,
    Speakers,
    curve,
    curve_at,
    expected,
    fading,
)
from dosing.forecast.models import DEFAULT_WEIGHTS
from dosing.forecast.oddness import Cause, Oddness, oddness
from dosing.forecast.outlook import Choice, Outlook, View, consider
from dosing.forecast.panel import NoForecast
from dosing.forecast.question import Facts, Person, Question, from_data
from dosing.forecast.recommendation import ranked, recommended, withheld
from dosing.forecast.selfcheck import Check, selfcheck

CORE_VERSION = "pk 1"
"""Kept with every decision; raised with every change of what the models answer."""

__all__ = [
    "CORE_VERSION",
    "DEFAULT_WEIGHTS",
    "Cause",
    "Check",
    "Choice",
    "Curve",
    "Facts",
    "Fading",
    "NoForecast",
    "Oddness",
    "Outlook",
    "Person",
    "Question",
    "Speakers",
    "View",
    "consider",
    "curve",
    "curve_at",
    "expected",
    "fading",
    "from_data",
    "oddness",
    "ranked",
    "recommended",
    "selfcheck",
    "withheld",
]
