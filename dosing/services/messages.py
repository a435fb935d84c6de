"""Messages of laboratories: kept whole, levels recorded, doubts held for people."""

from hashlib import sha256

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dosing import hl7
from dosing.hl7 import Fault, Result
from dosing.models import Fate, LabMessage, LabReport
from dosing.services.results import Link, of_result, report_of, told, whose
from dosing.units import Sentence
from patients import audit
from patients.models import Patient, Site, Staff
from patients.revision import store


@transaction.atomic
def receive_message(*, link: Link, content: bytes, actor: Staff) -> LabMessage:
    """Keep a message with its answers, and record the levels that raise no doubt.

    The same message again changes nothing and has the same answers; another one under
    the same control id is refused (205) and held for someone.
    """
    judged = hl7.judge(
        content,
        assigner=link.assigner,
        identifier_type=link.identifier_type,
        tolerant=link.tolerant,
    )
    message = message_of(link.site, judged.header, content)
    known = first_of(message)
    if known is not None and hl7.is_the_same(bytes(known.content), content):
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
        judged.header, faults, at=timezone.now(), place=str(link.site)
    )
    store(message)
    for report in reports:
        report.message = message
        store(report)
    audit.record("receive_message", message, actor=actor)
    return message


def message_of(site: Site, header: hl7.Header, content: bytes) -> LabMessage:
    return LabMessage(
        site=site,
        sender=clean(header.sender),
        control_id=clean(header.control_id),
        digest=sha256(content).hexdigest(),
        content=content,
    )


def clean(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def first_of(message: LabMessage) -> LabMessage | None:
    """Return the message that came first under this control id, or these bytes."""
    of_site = LabMessage.objects.filter(site=message.site, again=False)
    if not message.control_id:
        return of_site.filter(control_id="", digest=message.digest).first()
    return of_site.filter(sender=message.sender, control_id=message.control_id).first()


def waiting(fault: Fault, result: Result | None = None, **facts: str) -> LabReport:
    report = report_of(result, Fate.WAITING, told(fault.said))
    report.facts |= facts
    return report


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
        text = gettext_noop("No sirolimus level in it; other results: %(count)s.")
        nothing = Sentence(text, {"count": judged.ignored})
        return [report_of(None, Fate.NOTHING, nothing)], []
    patient = patient_of(link.site, judged.who)
    facts = {
        "identifier": ", ".join(judged.who.identifiers)[:80],
        "born_on": judged.who.born_on.isoformat(),
        **(whose(link, patient) if patient else {}),
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
        report.facts |= facts
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
