"""Do 90 % bands hold 90 % of people? `python -m benchmarks.coverage` says.

People are drawn from a model, measured twice, fitted by the same model, and foretold.
A true concentration should lie in its credible band, a measured level in its
predictive band, nine times in ten.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dosing.pk.bayes import fit
from dosing.pk.expressions import Array
from dosing.pk.forecast import predict
from dosing.pk.model import concentrations
from dosing.pk.population import Population, complete, library
from dosing.pk.posterior import sample
from dosing.pk.steady import Regimen, steady_state
from dosing.pk.types import (
    Administration,
    Covariates,
    FitDidNotConverge,
    History,
    Model,
    Observation,
    Period,
    Residual,
)

MEASURED_H = (168.0, 336.0)
FORETOLD_H = (340.0, 504.0, 672.0)
"""A peak on day 14, then the troughs of days 21 and 28."""

TROUGH_NG_PER_ML = 8.0
"""The dose is such that a typical person comes to this."""

LIMIT_NG_PER_ML = 1.0
"""Levels below are known only to be below."""

BAND = (0.05, 0.95)
DRAWS = 1000


@dataclass(frozen=True)
class Coverage:
    """Shares of people inside their bands at each of FORETOLD_H; how many failed."""

    credible: Array
    predictive: Array
    failed: int


def coverage(population: Population, patients: int, seed: int) -> Coverage:
    """Foretell simulated people of a model and count how many keep to their bands.

    Parameters
    ----------
    population : Population
        That can be run.
    patients : int
    seed : int

    Returns
    -------
    Coverage
    """
    rng = np.random.default_rng(seed)
    course = a_course(population)
    people = [foretold(course, rng) for _person in range(patients)]
    found = np.array([person for person in people if person is not None])
    credible, predictive = found.mean(0)
    return Coverage(credible, predictive, patients - len(found))


@dataclass(frozen=True)
class Course:
    """28 daily doses in a typical person's covariates."""

    model: Model
    history: History

    def curve(self, eta: Array, times_h: Sequence[float]) -> Array:
        return concentrations(self.model, self.history, times_h, eta)

    @property
    def residual(self) -> Residual:
        return self.model.residual[self.model.observed]


def a_course(population: Population) -> Course:
    model = population.model
    if model is None:
        raise ValueError(f"{population.id} cannot be run")
    covariates = complete(population, at_references(population))
    typical = np.zeros(len(model.etas))
    unit = steady_state(model, typical, covariates, Regimen(1.0)).trough[0]
    dose = Administration(0.0, TROUGH_NG_PER_ML / float(unit), count=28, every_h=24.0)
    return Course(model, History((dose,), (), (Period(0.0, covariates),)))


def at_references(population: Population) -> Covariates:
    return {
        each.name: each.reference
        for each in population.covariates
        if each.name not in population.fixed
    }


def foretold(course: Course, rng: np.random.Generator) -> list[list[bool]] | None:
    """Return whether curve and levels of a new person lie in their bands, (2, t)."""
    model = course.model
    eta = rng.multivariate_normal(np.zeros(len(model.etas)), model.omega)
    seen = measured(course.residual, course.curve(eta, MEASURED_H), rng)
    truth = course.curve(eta, FORETOLD_H)
    later = measured(course.residual, truth, rng)
    levels = [level(*pair) for pair in zip(MEASURED_H, seen, strict=True)]
    history = History(course.history.doses, tuple(levels), course.history.periods)
    try:
        posterior = sample(fit(model, history), DRAWS)
    except FitDidNotConverge:
        return None
    credible = predict(posterior, FORETOLD_H, BAND).values
    predictive = predict(posterior, FORETOLD_H, BAND, with_residual=True).values
    return [inside(truth, credible), inside(np.maximum(later, 0.0), predictive)]


def measured(residual: Residual, truth: Array, rng: np.random.Generator) -> Array:
    """Add the residual error to true concentrations, shape (t,)."""
    noise = rng.standard_normal(len(truth))
    if residual.on_log:
        return np.asarray(truth * np.exp(residual.additive**0.5 * noise))
    spread = np.sqrt(residual.proportional * truth**2 + residual.additive)
    return np.asarray(truth + spread * noise)


def level(time_h: float, value: float) -> Observation:
    below = value < LIMIT_NG_PER_ML
    return Observation(time_h, LIMIT_NG_PER_ML if below else float(value), below=below)


def inside(values: Array, band: Array) -> list[bool]:
    low, high = band
    found: list[bool] = ((low <= values) & (values <= high)).tolist()
    return found


def main() -> None:
    """Print a table for every model that can be run."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--patients", type=int, default=1000)
    asked.add_argument("--model", action="append", help="only these, by id")
    asked.add_argument("--seed", type=int, default=SEED)
    wanted = asked.parse_args()
    print(HEAD.format("", "credible band, %", "predictive band, %", "failed"))
    hours = "".join(f"{hour:>7.0f}h" for hour in FORETOLD_H) + f"{'all':>8}"
    print(f"{'':<32}{hours}{hours}")
    runnable = [entry for entry in library().values() if entry.executable]
    for place, population in enumerate(runnable):
        if population.id in (wanted.model or [population.id]):
            found = coverage(population, wanted.patients, wanted.seed + place)
            print(line(population.id, found), flush=True)


HEAD = "{:<32}{:>32}{:>32}{:>8}"
SEED = 2025


def line(name: str, found: Coverage) -> str:
    cells = "".join(
        f"{100 * share:>8.1f}"
        for shares in (found.credible, found.predictive)
        for share in (*shares, shares.mean())
    )
    return f"{name:<32}{cells}{found.failed:>8}"


if __name__ == "__main__":
    main()
