"""The seven reference cases, and how one becomes a history."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dosing.pk.examples import TWO_COMPARTMENTS
from dosing.pk.expressions import Array, parse
from dosing.pk.types import (
    Administration,
    History,
    Observation,
    Period,
)

OPEN = Path(__file__).parent / "data" / "sirolimus_cases_open.json"
FOREVER_H = 1e6

Case = dict[str, Any]

REFERENCE = replace(
    TWO_COMPARTMENTS,
    name="reference",
    parameters=(
        ("CL", parse("10 * exp(eta_CL) * CLF")),
        ("V2", parse("200 * exp(eta_V2)")),
    ),
)


def open_cases() -> list[Case]:
    cases: list[Case] = json.loads(OPEN.read_text())["cases"]
    return cases


def history_of(case: Case) -> History:
    told = case["inputs"]
    factors = told["cl_factor_periods"]
    ends = [later["start_h"] for later in factors[1:]] + [FOREVER_H]
    return History(
        doses=tuple(Administration(d["t_h"], d["amount_mg"]) for d in told["doses"]),
        observations=tuple(
            Observation(level["t_h"], level["conc_ng_ml"]) for level in told["levels"]
        ),
        periods=tuple(
            Period(float(end), {"CLF": now["factor"]})
            for end, now in zip(ends, factors, strict=True)
        ),
    )


def weighted_quantiles(values: Array, weights: Array, levels: list[float]) -> Array:
    order = np.argsort(values)
    middle = np.cumsum(weights[order]) - weights[order] / 2
    found: Array = np.interp(levels, middle, values[order])
    return found
