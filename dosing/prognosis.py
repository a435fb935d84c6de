"""What the models expect of a patient, remembered by the exact question."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from django.core.cache import cache
from redis.exceptions import RedisError

from dosing import forecast, pk, policy
from dosing.forecast import NoForecast
from dosing.history import (
    Around,
    Asked,
    History,
    administrations,
    doses_of,
    question_of,
)
from dosing.models import Dose
from dosing.units import Sentence

REMEMBERED_S = 7 * 24 * 3600
EXPECTED_DAYS = 100
"""How far ahead a decision keeps what it foretells; a level comes within 91 days."""

Answer = TypeVar("Answer")


@lru_cache(maxsize=1)
def library_digest() -> str:
    """Return a mark of every model file."""
    return digest_of(Path(pk.__file__).parent.glob("library/*.toml"))


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return a mark of all code that answers: a changed line asks everything anew."""
    homes = Path(pk.__file__).parent, Path(forecast.__file__).parent
    return digest_of(file for home in homes for file in home.rglob("*.py"))


def digest_of(files: Iterable[Path]) -> str:
    return sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()


def remembered(what: object, make: Callable[[], Answer]) -> Answer:
    """Return the answer to exactly this question, worked out once for all workers.

    Where the cache is away it is worked out again.
    """
    exact = repr((code_digest(), library_digest(), what))
    key = f"forecast:{sha256(exact.encode()).hexdigest()}"
    try:
        found: tuple[Answer] = cache.get(key)
        (known,) = found
    except Exception:  # noqa: BLE001 - away, empty or damaged: it is worked out again
        fresh = make()
    else:
        return known
    with suppress(RedisError):
        cache.set(key, (fresh,), REMEMBERED_S)
    return fresh


@dataclass(frozen=True, slots=True)
class Prognosis:
    """What the models say of a patient now, or in a sentence why they say nothing."""

    asked: Asked | None
    outlook: forecast.Outlook | None
    oddness: forecast.Oddness | None
    silence: Sentence | None
    left_out: tuple[tuple[str, Sentence], ...] = ()
    with_aside: forecast.Outlook | None = None
    """The same with the levels that were set aside, where there are any."""


NOTHING_TAKEN = Sentence("Without doses there is nothing to predict from.")


def prognosis_of(
    history: History,
    beside: Around,
    regimens: Sequence[policy.Regimen],
    target: policy.Target,
    *,
    at: datetime,
) -> Prognosis:
    """Ask the models about a patient and about regimens."""
    asked = question_of(history, beside, at=at)
    if asked is None or not regimens:
        return Prognosis(asked, None, None, NOTHING_TAKEN)
    question = asked.question
    try:
        outlook = remembered(
            ("outlook", question, tuple(regimens), target),
            lambda: forecast.consider(question, regimens, target),
        )
    except NoForecast as silent:
        return Prognosis(asked, None, None, silent.why, silent.models)
    odd = None
    if history.used_levels[-1:] and history.used_levels[-1].pk not in unused(asked):
        with suppress(NoForecast):
            odd = remembered(("odd", question), lambda: forecast.oddness(question))
    if len(history.used_levels) == len(history.levels):
        return Prognosis(asked, outlook, odd, None)
    every = question_of(history, beside, at=at, with_aside=True) or asked
    compared = None
    with suppress(NoForecast):
        compared = remembered(
            ("outlook", every.question, tuple(regimens), target),
            lambda: forecast.consider(every.question, regimens, target),
        )
    return Prognosis(asked, outlook, odd, None, with_aside=compared)


def unused(asked: Asked) -> set[int]:
    return {level.pk for level, _why in asked.unused}


def coming(
    history: History,
    asked: Asked,
    *,
    at: datetime,
    until: datetime,
    choice: policy.Regimen | None = None,
    from_on: date | None = None,
    usual_time: time = time(8),
) -> tuple[pk.Administration, ...]:
    """Return the doses to come: as planned, or a choice from a day on.

    What the diary says already is not to come any more.
    """
    planned = [
        due
        for dose in history.doses
        for due in doses_of(dose, history, until)
        if due.at >= at and (from_on is None or due.on < from_on)
        if (due.on, due.slot) not in asked.known
    ]
    if choice is not None and choice.amount_mg and from_on is not None:
        chosen = Dose(
            amount_mg=choice.amount_mg,
            interval_h=choice.interval_h,
            usual_time=usual_time,
            starts_on=from_on,
        )
        planned += [d for d in doses_of(chosen, history, until) if d.at >= at]
    planned.sort(key=lambda due: due.at)
    return tuple(administrations(planned, asked.origin))


@dataclass(frozen=True, slots=True)
class DatedCurve:
    """The credible band at instants: 5, 25, 50, 75 and 95 %, ng/mL, one row each."""

    at: tuple[datetime, ...]
    values: tuple[tuple[float, ...], ...]


def curve_of(
    asked: Asked, doses: tuple[pk.Administration, ...], first: datetime, last: datetime
) -> tuple[DatedCurve, forecast.Speakers]:
    """Return the curve between two instants, and which models it is of.

    Raises
    ------
    NoForecast
        As `forecast.curve`.
    """
    question = asked.question
    hours = asked.hour(first), asked.hour(last)
    found, speakers = remembered(
        ("curve", question, doses, hours),
        lambda: forecast.curve(question, doses, *hours),
    )
    return DatedCurve(tuple(map(asked.at, found.times_h)), found.values), speakers


def foretold(
    history: History,
    asked: Asked,
    choice: policy.Regimen | None,
    *,
    at: datetime,
    from_on: date | None,
    usual_time: time,
) -> dict[str, object]:
    """Return what a trough measured on each coming day would be, as JSON can hold it.

    5, 50 and 95 % of a measured level just before the dose of each day, if doses are
    taken as well as they were so far.
    """
    today = history.day(at)
    zone = history.patient.site.zone
    days = [today + timedelta(days=n) for n in range(1, EXPECTED_DAYS + 1)]
    troughs = [datetime.combine(day, usual_time, zone) for day in days]
    until = troughs[-1] + timedelta(days=1)
    doses = coming(
        history,
        asked,
        at=at,
        until=until,
        choice=choice,
        from_on=from_on,
        usual_time=usual_time,
    )
    doses = tuple(replace(d, probability=asked.doses.adherence) for d in doses)
    hours = [asked.hour(trough) for trough in troughs]
    low, middle, high = forecast.expected(asked.question, doses, hours)
    return {
        "first_day": days[0].isoformat(),
        "doses": [asdict(each) for each in doses],
        "hours": hours,
        "low": list(low),
        "middle": list(middle),
        "high": list(high),
    }
