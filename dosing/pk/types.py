"""The nouns of the core: doses given, levels seen, a population, what was estimated.

Times are hours, amounts and volumes are those of the model (mg and L for sirolimus,
so that concentrations in ng/mL are 1000 x mg / L). Compartments count from 0.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite, isnan

import numpy as np
from numpy.typing import NDArray

from dosing.pk.expressions import Expression

Array = NDArray[np.float64]
Covariates = Mapping[str, float]

MODELLED = -2.0
"""The rate of an infusion whose duration the model estimates."""


class FitDidNotConverge(Exception):  # noqa: N818 - it says what happened
    """The search ended without a maximum; callers take the proportional rule."""


@contextmanager
def in_words() -> Iterator[None]:
    """Let linear algebra that breaks down end as a search that found nothing.

    Raises
    ------
    FitDidNotConverge
    """
    try:
        yield
    except np.linalg.LinAlgError as problem:
        raise FitDidNotConverge(f"the search broke down: {problem}") from problem


def finite(**numbers: float) -> None:
    """Refuse what is no number, by name.

    Raises
    ------
    ValueError
    """
    for name, number in numbers.items():
        if not isfinite(number):
            raise ValueError(f"{name} must be a finite number, not {number}")


def whole(**numbers: float) -> None:
    """Refuse what is no whole number of at least 0, by name.

    Raises
    ------
    ValueError
    """
    for name, number in numbers.items():
        if not isinstance(number, int | np.integer) or number < 0:
            raise ValueError(f"{name} must be a whole number from 0, not {number}")


MOST_DOSES = 100_000
"""Of one course: hourly for eleven years."""


@dataclass(frozen=True)
class Administration:
    """One dose, or `count` equal ones `every_h` hours apart.

    Parameters
    ----------
    time_h : float
        When the first is given.
    amount : float
        Of each; 0 changes nothing.
    compartment : int
        Where it enters.
    rate : float
        0 is a bolus, above 0 an infusion of that rate, MODELLED one whose duration the
        model estimates.
    count, every_h : int, float
        How many, and the hours between them.
    resets : bool
        Whether the body is emptied at `time_h`, before the dose.
    covariates : mapping or None
        Those that decide bioavailability and rate of this dose; None takes those in
        force when it is given.
    probability : float
        That it was given at all, of each on its own; 1 is certain.

    Examples
    --------
    >>> Administration(8.0, 2.0, count=3, every_h=24.0).times_h
    [8.0, 32.0, 56.0]
    """

    time_h: float
    amount: float
    compartment: int = 0
    rate: float = 0.0
    count: int = 1
    every_h: float = 0.0
    resets: bool = False
    covariates: Covariates | None = None
    probability: float = 1.0

    def __post_init__(self) -> None:
        finite(time_h=self.time_h, amount=self.amount, rate=self.rate)
        finite(every_h=self.every_h, probability=self.probability)
        if self.amount < 0:
            raise ValueError(f"a dose cannot be negative: {self.amount}")
        if self.rate < 0 and self.rate != MODELLED:
            raise ValueError(f"a rate cannot be negative: {self.rate}")
        self.check_places()
        if self.count < 1 or (self.count > 1 and self.every_h <= 0):
            raise ValueError("repeated doses need a count and an interval above 0")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"a probability lies from 0 to 1: {self.probability}")
        if self.resets and self.probability < 1:
            raise ValueError("what empties the body must be certain")

    def check_places(self) -> None:
        """Refuse compartments and counts that are no whole numbers, or too many."""
        whole(compartment=self.compartment, count=self.count)
        if self.count > MOST_DOSES:
            raise ValueError(f"a course has at most {MOST_DOSES} doses")

    @property
    def times_h(self) -> list[float]:
        return [self.time_h + n * self.every_h for n in range(self.count)]

    @property
    def one_by_one(self) -> "tuple[Administration, ...]":
        return tuple(
            replace(self, time_h=at, count=1, every_h=0.0) for at in self.times_h
        )

    @property
    def expected(self) -> "Administration":
        """What is given on average, as if certain; an infusion keeps its length."""
        rate = self.rate * self.probability if self.rate > 0 else self.rate
        amount = self.amount * self.probability
        return replace(self, amount=amount, rate=rate, probability=1.0)


@dataclass(frozen=True)
class Observation:
    """A measured concentration.

    Parameters
    ----------
    time_h : float
        When the blood was drawn.
    value : float
        In the model's unit, for sirolimus ng/mL; where `below`, the limit.
    compartment : int
        Where it was measured.
    below : bool
        Whether it is known only to be under `value`.

    Raises
    ------
    ValueError
        For a value below 0, a limit of 0, a compartment or a number that is none.

    Examples
    --------
    >>> Observation(336.0, 1.0, below=True).value
    1.0
    """

    time_h: float
    value: float
    compartment: int = 1
    below: bool = False

    def __post_init__(self) -> None:
        finite(time_h=self.time_h, value=self.value)
        whole(compartment=self.compartment)
        if self.value < 0 or (self.below and self.value == 0):
            raise ValueError(f"a concentration must be above 0: {self.value}")


@dataclass(frozen=True)
class Period:
    """Covariates that hold up to and including an hour; the last ones for ever.

    Parameters
    ----------
    until_h : float
        Where the next period begins; of the last period it is not used.
    covariates : mapping of str to float
        Each in the unit of the model; see `complete`.

    Examples
    --------
    >>> Period(456.0, {"HCT": 38.0}).covariates["HCT"]
    38.0
    """

    until_h: float
    covariates: Covariates

    def __post_init__(self) -> None:
        if isnan(self.until_h):
            raise ValueError("a period of covariates must end at an hour, not at nan")


@dataclass(frozen=True)
class History:
    """Everything about one person that a model reads.

    Before the first dose the concentration is zero. A level at the very time of a
    bolus is one drawn before it.

    Parameters
    ----------
    doses : tuple of Administration
        In any order.
    observations : tuple of Observation
        In any order.
    periods : tuple of Period
        By their ends; at least one, though its covariates may be empty.

    Raises
    ------
    ValueError
        For no periods, or periods that do not follow each other.

    Examples
    --------
    >>> maybe = Administration(24.0, 2.0, count=2, every_h=24.0, probability=0.5)
    >>> history = History((Administration(0.0, 2.0), maybe))
    >>> [dose.time_h for dose in history.doubtful]
    [24.0, 48.0]
    """

    doses: tuple[Administration, ...]
    observations: tuple[Observation, ...] = ()
    periods: tuple[Period, ...] = (Period(0.0, {}),)

    def __post_init__(self) -> None:
        ends = [period.until_h for period in self.periods]
        if not ends:
            raise ValueError("a history needs covariates, though they may be empty")
        if ends != sorted(ends) or len(set(ends)) < len(ends):
            raise ValueError("periods of covariates must follow each other in time")

    @cached_property
    def doubtful(self) -> tuple[Administration, ...]:
        """The doses that may or may not have been given, one by one."""
        return tuple(
            each
            for dose in self.doses
            if 0 < dose.probability < 1
            for each in dose.one_by_one
        )

    @property
    def certain(self) -> "History":
        """The same history without the doses that are in doubt."""
        kept = tuple(dose for dose in self.doses if dose.probability == 1)
        return self if len(kept) == len(self.doses) else replace(self, doses=kept)

    @property
    def expected(self) -> "History":
        """The same history with each dose in doubt counted by its probability."""
        if all(dose.probability == 1 for dose in self.doses):
            return self
        return replace(self, doses=tuple(dose.expected for dose in self.doses))


@dataclass(frozen=True)
class Residual:
    """What separates a measured from a true concentration.

    Parameters
    ----------
    proportional : float
        A variance, as a part of the squared prediction: 0.04 is an SD of 20 %.
    additive : float
        A variance, for sirolimus (ng/mL)^2; with `on_log` that of the logarithm.
    on_log : bool
        Whether the logarithm is measured; `proportional` is then not used.
    zero_counts_as_one : bool
        Whether a prediction of zero counts as one in the proportional part.

    Raises
    ------
    ValueError
        For a variance below 0, or none above.

    Examples
    --------
    >>> Residual(proportional=0.2**2, additive=0.5**2).additive
    0.25
    """

    proportional: float = 0.0
    additive: float = 0.0
    on_log: bool = False
    zero_counts_as_one: bool = False

    def __post_init__(self) -> None:
        finite(proportional=self.proportional, additive=self.additive)
        if min(self.proportional, self.additive) < 0 or (
            self.proportional + self.additive <= 0
        ):
            raise ValueError("a residual error needs a variance above 0")


@dataclass(frozen=True)
class Model:
    """A linear compartment model of a population.

    Parameters
    ----------
    etas : tuple of str
        Names of the random effects; expressions call them `eta_NAME`.
    omega : ndarray, shape (p, p)
        Their covariance.
    parameters : tuple of (name, Expression)
        Individual values, each from covariates, etas and the ones before it.
    rates : tuple of (row, column, Expression)
        The entries of K that are not zero, in dA/dt = K A, per hour.
    compartments : int
        The size of K.
    scale, bioavailability, lag_h, duration_h : mapping of compartment to Expression
        Concentration is amount / scale; the others are 1, 0 h and none by default.
    residual : mapping of compartment to Residual

    Raises
    ------
    ValueError
        For an omega that is no covariance of the etas, a parameter named like an eta,
        a compartment that is not there, or nowhere to measure.

    Examples
    --------
    >>> from dosing.pk.expressions import parse
    >>> bolus = Model(
    ...     name="one bolus",
    ...     etas=("CL",),
    ...     omega=np.array([[0.1]]),
    ...     parameters=(("CL", parse("10 * exp(eta_CL)")),),
    ...     rates=((0, 0, parse("-CL / 200")),),
    ...     compartments=1,
    ...     scale={0: parse("200 / 1000")},
    ...     residual={0: Residual(proportional=0.04)},
    ... )
    >>> bolus.observed
    0
    """

    name: str
    etas: tuple[str, ...]
    omega: Array
    parameters: tuple[tuple[str, Expression], ...]
    rates: tuple[tuple[int, int, Expression], ...]
    compartments: int
    scale: Mapping[int, Expression]
    residual: Mapping[int, Residual]
    bioavailability: Mapping[int, Expression] = field(default_factory=dict)
    lag_h: Mapping[int, Expression] = field(default_factory=dict)
    duration_h: Mapping[int, Expression] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.check_parts()
        omega = np.asarray(self.omega, dtype=float)
        size = len(self.etas)
        if omega.shape != (size, size) or not np.allclose(omega, omega.T):
            raise ValueError(f"omega must be symmetric with {size} rows")
        if size and np.linalg.eigvalsh(omega)[0] <= 0:
            raise ValueError("omega must be positive definite")

    def check_parts(self) -> None:
        """Refuse names that hide an eta, and compartments that are not there."""
        hidden = {f"eta_{name}" for name in self.etas}
        for name, _rule in self.parameters:
            if name in hidden:
                raise ValueError(f"{name} is a random effect, not a parameter")
        if not self.residual:
            raise ValueError("a model needs a compartment in which levels are measured")
        places = {place for row, column, _rate in self.rates for place in (row, column)}
        places.update(self.scale, self.residual, self.bioavailability)
        places.update(self.lag_h, self.duration_h)
        for place in places:
            if not 0 <= place < self.compartments:
                raise ValueError(
                    f"there is no compartment {place} among {self.compartments}"
                )

    @property
    def observed(self) -> int:
        """The compartment in which concentrations are measured first."""
        return min(self.residual)

    @property
    def entry(self) -> int:
        """The compartment that a dose enters."""
        return 0


@dataclass(frozen=True)
class Estimate:
    """What a person's levels say about the etas.

    Parameters
    ----------
    eta : ndarray, shape (p,)
        The maximum a posteriori.
    objective : float
        -2 log posterior there, without constants.
    laplace : ndarray, shape (p, p)
        Inverse of half the exact Hessian of the objective.
    focei : ndarray, shape (p, p)
        Inverse of J'V^-1J + 0.5 (dV/V)'(dV/V) + omega^-1, which NONMEM calls ETC.
    predictions : ndarray, shape (n,)
        Concentrations at the observations, with `eta`. With doses in doubt they are
        averages over what may have been given, as probable as the levels make it;
        `concentrations` takes what was probable before them.
    parameters : mapping
        Individual values under the covariates of the last period.
    on_a_kink : bool
        Whether an event meets an observation at the maximum, so that there is no
        curvature across it.
    """

    model: Model
    history: History
    eta: Array
    objective: float
    laplace: Array
    focei: Array
    predictions: Array
    parameters: Mapping[str, float]
    on_a_kink: bool

    @property
    def shrinkage(self) -> Array:
        """Posterior variance / prior variance of each eta, shape (p,).

        Near 1 the population speaks, near 0 the levels do. It can exceed 1 a little,
        where levels contradict the prior or each other.

        References
        ----------
        Combes FP et al., Pharm Res 2013;30:2355 for individual shrinkage.
        """
        left: Array = np.diag(self.laplace) / np.diag(self.model.omega)
        return left


@dataclass(frozen=True)
class Posterior:
    """Weighted draws of the etas.

    Parameters
    ----------
    etas : ndarray, shape (n, p)
    weights : ndarray, shape (n,)
        They sum to 1.
    effective_size : float
        How many equal draws they are worth.
    log_evidence : float
        log of the probability density of all levels under the model, with every
        constant, 2 pi as well; a level below its limit counts with its probability.
    method : str
        How they were drawn, and how many doses in doubt were only averaged.
    doubtful : tuple of Administration, length k
        The doses in doubt when it was drawn.
    taken : ndarray, shape (n, k)
        Which of them were given, 1 or 0, in each draw.
    weighed : ndarray of bool, shape (k,)
        Which of them the levels were asked about: six to ten that move the levels
        most, fewer of them the more levels there are; none without levels.
    """

    model: Model
    history: History
    etas: Array
    weights: Array
    effective_size: float
    log_evidence: float
    method: str
    doubtful: tuple[Administration, ...] = ()
    taken: Array = field(default_factory=lambda: np.zeros((0, 0)))
    weighed: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))

    @property
    def chances_given(self) -> Array:
        """How probably each dose in doubt was given, shape (k,).

        After the levels where it was `weighed`; of the others nothing was learnt, and
        theirs are the probabilities they had before.
        """
        found: Array = self.weights @ self.taken.reshape(len(self.weights), -1)
        return found
