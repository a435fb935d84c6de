"""Two small models and a history, for the examples in docstrings and for tests."""

from types import MappingProxyType

import numpy as np

from dosing.pk.expressions import parse
from dosing.pk.types import Administration, History, Model, Observation, Residual

ONE_COMPARTMENT = Model(
    name="one compartment",
    etas=("CL", "V"),
    omega=np.array([[0.105, 0.0665], [0.0665, 0.1823]]),
    parameters=(
        ("CL", parse("7.09 * exp(eta_CL)")),
        ("V", parse("496 * exp(eta_V)")),
    ),
    rates=(
        (0, 0, parse("-0.75")),
        (1, 0, parse("0.75")),
        (1, 1, parse("-CL / V")),
    ),
    compartments=2,
    scale=MappingProxyType({1: parse("V / 1000")}),
    residual=MappingProxyType({1: Residual(proportional=0.033)}),
)
"""Mao 2024 at a haematocrit of 38 %; its residual read as a variance."""

TWO_COMPARTMENTS = Model(
    name="two compartments",
    etas=("CL", "V2"),
    omega=np.diag([0.15, 0.25]),
    parameters=(
        ("CL", parse("10 * exp(eta_CL)")),
        ("V2", parse("200 * exp(eta_V2)")),
    ),
    rates=(
        (0, 0, parse("-1.5")),
        (1, 0, parse("1.5")),
        (1, 1, parse("-(CL + 20) / V2")),
        (1, 2, parse("20 / 700")),
        (2, 1, parse("20 / V2")),
        (2, 2, parse("-20 / 700")),
    ),
    compartments=3,
    scale=MappingProxyType({1: parse("V2 / 1000")}),
    lag_h=MappingProxyType({0: parse("0.25")}),
    residual=MappingProxyType({1: Residual(proportional=0.04, additive=0.09)}),
)
"""That of sirolimus_cases_open.json."""

ONE_LEVEL = History(
    doses=(Administration(0.0, 2.0, count=14, every_h=24.0),),
    observations=(Observation(336.0, 3.6),),
)
"""2 mg once daily for 14 days, then one trough: case S01 of the same file."""
