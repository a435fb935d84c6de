"""Sirolimus as it was prescribed, and as it was taken dose by dose."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from dosing.models import GIVEN, Dose, Intake, State
from tdm.fhir.codes import ATC, SIROLIMUS_ATC, own
from tdm.fhir.extensions import extension
from tdm.fhir.parts import (
    About,
    Part,
    Resource,
    coding,
    concept,
    of_ours,
    period,
    quantity,
    reference,
)

HOURS_PER_DAY = 24


def sirolimus() -> Part:
    return concept("Sirolimus", coding(ATC, *SIROLIMUS_ATC))


def request(row: Dose, about: About) -> Resource:
    """Return a regimen as a plan: never as an order that something could act on."""
    cancelled = row.cancelled_at is not None
    return {
        "status": "cancelled" if cancelled else "draft",
        "intent": "plan",
        "medicationCodeableConcept": sirolimus(),
        "subject": about.subject,
        "reasonCode": [concept(row.reason)],
        "dosageInstruction": [instruction(row)],
    }


def statement(row: Dose, about: About) -> Resource:
    """Return a regimen as what the patient takes, took or is going to take."""
    last = last_day(row)
    return {
        "basedOn": [reference("MedicationRequest", row.pk)],
        "status": status(row, about.today),
        "medicationCodeableConcept": sirolimus(),
        "subject": about.subject,
        "effectivePeriod": period(row.starts_on, last),
        "reasonCode": [concept(row.reason)],
        "dosage": [instruction(row)],
    }


def status(row: Dose, today: date) -> str:
    if row.cancelled_at is not None:
        return "not-taken"
    if row.starts_on > today:
        return "intended"
    return "completed" if row.stops_on and row.stops_on <= today else "active"


def instruction(row: Dose) -> Part:
    return {
        "text": str(row),
        "timing": {"repeat": timing(row)},
        "doseAndRate": [{"doseQuantity": quantity(row.amount_mg, "mg")}],
        "maxDosePerPeriod": most(row),
    }


def last_day(row: Dose) -> date | None:
    """Return the day before it stops."""
    return row.stops_on - timedelta(days=1) if row.stops_on else None


def timing(row: Dose) -> Part:
    """Return how often and when."""
    first = datetime.combine(row.starts_on, row.usual_time)
    times = [
        first + timedelta(hours=slot * row.interval_h) for slot in range(row.per_day)
    ]
    return {
        "boundsPeriod": period(row.starts_on, last_day(row)),
        "frequency": row.per_day,
        "period": max(1, row.interval_h // HOURS_PER_DAY),
        "periodUnit": "d",
        "timeOfDay": [f"{at:%H:%M:%S}" for at in times],
    }


def most(row: Dose) -> Part:
    """Return all that is prescribed for the days between two days with doses."""
    days = max(1, row.interval_h // HOURS_PER_DAY)
    return {
        "numerator": quantity(row.amount_mg * row.per_day, "mg"),
        "denominator": quantity(Decimal(days), "d"),
    }


STATES = {
    State.TAKEN: "completed",
    State.LATE: "completed",
    State.MISSED: "not-done",
    State.UNKNOWN: "unknown",
    State.CLEARED: "entered-in-error",
}


def administration(row: Intake, about: About) -> Resource:
    """Return one dose of the diary; its identifier is its day and place in the day."""
    taken_at = row.taken_at
    prescribed = about.dose_on(row.due_on)
    return {
        "extension": [
            *extension("with-food", row.with_food),
            *extension(
                "vomited-at",
                about.when(row.vomited_at) if row.vomited_at else None,
            ),
        ],
        "identifier": [
            {"system": own("dose-of-a-day"), "value": f"{row.due_on}/{row.slot}"}
        ],
        "status": STATES[State(row.state)],
        "statusReason": reason(row),
        "medicationCodeableConcept": sirolimus(),
        "subject": about.subject,
        "effectiveDateTime": about.when(taken_at)
        if taken_at
        else row.due_on.isoformat(),
        "request": reference("MedicationRequest", prescribed.pk) if prescribed else {},
        "dosage": dosage(row, prescribed),
    }


def reason(row: Intake) -> list[Part]:
    """Return what the diary says happened, and why a dose was missed."""
    said = of_ours("dose-state", row.state, row.reason or State(row.state).label)
    return [said]


def dosage(row: Intake, prescribed: Dose | None) -> Part:
    """Return the amount that was taken; empty where none is known."""
    if row.state not in GIVEN:
        return {}
    if row.amount_mg is not None:
        return {"text": "as entered", "dose": quantity(row.amount_mg, "mg")}
    if prescribed is None:
        return {}
    return {"text": "as prescribed", "dose": quantity(prescribed.amount_mg, "mg")}


def contained() -> Resource:
    """Return the drug as a resource to contain, where only a reference may stand."""
    return {"resourceType": "Medication", "id": "sirolimus", "code": sirolimus()}
