"""Acknowledgements: AA, AE or AR with ERR, in the mode that the sender asks for."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from dosing.hl7.judging import Header
from dosing.hl7.message import Fault

CONDITIONS = {
    0: "Message accepted",
    100: "Segment sequence error",
    101: "Required field missing",
    102: "Data type error",
    103: "Table value not found",
    200: "Unsupported message type",
    201: "Unsupported event code",
    202: "Unsupported processing id",
    203: "Unsupported version id",
    204: "Unknown key identifier",
    205: "Duplicate key identifier",
    206: "Application record locked",
    207: "Application internal error",
}
"""HL7 table 0357."""

AT_RECEIPT = {"AA": "CA", "AE": "CE", "AR": "CR"}
"""In enhanced mode the receipt is answered by these (table 0008)."""

ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"}
ESCAPES |= {"\r": " ", "\n": " "}


def code_of(faults: Sequence[Fault]) -> str:
    """Return AA without faults, else the worst of their answers."""
    return max((fault.answer for fault in faults), default="AA")


def answers(
    header: Header, faults: Sequence[Fault], *, at: datetime, place: str
) -> list[str]:
    """Return the acknowledgements a sender wants; in original mode exactly one."""
    code = code_of(faults)
    if not (header.accept_wanted or header.reply_wanted):
        return [answer(header, code, faults, at=at, place=place)]
    wanted = [
        (header.accept_wanted, AT_RECEIPT[code]),
        (header.reply_wanted, code),
    ]
    return [
        answer(header, said, faults, at=at, place=place)
        for condition, said in wanted
        if is_wanted(condition, code)
    ]


def is_wanted(condition: str, code: str) -> bool:
    """Tell by table 0155: always, never, on error, on success."""
    return condition in {"AL", "SU" if code == "AA" else "ER"}


def answer(
    header: Header, code: str, faults: Sequence[Fault], *, at: datetime, place: str
) -> str:
    lines = [
        "MSH|^~\\&|TROUGHLINE|"
        f"{escaped(place)}|{header.application}|{header.facility}|"
        f"{at:%Y%m%d%H%M%S%z}||ACK^R01^ACK|{uuid4().hex[:20]}|P|2.5.1|||NE|NE||"
        "UNICODE UTF-8",
        f"MSA|{code}|{header.control_id}",
    ]
    lines += [
        f"ERR||{fault.place}|{fault.code}^{CONDITIONS[fault.code]}^HL70357|E||||"
        f"{escaped(fault.said)}"
        for fault in faults
    ]
    return "\r".join(lines) + "\r"


def escaped(text: str) -> str:
    return "".join(ESCAPES.get(letter, letter) for letter in text)
