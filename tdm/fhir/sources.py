"""Which rows become which resources, how they are found, and when they changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models import Q

from dosing.models import Analyte, Dose, Intake, LabResult, TroughLevel
from patients import ctcae
from patients.models import (
    ImagingStudy,
    IssvaType,
    ItemKind,
    Lesion,
    Measurement,
    Patient,
    Quantity,
    ScheduleItem,
    SideEffect,
    Staff,
    Task,
)
from tdm.fhir import drugs, effects, imaging, levels, measurements, people, tasks
from tdm.fhir.codes import (
    ATC,
    ICD_10,
    LOINC,
    PAIN,
    PRESSURE_PANEL,
    PROFILES,
    SIROLIMUS_ATC,
    SIROLIMUS_IN_BLOOD,
    VASCULAR_MALFORMATION,
    VITAL_SIGNS,
    own,
)
from tdm.fhir.dated import (
    Rows,
    changed,
    changed_as_days_pass,
    days_with_pressures,
    every_row,
    single_measurements,
    with_its_reading,
    with_its_regimen,
)
from tdm.fhir.parts import About, Resource, filled

Code = tuple[str, str]
"""System and code."""


def version_of(row: Any, about: About) -> int:
    return int(row.version)


def version_by_time(row: Any, about: About) -> int:
    """Return a number that grows whenever something of a resource changes."""
    return int(f"{row.changed_at.astimezone(UTC):%Y%m%d%H%M%S%f}")


def no_profiles(row: Any) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Source:
    """Rows of one table that become resources of one type.

    `prefix` tells the numbers of several tables of one type apart, `key` is what holds
    them. `day` is the field of clinical time; a source without one has no date to
    search by.
    """

    kind: str
    prefix: str
    table: type[models.Model]
    tell: Callable[[Any, About], Resource]
    day: str = ""
    codes: Mapping[Code, Q] = field(default_factory=dict)
    joined: tuple[str, ...] = ()
    kept: Callable[[Rows], Rows] = every_row
    version: Callable[[Any, About], int] = version_of
    profiles: Callable[[Any], Iterable[str]] = no_profiles
    dated: Callable[[Rows, Patient], Rows] = changed
    key: str = "pk"

    @property
    def owner(self) -> str:
        return "pk" if self.table is Patient else "patient_id"

    def of(self, patient: Patient) -> Rows:
        rows = self.table._default_manager.filter(**{self.owner: patient.pk})
        found = rows.select_related(*self.joined) if self.joined else rows
        return self.dated(self.kept(found), patient).order_by("pk")

    def owner_of(self, number: int, staff: Staff) -> int | None:
        """Return the patient of a row, if one of their clinics is the reader's."""
        visible = Patient.objects.visible_to(staff).values("pk")
        rows = self.table._default_manager.filter(pk=number)
        mine = rows.filter(**{f"{self.owner}__in": visible})
        found: int | None = mine.values_list(self.owner, flat=True).first()
        return found

    def resource(self, row: Any, about: About) -> Resource:
        """Return a row as a resource with its number, version and last change."""
        changed_at: datetime = row.changed_at
        meta = {
            "versionId": str(self.version(row, about)),
            "lastUpdated": about.when(changed_at),
            "profile": [f"{PROFILES}/{name}" for name in self.profiles(row)],
        }
        told = {
            "resourceType": self.kind,
            "id": f"{self.prefix}{row.pk}",
            "meta": filled(meta),
            **self.tell(row, about),
        }
        return filled(told)


def codes_of_measurements() -> dict[Code, Q]:
    found: dict[Code, Q] = {
        (own("quantity"), each.value): Q(quantity=each.value) for each in Quantity
    }
    for quantity, (code, _display, _profile) in VITAL_SIGNS.items():
        found[LOINC, code] = Q(quantity=quantity.value)
    found[LOINC, PAIN[0]] = Q(quantity=Quantity.PAIN_VAS.value)
    return found


def coded(system: str, name: str, values: Iterable[str]) -> dict[Code, Q]:
    return {(own(system), value): Q(**{name: value}) for value in values}


ALL = Q()
SIROLIMUS: Mapping[Code, Q] = {(ATC, SIROLIMUS_ATC[0]): ALL}
MALFORMATIONS = {
    **coded("issva", "issva_type", IssvaType.values),
    (ICD_10, VASCULAR_MALFORMATION[0]): ~Q(issva_type=IssvaType.OTHER.value),
}

SOURCES = (
    Source("Patient", "", Patient, people.patient, joined=("site",)),
    Source("Condition", "", Lesion, people.condition, codes=MALFORMATIONS),
    Source("BodyStructure", "", Lesion, people.body_structure),
    Source(
        "Observation",
        "level-",
        TroughLevel,
        levels.level,
        "drawn_at",
        {(LOINC, SIROLIMUS_IN_BLOOD[0]): ALL},
        joined=("laboratory",),
        dated=with_its_reading,
    ),
    Source(
        "Observation",
        "measurement-",
        Measurement,
        measurements.measurement,
        "measured_on",
        codes_of_measurements(),
        joined=("lesion", "landmark"),
        kept=single_measurements,
        profiles=measurements.profiles,
    ),
    Source(
        "Observation",
        "pressure-",
        Measurement.pgh_event_model,  # type: ignore[attr-defined]
        measurements.pressure,
        "measured_on",
        {(LOINC, PRESSURE_PANEL[0]): ALL},
        version=version_by_time,
        profiles=measurements.profiles,
        dated=days_with_pressures,
        key="first",
    ),
    Source(
        "Observation",
        "lab-",
        LabResult,
        measurements.lab,
        "drawn_on",
        coded("analyte", "analyte", Analyte.values),
        joined=("laboratory",),
    ),
    Source("MedicationRequest", "", Dose, drugs.request, "starts_on", SIROLIMUS),
    Source(
        "MedicationStatement",
        "",
        Dose,
        drugs.statement,
        "starts_on",
        SIROLIMUS,
        version=version_by_time,
        dated=changed_as_days_pass,
    ),
    Source(
        "MedicationAdministration",
        "",
        Intake,
        drugs.administration,
        "due_on",
        SIROLIMUS,
        version=version_by_time,
        dated=with_its_regimen,
    ),
    Source(
        "AdverseEvent",
        "",
        SideEffect,
        effects.adverse_event,
        "onset_on",
        coded(f"ctcae-{ctcae.VERSION}", "term", ctcae.TERMS),
    ),
    Source("ImagingStudy", "", ImagingStudy, imaging.imaging_study, "done_on"),
    Source(
        "Task",
        "planned-",
        ScheduleItem,
        tasks.planned,
        "best_on",
        coded("planned", "kind", ItemKind.values),
    ),
    Source(
        "Task",
        "raised-",
        Task,
        tasks.raised,
        "raised_at",
        coded("task-kind", "kind", Task.Kind.values),
    ),
)
"""In the order in which pages tell them; a cursor names a place in this row."""

TYPES = tuple(dict.fromkeys(source.kind for source in SOURCES))


DATES = {
    "MedicationAdministration": "effective-time",
    "MedicationStatement": "effective",
    "ImagingStudy": "started",
    "Task": "period",
}
CODES = {"AdverseEvent": "event"}
"""What R4 calls the search by date and by code, where it has another name for it."""


def sources_of(kind: str) -> list[Source]:
    return [source for source in SOURCES if source.kind == kind]
