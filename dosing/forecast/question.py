"""Everything a forecast rests on, in hours and floats, and nothing else.

The same question gets the same answer, so a question is also the key under which an
answer is remembered, and what a decision keeps to be explained later.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from dosing import pk


@dataclass(frozen=True, slots=True)
class Facts:
    """Covariates from an hour on, up to the next such hour, in the models' units."""

    from_h: float
    values: tuple[tuple[str, float], ...] = ()

    @property
    def covariates(self) -> dict[str, float]:
        return dict(self.values)


@dataclass(frozen=True, slots=True)
class Person:
    """What tells whether someone is like those a model was built on."""

    age_years: float
    weight_kg: float | None
    indication: str
    methods: tuple[str, ...] = ()
    dose_mg: float = 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """One person's doses, levels and covariates, and the models to ask.

    Hours count from one instant of the caller's choosing. `weights` names each model
    with how much it is believed before the levels; `facts` are in time order, planned
    changes among them. `today_h` is the hour at which the day of asking begins.
    """

    person: Person
    weights: tuple[tuple[str, float], ...]
    doses: tuple[pk.Administration, ...]
    levels: tuple[pk.Observation, ...]
    facts: tuple[Facts, ...]
    today_h: float = 0.0

    @property
    def known(self) -> frozenset[str]:
        """The covariates that have a value throughout."""
        names = [{name for name, _value in each.values} for each in self.facts]
        return frozenset(set.intersection(*names)) if names else frozenset()

    @property
    def present(self) -> Mapping[str, float]:
        """The covariates in force today; what is planned does not count yet."""
        begun = [each for each in self.facts if each.from_h <= self.today_h]
        return (begun or self.facts[:1])[-1].covariates

    @property
    def history(self) -> pk.History:
        starts = [each.from_h for each in self.facts]
        ends = [*starts[1:], starts[-1] + LATER_H]
        periods = tuple(
            pk.Period(until, each.covariates)
            for until, each in zip(ends, self.facts, strict=True)
        )
        return pk.History(self.doses, self.levels, periods)

    def after(self, doses: tuple[pk.Administration, ...]) -> pk.History:
        """Return the history with doses to come, and no levels."""
        return replace(self.history, doses=(*self.doses, *doses), observations=())

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)


LATER_H = 1.0
"""The last covariates hold for ever; their period needs some end."""


def from_data(data: Mapping[str, Any]) -> Question:
    """Read back what `Question.as_data` returned."""
    person = data["person"]
    return Question(
        person=Person(**{**person, "methods": tuple(person["methods"])}),
        weights=tuple((name, weight) for name, weight in data["weights"]),
        doses=tuple(pk.Administration(**each) for each in data["doses"]),
        levels=tuple(pk.Observation(**each) for each in data["levels"]),
        facts=tuple(
            Facts(each["from_h"], tuple((n, v) for n, v in each["values"]))
            for each in data["facts"]
        ),
        today_h=data["today_h"],
    )
