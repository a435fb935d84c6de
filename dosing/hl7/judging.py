"""What a message says about whom, by our own rules, one for each field we use."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

from django.utils.translation import gettext as _

from dosing import units
from dosing.hl7.message import (
    Fault,
    FaultError,
    Message,
    Segment,
    header_of,
    read,
)
from dosing.words import say

SIROLIMUS_LOINC = "29247-4"
"""Sirolimus [Mass/volume] in Blood (LOINC)."""

VERSIONS = ("2.5.1",)
PRODUCTION = "P"
MOST_RESULTS = 500
WHOLE_BLOOD = "BLD"


class Status(StrEnum):
    """OBX-11 (table 0085), as far as we act on it."""

    FINAL = "F"
    CORRECTED = "C"
    PRELIMINARY = "P"
    NOT_VERIFIED = "R"
    DELETED = "D"
    WRONG = "W"
    NONE = "X"


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
class Result:
    """One sirolimus result; `facts` is what stands in the message, as text.

    `drawn_at` without an offset is a wall time of the clinic.
    """

    set_id: str
    order: str
    facts: dict[str, str] = field(default_factory=dict)
    status: Status = Status.FINAL
    reported: units.Reported | None = None
    unit: units.Unit | None = None
    drawn_at: datetime | None = None
    fault: Fault | None = None


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


@dataclass
class Group:
    """An OBR with the OBX and SPM segments that follow it."""

    order: Segment
    results: list[Segment] = field(default_factory=list)
    specimens: list[Segment] = field(default_factory=list)

    @property
    def number(self) -> str:
        """Return the filler's order number, else the placer's."""
        filler, placer = (self.order.components(n, 1)[0] for n in (3, 2))
        return (filler or placer)[:199]


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


def is_sirolimus(obx: Segment) -> bool:
    """Know the analyte by its LOINC code; a local code alone is held for someone."""
    code, _text, system, other, _other_text, other_system = obx.components(3, 6)
    pairs = {(code, system), (other, other_system)}
    if (SIROLIMUS_LOINC, "LN") in pairs:
        return True
    if "LN" in {system, other_system}:
        return False
    raise FaultError(
        "AE",
        103,
        place(obx, 3),
        _("The analyte has no LOINC code, only a local one."),
        holds=True,
    )


def place(obx: Segment, number: int) -> str:
    return f"OBX^{obx.raw(1) or 1}^{number}"


def result_of(group: Group, obx: Segment) -> Result:
    """Read one result; what is wrong with it stays with it."""
    plain = Result(
        obx.raw(1)[:20],
        group.number,
        {
            "value": obx.raw(5)[:40],
            "unit": obx.components(6, 1)[0][:40],
            "drawn": (obx.raw(14) or group.order.raw(7))[:40],
            "status": obx.raw(11)[:10],
            "range": obx.raw(7)[:60],
        },
    )
    try:
        status = status_of(obx)
        plain = replace(plain, status=status)
        if status in {Status.DELETED, Status.WRONG, Status.NONE}:
            return replace(plain, drawn_at=drawn_or_none(group, obx))
        check_specimen(group, obx)
        return replace(
            plain,
            reported=reported_of(obx),
            unit=unit_of(obx),
            drawn_at=drawn_at(group, obx),
        )
    except FaultError as problem:
        return replace(plain, fault=problem.fault)


def status_of(obx: Segment) -> Status:
    try:
        return Status(obx.raw(11).strip())
    except ValueError as problem:
        raise FaultError(
            "AE", 103, place(obx, 11), _("Unknown result status."), holds=True
        ) from problem


def check_specimen(group: Group, obx: Segment) -> None:
    for each in group.specimens:
        code = each.components(4, 1)[0]
        if code and code != WHOLE_BLOOD:
            raise FaultError(
                "AE",
                103,
                "SPM^1^4",
                _("Sirolimus is measured in whole blood; this is another specimen."),
                holds=True,
            )


NUMERIC = re.compile(r"(\d{1,4})(?:\.(\d{1,6}))?")


def reported_of(obx: Segment) -> units.Reported:
    """Read NM as a plain number and SN as a comparator with one."""
    kind = obx.raw(2).strip()
    if kind == "NM":
        sign, number = "", obx.field(5).strip()
    elif kind == "SN":
        sign, number, rest, _more = obx.components(5, 4)
        if rest:
            raise unreadable(obx)
    else:
        raise FaultError(
            "AE",
            102,
            place(obx, 2),
            _("A level is sent as NM or SN."),
            holds=True,
        )
    found = NUMERIC.fullmatch(number)
    if found is None or sign not in {"", "<", ">"}:
        raise unreadable(obx)
    part = (found[2] or "").rstrip("0")
    text = f"{sign}{found[1]}{'.' if part else ''}{part}"
    try:
        return units.parse_reported(text)
    except units.NotANumberError as problem:
        raise FaultError(
            "AE", 102, place(obx, 5), say(problem.sentence), holds=True
        ) from problem


def unreadable(obx: Segment) -> FaultError:
    said = _("The value is no number, such as 13.3.")
    return FaultError("AE", 102, place(obx, 5), said, holds=True)


def unit_of(obx: Segment) -> units.Unit:
    """Read the unit; ng/dL is a slip until someone says it is not."""
    written = obx.components(6, 1)[0].strip()
    if not written:
        raise FaultError(
            "AE", 101, place(obx, 6), _("The unit is missing."), holds=True
        )
    unit = units.parse_unit(written)
    if unit is None or unit is units.Unit.NG_PER_DL:
        raise FaultError(
            "AE",
            103,
            place(obx, 6),
            _("Unknown or unlikely unit for sirolimus."),
            holds=True,
        )
    return unit


MOMENT = re.compile(
    r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:\.\d{1,4})?([+-]\d{4})?"
)


def drawn_or_none(group: Group, obx: Segment) -> datetime | None:
    try:
        return drawn_at(group, obx)
    except FaultError:
        return None


def drawn_at(group: Group, obx: Segment) -> datetime:
    """Read OBX-14, else OBR-7: a day and a time, aware where an offset is written."""
    text, where = obx.raw(14).strip(), place(obx, 14)
    if not text:
        text, where = group.order.raw(7).strip(), "OBR^1^7"
    if not text:
        raise FaultError(
            "AE", 101, where, _("It is not said when the sample was drawn."), holds=True
        )
    found = MOMENT.fullmatch(text)
    try:
        if found:
            *parts, offset = found.groups()
            year, month, day, hour, minute, second = (int(p or 0) for p in parts)
            wall = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
            return wall.replace(tzinfo=zone_of(offset))
    except ValueError:
        pass
    raise FaultError(
        "AE", 102, where, _("The time of the sample is no time."), holds=True
    )


def zone_of(offset: str | None) -> timezone | None:
    if not offset:
        return None
    sign = -1 if offset[0] == "-" else 1
    ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
    return timezone(sign * ahead)
