"""Side effects beside the exposure at their onset."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, QuerySet
from django.utils import timezone

from dosing import policy
from dosing.cohort import hundredth
from dosing.models import CohortLine, TroughLevel, pseudonym
from dosing.words import plain
from patients.models import SideEffect
from tdm import charts
from tdm.table1 import effect_name


@dataclass(frozen=True, slots=True)
class Episode:
    """A side effect, its week, and the levels before it in ng/mL."""

    pseudonym: str
    name: str
    grade: int
    week: int
    last_ng_per_ml: Decimal | None
    days_before: int | None
    mean_ng_per_ml: Decimal | None
    levels: int


def episodes(lines: QuerySet[CohortLine]) -> QuerySet[SideEffect]:
    """Return the side effects since the first dose, the most severe first."""
    return (
        SideEffect.objects.standing()
        .filter(
            patient__cohort_line__in=lines,
            onset_on__gte=F("patient__cohort_line__started_on"),
        )
        .order_by("-grade", "patient_id", "onset_on", "pk")
        .select_related("patient__cohort_line", "patient__site")
    )


def beside_exposure(effects: Sequence[SideEffect]) -> list[Episode]:
    """Put the used levels up to its onset beside each side effect: one statement."""
    drawn: defaultdict[int, list[TroughLevel]] = defaultdict(list)
    who = {effect.patient_id for effect in effects}
    used = TroughLevel.objects.used().filter(patient__in=who, comparator="")
    for level in used.order_by("drawn_at", "pk"):
        drawn[level.patient_id].append(level)
    return [episode(effect, drawn[effect.patient_id]) for effect in effects]


def episode(effect: SideEffect, levels: Iterable[TroughLevel]) -> Episode:
    start = effect.patient.cohort_line.started_on or effect.onset_on
    zone = effect.patient.site.zone
    dated = [(timezone.localdate(v.drawn_at, zone), v.ng_per_ml) for v in levels]
    before = [(on, ng) for on, ng in dated if start <= on <= effect.onset_on]
    values = [ng for _on, ng in before]
    mean = policy.mean_of([policy.Drawn(on, ng) for on, ng in before])
    return Episode(
        pseudonym=pseudonym(effect.patient_id),
        name=effect_name(effect),
        grade=effect.grade,
        week=(effect.onset_on - start).days // 7,
        last_ng_per_ml=values[-1] if values else None,
        days_before=(effect.onset_on - before[-1][0]).days if before else None,
        mean_ng_per_ml=hundredth(mean.ng_per_ml) if mean else None,
        levels=len(values),
    )


def drawn_onsets(found: Iterable[Episode]) -> tuple[charts.Onset, ...]:
    return tuple(
        charts.Onset(
            each.week,
            each.grade,
            each.last_ng_per_ml,
            f"{each.pseudonym}: {each.name}, {each.grade}"
            + (f", {plain(each.last_ng_per_ml)} ng/mL" if each.last_ng_per_ml else ""),
        )
        for each in found
    )
