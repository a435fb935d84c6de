"""What an answer costs: `python -m benchmarks.pk` prints ours beside naive baselines.

CPU time of this process, the least of some runs after a first: neighbours on a shared
machine only add to it. The baselines are what one would write without the core: LSODA
from event to event, and superposition in plain Python under a general optimiser. Where
one takes minutes a part is run and multiplied, and the table says so.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import exp, log, sqrt
from time import process_time

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import OptimizeResult, minimize

from dosing.pk.averaging import advise, consult, predict_together
from dosing.pk.bayes import fit
from dosing.pk.doubts import FEWEST_DOUBTS, MOST_DOUBTS
from dosing.pk.examples import TWO_COMPARTMENTS
from dosing.pk.expressions import Array
from dosing.pk.forecast import predict
from dosing.pk.model import concentrations
from dosing.pk.population import as_chosen, complete, library
from dosing.pk.posterior import sample
from dosing.pk.steady import Regimen
from dosing.pk.types import Administration, Covariates, History, Observation, Period

DAYS, LEVELS, DRAWS, TIMES = 730, 12, 2000, 200
TRUE_ETA = np.array([0.2, -0.1])
PANEL: dict[str, Covariates] = {
    "mao_2024_liver_adult": {"HCT": 38},
    "wu_2012_cancer_adult": {"HCT": 38},
    "zimmerman_1997_nca_renal_adult": {"WT": 60},
}
CANDIDATES = tuple(Regimen(0.5 * step) for step in range(1, 9)) + tuple(
    Regimen(float(amount), 48.0) for amount in (1, 2, 3, 4)
)
ONE_THREAD = "OPENBLAS_NUM_THREADS"


def cpu_ms(work: Callable[[], object], runs: int = 9) -> float:
    """Return the least CPU time of some runs after a first, in ms."""
    work()
    return min(once_ms(work) for _run in range(runs))


def once_ms(work: Callable[[], object]) -> float:
    begun = process_time()
    work()
    return 1000 * (process_time() - begun)


def a_history(days: int, levels: int = LEVELS, *, irregular: bool = False) -> History:
    """Once-daily doses with levels spread over the second 95 % of the course."""
    rng = np.random.default_rng(730)
    doses: tuple[Administration, ...]
    doses = (Administration(0.0, 2.0, count=days, every_h=24.0),)
    if irregular:
        hours = 24.0 * np.arange(days) + rng.uniform(-2, 2, days)
        amounts = rng.choice([1.5, 2.0, 2.5], days)
        doses = tuple(map(Administration, hours.tolist(), amounts.tolist()))
    covariates = complete_for_all()
    bare = History(doses, (), (Period(0.0, covariates),))
    times = np.linspace(0.05 * days * 24, days * 24 - 0.5, levels)
    truth = concentrations(TWO_COMPARTMENTS, bare, times, TRUE_ETA)
    noisy = truth * np.exp(0.2 * rng.standard_normal(levels))
    seen = tuple(map(Observation, times.tolist(), noisy.tolist()))
    return History(doses, seen, bare.periods)


def complete_for_all() -> Covariates:
    found: dict[str, float] = {}
    for name, known in PANEL.items():
        found.update(complete(library()[name], known))
    return found


def times_of(days: int) -> Array:
    return np.linspace(0.0, 24.0 * (days + 2), TIMES)


def our_fit(history: History) -> object:
    return fit(TWO_COMPARTMENTS, history)


def our_advice(history: History) -> object:
    """Three models: fit, bands, and 12 candidates."""
    models = [as_chosen(library()[name]) for name in PANEL]
    panel = consult(models, history, n=DRAWS)
    bands = predict_together(panel, times_of(DAYS))
    covariates = history.periods[-1].covariates
    return bands, advise(panel, covariates, CANDIDATES, 5.0, 15.0)


def superposed(
    given: list[tuple[float, float]], times: list[float], eta: Array
) -> list[float]:
    """Two compartments as sums of exponentials, dose by dose, in plain Python."""
    cl, v, q, v3, ka, lag = 10 * exp(eta[0]), 200 * exp(eta[1]), 20.0, 700.0, 1.5, 0.25
    total, product = cl / v + q / v + q / v3, cl / v * q / v3
    fast = (total + sqrt(total * total - 4 * product)) / 2
    slow = product / fast
    one = ka / v * (q / v3 - fast) / ((ka - fast) * (slow - fast))
    two = ka / v * (q / v3 - slow) / ((ka - slow) * (fast - slow))
    curve = []
    for time in times:
        found = 0.0
        for hour, amount in given:
            since = time - hour - lag
            if since > 0:
                gone = (one + two) * exp(-ka * since)
                found += amount * (
                    one * exp(-fast * since) + two * exp(-slow * since) - gone
                )
        curve.append(1000 * found)
    return curve


def naive_objective(
    given: list[tuple[float, float]], history: History
) -> Callable[[Array], float]:
    times = [seen.time_h for seen in history.observations]
    values = [seen.value for seen in history.observations]

    def objective(eta: Array) -> float:
        found = eta[0] ** 2 / 0.15 + eta[1] ** 2 / 0.25
        for value, f in zip(values, superposed(given, times, eta), strict=True):
            variance = 0.04 * f * f + 0.09
            found += log(variance) + (value - f) ** 2 / variance
        return float(found)

    return objective


def naive_fit(history: History) -> OptimizeResult:
    """Quasi-Newton from zero; its inverse Hessian stands for the covariance."""
    objective = naive_objective(given_in(history), history)
    return minimize(objective, np.zeros(2), method="BFGS")


def given_in(history: History) -> list[tuple[float, float]]:
    return [(hour, dose.amount) for dose in history.doses for hour in dose.times_h]


def naive_bands(history: History, draws: int) -> object:
    """Curves of some draws by superposition."""
    given, times = given_in(history), times_of(DAYS).tolist()
    return [superposed(given, times, TRUE_ETA) for _draw in range(draws)]


def stepped(history: History, days: int) -> float:
    """One curve by LSODA, restarted at every dose; returns its last amount."""
    cl, v, q, v3, ka = 10.0, 200.0, 20.0, 700.0, 1.5
    held = np.zeros(3)

    def flows(_hour: float, a: Array) -> list[float]:
        out = (cl + q) / v * a[1] - q / v3 * a[2]
        return [-ka * a[0], ka * a[0] - out, q / v * a[1] - q / v3 * a[2]]

    for _hour, amount in given_in(history)[:days]:
        held[0] += amount
        held = solve_ivp(flows, (0, 24), held, "LSODA", rtol=1e-8, atol=1e-10).y[:, -1]
    return float(held[1])


@dataclass(frozen=True)
class Row:
    """One line of the table; `bar` in ms, `naive` in ms with how it was had."""

    name: str
    ours: float
    bar: float | None = None
    naive: float | None = None
    note: str = ""

    def __str__(self) -> str:
        bar = "" if self.bar is None else f"{self.bar:.0f}"
        naive = "" if self.naive is None else f"{self.naive:,.0f}"
        ratio = "" if self.naive is None else f"{self.naive / self.ours:,.0f}"
        late = "PAST" if self.bar is not None and self.ours > self.bar else ""
        numbers = f"{self.ours:>9.1f}{bar:>6}{late:>5}{naive:>12}{ratio:>8}"
        return f"{self.name:<50}{numbers}  {self.note}".rstrip()


@dataclass(frozen=True)
class Naive:
    """What the baselines take for the same, in ms."""

    fit: float
    bands: float
    curve: float
    tries: int

    @property
    def stepped_fit(self) -> float:
        """A fit whose every evaluation steps through the differential equations."""
        return self.tries * self.curve


def measured_naively(history: History) -> Naive:
    return Naive(
        fit=cpu_ms(lambda: naive_fit(history), 1),
        bands=once_ms(lambda: naive_bands(history, 2)) * DRAWS / 2,
        curve=once_ms(lambda: stepped(history, 73)) * DAYS / 73,
        tries=naive_fit(history).nfev,
    )


def rows() -> list[Row]:
    """Time what the bars are about, with doses at even and at uneven times."""
    history = a_history(DAYS)
    naive = measured_naively(history)
    return [
        *rows_of(history, "", naive),
        *rows_of(a_history(DAYS, irregular=True), ", uneven", None),
    ]


def rows_of(history: History, how: str, naive: Naive | None) -> Iterable[Row]:
    times, typical = times_of(DAYS), np.zeros(2)
    estimate = fit(TWO_COMPARTMENTS, history)
    posterior = sample(estimate, DRAWS)
    ours = {
        "one curve at 200 times": lambda: concentrations(
            TWO_COMPARTMENTS, history, times, typical
        ),
        FIT: lambda: our_fit(history),
        "posterior, 2,000 draws": lambda: sample(estimate, DRAWS),
        BANDS: lambda: predict(posterior, times),
        ADVICE: lambda: our_advice(history),
    }
    for name, work in ours.items():
        against, note = (None, "") if naive is None else beside(naive, name)
        yield Row(name + how, cpu_ms(work), BARS_MS.get(name), against, note)
        if naive is not None and name == FIT:
            note = f"BFGS on LSODA, {naive.tries} x one curve"
            yield Row("  the same", cpu_ms(work), None, naive.stepped_fit, note)


FIT, BANDS = "fit with covariance", "bands of 2,000 draws at 200 times"
ADVICE = "advice: 3 models, fit, bands, 12 candidates"
BARS_MS = {FIT: 15.0, BANDS: 60.0, ADVICE: 150.0}


def beside(naive: Naive, name: str) -> tuple[float | None, str]:
    """Return what a baseline takes for the same, and how that was had."""
    return {
        "one curve at 200 times": (naive.curve, "LSODA, 73 doses x 10"),
        FIT: (naive.fit, "BFGS on superposition"),
        BANDS: (naive.bands, "superposition, 2 draws x 1,000"),
        ADVICE: (3 * (naive.fit + naive.bands), "fits and bands alone"),
    }.get(name, (None, ""))


def growth() -> list[Row]:
    """Fits with more doses, more levels, and doses that may have been missed."""
    by_doses = [
        fit_row(f"fit after {days:,} doses{how}", a_history(days, irregular=bool(how)))
        for how in ("", " at uneven times")
        for days in (10, 100, 1000)
    ]
    by_levels = [
        fit_row(f"fit to {levels} levels after 730 doses", a_history(DAYS, levels))
        for levels in (3, 12, 48)
    ]
    in_doubt = [
        row
        for levels, last in ((LEVELS, FEWEST_DOUBTS), (LEVELS, 7), (3, MOST_DOUBTS))
        for row in doubt_rows(levels, last)
    ]
    return by_doses + by_levels + in_doubt


def doubt_rows(levels: int, last: int) -> list[Row]:
    """Time a fit whose last doses may have been missed, and its posterior."""
    history = unsure(a_history(DAYS, levels), last)
    estimate = fit(TWO_COMPARTMENTS, history)
    return [
        fit_row(f"fit to {levels} levels with {last} doses in doubt", history),
        Row("  its posterior, 2,000 draws", cpu_ms(lambda: sample(estimate, DRAWS))),
    ]


def unsure(history: History, last: int) -> History:
    """Return a history of daily doses the last of which may have been missed."""
    (daily,) = history.doses
    begins = daily.times_h[-last]
    known = replace(daily, count=daily.count - last)
    doubted = replace(daily, time_h=begins, count=last, probability=0.8)
    return replace(history, doses=(known, doubted))


def fit_row(name: str, history: History) -> Row:
    return Row(name, cpu_ms(lambda: our_fit(history)))


def imports() -> list[Row]:
    """CPU time of a fresh Python that imports the core, and only what it rests on."""
    ours = "import dosing.pk.averaging, dosing.pk.population, dosing.pk.choose"
    rests = "import numpy, scipy.special"
    nothing = min(fresh_ms("pass") for _run in range(3))
    below = min(fresh_ms(rests) for _run in range(3)) - nothing
    return [
        Row(
            "import of the whole core",
            min(fresh_ms(ours) for _run in range(3)) - nothing,
            500,
            below,
            "numpy and scipy.special alone",
        )
    ]


def fresh_ms(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return 1000 * spent


def main() -> None:
    """Print the table, on one thread."""
    if os.environ.get(ONE_THREAD) != "1":
        again = [sys.executable, "-m", "benchmarks.pk"]
        os.execve(again[0], again, {**os.environ, ONE_THREAD: "1"})
    print(f"{DAYS} once-daily doses, {LEVELS} levels, two compartments; CPU ms")
    print(f"{'':<50}{'ours':>9}{'bar':>6}{'':>5}{'naive':>12}{'ratio':>8}")
    for table in (rows, growth, imports):
        for row in table():
            print(row, flush=True)


if __name__ == "__main__":
    main()
