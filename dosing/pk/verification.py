"""Our answers beside those of a reference, against the bars that were agreed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np

from dosing.pk.bayes import event_times, timing_etas
from dosing.pk.cases import Case, Unread, naming
from dosing.pk.expressions import Array
from dosing.pk.likelihood import Problem
from dosing.pk.model import concentrations
from dosing.pk.posterior import LEVELS, sample
from dosing.pk.solving import (
    Solution,
    predicted_levels,
    quantile_table,
    steady_rows,
)
from dosing.pk.types import FitDidNotConverge


@dataclass(frozen=True)
class Bar:
    """What the median and the largest error may be; infinite where it only informs."""

    largest: float = inf
    median: float = inf


BARS = {
    "curves at given parameters, relative": Bar(1e-10),
    "predictions at the reference's etas, relative": Bar(1e-6, median=1e-8),
    "population predictions, relative": Bar(1e-6, median=1e-8),
    "etas, absolute": Bar(1e-4, median=1e-7),
    "etas where an event meets a level, absolute": Bar(),
    "objective above the reference's": Bar(1e-6),
    "posterior SD by NONMEM's formula, relative": Bar(1e-6),
    "the same where an event meets a level, relative": Bar(),
    "posterior SD by Laplace, relative": Bar(1e-6),
    "steady-state trough, relative": Bar(1e-8),
    "steady-state AUC24, relative": Bar(1e-8),
    "delta-method SD of trough and AUC24, relative": Bar(1e-6),
    "posterior quantiles, of the 90 % interval's width": Bar(0.03),
}
"""Of issue 3 where it names one; Laplace and delta-method SDs take NONMEM's."""

(
    CURVES,
    PREDICTIONS,
    POPULATION,
    ETAS,
    KINK_ETAS,
    OBJECTIVE,
    FOCEI,
    KINK_FOCEI,
    LAPLACE,
    TROUGH,
    AUC24,
    DELTA,
    QUANTILES,
) = BARS

Error = tuple[str, float]


@dataclass
class Comparison:
    """Errors by what they are of, and in words where no answer was found.

    `unread` is what the file itself is to blame for.
    """

    errors: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, found: Iterable[Error]) -> None:
        for name, error in found:
            self.errors.setdefault(name, []).append(error)

    @property
    def rows(self) -> list["Row"]:
        return [
            Row(name, np.array(self.errors[name]), bar)
            for name, bar in BARS.items()
            if name in self.errors
        ]

    @property
    def passed(self) -> bool:
        nobody = not self.failures and not self.unread
        return nobody and all(row.passed for row in self.rows)


@dataclass(frozen=True)
class Row:
    """The errors of one thing, shape (n,), against its bar."""

    name: str
    errors: Array
    bar: Bar

    @property
    def passed(self) -> bool:
        largest, median = self.errors.max(), np.median(self.errors)
        return bool(largest <= self.bar.largest and median <= self.bar.median)


def relative(found: Any, expected: Any) -> list[float]:
    """Return |found - expected| / |expected| of each; absolute where 0 is expected."""
    ours, theirs = np.ravel(found), np.ravel(expected)
    if ours.shape != theirs.shape:
        raise ValueError(f"{len(theirs)} numbers are expected, not {len(ours)}")
    sizes = np.where(theirs == 0, 1.0, np.abs(theirs))
    errors: list[float] = (np.abs(ours - theirs) / sizes).tolist()
    return errors


def compare(solution: Solution) -> Iterable[Error]:
    """Yield the errors of one solution by what they are of.

    Parameters
    ----------
    solution : Solution
        Of a case of either format. What its file does not say is not compared.

    Yields
    ------
    (str, float)
        A key of BARS and an error.

    Raises
    ------
    ValueError
        For reference numbers that do not fit the case.
    """
    if "nonmem" in solution.case.expected:
        yield from against_nonmem(solution)
    else:
        yield from against_sirolimus(solution)


def labelled(name: str, errors: Iterable[float]) -> Iterable[Error]:
    for error in errors:
        yield name, error


def deviations(covariance: Any) -> Array:
    return np.sqrt(np.diag(np.asarray(covariance, dtype=float)))


def against_sirolimus(solution: Solution) -> Iterable[Error]:
    expected = solution.case.expected
    for name, check in SIROLIMUS_CHECKS:
        if name in expected:
            yield from check(solution, expected[name])


def typical_curve(solution: Solution, curve: Any) -> Iterable[Error]:
    nobody = np.zeros(len(solution.case.model.etas))
    return labelled(CURVES, curve_errors(solution.case, curve["conc_ng_ml"], nobody))


def individual_curve(solution: Solution, curve: Any) -> Iterable[Error]:
    eta = reference_eta(solution.case)
    return labelled(CURVES, curve_errors(solution.case, curve, eta))


def curve_errors(case: Case, curve: Any, eta: Array) -> list[float]:
    return relative(concentrations(case.model, case.history, case.curve_h, eta), curve)


def reference_eta(case: Case) -> Array:
    return np.array([case.expected["map"][f"eta_{name}"] for name in case.model.etas])


def individual_predictions(solution: Solution, values: Any) -> Iterable[Error]:
    found = predicted_levels(solution.case, reference_eta(solution.case))
    return labelled(PREDICTIONS, relative(found, values))


def population_predictions(solution: Solution, values: Any) -> Iterable[Error]:
    found = predicted_levels(solution.case, np.zeros(len(solution.case.model.etas)))
    return labelled(POPULATION, relative(found, values))


def maximum(solution: Solution, expected: Any) -> Iterable[Error]:
    estimate = solution.estimate
    yield ETAS, farthest(estimate.eta, reference_eta(solution.case))
    yield OBJECTIVE, estimate.objective - expected["ofv"]


def farthest(found: Array, expected: Array) -> float:
    return float(np.abs(found - expected).max(initial=0.0))


def laplace(solution: Solution, covariance: Any) -> Iterable[Error]:
    found = deviations(solution.estimate.laplace)
    return labelled(LAPLACE, relative(found, deviations(covariance)))


def focei(solution: Solution, covariance: Any) -> Iterable[Error]:
    found = deviations(solution.estimate.focei)
    return labelled(FOCEI, relative(found, deviations(covariance)))


def steady(solution: Solution, rows: Sequence[Any]) -> Iterable[Error]:
    for found, expected in zip(steady_rows(solution), rows, strict=True):
        yield from labelled(TROUGH, relative(found["trough"], expected["trough"]))
        yield from labelled(AUC24, relative(found["auc24"], expected["auc24"]))
        for name in ("trough_sd_delta", "auc24_sd_delta"):
            yield from labelled(DELTA, relative(found[name], expected[name]))


def quantile_errors(solution: Solution, expected: Any) -> Iterable[Error]:
    """Compare at the levels of the reference; 5 and 95 % give the width."""
    if tuple(expected["quantile_levels"]) != LEVELS:
        raise ValueError(f"quantiles are expected at {LEVELS}")
    found = quantile_table(solution.case, sample(solution.estimate))
    for name, values in found.items():
        if name in expected:
            wanted = np.array(expected[name])
            width = wanted[-1] - wanted[0]
            apart = np.abs(np.array(values) - wanted) / width
            yield from labelled(QUANTILES, apart.tolist())


SIROLIMUS_CHECKS: tuple[tuple[str, Callable[[Solution, Any], Iterable[Error]]], ...] = (
    ("typical_curve", typical_curve),
    ("individual_curve", individual_curve),
    ("individual_predictions", individual_predictions),
    ("population_predictions", population_predictions),
    ("map", maximum),
    ("laplace_cov_eta", laplace),
    ("focei_cov_eta", focei),
    ("steady_state", steady),
    ("exact_posterior", quantile_errors),
)


def against_nonmem(solution: Solution) -> Iterable[Error]:
    """Compare with NONMEM at its own etas, and our maximum with the lowest known.

    Its etas are up to 1e-5 off the maximum, so its predictions and its ETC belong to
    them and not to the maximum.
    """
    case, nonmem = solution.case, solution.case.expected["nonmem"]
    nobody = np.zeros(len(case.model.etas))
    if "eta" in nonmem:
        theirs = np.array(nonmem["eta"], dtype=float)
        if "ipred" in nonmem:
            errors = relative(predicted_levels(case, theirs), nonmem["ipred"])
            yield from labelled(PREDICTIONS, errors)
        if "etc" in nonmem:
            yield from conditional(solution, theirs, nonmem["etc"])
        yield from maximum_of_nonmem(solution, theirs)
    if "pred" in nonmem:
        yield from labelled(
            POPULATION, relative(predicted_levels(case, nobody), nonmem["pred"])
        )


def conditional(solution: Solution, theirs: Array, etc: Any) -> Iterable[Error]:
    """Compare ETC by our formula at NONMEM's etas."""
    problem = Problem(solution.case.model, solution.case.history)
    ours = np.linalg.inv(problem.slopes(theirs[None]).curvature[0])
    name = KINK_FOCEI if meets(solution, theirs) else FOCEI
    return labelled(name, relative(deviations(ours), deviations(etc)))


def maximum_of_nonmem(solution: Solution, theirs: Array) -> Iterable[Error]:
    estimate = solution.estimate
    known = solution.case.expected.get("reference", {})
    if not known.get("nonmem_not_optimal"):
        name = KINK_ETAS if meets(solution, theirs) else ETAS
        yield name, farthest(estimate.eta, theirs)
    yield OBJECTIVE, estimate.objective - lowest_known(solution.case, theirs)


def lowest_known(case: Case, theirs: Array) -> float:
    """Return the lowest objective of the reference, else ours at NONMEM's etas."""
    known = case.expected.get("reference", {})
    told = [known[name] for name in ("ofv", "ofv_at_nonmem_eta") if name in known]
    if told:
        return float(min(told))
    return float(Problem(case.model, case.history).objective(theirs[None])[0])


NEAR_H = 1e-5
"""An event so close to a level may be either side of it in nine printed digits."""


def meets(solution: Solution, eta: Array) -> bool:
    """Say whether an estimated event time falls on a level, ours or NONMEM's."""
    estimate = solution.estimate
    if not timing_etas(estimate.model):
        return False
    problem = Problem(estimate.model, estimate.history)
    seen = np.array([each.time_h for each in estimate.history.observations])
    times = np.concatenate([np.ravel(each) for each in event_times(problem, eta[None])])
    apart = np.abs(times[:, None] - seen).min(initial=inf)
    return estimate.on_a_kink or bool(apart < NEAR_H)


def verify(solutions: Iterable[Solution | Unread | str]) -> Comparison:
    """Compare solutions with what their files expect.

    Parameters
    ----------
    solutions : iterable of Solution, Unread or str
        A sentence stands for a case without a solution and counts as a failure.

    Returns
    -------
    Comparison
        Cases whose reference numbers do not fit them are among the `unread`.

    Examples
    --------
    >>> verify(["S01: no parameters explain these levels"]).passed
    False
    """
    comparison = Comparison()
    for solution in solutions:
        if isinstance(solution, str):
            comparison.failures.append(solution)
        elif isinstance(solution, Unread):
            comparison.unread.append(solution.reason)
        else:
            compare_into(comparison, solution)
    return comparison


def compare_into(comparison: Comparison, solution: Solution) -> None:
    """Add the errors of one solution, or why it could not be compared."""
    try:
        with naming(solution.case.id):
            comparison.add(list(compare(solution)))
    except FitDidNotConverge as problem:
        comparison.failures.append(f"{solution.case.id}: {problem}")
    except ValueError as problem:
        comparison.unread.append(str(problem))


def table(comparison: Comparison) -> str:
    """Lay out a comparison for a terminal."""
    lines = [LINE.format("", "n", "median", "largest", "bar", "")]
    lines += [line_of(row) for row in comparison.rows]
    lines += [f"failed: {each}" for each in comparison.failures]
    lines += [f"cannot be read: {each}" for each in comparison.unread]
    return "\n".join(lines)


LINE = "{:<50}{:>7}{:>10}{:>10}{:>18}  {}"


def line_of(row: Row) -> str:
    limits = [f"{end:.0e}" for end in (row.bar.median, row.bar.largest) if end < inf]
    verdict = "" if not limits else "ok" if row.passed else "PAST THE BAR"
    return LINE.format(
        row.name,
        len(row.errors),
        f"{np.median(row.errors):.1e}",
        f"{row.errors.max():.1e}",
        " / ".join(limits) or "none",
        verdict,
    ).rstrip()
