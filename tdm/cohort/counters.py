"""What is counted of a cohort: two statements, however many patients."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import (
    Aggregate,
    CharField,
    Count,
    F,
    FloatField,
    Func,
    IntegerField,
    Q,
    Sum,
    Window,
)
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from dosing import policy
from dosing.models import CohortLine, Excluded, Reason, overdue
from dosing.models.cohort import CohortQuerySet
from dosing.words import plain


class Median(Aggregate):
    """The middle of what is known; PostgreSQL interpolates between two middles."""

    name = "Median"
    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True, slots=True)
class Counter:
    """A number, its name, of how many it speaks, and what it means in a sentence."""

    name: str
    value: str
    n: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The sums over a cohort, as they come from the database."""

    n: int
    no_consent: int
    first_judged: int
    first_in: int
    last_judged: int
    last_in: int
    reached: int
    median_days: float | None
    days_in: int
    judged_days: int
    gap_days: int
    with_days: int
    signed: int
    offered: int
    overridden: int
    awaited: int
    late: int
    with_area: int
    responders: int
    published: int
    reasons: tuple[tuple[str, int], ...] = ()
    excluded: tuple[tuple[str, int], ...] = ()


def counts_of(
    asked: CohortQuerySet, today: date, published: Iterable[str] = ()
) -> Counts:
    """Count the included lines; those left out are counted by why."""
    lines = asked.included()
    overrides = Func(
        "override_reasons", function="cardinality", output_field=IntegerField()
    )
    sums = lines.aggregate(
        n=Count("pk"),
        no_consent=count(has_consent=False),
        first_judged=count(first_in_range__isnull=False),
        first_in=count(first_in_range=True),
        last_judged=count(last_in_range__isnull=False),
        last_in=count(last_in_range=True),
        reached=count(days_to_range__isnull=False),
        median_days=Median("days_to_range"),
        days_in=Sum("days_in_range", default=0),
        judged_days=Sum("days_judged", default=0),
        gap_days=Sum("days_left_out", default=0),
        with_days=count(days_judged__gt=0),
        signed=Sum("decisions", default=0),
        offered=Sum("suggested", default=0),
        overridden=Sum(overrides, default=0),
        awaited=count(level_due_on__isnull=False),
        late=Count("pk", filter=overdue(today)),
        with_area=count(last_area_percent__isnull=False),
        responders=count(area_responds=True),
        published=count(patient__identifier__in=list(published)),
    )
    return Counts(**sums, reasons=reasons(lines), excluded=left_out(asked))


def count(**condition: object) -> Count:
    return Count("pk", filter=Q(**condition))


def reasons(lines: CohortQuerySet) -> tuple[tuple[str, int], ...]:
    each = Func(F("override_reasons"), function="unnest", output_field=CharField())
    found = lines.annotate(why=each).values("why").annotate(n=Count("*"))
    return tuple(
        (str(Reason(line["why"]).label), line["n"])
        for line in found.order_by("-n", "why")
    )


def left_out(asked: CohortQuerySet) -> tuple[tuple[str, int], ...]:
    found = asked.left_out().values("excluded").annotate(n=Count("pk"))
    return tuple(
        (str(Excluded(line["excluded"]).label), line["n"])
        for line in found.order_by("excluded")
    )


def share(part: int, whole: int) -> str:
    """Write a share in whole percent; a dash where there is nothing to share."""
    return f"{100 * part / whole:.0f} %" if whole else "\u2013"


def counters(found: Counts) -> tuple[Counter, ...]:
    return (
        patients(found),
        in_range(
            _("In range, first level"),
            _("the first"),
            found.first_in,
            found.first_judged,
        ),
        in_range(
            _("In range, last level"), _("the last"), found.last_in, found.last_judged
        ),
        to_range(found),
        time_in_range(found),
        override_rate(found),
        overdue_share(found),
    )


def patients(found: Counts) -> Counter:
    meaning = _("Patients who took at least one dose and match the filters.")
    return Counter(_("Patients"), str(found.n), found.n, meaning)


def in_range(name: str, which: str, part: int, whole: int) -> Counter:
    text = _(
        "Of %(n)s patients with a level that can be judged, %(part)s had %(which)s one"
        " inside the range of their protocol on its day."
    )
    meaning = text % {"n": whole, "part": part, "which": which}
    return Counter(name, share(part, whole), whole, meaning)


def to_range(found: Counts) -> Counter:
    days = found.median_days
    value = "\u2013" if days is None else plain(Decimal(f"{days:.1f}"))
    text = _(
        "Median days from the first dose to the first level in range, of the %(n)s who"
        " reached it; %(rest)s have not."
    )
    meaning = text % {"n": found.reached, "rest": found.n - found.reached}
    return Counter(_("Days to range (median)"), value, found.reached, meaning)


def time_in_range(found: Counts) -> Counter:
    text = _(
        "Share of %(days)s patient-days between used levels, by linear interpolation"
        " (Rosendaal 1993). %(left_out)s days are not counted: gaps longer than"
        " %(longest)s days (a design default, not verified), or next to a level that"
        " is only a limit."
    )
    meaning = text % {
        "days": found.judged_days,
        "left_out": found.gap_days,
        "longest": policy.LONGEST_INTERPOLATED_DAYS,
    }
    value = share(found.days_in, found.judged_days)
    return Counter(_("Time in range"), value, found.with_days, meaning)


def override_rate(found: Counts) -> Counter:
    text = _(
        "%(part)s of %(n)s signed decisions chose another dose than the suggested one;"
        " %(suggested)s had a suggestion."
    )
    meaning = text % {
        "part": found.overridden,
        "n": found.signed,
        "suggested": found.offered,
    }
    said = "; ".join(f"{reason}: {n}" for reason, n in found.reasons)
    return Counter(
        _("Override rate"),
        share(found.overridden, found.signed),
        found.signed,
        f"{meaning} {said}".strip(),
    )


def overdue_share(found: Counts) -> Counter:
    text = _(
        "%(part)s of %(n)s patients who wait for a level have not had it by the day on"
        " which it was due."
    )
    meaning = text % {"part": found.late, "n": found.awaited}
    value = share(found.late, found.awaited)
    return Counter(_("Level overdue"), value, found.awaited, meaning)


BARS = 60
"""So many bars of the waterfall can be told apart on a desk's screen."""


def responses(lines: CohortQuerySet, n: int) -> tuple[int, list[CohortLine]]:
    """Return every k-th line by its last response, worst first, and that k."""
    every = max(1, -(-n // BARS))
    order = [F("last_area_percent").desc(), F("patient_id").asc()]
    known = lines.filter(last_area_percent__isnull=False).annotate(
        place=Window(RowNumber(), order_by=order)
    )
    chosen = known.annotate(rest=(F("place") - 1) % every).filter(rest=0)
    return every, list(chosen.only("last_area_percent").order_by("place"))
