"""Do the models still answer what was computed for them elsewhere?"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dosing import pk

EXPECTED: dict[str, tuple[dict[str, float], float, float]] = {
    "mao_2024_liver_adult": ({"HCT": 38}, 10.0, 282),
    "wu_2012_cancer_adult": ({"HCT": 42}, 4.2, 159),
    "zimmerman_1997_nca_renal_adult": ({"WT": 60}, 5.9, 160),
    "chen_2021_tsc_children": ({"WT": 60, "OXC": 0}, 7.9, 261),
    "chen_2020_khe_children": ({"WT": 60, "CYP3A5_EXPR": 0}, 11.9, 297),
    "cheng_2020_cytopenia_children": ({"WT": 60, "TBIL": 11.29}, 5.2, 245),
    "fan_2024_va_children": ({"WT": 60}, 3.4, 97),
}
"""Trough (ng/mL) and AUC24 (ng h/mL) of 2 mg once daily in 60 kg at steady state, as
simulated elsewhere: pharmacology reference 1.3 [D]."""

DOSE_MG = 2.0
HALF_A_DIGIT = (0.05, 0.5)


@dataclass(frozen=True, slots=True)
class Check:
    """One number: as printed, as this build computes it, and whether they agree."""

    model: str
    quantity: str
    printed: float
    here: float
    agrees: bool


def selfcheck() -> Iterable[Check]:
    """Compute the exposures anew with the running build."""
    for name, (covariates, trough, auc24) in EXPECTED.items():
        population = pk.library()[name]
        model = pk.as_chosen(population)
        found = pk.steady_state(
            model,
            np.zeros(len(model.etas)),
            pk.complete(population, covariates),
            pk.Regimen(DOSE_MG),
        )
        here = float(np.ravel(found.trough)[0]), float(np.ravel(found.auc24)[0])
        kinds = ("trough", "AUC24")
        for each in zip(kinds, (trough, auc24), here, HALF_A_DIGIT, strict=True):
            kind, printed, ours, digit = each
            agrees = abs(ours - printed) <= digit * (1 + 1e-9)
            yield Check(name, kind, printed, ours, agrees)
