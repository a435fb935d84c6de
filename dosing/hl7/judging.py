"""What a message says about whom, by our own rules, one for each field we use."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from dosing.hl7.message import (
    Fault,
    FaultError,
    Message,
    Segment,
    header_of,
    read,
)
from dosing.hl7.results import Group, Result, is_sirolimus, result_of

VERSIONS = ("2.5.1",)
PRODUCTION = "P"
MOST_RESULTS = 500


@dataclass(frozen=True, slots=True)
class Header:
    """Who sent it and which acknowledgements are asked for."""

    sender: str = ""
    control_id: str = ""
    application: str = ""
    facility: str = ""
    accept_wanted: str = ""
    reply_wanted: str = ""


@dataclass(frozen=True, slots=True)
class Who:
    """The identifiers of the patient under our assigner, and the birth date."""

    identifiers: tuple[str, ...]
    born_on: date


@dataclass(frozen=True, slots=True)
class Judged:
    """A message read; with a `fault` nothing of it is used."""

    header: Header = Header()
    fault: Fault | None = None
    who: Who | None = None
    results: tuple[Result, ...] = ()
    ignored: int = 0


def judge(
    content: bytes,
    *,
    assigner: str,
    identifier_type: str,
    tolerant: bool = False,
    processing: str = PRODUCTION,
) -> Judged:
    """Read a message; whatever is wrong with it comes back as a fault."""
    header = Header()
    try:
        first = header_of(content, tolerant=tolerant)
        header = header_in(first)
        check_header(first, processing)
        message = read(content, first, tolerant=tolerant)
        groups = list(orders(message))
        check_structure(message, groups)
        found = [
            result_of(group, obx)
            for group in groups
            for obx in group.results
            if is_sirolimus(obx)
        ]
        others = sum(len(group.results) for group in groups) - len(found)
        who = who_in(message, assigner, identifier_type) if found else None
    except FaultError as problem:
        return Judged(header, problem.fault)
    return Judged(header, None, who, tuple(found), others)


def header_in(first: Segment) -> Header:
    return Header(
        sender=f"{first.raw(3)}|{first.raw(4)}"[:200],
        control_id=first.raw(10).strip()[:199],
        application=first.raw(3),
        facility=first.raw(4),
        accept_wanted=first.raw(15).strip(),
        reply_wanted=first.raw(16).strip(),
    )


def check_header(first: Segment, processing: str) -> None:
    """Refuse for good what is not a production ORU^R01 of a version we read."""
    code, trigger, _rest = first.components(9, 3)
    if code != "ORU":
        raise FaultError("AR", 200, "MSH^1^9", _("Only ORU messages are taken."))
    if trigger != "R01":
        raise FaultError("AR", 201, "MSH^1^9", _("Only the event R01 is taken."))
    if not first.raw(10).strip():
        raise FaultError("AR", 101, "MSH^1^10", _("The message has no control id."))
    if first.components(11, 1)[0] != processing:
        raise FaultError("AR", 202, "MSH^1^11", _("This is no production message."))
    if first.components(12, 1)[0] not in VERSIONS:
        raise FaultError("AR", 203, "MSH^1^12", _("Only version 2.5.1 is taken."))


def orders(message: Message) -> Iterator[Group]:
    group: Group | None = None
    for each in message.segments:
        if each.name == "OBR":
            if group is not None:
                yield group
            group = Group(each)
        elif each.name == "OBX" and group is not None:
            group.results.append(each)
        elif each.name == "SPM" and group is not None:
            group.specimens.append(each)
    if group is not None:
        yield group


def check_structure(message: Message, groups: list[Group]) -> None:
    if message.first("PID") is None:
        raise FaultError("AE", 101, "PID", _("There is no PID segment."))
    if not groups:
        raise FaultError("AE", 100, "OBR", _("There is no OBR segment."))
    count = sum(len(group.results) for group in groups)
    if count == 0:
        raise FaultError("AE", 100, "OBX", _("There is no OBX segment."))
    if count > MOST_RESULTS:
        raise FaultError(
            "AE", 207, "OBX", _("Too many results in one message. Send fewer.")
        )


def who_in(message: Message, assigner: str, identifier_type: str) -> Who:
    """Return who it is about: by our assigner's identifier and the birth date."""
    patient = message.first("PID")
    assert patient is not None  # noqa: S101 - check_structure() has seen it
    found = []
    for parts in patient.repetitions(3):
        number, *_rest = parts
        authority = parts[3] if len(parts) > 3 else ""  # noqa: PLR2004 - CX.4
        kind = parts[4] if len(parts) > 4 else ""  # noqa: PLR2004 - CX.5
        name = authority.split(patient.separators[4])[0]
        if name == assigner and kind == identifier_type and number:
            found.append(number)
    if not found:
        raise FaultError(
            "AE",
            204,
            "PID^1^3",
            _("No identifier of this assigner and type."),
            holds=True,
        )
    born = patient.components(7, 1)[0]
    if not born:
        raise FaultError(
            "AE", 101, "PID^1^7", _("The date of birth is missing."), holds=True
        )
    try:
        born_on = datetime.strptime(born[:8], "%Y%m%d").date()  # noqa: DTZ007 - a day
    except ValueError as problem:
        raise FaultError(
            "AE", 102, "PID^1^7", _("The date of birth is no date."), holds=True
        ) from problem
    return Who(tuple(dict.fromkeys(found)), born_on)
