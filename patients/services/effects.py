"""Side effects: recorded, corrected, resolved; the dangerous ones ask for someone."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from patients import audit, ctcae
from patients.models import (
    FEVER_FROM_C,
    Action,
    Measurement,
    Patient,
    Quantity,
    Relation,
    Role,
    SideEffect,
    Staff,
    Task,
    limits_of,
)
from patients.revision import hold_still, revise, standing, store, withdrawn
from patients.services.tasks import raise_task, take_back_task


@transaction.atomic
def record_effect(
    *,
    patient: Patient,
    term: str,
    grade: int,
    onset_on: date,
    actor: Staff,
    other_text: str = "",
    resolved_on: date | None = None,
    action_taken: str = Action.NONE,
    treatment: str = "",
    relation: str = Relation.NOT_JUDGED,
    note: str = "",
) -> SideEffect:
    """Note a side effect; a dangerous one is on the worklist at once."""
    effect = SideEffect(
        patient=hold_still(patient),
        term=term,
        other_text=other_text if term == ctcae.OTHER else "",
        grade=grade,
        onset_on=onset_on,
        resolved_on=resolved_on,
        action_taken=action_taken,
        treatment=treatment,
        relation=relation,
        note=note,
    )
    check_judge(effect.relation, Relation.NOT_JUDGED, actor)
    store(effect)
    audit.record("record_effect", effect, patient=patient, actor=actor)
    raise_urgent(effect, actor)
    return effect


def check_judge(relation: str, before: str, actor: Staff) -> None:
    """Let only a clinician judge whether sirolimus is the cause."""
    if relation != before and not actor.has_perm("patients.judge_sideeffect"):
        raise ValidationError(
            {"relation": _("Only a clinician judges the relation to sirolimus.")}
        )


@transaction.atomic
def correct_effect(
    *,
    effect: SideEffect,
    version: int,
    grade: int,
    onset_on: date,
    resolved_on: date | None,
    action_taken: str,
    treatment: str,
    note: str,
    reason: str,
    actor: Staff,
    relation: str | None = None,
) -> SideEffect:
    """Change what is known of an episode: its grade, its end, what was done."""
    hold_still(effect.patient)
    fresh = standing(effect, version)
    fresh.grade, fresh.onset_on, fresh.resolved_on = grade, onset_on, resolved_on
    fresh.action_taken, fresh.treatment = action_taken, treatment
    relation = fresh.relation if relation is None else relation
    check_judge(relation, fresh.relation, actor)
    fresh.relation, fresh.note = relation, note
    revise(
        fresh,
        action="correct_effect",
        patient=fresh.patient,
        actor=actor,
        reason=reason,
    )
    raise_urgent(fresh, actor)
    return fresh


@transaction.atomic
def resolve_effect(
    *, effect: SideEffect, version: int, resolved_on: date, actor: Staff
) -> SideEffect:
    """Say from which day on a side effect was gone."""
    hold_still(effect.patient)
    fresh = standing(effect, version)
    fresh.resolved_on = resolved_on
    return revise(
        fresh,
        action="resolve_effect",
        patient=fresh.patient,
        actor=actor,
        reason="Resolved",
    )


@transaction.atomic
def withdraw_effect(
    *, effect: SideEffect, version: int, reason: str, actor: Staff
) -> SideEffect:
    """Take back what was entered in error; it stays in the history."""
    hold_still(effect.patient)
    return withdrawn(
        effect,
        version=version,
        action="withdraw_effect",
        patient=effect.patient,
        actor=actor,
        reason=reason,
    )


def heed_temperatures(
    *, patient: Patient, measurements: Iterable[Measurement], actor: Staff
) -> None:
    """Ask for someone where a number just written is a fever, and no longer for what
    was taken back or corrected.
    """
    temperatures = [
        each for each in measurements if each.quantity == Quantity.TEMPERATURE_C
    ]
    if any(each.version > 1 for each in temperatures):
        take_back_fevers(patient, actor)
    for each in temperatures:
        raise_fever(measurement=each, actor=actor)


def take_back_fevers(patient: Patient, actor: Staff) -> None:
    """Close what was asked for temperatures that stand no longer."""
    asked = Task.objects.open().filter(
        patient=patient, kind=Task.Kind.FEVER, key__startswith=OF_A_DAY
    )
    tasks = list(asked.select_for_update(of=("self",), no_key=True).order_by("pk"))
    standing_rows = Measurement.objects.of(patient).filter(
        quantity=Quantity.TEMPERATURE_C,
        measured_on__in=[task.facts["day"] for task in tasks],
    )
    stands = {
        row.measured_on.isoformat(): plain_number(row.value) for row in standing_rows
    }
    for task in tasks:
        says = stands.get(task.facts["day"])
        if says is None:
            take_back_task(
                task=task, outcome=_("The entry was taken back."), actor=actor
            )
        elif says != task.facts["temperature"]:
            take_back_task(
                task=task, outcome=_("The entry was corrected."), actor=actor
            )


def raise_fever(*, measurement: Measurement, actor: Staff) -> Task | None:
    """Ask for someone where a temperature of these days is a fever; else None.

    The clinic's own limit counts, or the default where it has none. Each temperature
    calls once, also while another is on the worklist.
    """
    if measurement.withdrawn_at is not None:
        return None
    patient, temperature = measurement.patient, measurement.value
    limit = limits_of(patient.site)[Quantity.TEMPERATURE_C].abnormal_from
    since = patient.site.today(timezone.now()) - FEVER_MATTERS
    fever_from = FEVER_FROM_C if limit is None else limit
    if measurement.measured_on < since or temperature < fever_from:
        return None
    day, degrees = measurement.measured_on.isoformat(), plain_number(temperature)
    return urgent(
        patient,
        actor,
        kind=Task.Kind.FEVER,
        key=f"{OF_A_DAY}{day} {degrees}",
        text=HOT,
        facts={"temperature": degrees, "day": day},
    )


OF_A_DAY = "day "
"""What the key of a task begins with that a temperature of a day has raised."""

FEVER_MATTERS = timedelta(days=14)
"""A fever longer ago, entered late, is coloured but calls nobody [NV]: a design cut."""


def plain_number(number: Decimal) -> str:
    return f"{number.normalize():f}"


HOT = gettext_noop(
    "%(temperature)s \u00b0C on %(day)s. Ask about infection, cough and dyspnoea, and"
    " whether sirolimus is to be held."
)
FEVER = gettext_noop(
    "Fever since %(day)s. Ask about infection, cough and dyspnoea, and whether"
    " sirolimus is to be held."
)
SEVERE = gettext_noop(
    "%(effect)s of grade %(grade)s since %(day)s. No dose is suggested until it is"
    " judged unrelated to sirolimus or gone."
)
SEVERE_UNRELATED = gettext_noop(
    "%(effect)s of grade %(grade)s since %(day)s, judged unrelated to sirolimus."
)
PNEUMONITIS = gettext_noop(
    "Pneumonitis since %(day)s. Interstitial lung disease? Chest CT; hold or stop"
    " sirolimus by severity (Japanese package insert)."
)
COUGH_AND_DYSPNOEA = gettext_noop(
    "Cough and dyspnoea since %(day)s. Interstitial lung disease? Chest CT; hold or"
    " stop sirolimus by severity (Japanese package insert)."
)


def raise_urgent(effect: SideEffect, actor: Staff) -> None:
    """Put what cannot wait on the worklist: once for each episode and severe grade."""
    if not effect.is_open:
        return
    patient, key = effect.patient, f"effect {effect.pk}"
    facts = {
        "effect": effect.english,
        "grade": str(effect.grade),
        "day": effect.onset_on.isoformat(),
    }
    if effect.is_severe:
        graded = f"{key} grade {effect.grade}"
        kind = Task.Kind.SEVERE
        text = SEVERE_UNRELATED if effect.is_unrelated else SEVERE
        urgent(patient, actor, kind=kind, key=graded, text=text, facts=facts)
    if effect.term == ctcae.FEVER:
        kind = Task.Kind.FEVER
        urgent(patient, actor, kind=kind, key=key, text=FEVER, facts=facts)
    if effect.term == ctcae.PNEUMONITIS:
        kind = Task.Kind.LUNG
        urgent(patient, actor, kind=kind, key=key, text=PNEUMONITIS, facts=facts)
    if effect.term in {ctcae.COUGH, ctcae.DYSPNOEA}:
        raise_lung(patient, actor)


def raise_lung(patient: Patient, actor: Staff) -> None:
    """Ask about the lung where cough and dyspnoea are open at once."""
    rows = SideEffect.objects.of(patient).open()
    both = list(rows.filter(term__in=[ctcae.COUGH, ctcae.DYSPNOEA]).order_by("term"))
    if {row.term for row in both} != {ctcae.COUGH, ctcae.DYSPNOEA}:
        return
    key = " and ".join(f"effect {row.pk}" for row in both)
    facts = {"day": max(row.onset_on for row in both).isoformat()}
    kind = Task.Kind.LUNG
    urgent(patient, actor, kind=kind, key=key, text=COUGH_AND_DYSPNOEA, facts=facts)


def urgent(
    patient: Patient,
    actor: Staff,
    *,
    kind: str,
    key: str,
    text: str,
    facts: Mapping[str, str],
) -> Task:
    return raise_task(
        patient=patient,
        kind=kind,
        key=key,
        text=text,
        facts=facts,
        owner=Role.CLINICIAN,
        is_urgent=True,
        actor=actor,
    )
