"""One sirolimus result: analyte, specimen, value, unit, time and status."""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

from django.utils.translation import gettext as _

from dosing import units
from dosing.hl7.message import Fault, FaultError, Segment
from dosing.words import say
from patients.models.rules import YEARS

SIROLIMUS_LOINC = "29247-4"
"""Sirolimus [Mass/volume] in Blood (LOINC)."""

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
    if kind == "NM" and number.startswith(("<", ">")):
        raise misplaced_sign(obx)
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


def misplaced_sign(obx: Segment) -> FaultError:
    said = _(
        "A value with < or > came as a plain number (NM); it is sent as SN. Ask the"
        " laboratory, or save it here if it is right."
    )
    return FaultError("AE", 102, place(obx, 5), said, holds=True)


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
    try:
        found = moment_in(text)
    except ValueError:
        found = None
    if found is None:
        raise FaultError(
            "AE", 102, where, _("The time of the sample is no time."), holds=True
        )
    return found


def moment_in(text: str) -> datetime | None:
    """Read a day with a time of day; aware where an offset is written.

    Raises
    ------
    ValueError
        Where there is no such day or time.
    """
    found = MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    *parts, offset = found.groups()
    year, month, day, hour, minute, second = (int(p or 0) for p in parts)
    if year not in YEARS:
        raise ValueError(text)
    wall = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    return wall.replace(tzinfo=zone_of(offset))


FARTHEST_ZONE = timedelta(hours=14)
"""No clock of the world is farther from UTC (Kiritimati, +14:00)."""


def zone_of(offset: str | None) -> timezone | None:
    if not offset:
        return None
    sign = -1 if offset[0] == "-" else 1
    ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
    if ahead > FARTHEST_ZONE:
        raise ValueError(offset)
    return timezone(sign * ahead)
