"""Published sirolimus models: read from data files, checked, with where they end."""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from dosing.pk.expressions import Array, Expression, parse
from dosing.pk.types import Covariates, Model, Residual

Purpose = Literal["steady_state_trough", "time_course"]
Range = tuple[float, float]
Table = Mapping[str, Any]

LIBRARY = Path(__file__).parent / "library"

SCHEMA = 1
UNITS = {
    "time": "h",
    "dose": "mg",
    "clearance": "L/h",
    "volume": "L",
    "concentration": "ng/mL",
}
STRUCTURES = {1: ("cl", "v", "ka"), 2: ("cl", "v", "q", "v2", "ka")}
UNIT_OF = {"cl": "L/h", "q": "L/h", "v": "L", "v2": "L", "ka": "1/h"}

INTERACTION = "CL_FACTOR"
"""Covariate of every model: what co-medication multiplies CL by, 1 if nothing."""

NG_PER_ML = "v / 1000"
"""Concentration in ng/mL is 1000 x mg / L, so amounts are divided by this."""


@dataclass(frozen=True)
class Covariate:
    """What a model must be told about a person.

    `reference` is the value at which the typical parameters were printed; a value
    outside `plausible` is taken for a slip of units and refused. Those ranges are
    limits of this design against such slips, wide of anybody alive; no source prints
    them, and they are not the range of the people a model was built on.
    """

    name: str
    unit: str
    effect: str
    reference: float
    plausible: Range


@dataclass(frozen=True)
class Domain:
    """Whom and what a model was built on; None or empty where the source is silent."""

    age_years: Range | None = None
    weight_kg: Range | None = None
    indications: tuple[str, ...] = ()
    assays: tuple[str, ...] = ()
    max_dose_mg: float | None = None


@dataclass(frozen=True)
class Population:
    """One published model with its source and its limits.

    Parameters
    ----------
    id : str
        Names the file.
    citation, doi : str
    kind : str
        `poppk`, `nca` for one derived from summary numbers, `partial` for one of which
        too little was readable to run it.
    verified, executable : bool
        Whether its numbers were read in the source; whether they suffice.
    model : Model or None
        None where it is not executable.
    covariates : tuple of Covariate
    fixed : mapping of str to float
        Covariates that the model holds at one value, whatever the person's own.
    domain : Domain
    steady_state_trough_only : bool
    caveats, assumptions : tuple of str
        Sentences to show beside its numbers.
    n_subjects : int or None
        How many people it was built on; None where the source is silent.
    """

    id: str
    citation: str
    doi: str
    kind: str
    verified: bool
    executable: bool
    model: Model | None
    covariates: tuple[Covariate, ...]
    domain: Domain
    steady_state_trough_only: bool
    caveats: tuple[str, ...]
    assumptions: tuple[str, ...]
    fixed: Covariates = field(default_factory=dict)
    n_subjects: int | None = None

    def suitable_for(self, purpose: Purpose) -> bool:
        """Say whether its numbers may answer such a question."""
        return self.executable and (
            purpose == "steady_state_trough" or not self.steady_state_trough_only
        )


def as_chosen(population: Population) -> Model:
    """Return the model that a caller has chosen by name.

    Raises
    ------
    ValueError
        Where too little of it was readable.

    Examples
    --------
    >>> as_chosen(library()["zimmerman_1997_nca_renal_adult"]).etas
    ('cl',)
    """
    if population.model is None:
        raise ValueError(f"{population.id} was not readable in full and cannot be run")
    return population.model


def as_default(population: Population) -> Model:
    """Return the model that may be run when a caller has chosen none.

    Raises
    ------
    ValueError
        Where it cannot be run, was not verified, or is derived from summary numbers.

    Examples
    --------
    >>> as_default(library()["mao_2024_liver_adult"]).etas
    ('cl', 'v')
    """
    model = as_chosen(population)
    if not population.verified:
        raise ValueError(f"{population.id} was not verified against its source")
    if population.kind != "poppk":
        raise ValueError(f"{population.id} is derived, not a population model")
    return model


def with_unknown(population: Population, name: str, spread: float) -> Model:
    """Return a model in which one covariate is not known.

    It varies about its reference as a log-normal random effect, so that every
    prediction is an average over what it may be.

    Parameters
    ----------
    population : Population
    name : str
        A covariate of the model whose reference is above 0.
    spread : float
        Its standard deviation on the log scale, above 0.

    Raises
    ------
    ValueError
        Where the model cannot be run, or has no such covariate.

    Examples
    --------
    >>> with_unknown(library()["mao_2024_liver_adult"], "HCT", 0.15).etas
    ('cl', 'v', 'HCT')
    """
    model = as_chosen(population)
    found = [each for each in population.covariates if each.name == name]
    if not found or found[0].reference <= 0 or not spread > 0:
        raise ValueError(f"{population.id} has no {name} to leave open")
    size = len(model.etas)
    omega = np.zeros((size + 1, size + 1))
    omega[:size, :size], omega[size, size] = model.omega, spread**2
    rule = name, parse(f"{found[0].reference!r} * exp(eta_{name})")
    return replace(
        model,
        etas=(*model.etas, name),
        omega=omega,
        parameters=(rule, *model.parameters),
    )


def complete(
    population: Population, known: Covariates, unknown: Collection[str] = ()
) -> Covariates:
    """Return the covariates a model runs on: what is known, fixed, or 1 by nature.

    Parameters
    ----------
    population : Population
    known : mapping of str to float
        The person's own, each in the unit of its `Covariate`.
    unknown : collection of str
        Those that may be absent; see `with_unknown`.

    Returns
    -------
    mapping of str to float
        With `CL_FACTOR`, what co-medication multiplies clearance by, 1 if not told.

    Raises
    ------
    ValueError
        Naming a covariate that is missing, unknown to the model, held at another value,
        no number, or implausible in the unit it is asked in.

    Examples
    --------
    >>> dict(complete(library()["mao_2024_liver_adult"], {"HCT": 38}))
    {'CL_FACTOR': 1.0, 'HCT': 38.0}
    """
    wanted = {each.name: each for each in population.covariates}
    for name in known:
        if name not in wanted and name != INTERACTION:
            named = ", ".join([*wanted, INTERACTION])
            raise ValueError(f"{population.id} knows no {name}; it knows {named}")
    for name, each in wanted.items():
        if name not in {*known, *population.fixed, *unknown}:
            raise ValueError(f"{population.id} needs {name} in {each.unit}")
    for name, value in population.fixed.items():
        if known.get(name, value) != value:
            raise ValueError(f"{population.id} holds {name} at {value:g}")
    given = {INTERACTION: 1.0, **known, **population.fixed}
    told = {name: numeric(name, value) for name, value in given.items()}
    for name, value in told.items():
        check_plausible(population, wanted.get(name), name, value)
    return told


def numeric(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as problem:
        raise ValueError(f"{name} must be a number, not {value!r}") from problem


def check_plausible(
    population: Population, covariate: Covariate | None, name: str, value: float
) -> None:
    low, high = (1e-3, 1e3) if covariate is None else covariate.plausible
    if not (isfinite(value) and low <= value <= high):
        unit = "" if covariate is None else f" in {covariate.unit}"
        raise ValueError(
            f"{name} = {value:g} is implausible for {population.id};"
            f" from {low:g} to {high:g} is expected{unit}"
        )


def outside(
    population: Population,
    *,
    age_years: float | None = None,
    weight_kg: float | None = None,
    indication: str | None = None,
    assay: str | None = None,
    dose_mg: float | None = None,
) -> tuple[str, ...]:
    """Say in what a person differs from those a model was built on.

    Parameters
    ----------
    age_years, weight_kg : float, optional
    dose_mg : float, optional
        The largest single dose, not its daily average: 5 mg every other day is 5.
    indication, assay : str, optional
        In the words of the model files, whatever their case: "venous malformation",
        "LC-MS/MS". What is not given is not judged.

    Returns
    -------
    tuple of str
        One sentence each; empty inside the domain.

    Examples
    --------
    >>> outside(library()["mao_2024_liver_adult"], age_years=12)
    ('The model was built on ages of 28 to 74 years; this is 12.',)
    """
    domain = population.domain
    ceiling = domain.max_dose_mg
    found = [
        beyond(domain.age_years, age_years, "ages of {} to {} years"),
        beyond(domain.weight_kg, weight_kg, "weights of {} to {} kg"),
        beyond(ceiling and (0.0, ceiling), dose_mg, "single doses of {} to {} mg"),
        unlike(domain.indications, indication, "people with {}"),
        unlike(domain.assays, assay, "levels measured by {}"),
    ]
    return tuple(sentence for sentence in found if sentence)


def beyond(studied: Range | float | None, value: float | None, what: str) -> str:
    if not isinstance(studied, tuple) or value is None:
        return ""
    low, high = studied
    if low <= value <= high:
        return ""
    ends = what.format(f"{low:g}", f"{high:g}")
    return f"The model was built on {ends}; this is {value:g}."


def unlike(studied: tuple[str, ...], value: str | None, what: str) -> str:
    if not studied or value is None:
        return ""
    if value.casefold() in {each.casefold() for each in studied}:
        return ""
    return f"The model was built on {what.format(' or '.join(studied))}, not {value}."


@lru_cache(maxsize=1)
def library() -> Mapping[str, Population]:
    """Return every model of the library by its id, read once.

    Raises
    ------
    ValueError
        Naming the file and what is wrong with it.

    Examples
    --------
    >>> library()["mao_2024_liver_adult"].doi
    '10.2147/DDDT.S503463'
    """
    found = [read(path) for path in sorted(LIBRARY.glob("*.toml"))]
    return MappingProxyType({population.id: population for population in found})


def read(path: Path) -> Population:
    """Read one model file and check it.

    Raises
    ------
    ValueError
        Naming the file and what is wrong with it.
    """
    try:
        return populated(tomllib.loads(path.read_text(encoding="utf-8")), path.stem)
    except KeyError as missing:
        raise ValueError(f"{path.name}: {missing} is missing") from missing
    except (TypeError, ValueError, AttributeError) as problem:
        raise ValueError(f"{path.name}: {problem}") from problem


def populated(data: Table, name: str) -> Population:
    if data["schema"] != SCHEMA or data["id"] != name:
        raise ValueError(f"schema must be {SCHEMA} and id the name of the file")
    executable = required(data, "executable", bool)
    use = data.get("use", {})
    assumptions = tuple(
        data[part]["assumption"]
        for part in ("structure", "iiv", "residual")
        if "assumption" in data.get(part, {})
    )
    return Population(
        id=data["id"],
        citation=required(data, "citation", str),
        doi=required(data, "doi", str),
        kind=data["kind"],
        verified=required(data, "verified", bool),
        executable=executable,
        model=executable_model(data) if executable else None,
        covariates=tuple(covariates(data)) if executable else (),
        domain=domain_of(data.get("domain", {})),
        steady_state_trough_only=bool(use.get("steady_state_trough_only", False)),
        caveats=(*warnings_of(use), *assumptions, *use.get("notes", ())),
        assumptions=assumptions,
        fixed=data.get("fixed", {}),
        n_subjects=data.get("population", {}).get("n_subjects"),
    )


def required(data: Table, name: str, kind: type) -> Any:
    if not isinstance(data[name], kind):
        raise TypeError(f"{name} must be a {kind.__name__}, not {data[name]!r}")
    return data[name]


def warnings_of(use: Table) -> Iterable[str]:
    if use.get("steady_state_trough_only"):
        yield f"For steady-state troughs only: {use['why']}."
    if "extrapolation_warning" in use:
        yield use["extrapolation_warning"]


def covariates(data: Table) -> Iterable[Covariate]:
    for each in data.get("covariates", ()):
        binary = each["type"] == "binary"
        yield Covariate(
            name=each["name"],
            unit=each["unit"],
            effect=each["effect"],
            reference=float(each["reference"]),
            plausible=(0.0, 1.0) if binary else ends(each["plausible"], each["name"]),
        )


def ends(pair: Any, name: str) -> Range:
    low, high = (float(end) for end in pair)
    if not low < high:
        raise ValueError(f"{name} must be a range, not {pair}")
    return low, high


def domain_of(data: Table) -> Domain:
    ranges = {
        name: ends(data[name], name)
        for name in ("age_years", "weight_kg")
        if name in data
    }
    return Domain(
        age_years=ranges.get("age_years"),
        weight_kg=ranges.get("weight_kg"),
        indications=tuple(data.get("indication", ())),
        assays=tuple(data.get("assay", ())),
        max_dose_mg=data.get("max_dose_mg"),
    )


def executable_model(data: Table) -> Model:
    """Build the model that a file describes."""
    needed = STRUCTURES.get(data["structure"]["compartments"])
    if needed is None:
        raise ValueError("only one and two compartments can be run")
    check_units(data)
    check_absorption(data["structure"])
    typical = {name: parse(text) for name, text in data["typical"].items()}
    absent = [name for name in needed if name not in typical]
    if absent:
        raise ValueError(f"[typical] lacks {', '.join(absent)}")
    etas, omega = variability(data["iiv"], typical)
    check_names(typical, data)
    model = Model(
        name=data["id"],
        etas=etas,
        omega=omega,
        parameters=(*held(data), *individuals(typical, etas)),
        rates=flows(len(needed) > len(STRUCTURES[1])),
        compartments=data["structure"]["compartments"] + 1,
        scale={1: parse(NG_PER_ML)},
        residual={1: residual_error(data["residual"])},
    )
    check_values(model, data)
    return model


def check_units(data: Table) -> None:
    for what, unit in UNITS.items():
        if data["units"].get(what) != unit:
            given = data["units"].get(what)
            raise ValueError(f"the unit of {what} must be {unit}, not {given}")
    for name, unit in UNIT_OF.items():
        given = data["parameters"].get(name, {}).get("unit", unit)
        if given != unit:
            raise ValueError(f"the unit of {name} must be {unit}, not {given}")


def check_absorption(structure: Table) -> None:
    if not structure["absorption"].startswith("first-order"):
        raise ValueError("absorption must be first-order to be run")
    if structure.get("lag_h", 0.0) != 0:
        raise ValueError("a lag must be an expression of the model to be run")


def variability(
    iiv: Table, typical: Mapping[str, Expression]
) -> tuple[tuple[str, ...], Array]:
    """Return the etas and their covariance, shape (p, p)."""
    etas = tuple(name for name in typical if name in iiv)
    omega = np.diag([float(iiv[name]) for name in etas])
    for key, value in iiv.items():
        if key.startswith("cov_"):
            row, column = (etas.index(name) for name in key.split("_")[1:])
            omega[row, column] = omega[column, row] = value
        elif type(value) in {int, float} and key not in typical:
            raise ValueError(f"[iiv] {key} is no parameter of the model")
    if not etas or np.linalg.eigvalsh(omega)[0] <= 0:
        raise ValueError("[iiv] must be a positive definite covariance")
    return etas, omega


def check_names(typical: Mapping[str, Expression], data: Table) -> None:
    """Refuse a name that is neither a covariate nor a parameter defined before."""
    known = {each["name"] for each in data.get("covariates", ())}
    for name, expression in typical.items():
        strangers = expression.names - known
        if strangers:
            raise ValueError(
                f"[typical] {name} uses {', '.join(sorted(strangers))},"
                " which is no covariate of the model"
            )
        known.add(name)
    strange = set(data.get("fixed", ())) - known
    if strange:
        raise ValueError(f"[fixed] {', '.join(sorted(strange))} is no covariate")


def held(data: Table) -> Iterable[tuple[str, Expression]]:
    """Yield covariates at the one value they may have; they hide a person's own."""
    for name, value in data.get("fixed", {}).items():
        yield name, parse(repr(float(value)))


def individuals(
    typical: Mapping[str, Expression], etas: tuple[str, ...]
) -> Iterable[tuple[str, Expression]]:
    """Yield each parameter as typical x exp(eta), clearance x the interaction too."""
    for name, expression in typical.items():
        text = f"({expression.text})"
        if name == "cl":
            text += f" * {INTERACTION}"
        if name in etas:
            text += f" * exp(eta_{name})"
        yield name, parse(text)


def flows(two: bool) -> tuple[tuple[int, int, Expression], ...]:  # noqa: FBT001
    """Return K of a depot, a central and, with `two`, a peripheral compartment."""
    absorbed = ((0, 0, parse("-ka")), (1, 0, parse("ka")))
    if not two:
        return (*absorbed, (1, 1, parse("-cl / v")))
    return (
        *absorbed,
        (1, 1, parse("-cl / v - q / v")),
        (1, 2, parse("q / v2")),
        (2, 1, parse("q / v")),
        (2, 2, parse("-q / v2")),
    )


def residual_error(data: Table) -> Residual:
    """Return the residual error; the file holds standard deviations."""
    form = data["form"]
    if form == "log":
        return Residual(additive=data["log_sd"] ** 2, on_log=True)
    if form not in {"additive", "proportional", "combined"}:
        raise ValueError(f"[residual] form {form!r} is not known")
    return Residual(data["proportional_sd"] ** 2, data["additive_sd_ng_ml"] ** 2)


def check_values(model: Model, data: Table) -> None:
    """Refuse parameters that are not above 0 at the references of the covariates."""
    values: dict[str, Any] = {
        each["name"]: float(each["reference"]) for each in data.get("covariates", ())
    }
    values.update({INTERACTION: 1.0}, **{f"eta_{name}": 0.0 for name in model.etas})
    for name, expression in model.parameters:
        values[name] = expression(values)
        if not (isfinite(values[name]) and values[name] > 0):
            raise ValueError(f"{name} must be above 0, not {values[name]}")
