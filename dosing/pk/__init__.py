"""A numerical core for dosing by population models; numpy and scipy, no Django.

Fit a person with `fit`, draw what remains possible with `sample`, look ahead with
`predict`, `steady_state`, `chances` and `chances_at`, and choose with `choose`;
`consult` and `advise` do it for several models at once.
"""

from dosing.pk.averaging import (
    Advice,
    Opinion,
    Panel,
    advise,
    chances_at_together,
    chances_together,
    consult,
    predict_together,
)
from dosing.pk.bayes import fit
from dosing.pk.choose import Candidate, choose, regimens
from dosing.pk.expressions import Array, Expression, parse
from dosing.pk.fading import hours_until_below
from dosing.pk.forecast import (
    Band,
    Bands,
    Chances,
    Shares,
    chances,
    chances_at,
    level_density,
    predict,
)
from dosing.pk.model import concentrations, individual
from dosing.pk.population import (
    Covariate,
    Domain,
    Population,
    as_chosen,
    as_default,
    complete,
    library,
    outside,
    with_unknown,
)
from dosing.pk.posterior import quantiles, sample
from dosing.pk.steady import (
    Regimen,
    SteadyState,
    fraction_of_steady_state,
    steady_state,
)
from dosing.pk.types import (
    MODELLED,
    Administration,
    Estimate,
    FitDidNotConverge,
    History,
    Model,
    Observation,
    Period,
    Posterior,
    Residual,
)

__all__ = [
    "MODELLED",
    "Administration",
    "Advice",
    "Array",
    "Band",
    "Bands",
    "Candidate",
    "Chances",
    "Covariate",
    "Domain",
    "Estimate",
    "Expression",
    "FitDidNotConverge",
    "History",
    "Model",
    "Observation",
    "Opinion",
    "Panel",
    "Period",
    "Population",
    "Posterior",
    "Regimen",
    "Residual",
    "Shares",
    "SteadyState",
    "advise",
    "as_chosen",
    "as_default",
    "chances",
    "chances_at",
    "chances_at_together",
    "chances_together",
    "choose",
    "complete",
    "concentrations",
    "consult",
    "fit",
    "fraction_of_steady_state",
    "hours_until_below",
    "individual",
    "level_density",
    "library",
    "outside",
    "parse",
    "predict",
    "predict_together",
    "quantiles",
    "regimens",
    "sample",
    "steady_state",
    "with_unknown",
]
