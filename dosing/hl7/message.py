"""A message as bytes, read into segments, fields, repetitions and components."""

import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

CHARSETS = {
    "": "utf-8",
    "ASCII": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "8859/1": "latin-1",
    "ISO IR14": "iso2022_jp",
    "ISO IR87": "iso2022_jp",
    "ISO IR159": "iso2022_jp_1",
}
"""Names of HL7 table 0211; without one a message is read as UTF-8."""

SEPARATORS = 5
SHORTEST_HEADER = 12
CHARSET_FIELD = 18
NEXT_MESSAGE = re.compile(rb"[\r\n]+(?=MSH)")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: AE or AR, a code of table 0357, the place, a sentence.

    `holds` says that someone must look at the message.
    """

    answer: str
    code: int
    place: str
    said: str
    holds: bool = False


class FaultError(ValueError):
    """A message or a result cannot be taken."""

    def __init__(
        self, answer: str, code: int, place: str, said: str, *, holds: bool = False
    ) -> None:
        super().__init__(said)
        self.fault = Fault(answer, code, place, said, holds)


def split(frame: bytes) -> list[bytes]:
    """Return the messages of one frame, in order."""
    return [each for each in NEXT_MESSAGE.split(frame) if each.strip()]


def is_the_same(one: bytes, other: bytes) -> bool:
    """Compare two messages line by line: over a file lines end in another way."""
    return lines_of(one) == lines_of(other)


def lines_of(content: bytes) -> list[bytes]:
    return [line for line in re.split(rb"[\r\n]", content) if line.strip()]


@dataclass
class Segment:
    """One line; `field(3)` is the third field as HL7 counts, unescaped on demand."""

    name: str
    fields: list[str]
    separators: str

    def field(self, number: int) -> str:
        """Return the text of a field, its escapes undone."""
        return self.unescaped(self.raw(number))

    def raw(self, number: int) -> str:
        return self.fields[number] if number < len(self.fields) else ""

    def repetitions(self, number: int) -> list[list[str]]:
        """Return a field as repetitions of components."""
        component, repetition = self.separators[1], self.separators[2]
        return [
            [self.unescaped(part) for part in each.split(component)]
            for each in self.raw(number).split(repetition)
            if each
        ]

    def components(self, number: int, count: int) -> list[str]:
        """Return the first repetition with so many components, empty where absent."""
        found = next(iter(self.repetitions(number)), [])
        return [*found, *[""] * count][:count]

    def unescaped(self, text: str) -> str:
        escape = self.separators[3]
        if escape not in text:
            return text
        mark = re.escape(escape)
        return re.sub(f"{mark}([^{mark}]*){mark}", self.meant, text)

    def meant(self, found: re.Match[str]) -> str:
        """Return what an escape stands for; a control character is refused."""
        sign = found[1]
        letters = dict(zip("FSRET", self.separators, strict=True)) | {".br": "\n"}
        if sign in letters:
            return letters[sign]
        if re.fullmatch(r"X([0-9A-Fa-f]{2})+", sign):
            text = bytes.fromhex(sign[1:]).decode("latin-1")
            if text.isprintable():
                return text
        raise FaultError(
            "AE", 102, self.name, _("An escape stands for no readable character.")
        )


@dataclass
class Message:
    segments: list[Segment] = field(default_factory=list)

    @property
    def header(self) -> Segment:
        return self.segments[0]

    def first(self, name: str) -> Segment | None:
        return next((each for each in self.segments if each.name == name), None)


def header_of(content: bytes, *, tolerant: bool) -> Segment:
    """Read the first segment alone, so that an answer can name the message."""
    if content.lstrip().startswith(b"<"):
        raise FaultError("AR", 200, "MSH", _("XML is not taken. Send segments."))
    if not content.startswith(b"MSH"):
        raise FaultError("AR", 100, "MSH", _("There is no MSH segment."))
    line = re.split(rb"[\r\n]" if tolerant else rb"\r", content, maxsplit=1)[0]
    if not tolerant and b"\n" in line.strip():
        raise FaultError("AR", 100, "MSH", _("Segments end in a line feed, not CR."))
    return segment(line.decode("latin-1").strip("\n"), separators_of(line))


def separators_of(line: bytes) -> str:
    """Return the five separators a message declares, usual or not."""
    declared = line.decode("latin-1")
    marks = declared[3:8]
    alike = len(set(marks)) < SEPARATORS or any(m.isalnum() for m in marks)
    if alike or declared[8:9] != marks[0]:
        raise FaultError("AR", 100, "MSH", _("The separators are not declared."))
    if declared.count(marks[0]) < SHORTEST_HEADER - 1:
        raise FaultError("AR", 100, "MSH", _("The MSH segment is too short."))
    return marks


def segment(line: str, separators: str) -> Segment:
    """Part a line at its first separator; MSH-1 is that separator itself."""
    name, *fields = line.split(separators[0])
    if name == "MSH":
        fields = [separators[0], *fields]
    return Segment(name, [name, *fields], separators)


def read(content: bytes, header: Segment, *, tolerant: bool) -> Message:
    """Read the whole message in the character set it names."""
    if b"\x00" in content:
        raise FaultError("AE", 102, "MSH", _("The message holds NUL characters."))
    named = header.raw(CHARSET_FIELD).split(header.separators[2])[0].strip()
    if named not in CHARSETS:
        raise FaultError("AE", 103, "MSH^1^18", _("Unknown character set."))
    try:
        text = content.decode(CHARSETS[named])
    except UnicodeDecodeError as problem:
        raise FaultError(
            "AE", 102, "MSH^1^18", _("The text is not in the character set it names.")
        ) from problem
    if tolerant:
        text = text.replace("\r\n", "\r").replace("\n", "\r")
    lines = [line for line in text.split("\r") if line.strip()]
    return Message([segment(line.strip("\n"), header.separators) for line in lines])
