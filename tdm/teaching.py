"""The two published cases as fictitious patients, dated back from today."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from dosing import policy
from dosing import services as dosing
from dosing.models import Laboratory, Protocol
from dosing.policy import MONTH_WINDOW, months
from dosing.units import Unit, parse_reported
from patients import services as people
from patients.models import (
    Lesion,
    Modality,
    Patient,
    Quantity,
    Role,
    Site,
    Staff,
    VisitKind,
)

DATA = Path(__file__).parent / "data" / "case_series.json"
DRAWN_AT = time(8)

VISITS = {0: VisitKind.BASELINE, 1: VisitKind.MONTH_1, 3: VisitKind.MONTH_3}
"""Months of treatment at which the case series saw its patients."""

PASSWORD = "troughline-demo"  # noqa: S105 - printed at every start, for teaching only
ACCOUNTS = {
    "admin": (Role.ADMIN, "Ada", "Admin"),
    "clinician": (Role.CLINICIAN, "Clara", "Clinician"),
    "nurse": (Role.NURSE, "Nora", "Nurse"),
    "pharmacist": (Role.PHARMACIST, "Paul", "Pharmacist"),
    "reader": (Role.RESEARCH_READER, "Rita", "Reader"),
}


def case_series() -> dict[str, Any]:
    """Return the report's facts as they are kept in the repository."""
    facts: dict[str, Any] = json.loads(DATA.read_text())
    return facts


@dataclass(frozen=True, slots=True)
class Clinic:
    """Where the cases are placed, and who enters them."""

    site: Site
    laboratory: Laboratory
    protocol: Protocol
    clinician: Staff
    note: str


@transaction.atomic
def load(*, at: datetime) -> bool:
    """Load clinic, accounts and both cases, once; say whether anything was new."""
    facts = case_series()
    identifiers = [case["identifier"] for case in facts["cases"]]
    if Patient.objects.filter(identifier__in=identifiers).exists():
        return False
    clinic = open_clinic(facts)
    for case in facts["cases"]:
        admit(case, clinic, at)
    return True


def open_clinic(facts: Mapping[str, Any]) -> Clinic:
    admin, *others = ACCOUNTS
    first = account(admin, sites=[])
    site = Site(
        name="Demo clinic",
        time_zone="Asia/Tokyo",
        non_clinic_weekdays=[5, 6],
        stocked_strengths_mg=[Decimal("0.5"), Decimal(1), Decimal(2)],
    )
    people.save_configuration(record=site, actor=first)
    people.save_configuration(record=first, actor=first, sites=[site])
    staff = {name: account(name, sites=[site], actor=first) for name in others}
    laboratory = Laboratory(
        site=site,
        name="Demo laboratory",
        method="unknown",
        unit=Unit.NG_PER_ML,
        lower_limit_ng_per_ml=Decimal(2),
    )
    people.save_configuration(record=laboratory, actor=first)
    numbers = {
        name: Decimal(fact)
        for name, fact in facts["protocol"].items()
        if name.endswith(("_ml", "_day"))
    }
    protocol = Protocol(
        name=facts["protocol"]["name"],
        citation=facts["protocol"]["citation"],
        strengths_mg=[Decimal(mg) for mg in facts["protocol"]["strengths_mg"]],
        **numbers,
    )
    people.save_configuration(record=protocol, actor=first)
    for name, cited in list(policy.CITED_RANGES.items())[1:]:
        range_ = {
            "target_low_ng_per_ml": cited.low_ng_per_ml,
            "target_high_ng_per_ml": cited.high_ng_per_ml,
            "aim_ng_per_ml": (cited.low_ng_per_ml + cited.high_ng_per_ml) / 2,
        }
        other = Protocol(
            name=f"VM {name}",
            citation=cited.citation,
            strengths_mg=protocol.strengths_mg,
            **{**numbers, **range_},
        )
        people.save_configuration(record=other, actor=first)
    return Clinic(site, laboratory, protocol, staff["clinician"], facts["note"])


def account(username: str, *, sites: list[Site], actor: Staff | None = None) -> Staff:
    role, first_name, last_name = ACCOUNTS[username]
    return people.register_staff(
        username=username,
        password=PASSWORD,
        role=role,
        sites=sites,
        actor=actor,
        first_name=first_name,
        last_name=last_name,
    )


def admit(case: Mapping[str, Any], clinic: Clinic, at: datetime) -> None:
    """Enter one case as the clinic would have, day by day."""
    today = clinic.site.today(at)
    start = clinic_day(today - months(case["months_ago"]), clinic.site)
    patient = people.register_patient(
        site=clinic.site,
        actor=clinic.clinician,
        lesion=case["lesion"],
        born_on=birth_date(case["age_years"], start),
        consented_on=start,
        **{
            name: case[name]
            for name in (
                "identifier",
                "family_name",
                "given_name",
                "family_name_kana",
                "given_name_kana",
                "sex",
            )
        },
    )
    for treatment in case["previous_treatments"]:
        people.add_previous_treatment(
            lesion=patient.lesions.get(), actor=clinic.clinician, **treatment
        )
    dosing.prescribe_dose(
        patient=patient,
        protocol=clinic.protocol,
        amount_mg=Decimal(case["amount_mg"]),
        interval_h=24,
        starts_on=start,
        reason="Start of treatment, 2 mg/day (Carolino 2025)",
        actor=clinic.clinician,
    )
    measure(case, patient, start, clinic)
    draw(case, patient, start, clinic)
    suffer(case, patient, start, clinic)


def measure(
    case: Mapping[str, Any], patient: Patient, start: date, clinic: Clinic
) -> None:
    """Enter each visit with its pain and circumference, and each MRI."""
    lesion = patient.lesions.get()
    image(case, lesion, start, clinic)
    landmark = people.add_landmark(
        lesion=lesion,
        limb=case["limb"],
        side=lesion.side,
        place="not stated in the report",
        actor=clinic.clinician,
    )
    pain, girth = (
        dict(case["measurements"][quantity])
        for quantity in (Quantity.PAIN_VAS, Quantity.CIRCUMFERENCE_CM)
    )
    said = dict(case["text_says"][Quantity.CIRCUMFERENCE_CM])
    for month, kind in VISITS.items():
        mark = start + months(month)
        other = said.get(month, girth[month])
        people.record_visit(
            patient=patient,
            kind=kind,
            held_on=mark,
            window_from=mark - MONTH_WINDOW,
            window_to=mark + MONTH_WINDOW,
            note=f"The report's text says {other} cm." if other != girth[month] else "",
            measured=people.Measured(
                Decimal(pain[month]), {landmark.pk: Decimal(girth[month])}
            ),
            actor=clinic.clinician,
        )


def image(case: Mapping[str, Any], lesion: Lesion, start: date, clinic: Clinic) -> None:
    """Enter each MRI with its area; the last prints the change that the report does."""
    areas = case["measurements"][Quantity.MRI_MAX_AREA_MM2]
    printed = Decimal(case["printed_percent"][Quantity.MRI_MAX_AREA_MM2])
    for month, value in areas:
        is_last = month == areas[-1][0]
        people.record_imaging(
            lesion=lesion,
            done_on=start + months(month),
            modality=Modality.MRI,
            is_baseline=month == 0,
            numbers=people.Numbers(
                area_mm2=Decimal(value),
                area_printed_percent=printed if is_last else None,
            ),
            actor=clinic.clinician,
        )


def draw(
    case: Mapping[str, Any], patient: Patient, start: date, clinic: Clinic
) -> None:
    for level in case["levels"]:
        day = start + timedelta(weeks=level["week"])
        drawn_at = datetime.combine(day, DRAWN_AT, clinic.site.zone)
        dosing.record_trough(
            patient=patient,
            laboratory=clinic.laboratory,
            reported=parse_reported(level["value"]),
            unit=Unit.NG_PER_ML,
            drawn_at=drawn_at,
            last_dose_at=drawn_at - timedelta(hours=24),
            note=clinic.note,
            actor=clinic.clinician,
        )


def suffer(
    case: Mapping[str, Any], patient: Patient, start: date, clinic: Clinic
) -> None:
    """Note the side effects; their grades are read from the report's words [D]."""
    for told in case["side_effects"]:
        onset_on = start + timedelta(weeks=told["week"])
        people.record_effect(
            patient=patient,
            onset_on=onset_on,
            resolved_on=onset_on + timedelta(days=told["days"]),
            actor=clinic.clinician,
            **{
                name: told[name]
                for name in ("term", "grade", "action_taken", "treatment", "note")
            },
        )


def clinic_day(day: date, site: Site) -> date:
    """Go back to a day on which the clinic is open."""
    while day.weekday() in site.non_clinic_weekdays:
        day -= timedelta(days=1)
    return day


def birth_date(age_years: int, start: date) -> date:
    """Choose a birthday half a year before the start, so that the age holds."""
    half_year_before = start - timedelta(days=182)
    return date(half_year_before.year - age_years, half_year_before.month, 15)
