"""The schedule follows the facts: whatever changes them plans anew what is open."""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from dosing import policy
from dosing.history import History, history_of
from dosing.interactions import STRONG_DRUGS
from dosing.models import (
    Analyte,
    CohortLine,
    Comedication,
    Decision,
    LabResult,
    ProtocolAssignment,
)
from dosing.services.cohort import UNREADABLE
from dosing.words import facts_as_text
from patients import services
from patients.models import ItemKind, Patient, ScheduleItem, SchedulePlan, Staff
from patients.revision import hold_still
from patients.services.schedule import plan_anew
from patients.statements import Given, at_once, compiled

logger = logging.getLogger(__name__)

PLANNED_ANEW_AFTER = timedelta(days=30)
"""The clock plans on for everyone as often; a year ahead is planned each time [D]."""


@transaction.atomic(savepoint=False)
def replan_schedule(
    *, patient: Patient, actor: Staff | None, history: History | None = None
) -> list[ScheduleItem]:
    """Plan anew what is open from the protocol, the doses, the drugs and the decision.

    What is done, not done or moved by people stays, and so does everything once
    follow-up has ended; without a dose and a protocol nothing is planned. Returns what
    changed. Without an actor the clock plans on.
    A `history` that was read since the patient was held still is not read again.
    """
    services.note_planned(patient)
    history = history or history_of(patient)
    today = history.day(timezone.now())
    grounds = Grounds.of(patient)
    kept, happened = grounds.kept, drawn(history, grounds)
    if patient.ended_on is not None:
        return services.settle_kept(
            patient=patient, kept=kept, happened=happened, actor=actor
        )
    protocol, facts = history.protocol_on(today), facts_of(history, grounds, today)
    rhythm = protocol.rhythm if protocol else policy.NO_RHYTHM
    wanted = policy.plan(rhythm, facts, kept.calendar.is_open) if facts else ()
    return services.replan(
        patient=patient,
        kept=kept,
        wanted=[as_wanted(each) for each in wanted],
        happened=happened,
        since=asked_since(history, today),
        actor=actor,
    )


@dataclass(frozen=True, slots=True)
class Grounds:
    """What planning rests on beside the history, asked for at once."""

    decisions: Sequence[Decision]
    strong_drugs: Sequence[Comedication]
    days_of_labs: Sequence[date]
    kept: services.Kept

    @classmethod
    def of(cls, patient: Patient) -> Self:
        decisions = newest_decision.given(patient=patient.pk)
        drugs = strong_drugs.given(patient=patient.pk)
        labs = days_of_labs.given(patient=patient.pk)
        asked = services.Kept.asked_of(patient)
        at_once(decisions, drugs, labs, *asked)
        kept = services.Kept.told(patient, asked)
        return cls(decisions.found, drugs.found, labs.found, kept)


def plan_later(patients: QuerySet[Patient], actor: Staff) -> None:
    """Leave the plans of many held patients to whoever plans next, worker or clock.

    Those whose follow-up has ended are no longer planned for: what closed is settled.
    """
    plan_anew(patients)
    for patient in patients.exclude(ended_on=None):
        replan_schedule(patient=patient, actor=actor)


def asked_since(history: History, today: date) -> date:
    """Return from which day on windows are asked for: not before another protocol."""
    looked_back = today - timedelta(days=policy.LOOKED_BACK_DAYS)
    changes = [each.starts_on for each in history.assignments[1:]]
    return max([looked_back, *(day for day in changes if day <= today)])


def facts_of(
    history: History, grounds: Grounds, today: date
) -> policy.PlanFacts | None:
    """Return what planning rests on; None where there is no dose and no protocol."""
    starts = [each.starts_on for each in history.assignments[:1]]
    start = history.course.starts_on() or next(iter(starts), None)
    if start is None:
        return None
    decision = awaited(history, grounds)
    carried_out = decision.dose_id if decision else None
    asked_on = decision.next_level_on if decision else None
    turns = [
        *turns_of_doses(history, carried_out, asked_on),
        *turns_of_drugs(history, grounds),
    ]
    asked = None
    if decision is not None and f"dose:{carried_out}" not in {t.key for t in turns}:
        asked = policy.LevelAsked(f"decision:{decision.pk}", decision.next_level_on)
    return policy.PlanFacts(start, today, turns, asked, tuple(off(history)))


def awaited(history: History, grounds: Grounds) -> Decision | None:
    """Return the newest decision, unless a level came before the one it asks for."""
    if not grounds.decisions:
        return None
    [newest] = grounds.decisions
    lead = timedelta(days=policy.ASKED_LEAD_DAYS)
    came = [v for v in history.used_levels if v.drawn_at > newest.signed_at]
    too_early = any(history.day(v.drawn_at) < newest.next_level_on - lead for v in came)
    return None if too_early else newest


@compiled
def newest_decision() -> QuerySet[Decision]:
    return Decision.objects.filter(patient=Given("patient")).order_by("-pk")[:1]


def turns_of_doses(
    history: History, carried_out: int | None, asked_on: date | None
) -> Iterable[policy.Turn]:
    """Yield each change of the dose; the start has its own level in every rhythm."""
    course = history.course
    for dose, period in zip(history.doses[1:], course.periods[1:], strict=True):
        if course.stretch_start(period) == dose.starts_on:
            yield policy.turn_of_dose(
                f"dose:{dose.pk}",
                dose.starts_on,
                asked_on if dose.pk == carried_out else None,
            )


def turns_of_drugs(history: History, grounds: Grounds) -> Iterable[policy.Turn]:
    """Yield the turns of strong drugs since the first dose."""
    start = history.course.starts_on()
    drugs = [
        (f"{policy.DRUG_TURN}{c.pk}", str(c), c.starts_on, c.stops_on)
        for c in grounds.strong_drugs
    ]
    turns = policy.turns_of_drugs(drugs)
    return [turn for turn in turns if start is not None and turn.on >= start]


@compiled
def strong_drugs() -> QuerySet[Comedication]:
    courses = Comedication.objects.standing().filter(drug__in=STRONG_DRUGS)
    return courses.filter(patient=Given("patient"))


def off(history: History) -> Iterable[tuple[date, date | None]]:
    """Yield the stretches without the drug, from the first dose on."""
    begun = [*(dose.starts_on for dose in history.doses[1:]), None]
    for dose, begins in zip(history.doses, begun, strict=False):
        if dose.stops_on is not None and dose.stops_on != begins:
            yield dose.stops_on, begins


OF_THE_LESION = {Analyte.D_DIMER, Analyte.FIBRINOGEN}
"""Coagulation speaks of the malformation: alone it is no safety laboratory."""


def drawn(history: History, grounds: Grounds) -> dict[str, set[date]]:
    """Return the days of the levels that are used, and of safety labs."""
    return {
        ItemKind.LEVEL: {history.day(level.drawn_at) for level in history.used_levels},
        ItemKind.LABS: set(grounds.days_of_labs),
    }


@compiled
def days_of_labs() -> QuerySet[LabResult, date]:
    labs = LabResult.objects.standing().filter(patient=Given("patient"))
    other = labs.exclude(analyte__in=OF_THE_LESION)
    return other.values_list("drawn_on", flat=True)


def as_wanted(each: policy.Planned) -> services.Wanted:
    return services.Wanted(
        kind=each.kind,
        key=each.key,
        text=each.said.text,
        facts=facts_as_text(each.said),
        source=each.source,
        opens_on=each.opens_on,
        best_on=each.best_on,
        closes_on=each.closes_on,
        lasting=each.lasting,
    )


def plan_on(
    *,
    at: datetime,
    at_most: int,
    among: Collection[int] | None = None,
    actor: Staff | None = None,
) -> int:
    """Plan anew for up to so many patients whose plan is old; say how many.

    The clock does it for all; whoever changed the records `among` some, at once.
    """
    old = with_old_plans(at)
    found = (old if among is None else old.filter(pk__in=among))[:at_most]
    for patient in found:
        try:
            plan_now(patient, actor)
        except UNREADABLE as error:
            logger.warning(
                "no plan of patient %s: %s", patient.pk, type(error).__name__
            )
            SchedulePlan.objects.update_or_create(
                patient=patient, defaults={"planned_on": at.date()}
            )
    return len(found)


@transaction.atomic
def plan_now(patient: Patient, actor: Staff | None) -> None:
    replan_schedule(patient=hold_still(patient), actor=actor)
    CohortLine.objects.filter(patient=patient).update(is_stale=True)


def with_old_plans(at: datetime) -> QuerySet[Patient]:
    """Return who is in follow-up by a protocol and was not planned for lately.

    Nor since another protocol began.
    """
    begun = ProtocolAssignment.objects.standing().filter(
        patient=OuterRef("patient"),
        starts_on__gt=OuterRef("planned_on"),
        starts_on__lte=at.date(),
    )
    lately = SchedulePlan.objects.filter(
        ~Exists(begun),
        patient=OuterRef("pk"),
        planned_on__gt=at.date() - PLANNED_ANEW_AFTER,
    )
    assigned = ProtocolAssignment.objects.standing().filter(patient=OuterRef("pk"))
    return (
        Patient.objects.in_follow_up()
        .filter(Exists(assigned), ~Exists(lately))
        .select_related("site")
        .order_by("pk")
    )
