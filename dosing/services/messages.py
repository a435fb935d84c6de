"""Messages of laboratories: kept whole, levels recorded, doubts held for people."""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dosing import hl7, units
from dosing.hl7 import Fault, Result, Status
from dosing.models import Fate, LabMessage, Laboratory, LabReport, TroughLevel
from dosing.services.levels import (
    NOTHING_CONFIRMED,
    Confirmation,
    UnconfirmedError,
    correct_trough,
    record_trough,
    set_aside_trough,
)
from patients import audit
from patients.models import Patient, Site, Staff
from patients.models.rules import refusal_of
from patients.revision import locked
from patients.web import instant

LONGEST_SAID = 500


@dataclass(frozen=True, slots=True)
class Link:
    """How one laboratory's messages are read: whose numbers, which assay.

    `assigner` and `identifier_type` are PID-3.4.1 and PID-3.5 of the clinic's own
    identifiers.
    """

    laboratory: Laboratory
    assigner: str
    identifier_type: str = "MR"
    tolerant: bool = False

    @property
    def site(self) -> Site:
        return self.laboratory.site


@transaction.atomic
def receive_message(*, link: Link, content: bytes, actor: Staff) -> LabMessage:
    """Keep a message with its answers, and record the levels that raise no doubt.

    The same message again changes nothing and has the same answers; another one under
    the same control id is refused (205) and held for someone.
    """
    digest = sha256(content).hexdigest()
    judged = hl7.judge(
        content,
        assigner=link.assigner,
        identifier_type=link.identifier_type,
        tolerant=link.tolerant,
    )
    header = judged.header
    message = LabMessage(
        site=link.site,
        sender=clean(header.sender),
        control_id=clean(header.control_id),
        digest=digest,
        content=content,
    )
    known = first_of(message)
    if known is not None and known.digest == digest:
        return known
    if known is not None:
        message.again = True
        said = _("Another message came under this control id before.")
        faults = [Fault("AE", 205, "MSH^1^10", said, holds=True)]
        reports = [waiting(faults[0])]
    else:
        reports, faults = taken(link, judged, actor)
    message.code = hl7.code_of(faults)
    message.answers = hl7.answers(
        header, faults, at=timezone.now(), place=str(link.site)
    )
    message.full_clean()
    message.save()
    for report in reports:
        report.message = message
        report.full_clean()
        report.save()
    audit.record("receive_message", message, actor=actor)
    return message


def clean(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def first_of(message: LabMessage) -> LabMessage | None:
    """Return the message that came first under this control id, or these bytes."""
    of_site = LabMessage.objects.filter(site=message.site, again=False)
    if not message.control_id:
        return of_site.filter(control_id="", digest=message.digest).first()
    return of_site.filter(sender=message.sender, control_id=message.control_id).first()


def waiting(fault: Fault, result: Result | None = None, **facts: str) -> LabReport:
    report = report_of(result, Fate.WAITING, fault.said)
    report.facts |= facts
    return report


def report_of(result: Result | None, fate: Fate, said: str = "") -> LabReport:
    return LabReport(
        set_id=result.set_id if result else "",
        order=result.order if result else "",
        facts=dict(result.facts) if result else {},
        fate=fate,
        said=said[:LONGEST_SAID],
    )


def taken(
    link: Link, judged: hl7.Judged, actor: Staff
) -> tuple[list[LabReport], list[Fault]]:
    """Turn the results into levels or into reports that wait."""
    if judged.fault is not None:
        never = judged.fault.answer == "AR" and judged.fault.code not in {100, 101}
        report = waiting(judged.fault)
        report.fate = Fate.NOTHING if never else Fate.WAITING
        return [report], [judged.fault]
    if judged.who is None:
        said = _("No sirolimus level in it; %(count)s other results.")
        nothing = said % {"count": judged.ignored}
        return [report_of(None, Fate.NOTHING, nothing)], []
    patient = patient_of(link.site, judged.who)
    about = {
        "identifier": ", ".join(judged.who.identifiers)[:80],
        "born_on": judged.who.born_on.isoformat(),
    }
    reports, faults = [], []
    for result in judged.results:
        fault = result.fault
        if patient is None:
            fault = fault or unknown_patient()
        if fault is None and patient is not None:
            report, fault = of_result(link, patient, result, actor)
        else:
            report = waiting(fault or unknown_patient(), result)
        report.facts |= about
        reports.append(report)
        faults += [fault] if fault else []
    return reports, faults


def unknown_patient() -> Fault:
    return Fault(
        "AE",
        204,
        "PID^1^3",
        _("No patient of this clinic has this identifier and date of birth."),
        holds=True,
    )


def patient_of(site: Site, who: hl7.Who) -> Patient | None:
    """Return the one patient of these identifiers, if the birth date agrees."""
    found = Patient.objects.filter(site=site, identifier__in=who.identifiers)
    patients = list(found.select_related("site"))
    if len(patients) != 1 or patients[0].born_on != who.born_on:
        return None
    return patients[0]


def of_result(
    link: Link, patient: Patient, result: Result, actor: Staff
) -> tuple[LabReport, Fault | None]:
    """Carry out one result by its status; a refusal of a service makes it wait."""
    try:
        with transaction.atomic():
            return carried_out(link, patient, result, actor), None
    except UnconfirmedError as asked:
        return report_of(result, Fate.WAITING, " ".join(asked.messages)), None
    except ValidationError as refusal:
        said = " ".join(refusal.messages)
        fault = None
        if "drawn_at" in getattr(refusal, "error_dict", {}):
            fault = Fault("AE", 102, f"OBX^{result.set_id or 1}^14", said, holds=True)
        return report_of(result, Fate.WAITING, said), fault
    except IntegrityError as broken:
        said = " ".join(refusal_of(broken).messages)
        return report_of(result, Fate.WAITING, said), None


def carried_out(
    link: Link, patient: Patient, result: Result, actor: Staff
) -> LabReport:
    if result.status is Status.NONE:
        said = _("The laboratory has no result.")
        return report_of(result, Fate.NOTHING, said)
    if result.status in {Status.PRELIMINARY, Status.NOT_VERIFIED}:
        said = _("Preliminary: the final result is still to come.")
        return report_of(result, Fate.PRELIMINARY, said)
    drawn_at = placed(result, patient)
    prior = prior_of(link, patient, result, drawn_at)
    if result.status in {Status.DELETED, Status.WRONG}:
        return withdrawn(result, prior, actor)
    settle_preliminary(link, result)
    if prior is None:
        return recorded(link, patient, result, drawn_at, actor)
    return beside(link, result, prior, drawn_at, actor)


def beside(
    link: Link,
    result: Result,
    prior: "Prior",
    drawn_at: datetime | None,
    actor: Staff,
) -> LabReport:
    """Carry out a result whose sample has a level already."""
    if says_the_same(prior.level, result, drawn_at):
        return on_the_record(result, prior.level)
    if result.status is Status.CORRECTED:
        return corrected(link, result, prior, drawn_at, actor)
    said = _("This sample is recorded as %(level)s already.")
    return report_of(result, Fate.WAITING, said % {"level": prior.level})


@dataclass(frozen=True, slots=True)
class Prior:
    """The level that an earlier report became; `moved` if someone changed it since."""

    level: TroughLevel
    moved: bool


def placed(result: Result, patient: Patient) -> datetime | None:
    """Place a time without an offset on the clinic's wall."""
    if result.drawn_at is None or result.drawn_at.tzinfo is not None:
        return result.drawn_at
    return instant(result.drawn_at, patient.site.zone, "")


def prior_of(
    link: Link, patient: Patient, result: Result, drawn_at: datetime | None
) -> Prior | None:
    """Find the level of the same order, else of the same sample."""
    earlier = LabReport.objects.filter(
        message__site=link.site,
        order=result.order,
        set_id=result.set_id,
        level__patient=patient,
        level__laboratory=link.laboratory,
    ).exclude(order="")
    report = earlier.select_related("level__patient__site").order_by("-pk").first()
    if report is not None and report.level is not None:
        moved = report.level.version != report.level_version
        return Prior(report.level, moved)
    level = (
        TroughLevel.objects.used()
        .select_related("patient__site")
        .filter(patient=patient, laboratory=link.laboratory, drawn_at=drawn_at)
        .first()
        if drawn_at
        else None
    )
    return Prior(level, moved=False) if level else None


def says_the_same(
    level: TroughLevel, result: Result, drawn_at: datetime | None
) -> bool:
    return (
        result.reported is not None
        and result.unit is not None
        and level.set_aside_at is None
        and level.drawn_at == drawn_at
        and level.comparator == result.reported.comparator.value
        and level.reported_value == result.reported.value
        and level.reported_unit == result.unit.value
    )


def settle_preliminary(link: Link, result: Result) -> None:
    """Let the preliminary report of an order rest once its final one is here."""
    open_ones = LabReport.objects.filter(
        message__site=link.site,
        order=result.order,
        set_id=result.set_id,
        fate=Fate.PRELIMINARY,
    ).exclude(order="")
    for report in open_ones:
        report.fate, report.said = Fate.NOTHING, _("The final result is here.")
        report.version += 1
        report.save()


def on_the_record(result: Result, level: TroughLevel, said: str = "") -> LabReport:
    report = report_of(result, Fate.RECORDED, said)
    report.level, report.level_version = level, level.version
    return report


def recorded(
    link: Link,
    patient: Patient,
    result: Result,
    drawn_at: datetime | None,
    actor: Staff,
) -> LabReport:
    assert result.reported and result.unit and drawn_at  # noqa: S101, PT018 - judged
    alone = result.status is Status.CORRECTED
    said = _("A correction, but no earlier report is here.") if alone else ""
    zoned = result.drawn_at is not None and result.drawn_at.tzinfo is not None
    notes = [said, "" if zoned else _("Sent without a time zone.")]
    level = record_trough(
        patient=patient,
        laboratory=link.laboratory,
        reported=result.reported,
        unit=result.unit,
        drawn_at=drawn_at,
        last_dose_at=None,
        note=" ".join(filter(None, notes)),
        actor=actor,
    )
    return on_the_record(result, level, said)


def corrected(
    link: Link,
    result: Result,
    prior: Prior,
    drawn_at: datetime | None,
    actor: Staff,
) -> LabReport:
    refuse_moved(prior)
    assert result.reported and result.unit and drawn_at  # noqa: S101, PT018 - judged
    level = correct_trough(
        level=prior.level,
        version=prior.level.version,
        laboratory=link.laboratory,
        reported=result.reported,
        unit=result.unit,
        drawn_at=drawn_at,
        last_dose_at=prior.level.last_dose_at,
        note=prior.level.note,
        reason=_("Corrected by the laboratory"),
        actor=actor,
    )
    return on_the_record(result, level)


def refuse_moved(prior: Prior) -> None:
    if prior.moved or prior.level.set_aside_at is not None:
        raise ValidationError(
            _("The level %(level)s was changed by someone since its report came."),
            params={"level": prior.level},
        )


def withdrawn(result: Result, prior: Prior | None, actor: Staff) -> LabReport:
    if prior is None:
        said = _("The laboratory withdraws a level that is not here.")
        return report_of(result, Fate.WAITING, said)
    refuse_moved(prior)
    level = set_aside_trough(
        level=prior.level,
        version=prior.level.version,
        reason=_("Withdrawn by the laboratory"),
        actor=actor,
    )
    return on_the_record(result, level)


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
        last_dose_at=None,
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
    report.full_clean()
    report.save()
    patient = report.level.patient if report.level else None
    audit.record(action, report, patient=patient, actor=actor, reason=reason)
    return report
