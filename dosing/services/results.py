"""One result of a laboratory carried out: recorded, corrected, withdrawn, or held."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from dosing.hl7 import Fault, Result, Status
from dosing.models import Fate, Laboratory, LabReport, TroughLevel
from dosing.services.levels import (
    UnconfirmedError,
    correct_trough,
    record_trough,
    set_aside_trough,
)
from dosing.units import Sentence
from dosing.words import as_data, say
from patients.models import Patient, Site, Staff
from patients.models.rules import errors_by_field, refusal_of
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


def report_of(result: Result | None, fate: Fate, *said: Sentence) -> LabReport:
    report = LabReport(
        set_id=result.set_id if result else "",
        order=result.order if result else "",
        facts=dict(result.facts) if result else {},
        fate=fate,
    )
    tell(report, *said)
    return report


def tell(report: LabReport, *said: Sentence) -> None:
    """Keep why a report stands as it does, to be said in the reader's language."""
    report.said = " ".join(map(say, said))[:LONGEST_SAID]
    report.facts["said"] = [as_data(sentence) for sentence in said]


def told(text: str) -> Sentence:
    """Return a text without facts as a sentence; its percent signs stay."""
    return Sentence(text.replace("%", "%%"))


def sentences_of(refusal: ValidationError) -> list[Sentence]:
    """Return what a service said, its facts apart where they come apart."""
    if isinstance(refusal, UnconfirmedError):
        return [question.sentence for question in refusal.questions]
    by_field = errors_by_field(refusal).values()
    return [sentence_of(error) for errors in by_field for error in errors]


def sentence_of(error: ValidationError) -> Sentence:
    said, text = error.messages[0], str(error.message)
    facts = {name: str(fact) for name, fact in (error.params or {}).items()}
    try:
        apart = bool(facts) and text % facts == said
    except (TypeError, ValueError):  # a number's own format, as %d
        apart = False
    return Sentence(text, dict(facts)) if apart else told(said)


def of_result(
    link: Link, patient: Patient, result: Result, actor: Staff
) -> tuple[LabReport, Fault | None]:
    """Carry out one result by its status; a refusal of a service makes it wait."""
    try:
        with transaction.atomic():
            return carried_out(link, patient, result, actor), None
    except UnconfirmedError as asked:
        return report_of(result, Fate.WAITING, *sentences_of(asked)), None
    except ValidationError as refusal:
        fault = None
        if of_time := getattr(refusal, "error_dict", {}).get("drawn_at"):
            said = " ".join(message for error in of_time for message in error.messages)
            fault = Fault("AE", 102, f"OBX^{result.set_id or 1}^14", said, holds=True)
        return report_of(result, Fate.WAITING, *sentences_of(refusal)), fault
    except IntegrityError as broken:
        said_of_it = sentences_of(refusal_of(broken))
        return report_of(result, Fate.WAITING, *said_of_it), None


def carried_out(
    link: Link, patient: Patient, result: Result, actor: Staff
) -> LabReport:
    if result.status is Status.NONE:
        said = Sentence(_("The laboratory has no result."))
        return report_of(result, Fate.NOTHING, said)
    if result.status in {Status.PRELIMINARY, Status.NOT_VERIFIED}:
        return preliminary(link, patient, result)
    drawn_at = placed(result, patient)
    prior = prior_of(link, patient, result, drawn_at)
    if prior is not None:
        refuse_other_day(prior, drawn_at)
    if result.status in {Status.DELETED, Status.WRONG}:
        return withdrawn(result, prior, actor)
    settle_preliminary(link, patient, result)
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
    said = Sentence(
        _("This sample is recorded as %(level)s already."), {"level": str(prior.level)}
    )
    return report_of(result, Fate.WAITING, said)


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
        and level.says(result.reported, result.unit)
    )


def whose(link: Link, patient: Patient) -> dict[str, str]:
    """Return whose report it is and of which laboratory, as its facts keep it."""
    return {"patient": str(patient.pk), "laboratory": str(link.laboratory.pk)}


FINAL_IS_HERE = Sentence(_("The final result is here."))


def of_the_order(link: Link, patient: Patient, result: Result) -> QuerySet[LabReport]:
    """Keep what came earlier of the same result; an order without a number is none.

    Laboratories number their orders for themselves.
    """
    return LabReport.objects.filter(
        message__site=link.site,
        facts__contains=whose(link, patient),
        order=result.order,
        set_id=result.set_id,
    ).exclude(order="")


def preliminary(link: Link, patient: Patient, result: Result) -> LabReport:
    """Let a result that is not final wait, unless its final one is on the record."""
    final = of_the_order(link, patient, result).filter(fate=Fate.RECORDED)
    if final.filter(level__set_aside_at=None).exists():
        return report_of(result, Fate.NOTHING, FINAL_IS_HERE)
    said = Sentence(_("Preliminary: the final result is still to come."))
    return report_of(result, Fate.PRELIMINARY, said)


def settle_preliminary(link: Link, patient: Patient, result: Result) -> None:
    """Let the preliminary report of an order rest once its final one is here."""
    waiting = of_the_order(link, patient, result).filter(fate=Fate.PRELIMINARY)
    for report in waiting:
        report.fate = Fate.NOTHING
        tell(report, FINAL_IS_HERE)
        report.version += 1
        report.save()


def on_the_record(result: Result, level: TroughLevel, *said: Sentence) -> LabReport:
    report = report_of(result, Fate.RECORDED, *said)
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
    said = []
    if result.status is Status.CORRECTED:
        said = [Sentence(_("A correction, but no earlier report is here."))]
    zoned = result.drawn_at is not None and result.drawn_at.tzinfo is not None
    notes = [] if zoned else [_("Sent without a time zone.")]
    level = record_trough(
        patient=patient,
        laboratory=link.laboratory,
        reported=result.reported,
        unit=result.unit,
        drawn_at=drawn_at,
        last_dose_at=None,
        note=" ".join([*map(say, said), *notes]),
        actor=actor,
    )
    return on_the_record(result, level, *said)


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


def refuse_other_day(prior: Prior, drawn_at: datetime | None) -> None:
    """Let a person look where an order's number is that of another day's sample.

    A laboratory may use its numbers again.
    """
    zone = prior.level.patient.site.zone
    days = {
        timezone.localdate(at, zone) for at in (prior.level.drawn_at, drawn_at) if at
    }
    if len(days) > 1:
        raise ValidationError(
            _("The order of this report is that of a level of another day, %(level)s."),
            params={"level": prior.level},
        )


def withdrawn(result: Result, prior: Prior | None, actor: Staff) -> LabReport:
    if prior is None:
        said = Sentence(_("The laboratory withdraws a level that is not here."))
        return report_of(result, Fate.WAITING, said)
    refuse_moved(prior)
    level = set_aside_trough(
        level=prior.level,
        version=prior.level.version,
        reason=_("Withdrawn by the laboratory"),
        actor=actor,
    )
    return on_the_record(result, level)
