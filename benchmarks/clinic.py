"""A simulated clinic: do the bands hold, and does asking the models help?

`python -m benchmarks.clinic` prints the table of docs/validation.md. Patients are
drawn from two adult models; they miss doses at random, and three laboratories measure
them. After two levels each is dosed once by the proportional rule and once by the
product's advice, and the next level says who did better.
"""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from dosing import forecast, pk, policy
from dosing.units import Comparator

START = date(2026, 3, 2)
LEVEL_DAYS = (14, 28)
NEXT_AFTER_DAYS = 14
MISSED = 0.05
"""The chance that a dose is missed; the diary knows."""

ASSAYS = {"LC-MS/MS": 1.0, "CMIA": 1.219, "EMIT": 1.1}
"""How each laboratory reads the same blood; always the same one for a patient."""

TRUTHS = ("mao_2024_liver_adult", "wu_2012_cancer_adult")
LIMITS = policy.Limits(
    strengths_mg=(Decimal("0.5"), Decimal(1), Decimal(2)),
    ceiling_mg_per_day=policy.DEFAULT_CEILING_MG_PER_DAY,
    alternate_days=False,
)
CURRENT = policy.Regimen(Decimal(2), 24)
TARGET = policy.DEFAULT_TARGET


@dataclass(frozen=True)
class Virtual:
    """A person who exists only here: a model's, with etas, haematocrit and assay."""

    model: pk.Model
    etas: pk.Array
    haematocrit: float
    assay: str
    luck: tuple[int, int]

    def rng(self, chapter: int) -> np.random.Generator:
        """Return the same luck for the same chapter, whatever is chosen."""
        return np.random.default_rng((*self.luck, chapter))

    @property
    def covariates(self) -> dict[str, float]:
        return {"CL_FACTOR": 1.0, "HCT": self.haematocrit, "OXC": 0.0}

    def measured(self, doses: Sequence[pk.Administration], day: int) -> float:
        """Return the trough of a day as the laboratory reports it, ng/mL."""
        history = pk.History(tuple(doses), (), (pk.Period(0.0, self.covariates),))
        true = float(pk.concentrations(self.model, history, [24.0 * day], self.etas)[0])
        residual = self.model.residual[self.model.observed]
        spread = np.hypot(residual.proportional**0.5 * true, residual.additive**0.5)
        seen = max(true + spread * self.rng(day).standard_normal(), 0.1)
        return round(float(seen) * ASSAYS[self.assay], 1)

    def taken(self, amount: float, first: int, last: int) -> list[pk.Administration]:
        """Return the doses of days that were really taken."""
        kept = self.rng(1000 + first).random(last - first) >= MISSED
        days = np.arange(first, last)[kept]
        return [pk.Administration(24.0 * float(day), amount) for day in days]


def patients(count: int, seed: int) -> Iterable[Virtual]:
    rng = np.random.default_rng(seed)
    for number in range(count):
        model = pk.as_chosen(pk.library()[TRUTHS[number % len(TRUTHS)]])
        yield Virtual(
            model=model,
            etas=rng.multivariate_normal(np.zeros(len(model.etas)), model.omega),
            haematocrit=float(np.clip(rng.normal(40.0, 4.0), 28.0, 50.0)),
            assay=list(ASSAYS)[number % len(ASSAYS)],
            luck=(seed, number),
        )


@dataclass(frozen=True)
class Outcome:
    """What each way of choosing came to, and whether the next level was foretold."""

    was_out: bool
    by_rule: float
    by_models: float
    inside_band: bool
    disagreed: bool
    rule_spoke: bool


def follow(person: Virtual) -> Outcome:
    """Treat one person for four weeks, choose a dose twice, look at the next level."""
    doses = person.taken(2.0, 0, LEVEL_DAYS[-1])
    levels = [
        (day, person.measured([d for d in doses if d.time_h < 24 * day], day))
        for day in LEVEL_DAYS
    ]
    question = asked(person, doses, levels)
    reading = read(levels, doses)
    course = policy.Course((policy.Period(CURRENT, START),))
    today = START + timedelta(days=LEVEL_DAYS[-1])
    suggestion = policy.suggest(reading, course, LIMITS, today)
    regimens = policy.takeable(LIMITS, 24)
    outlook = forecast.consider(question, regimens, TARGET)
    advised = forecast.recommended(outlook, reading, suggestion, CURRENT, LIMITS)
    chosen = advised or suggestion.recommended or CURRENT
    rule = suggestion.recommended or CURRENT
    later = LEVEL_DAYS[-1] + NEXT_AFTER_DAYS
    came = [next_level(person, doses, each, later) for each in (rule, chosen)]
    band = foretold(question, chosen, later, len(doses) / LEVEL_DAYS[-1])
    return Outcome(
        was_out=reading.verdict is not policy.Verdict.IN,
        by_rule=came[0],
        by_models=came[1],
        inside_band=band[0] <= came[1] <= band[1],
        disagreed=outlook.disagree,
        rule_spoke=suggestion.recommended is not None,
    )


def next_level(
    person: Virtual,
    doses: Sequence[pk.Administration],
    regimen: policy.Regimen,
    day: int,
) -> float:
    """Return the next level on a dose; the same luck for every dose."""
    coming = person.taken(float(regimen.amount_mg), LEVEL_DAYS[-1], day)
    return person.measured([*doses, *coming], day)


def foretold(
    question: forecast.Question, regimen: policy.Regimen, day: int, adherence: float
) -> tuple[float, float]:
    """Return the 90 % interval of the next level, doses taken as well as before."""
    count = day - LEVEL_DAYS[-1]
    amount = float(regimen.amount_mg)
    start = 24.0 * LEVEL_DAYS[-1]
    coming = pk.Administration(
        start, amount, count=count, every_h=24.0, probability=adherence
    )
    low, _middle, high = forecast.expected(question, (coming,), [24.0 * day])
    return low[0], high[0]


def asked(
    person: Virtual,
    doses: Sequence[pk.Administration],
    levels: Sequence[tuple[int, float]],
) -> forecast.Question:
    return forecast.Question(
        person=forecast.Person(45.0, None, "venous malformation", (person.assay,), 2.0),
        weights=tuple(sorted(forecast.DEFAULT_WEIGHTS.items())),
        doses=tuple(doses),
        levels=tuple(pk.Observation(24.0 * day, value) for day, value in levels),
        facts=(forecast.Facts(0.0, tuple(sorted(person.covariates.items()))),),
    )


def read(
    levels: Sequence[tuple[int, float]], doses: Sequence[pk.Administration]
) -> policy.Reading:
    """Read the last level as the product does, missed doses and all."""
    (first, before), (day, value) = levels
    drawn_on = START + timedelta(days=day)
    level = policy.Level(
        ng_per_ml=Decimal(str(value)),
        comparator=Comparator.EXACTLY,
        drawn_on=drawn_on,
        hours_since_dose=Decimal(24),
        previous_ng_per_ml=Decimal(str(before)) if first else None,
    )
    course = policy.Course((policy.Period(CURRENT, START),))
    reading = policy.read(level, course, TARGET)
    given = {dose.time_h for dose in doses}
    missed = tuple(
        START + timedelta(days=n) for n in range(day) if 24.0 * n not in given
    )
    told = policy.Adherence(len(given), missed, unknown=(), silent=0)
    besides = policy.findings_on_doses(told, drawn_on)
    return replace(reading, findings=(*reading.findings, *besides))


@dataclass(frozen=True)
class Summary:
    """Shares in percent; of those whose level was out of range, where the next lay."""

    patients: int
    covered: float
    out: int
    in_by_rule: float
    in_by_models: float
    above_by_rule: float
    above_by_models: float
    disagreed: float
    spoken: int
    in_by_rule_spoken: float
    in_by_models_spoken: float


def summary(outcomes: Sequence[Outcome]) -> Summary:
    out = [each for each in outcomes if each.was_out]
    spoken = [each for each in out if each.rule_spoke]
    low, high = float(TARGET.low_ng_per_ml), float(TARGET.high_ng_per_ml)

    def share(found: Iterable[bool], of: int) -> float:
        return 100 * sum(found) / max(of, 1)

    return Summary(
        patients=len(outcomes),
        covered=share((each.inside_band for each in outcomes), len(outcomes)),
        out=len(out),
        in_by_rule=share((low <= e.by_rule <= high for e in out), len(out)),
        in_by_models=share((low <= e.by_models <= high for e in out), len(out)),
        above_by_rule=share((e.by_rule > high for e in outcomes), len(outcomes)),
        above_by_models=share((e.by_models > high for e in outcomes), len(outcomes)),
        disagreed=share((e.disagreed for e in outcomes), len(outcomes)),
        spoken=len(spoken),
        in_by_rule_spoken=share(
            (low <= e.by_rule <= high for e in spoken), len(spoken)
        ),
        in_by_models_spoken=share(
            (low <= e.by_models <= high for e in spoken), len(spoken)
        ),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    found = summary([follow(each) for each in patients(options.patients, options.seed)])
    rows = (
        ("next level in range, of those out", found.in_by_rule, found.in_by_models),
        (
            f"  of the {found.spoken} where the rule spoke",
            found.in_by_rule_spoken,
            found.in_by_models_spoken,
        ),
        ("next level above 15, of all", found.above_by_rule, found.above_by_models),
    )
    print(f"{found.patients} patients, {found.out} out of range after two levels")
    print(f"next levels inside their 90 % interval {found.covered:.1f} %")
    print(f"models disagreed about {found.disagreed:.1f} %")
    print(f"{'%':<36}{'by the rule':>12}{'by advice':>12}")
    for name, rule, models in rows:
        print(f"{name:<36}{rule:>12.1f}{models:>12.1f}")


if __name__ == "__main__":
    main()
