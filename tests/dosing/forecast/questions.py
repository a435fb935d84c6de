"""Questions to the models, told in days and doses."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from dosing import forecast, pk
from dosing.policy import DEFAULT_TARGET, Regimen

ADULT = forecast.Person(40.0, None, "venous malformation", ("CMIA",), 2.0)
CASE_1 = ((14, 13.3), (28, 14.7))
CASE_2 = ((14, 13.5), (28, 16.4))
DAILY = [
    Regimen(Decimal(amount), 24) for amount in ("1", "1.5", "2", "2.5", "3", "3.5", "4")
]


def a_question(
    levels: Sequence[tuple[float, float]] = (), *, days: int = 28, **facts: Any
) -> forecast.Question:
    """2 mg once daily for some days, with troughs by day; HCT, WT and so on by name."""
    covariates = {"CL_FACTOR": 1.0, "OXC": 0.0, **facts}
    person = replace(ADULT, weight_kg=covariates.get("WT"))
    return forecast.Question(
        person=person,
        weights=tuple(sorted(forecast.DEFAULT_WEIGHTS.items())),
        doses=(pk.Administration(0.0, 2.0, count=days, every_h=24.0),),
        levels=tuple(pk.Observation(24.0 * day, value) for day, value in levels),
        facts=(forecast.Facts(0.0, tuple(sorted(covariates.items()))),),
    )


def considered(question: forecast.Question) -> forecast.Outlook:
    return forecast.consider(question, DAILY, DEFAULT_TARGET)
