"""Reference cases in files: a format for sirolimus and one for NONMEM runs.

Both say what a model is in the same words; they differ in how they tell of people.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf, isfinite
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dosing.pk.expressions import Array, Expression, parse
from dosing.pk.types import (
    MODELLED,
    Administration,
    Covariates,
    History,
    Model,
    Observation,
    Period,
    Residual,
)

Table = Mapping[str, Any]
Read = TypeVar("Read")

SIROLIMUS = "sirolimus reference cases v1"
FACTOR = "CLF"
"""The covariate by which those cases multiply clearance."""

CURVE_POINTS = 50
DAILY_MG = (1.0, 1.5, 2.0, 3.0)
DAY_H = 24.0


@dataclass(frozen=True)
class AskedRegimen:
    """Equal doses for ever, and the covariates under which they are taken.

    `label` names it in the words of its file.
    """

    amount: float
    interval_h: float
    covariates: Covariates
    label: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One person of a file, ready to be fitted.

    Parameters
    ----------
    id : str
        As the file says it.
    model : Model
        Shared by the people of a file.
    history : History
    curve_h : ndarray, shape (t,)
        At which a curve is wanted.
    regimens : tuple of AskedRegimen
        Whose steady state is wanted.
    posterior_of : AskedRegimen
        Whose steady state the posterior is asked about.
    expected : mapping
        What others found, as the file says it; empty where it says nothing.
    amount_unit : str
        "mg", or empty where the file does not say.
    """

    id: str
    model: Model
    history: History
    curve_h: Array
    regimens: tuple[AskedRegimen, ...]
    posterior_of: AskedRegimen
    expected: Table = field(default_factory=dict)
    amount_unit: str = ""


@dataclass(frozen=True)
class Unread:
    """One person of a file who cannot be answered, and why, in words."""

    id: str
    reason: str


SLIPS = (TypeError, ValueError, AttributeError, IndexError, ArithmeticError)
"""What reading raises where a file holds something else than it should."""


@contextmanager
def naming(where: str) -> Iterator[None]:
    """Say where in a file something was wrong."""
    try:
        yield
    except KeyError as missing:
        raise ValueError(f"{where}: {missing} is missing") from missing
    except RecursionError as problem:
        raise ValueError(f"{where}: nests too deep") from problem
    except SLIPS as problem:
        raise ValueError(f"{where}: {problem}") from problem


def read(path: Path) -> tuple[Case, ...]:
    """Read every case of a file.

    Parameters
    ----------
    path : Path
        JSON in the format "sirolimus reference cases v1" or of the NONMEM runs.

    Returns
    -------
    tuple of Case

    Raises
    ------
    ValueError
        Naming the file, the first person and the field that cannot be read.
    """
    found = read_each(path)
    reasons = [each.reason for each in found if isinstance(each, Unread)]
    if reasons:
        raise ValueError(f"{path.name}: {reasons[0]}")
    return tuple(each for each in found if isinstance(each, Case))


def read_each(path: Path) -> tuple[Case | Unread, ...]:
    """Read a file as `read` does, with a reason in the place of who cannot be read.

    Raises
    ------
    ValueError
        Where the file as a whole, or its model, cannot be read, or holds nobody.
    """
    with naming(path.name):
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise TypeError("the file must hold one object")
        if data.get("format") == SIROLIMUS:
            found = tuple(sirolimus_cases(data))
        elif "patients" in data and "model" in data:
            found = tuple(nonmem_cases(data))
        else:
            raise ValueError(f"neither {SIROLIMUS!r} nor a NONMEM run")
        if not found:
            raise ValueError("there is nobody in it")
        return found


def number(row: Table, name: str, otherwise: float | None = None) -> float:
    """Return a finite number of a row, by its name."""
    value = row.get(name)
    if value is None:
        value = otherwise
    if value is None:
        raise KeyError(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number, not {value!r}")
    try:
        finite = float(value)
    except OverflowError:
        finite = inf
    if not isfinite(finite):
        raise ValueError(f"{name} must be finite, not {finite}")
    return finite


def whole(row: Table, name: str, otherwise: int | None = None) -> int:
    """Return a whole number of a row, by its name."""
    value = number(row, name, otherwise)
    if value != int(value):
        raise ValueError(f"{name} must be a whole number, not {value:g}")
    return int(value)


def model_of(spec: Table, name: str) -> Model:
    """Build a model from etas, omega, theta, params, K, scale, F, lag, dur, residual.

    Raises
    ------
    ValueError
        Naming the field.

    Examples
    --------
    >>> spec = {"etas": [], "omega": [], "params": [], "K": [["-0.1"]]}
    >>> spec["residual"] = {"1": {"type": "logadd", "var": 0.04}}
    >>> model_of(spec, "one bolus").observed
    0
    """
    with naming("model"):
        size = len(spec["K"])
        return Model(
            name=name,
            etas=tuple(text(name, "etas") for name in spec["etas"]),
            omega=omega_of(spec),
            parameters=tuple(parameters(spec)),
            rates=tuple(rates(spec["K"])),
            compartments=size,
            scale=by_compartment(spec, "scale", size, parse),
            residual=by_compartment(spec, "residual", size, residual),
            bioavailability=by_compartment(spec, "F", size, parse),
            lag_h=by_compartment(spec, "lag", size, parse),
            duration_h=by_compartment(spec, "dur", size, parse),
        )


def text(given: Any, what: str) -> str:
    """Return a name, which must be text."""
    if not isinstance(given, str):
        raise TypeError(f"{what}: a name must be text, not {given!r}")
    return given


def omega_of(spec: Table) -> Array:
    """Return the covariance of the etas, shape (p, p)."""
    size = len(spec["etas"])
    with naming("omega"):
        return np.array(spec["omega"], dtype=float).reshape(size, size)


def parameters(spec: Table) -> Iterable[tuple[str, Expression]]:
    """Yield the typical values, then the individual ones, each as an expression."""
    typical = spec.get("theta") or {}
    for name in typical:
        with naming("theta"):
            yield name, parse(repr(number(typical, name)))
    for name, rule in spec["params"]:
        with naming(f"params {name}"):
            yield text(name, "params"), parse(rule)


def rates(
    matrix: Sequence[Sequence[str | float]],
) -> Iterable[tuple[int, int, Expression]]:
    for row, entries in enumerate(matrix):
        if len(entries) != len(matrix):
            raise ValueError(f"K must be square, row {row + 1} is not")
        for column, entry in enumerate(entries):
            if str(entry).strip() not in {"0", "0.0", "0."}:
                with naming(f"K row {row + 1} column {column + 1}"):
                    yield row, column, parse(entry)


def by_compartment(
    spec: Table, name: str, size: int, reader: Callable[[Any], Read]
) -> dict[int, Read]:
    """Read a table whose keys are compartments counted from 1."""
    found = {}
    for key, value in (spec.get(name) or {}).items():
        with naming(f"{name} of compartment {key}"):
            found[numbered(int(key), size)] = reader(value)
    return found


def numbered(compartment: int, size: int) -> int:
    """Count a compartment from 0."""
    if not 1 <= compartment <= size:
        raise ValueError(f"there is no compartment {compartment} among {size}")
    return compartment - 1


def residual(data: Table) -> Residual:
    """Read a residual error; the file holds variances."""
    zero = bool(data.get("zero_pred_w1", False))
    match data["type"]:
        case "logadd":
            return Residual(0.0, number(data, "var"), on_log=True)
        case "propadd":
            return Residual(
                number(data, "prop_var", 0.0),
                number(data, "add_var", 0.0),
                zero_counts_as_one=zero,
            )
    raise ValueError(f"type {data['type']!r} is neither propadd nor logadd")


def people(
    rows: Iterable[Any], what: str, reader: Callable[[Any, str], Case]
) -> Iterable[Case | Unread]:
    """Read each row, or say why it cannot be read."""
    for place, row in enumerate(rows, 1):
        name = named(row, place)
        try:
            with naming(f"{what} {name}"):
                found: Case | Unread = reader(row, name)
        except ValueError as problem:
            found = Unread(name, str(problem))
        yield found


def sirolimus_cases(data: Table) -> Iterable[Case | Unread]:
    model = model_of(data["reference_spec"], "sirolimus reference")

    def reader(entry: Table, name: str) -> Case:
        return sirolimus_case(entry, name, model)

    return people(data["cases"], "case", reader)


def sirolimus_case(entry: Table, name: str, model: Model) -> Case:
    inputs, expected = entry["inputs"], entry.get("expected") or {}
    factors = inputs.get("cl_factor_periods") or [{"start_h": 0.0, "factor": 1.0}]
    history = History(
        doses=tuple(each_of(inputs["doses"], "dose", sirolimus_dose)),
        observations=tuple(
            each_of(inputs.get("levels", []), "level", level_in(model.observed))
        ),
        periods=tuple(factor_periods(factors)),
    )
    return Case(
        id=name,
        model=model,
        history=history,
        curve_h=curve_times(expected, history),
        regimens=tuple(wanted(expected, factors)),
        posterior_of=daily(2.0, 1.0),
        expected=expected,
        amount_unit="mg",
    )


def named(entry: Any, place: int) -> str:
    return str(entry.get("id", place)) if isinstance(entry, Mapping) else str(place)


def each_of(
    rows: Iterable[Any], what: str, reader: Callable[[Any], Read]
) -> Iterable[Read]:
    for place, row in enumerate(rows, 1):
        with naming(f"{what} {place}"):
            if not isinstance(row, Mapping):
                raise TypeError(f"must be an object, not {row!r}")
            yield reader(row)


def sirolimus_dose(row: Table) -> Administration:
    return Administration(number(row, "t_h"), number(row, "amount_mg"))


def level_in(compartment: int) -> Callable[[Table], Observation]:
    def level(row: Table) -> Observation:
        return Observation(
            time_h=number(row, "t_h"),
            value=number(row, "conc_ng_ml"),
            compartment=compartment,
            below=bool(row.get("below", False)),
        )

    return level


def factor_periods(factors: Sequence[Table]) -> Iterable[Period]:
    """Turn factors that begin into covariates that end; before the first it is 1."""
    starts = [number(row, "start_h") for row in factors]
    if starts[0] > 0:
        yield Period(starts[0], {FACTOR: 1.0})
    for row, until in zip(factors, [*starts[1:], inf], strict=True):
        yield Period(until, {FACTOR: factor_of(row, "factor")})


def factor_of(row: Table, name: str, otherwise: float | None = None) -> float:
    """Return what multiplies clearance, which must be above 0."""
    factor = number(row, name, otherwise)
    if factor <= 0:
        raise ValueError(f"{name} must be above 0, not {factor:g}")
    return factor


def curve_times(expected: Table, history: History) -> Array:
    """Return the times of the reference curve, else a grid past the last event."""
    times = expected.get("typical_curve", {}).get("t_h")
    if times is not None:
        return np.asarray(times, dtype=float)
    events = [time_h for dose in history.doses for time_h in dose.times_h]
    events += [seen.time_h for seen in history.observations]
    return np.linspace(
        min(events, default=0.0), max(events, default=0.0) + DAY_H, CURVE_POINTS
    )


def wanted(expected: Table, factors: Sequence[Table]) -> Iterable[AskedRegimen]:
    """Yield the regimens of the reference, else four doses under every factor."""
    rows = expected.get("steady_state") or [
        {"dose_mg_per_day": dose, "cl_factor": factor}
        for factor in sorted({factor_of(row, "factor") for row in factors})
        for dose in DAILY_MG
    ]
    for row in rows:
        yield daily(number(row, "dose_mg_per_day"), factor_of(row, "cl_factor", 1.0))


def daily(amount_mg: float, factor: float) -> AskedRegimen:
    label = {"dose_mg_per_day": amount_mg, "cl_factor": factor}
    return AskedRegimen(amount_mg, DAY_H, {FACTOR: factor}, label)


def nonmem_cases(data: Table) -> Iterable[Case | Unread]:
    model = model_of(data["model"], str(data.get("id", "run")))

    def reader(patient: Table, name: str) -> Case:
        return nonmem_case(patient, name, model)

    return people(data["patients"], "patient", reader)


def nonmem_case(patient: Table, name: str, model: Model) -> Case:
    size = model.compartments
    history = History(
        doses=tuple(each_of(patient["doses"], "dose", nonmem_dose(size))),
        observations=tuple(each_of(patient["obs"], "obs", nonmem_level(size))),
        periods=tuple(covariate_periods(patient.get("cov"))),
    )
    lasting = lasting_regimen(history)
    return Case(
        id=name,
        model=model,
        history=history,
        curve_h=curve_times({}, history),
        regimens=(lasting,),
        posterior_of=lasting,
        expected={key: patient.get(key) or {} for key in ("nonmem", "reference")},
    )


def nonmem_dose(size: int) -> Callable[[Table], Administration]:
    def dose(row: Table) -> Administration:
        if row.get("ss"):
            raise ValueError("ss: doses at an assumed steady state cannot be read")
        rate = number(row, "rate", 0.0)
        if rate < 0 and rate != MODELLED:
            raise ValueError(f"rate: {rate:g} is neither 0, above 0 nor {MODELLED:g}")
        return Administration(
            time_h=number(row, "t"),
            amount=number(row, "amt"),
            compartment=numbered(whole(row, "cmt", 1), size),
            rate=rate,
            count=whole(row, "addl", 0) + 1,
            every_h=number(row, "ii", 0.0),
            resets=bool(row.get("reset", False)),
            covariates=None if row.get("cov") is None else told(row["cov"]),
        )

    return dose


def nonmem_level(size: int) -> Callable[[Table], Observation]:
    def level(row: Table) -> Observation:
        return Observation(
            time_h=number(row, "t"),
            value=number(row, "y"),
            compartment=numbered(whole(row, "cmt"), size),
            below=bool(row.get("below", False)),
        )

    return level


def told(covariates: Table) -> Covariates:
    """Return covariates as finite numbers."""
    with naming("cov"):
        return {name: number(covariates, name) for name in covariates}


def covariate_periods(given: Any) -> Iterable[Period]:
    """Read constant covariates, or rows of [end, covariates].

    Of rows that share an end the first holds up to it and only a last one goes on.
    """
    if not isinstance(given, list) or not given:
        yield Period(inf, told(given or {}))
        return
    ends = [number({"t_end": end}, "t_end") for end, _covariates in given]
    if ends != sorted(ends):
        raise ValueError(f"cov: the ends {ends} must follow each other")
    for place, (_end, covariates) in enumerate(given[:-1]):
        if ends[place] not in ends[:place]:
            yield Period(ends[place], told(covariates))
    yield Period(inf, told(given[-1][1]))


def lasting_regimen(history: History) -> AskedRegimen:
    """Return the last dose at its own interval, else the gap before it, else a day."""
    doses = [dose for dose in history.doses if dose.amount > 0]
    if not doses:
        return lasting(0.0, DAY_H, history)
    last = max(doses, key=lambda dose: dose.time_h)
    earlier = [dose.times_h[-1] for dose in doses if dose.times_h[-1] < last.time_h]
    gap = last.time_h - max(earlier, default=last.time_h - DAY_H)
    return lasting(last.amount, last.every_h or gap, history)


def lasting(amount: float, interval_h: float, history: History) -> AskedRegimen:
    covariates = history.periods[-1].covariates
    label = {"amount": amount, "interval_h": interval_h}
    return AskedRegimen(amount, interval_h, covariates, label)
