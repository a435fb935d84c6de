"""What someone decides on a laboratory's report that waits."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dosing import units
from dosing.models import Fate, Laboratory, LabReport
from dosing.services.levels import NOTHING_CONFIRMED, Confirmation, record_trough
from dosing.services.messages import unknown_patient
from patients import audit
from patients.models import Patient, Staff
from patients.revision import locked, store


@transaction.atomic
def accept_report(
    *,
    report: LabReport,
    version: int,
    identifier: str,
    born_on: date,
    laboratory: Laboratory,
    reported: units.Reported,
    unit: units.Unit,
    drawn_at: datetime,
    reason: str,
    actor: Staff,
    last_dose_at: datetime | None = None,
    confirmation: Confirmation = NOTHING_CONFIRMED,
) -> LabReport:
    """Record the level that someone read out of a report, with how it was checked."""
    fresh = still_open(report, version)
    site = fresh.message.site
    patient = (
        Patient.objects.filter(site=site, identifier=identifier, born_on=born_on)
        .select_related("site")
        .first()
    )
    if patient is None:
        raise ValidationError({"identifier": unknown_patient().said})
    fresh.level = record_trough(
        patient=patient,
        laboratory=laboratory,
        reported=reported,
        unit=unit,
        drawn_at=drawn_at,
        last_dose_at=last_dose_at,
        confirmation=confirmation,
        actor=actor,
    )
    fresh.level_version = fresh.level.version
    fresh.fate = Fate.ACCEPTED
    return decided(fresh, "accept_report", reason, actor)


@transaction.atomic
def refuse_report(
    *, report: LabReport, version: int, reason: str, actor: Staff
) -> LabReport:
    """Close a report that is not to become a level; it stays with its message."""
    fresh = still_open(report, version)
    fresh.fate = Fate.REFUSED
    return decided(fresh, "refuse_report", reason, actor)


def still_open(report: LabReport, version: int) -> LabReport:
    fresh = locked(report, version)
    if not fresh.is_open:
        raise ValidationError(_("Someone has decided on this report already."))
    return fresh


def decided(report: LabReport, action: str, reason: str, actor: Staff) -> LabReport:
    report.reason, report.decided_by = reason, actor
    report.decided_at = timezone.now()
    report.version += 1
    store(report)
    patient = report.level.patient if report.level else None
    audit.record(action, report, patient=patient, actor=actor, reason=reason)
    return report
