"""Which rows become which resources, how they are found, and when they changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery

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
    Task,
)
from tdm.fhir import drugs, effects, imaging, levels, measurements, people, tasks
from tdm.fhir.codes import (
    ATC,
    ICD_10,
    LOINC,
    PAIN,
    PRESSURE_PANEL,
    PRESSURES,
    PROFILES,
    SIROLIMUS_ATC,
    SIROLIMUS_IN_BLOOD,
    VASCULAR_MALFORMATION,
    VITAL_SIGNS,
    own,
)
from tdm.fhir.parts import About, Resource, filled

Rows = QuerySet[Any]
Code = tuple[str, str]
"""System and code."""


def changed(rows: Rows) -> Rows:
    """Say of each row when its last version was written: the database keeps it."""
    versions = rows.model.pgh_event_model._default_manager
    mine = versions.filter(pgh_obj=OuterRef("pk")).order_by("-pgh_created_at")
    return rows.annotate(changed_at=Subquery(mine.values("pgh_created_at")[:1]))


def changed_with_its_day(rows: Rows) -> Rows:
    """Say when any blood pressure of the same day was last written."""
    versions = Measurement.pgh_event_model._default_manager  # type: ignore[attr-defined]
    same_day = versions.filter(
        pgh_obj__patient=OuterRef("patient"),
        pgh_obj__measured_on=OuterRef("measured_on"),
        pgh_obj__quantity__in=PRESSURES,
    )
    latest = same_day.order_by().values("pgh_obj__patient").annotate(at=Max("pgh_created_at"))
    return rows.annotate(changed_at=Subquery(latest.values("at")))


def version_of(row: Any, about: About) -> int:
    return int(row.version)


def no_profiles(row: Any) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Source:
    """Rows of one table that become resources of one type.

    `prefix` tells the numbers of several tables of one type apart. `day` is the field
    of clinical time; a source without one has no date to search by.
    """

    type: str
    prefix: str
    rows: Callable[[Patient], Rows]
    tell: Callable[[Any, About], Resource]
    day: str = ""
    codes: Mapping[Code, Q] = field(default_factory=dict)
    version: Callable[[Any, About], int] = version_of
    profiles: Callable[[Any], Iterable[str]] = no_profiles
    dated: Callable[[Rows], Rows] = changed

    def of(self, patient: Patient) -> Rows:
        return self.dated(self.rows(patient)).order_by("pk")

    def resource(self, row: Any, about: About) -> Resource:
        """Return a row as a resource with its number, version and last change."""
        changed_at: datetime = row.changed_at
        meta = {
            "versionId": str(self.version(row, about)),
            "lastUpdated": about.when(changed_at),
            "profile": [f"{PROFILES}/{name}" for name in self.profiles(row)],
        }
        told = {
            "resourceType": self.type,
            "id": f"{self.prefix}{row.pk}",
            "meta": filled(meta),
            **self.tell(row, about),
        }
        return filled(told)


def rows_of(table: type[models.Model], *joined: str) -> Callable[[Patient], Rows]:
    def rows(patient: Patient) -> Rows:
        found = table._default_manager.filter(patient=patient)
        return found.select_related(*joined) if joined else found

    return rows


def one_patient(patient: Patient) -> Rows:
    return Patient.objects.filter(pk=patient.pk).select_related("site")


def single_measurements(patient: Patient) -> Rows:
    rows = Measurement.objects.filter(patient=patient)
    return rows.exclude(quantity__in=PRESSURES).select_related("lesion", "landmark")


def first_pressures(patient: Patient) -> Rows:
    """Keep the first blood pressure of each day: it stands for the panel of the day."""
    rows = Measurement.objects.filter(patient=patient, quantity__in=PRESSURES)
    earlier = Measurement.objects.filter(
        patient=patient,
        quantity__in=PRESSURES,
        measured_on=OuterRef("measured_on"),
        pk__lt=OuterRef("pk"),
    )
    return rows.filter(~Exists(earlier))


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
    Source("Patient", "", one_patient, people.patient),
    Source("Condition", "", rows_of(Lesion), people.condition, codes=MALFORMATIONS),
    Source("BodyStructure", "", rows_of(Lesion), people.body_structure),
    Source(
        "Observation",
        "level-",
        rows_of(TroughLevel, "laboratory"),
        levels.level,
        "drawn_at",
        {(LOINC, SIROLIMUS_IN_BLOOD[0]): ALL},
    ),
    Source(
        "Observation",
        "measurement-",
        single_measurements,
        measurements.measurement,
        "measured_on",
        codes_of_measurements(),
        profiles=measurements.profiles,
    ),
    Source(
        "Observation",
        "pressure-",
        first_pressures,
        measurements.pressure,
        "measured_on",
        {(LOINC, PRESSURE_PANEL[0]): ALL},
        version=measurements.panel_version,
        profiles=measurements.profiles,
        dated=changed_with_its_day,
    ),
    Source(
        "Observation",
        "lab-",
        rows_of(LabResult, "laboratory"),
        measurements.lab,
        "drawn_on",
        coded("analyte", "analyte", Analyte.values),
    ),
    Source(
        "MedicationRequest", "", rows_of(Dose), drugs.request, "starts_on", SIROLIMUS
    ),
    Source(
        "MedicationAdministration",
        "",
        rows_of(Intake),
        drugs.administration,
        "due_on",
        SIROLIMUS,
    ),
    Source(
        "AdverseEvent",
        "",
        rows_of(SideEffect),
        effects.adverse_event,
        "onset_on",
        coded(f"ctcae-{ctcae.VERSION}", "term", ctcae.TERMS),
    ),
    Source(
        "ImagingStudy",
        "",
        rows_of(ImagingStudy),
        imaging.imaging_study,
        "done_on",
    ),
    Source(
        "Task",
        "planned-",
        rows_of(ScheduleItem),
        tasks.planned,
        "best_on",
        coded("planned", "kind", ItemKind.values),
    ),
    Source(
        "Task",
        "raised-",
        rows_of(Task),
        tasks.raised,
        "raised_at",
        coded("task-kind", "kind", Task.Kind.values),
    ),
)
"""In the order in which pages tell them; a cursor names a place in this row."""

TYPES = tuple(dict.fromkeys(source.type for source in SOURCES))


def sources_of(kind: str) -> list[Source]:
    return [source for source in SOURCES if source.type == kind]
