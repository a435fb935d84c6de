"""Words for the world, so that a test reads like a sentence about the clinic.

The calendar of the tests is fixed and lies in the past: DAY_0 is the first dose,
samples are drawn at 08:00 in Tokyo.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from dosing import services as dosing
from dosing.advice import advise
from dosing.diary import Entry, Place, week_of
from dosing.models import Dose, Laboratory, Protocol, TroughLevel
from dosing.units import Unit, parse_reported
from patients import services as people
from patients.models import (
    ImagingStudy,
    Lesion,
    Patient,
    Role,
    ScheduleItem,
    Site,
    Staff,
    Visit,
)

TOKYO = ZoneInfo("Asia/Tokyo")
DAY_0 = date(2026, 3, 2)
PASSWORD = "a sentence nobody guesses"

numbers = count(1)


def on_day(day: int, hour: int = 8, minute: int = 0) -> datetime:
    """A clinic time on a day of treatment; day 0 is the first dose."""
    midnight = datetime(DAY_0.year, DAY_0.month, DAY_0.day, tzinfo=TOKYO)
    return midnight + timedelta(days=day, hours=hour, minutes=minute)


def clinic_day() -> date:
    """Today by the clinic's clock."""
    return timezone.localdate(timezone=TOKYO)


def a_site(name: str = "Tokyo clinic", **facts: Any) -> Site:
    return Site.objects.create(
        **{
            "name": name,
            "time_zone": "Asia/Tokyo",
            "non_clinic_weekdays": [5, 6],
            "stocked_strengths_mg": [Decimal("0.5"), Decimal(1), Decimal(2)],
            **facts,
        }
    )


def a_staff_member(site: Site, role: Role, username: str = "") -> Staff:
    return people.register_staff(
        username=username or f"{role}-{next(numbers)}",
        password=PASSWORD,
        role=role,
        sites=[site],
        first_name=role.label,
    )


def a_laboratory(site: Site, **facts: Any) -> Laboratory:
    return Laboratory.objects.create(
        **{
            "site": site,
            "name": "City laboratory",
            "method": "lc_ms_ms",
            "unit": "ng/mL",
            "lower_limit_ng_per_ml": Decimal(2),
            **facts,
        }
    )


def a_protocol(**facts: Any) -> Protocol:
    return Protocol.objects.create(
        **{
            "name": f"VM standard {next(numbers)}",
            "strengths_mg": [Decimal("0.5"), Decimal(1), Decimal(2)],
            "citation": "Carolino 2025, methods",
            "schedule": "jp-label-1",
            **facts,
        }
    )


def a_patient(site: Site, actor: Staff, **facts: Any) -> Patient:
    return people.register_patient(
        site=site,
        actor=actor,
        **{
            "identifier": f"MRN-{next(numbers):04}",
            "family_name": "Sato",
            "given_name": "Hanako",
            "born_on": date(1980, 5, 4),
            "sex": "female",
            **facts,
        },
    )


def a_lesion(patient: Patient, actor: Staff, **facts: Any) -> Lesion:
    return people.add_lesion(
        patient=patient,
        actor=actor,
        **{
            "body_site": "Forearm",
            "side": "left",
            "compartment": "muscle",
            "issva_type": "common_vm",
            **facts,
        },
    )


def an_mri(
    lesion: Lesion, *, actor: Staff, day: int = 0, area: str = "1000", **facts: Any
) -> ImagingStudy:
    """Record an MRI of a lesion with its maximum area."""
    return people.record_imaging(
        lesion=lesion,
        actor=actor,
        **{
            "done_on": DAY_0 + timedelta(days=day),
            "modality": "mri",
            "numbers": people.Numbers(area_mm2=Decimal(area)),
            **facts,
        },
    )


def a_visit(
    patient: Patient,
    lesion: Lesion,
    *,
    actor: Staff,
    day: int = 0,
    calf: str | None = None,
    pain: str | None = None,
    **facts: Any,
) -> Visit:
    """Record a visit with the circumference of the calf and the pain."""
    known = patient.landmarks.first()
    landmark = known or people.add_landmark(
        lesion=lesion, limb="calf", side="left", place="15 cm below", actor=actor
    )
    girths = {} if calf is None else {landmark.pk: Decimal(calf)}
    measured = people.Measured(None if pain is None else Decimal(pain), girths)
    return people.record_visit(
        patient=patient,
        actor=actor,
        **{
            "kind": "follow_up",
            "held_on": DAY_0 + timedelta(days=day),
            "measured": measured,
            **facts,
        },
    )


def a_planned_item(
    patient: Patient,
    *,
    opens: int = -5,
    closes: int = 5,
    booked: int | None = None,
    **facts: Any,
) -> ScheduleItem:
    """Plan something in a window of days, counted from today at the clinic."""
    today = patient.site.today(timezone.now())
    item = ScheduleItem(
        **{
            "patient": patient,
            "kind": "visit",
            "key": f"test {next(numbers)}",
            "text": "Visit",
            "opens_on": today + timedelta(days=opens),
            "best_on": today + timedelta(days=closes),
            "closes_on": today + timedelta(days=closes),
            "booked_on": None if booked is None else today + timedelta(days=booked),
            **facts,
        }
    )
    item.full_clean()
    item.save()
    return item


def a_dose(
    patient: Patient,
    amount_mg: str,
    *,
    actor: Staff,
    protocol: Protocol | None = None,
    day: int = 0,
    interval_h: int = 24,
) -> Dose:
    return dosing.prescribe_dose(
        patient=patient,
        amount_mg=Decimal(amount_mg),
        interval_h=interval_h,
        starts_on=DAY_0 + timedelta(days=day),
        reason="as agreed",
        protocol=protocol,
        actor=actor,
    )


LONG_AGO = "from the paper diary"


def a_signature(
    patient: Patient, mg: str, *, actor: Staff, reason: str = "as_suggested"
) -> None:
    """Sign on what is advised now, for a dose once daily."""
    advice = advise(patient, at=timezone.now())
    assert advice is not None
    dosing.sign_decision(
        patient=patient,
        basis=advice.basis,
        amount_mg=Decimal(mg),
        interval_h=24,
        reason=reason,
        actor=actor,
    )


def in_diary(
    patient: Patient,
    day: int,
    slot: int = 0,
    /,
    *,
    actor: Staff,
    **texts: str,
) -> dosing.Outcome:
    """Enter cells of one day of treatment over whatever they say, by their texts."""
    on = DAY_0 + timedelta(days=day)
    week = week_of(patient, on, today=patient.site.today(timezone.now()), count=1)
    cells = {Place(on, row, slot): text for row, text in texts.items()}
    return dosing.save_diary(
        patient=patient,
        entries=[Entry(at, week.current(at), text) for at, text in cells.items()],
        source="paper",
        actor=actor,
        reason=LONG_AGO,
    )


def a_trough(
    patient: Patient,
    reported: str,
    *,
    actor: Staff,
    laboratory: Laboratory | None = None,
    day: int = 28,
    hours_after_dose: float | None = 24,
    **facts: Any,
) -> TroughLevel:
    """Record a level, by default a valid trough on day 28."""
    known = hours_after_dose is not None
    drawn_at = on_day(day)
    return dosing.record_trough(
        patient=patient,
        laboratory=laboratory or Laboratory.objects.get(site=patient.site),
        reported=parse_reported(reported),
        actor=actor,
        **{
            "unit": Unit.NG_PER_ML,
            "drawn_at": drawn_at,
            "last_dose_at": drawn_at - timedelta(hours=hours_after_dose or 0)
            if known
            else None,
            **facts,
        },
    )
