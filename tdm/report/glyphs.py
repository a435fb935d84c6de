"""Which characters the report's fonts hold, and what is printed for the others."""

import struct
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
FAMILY = "BIZ UDPGothic"
MISSING = "\N{GETA MARK}"
"""What Japanese printers set where they have no type for a character."""

BREAK = "\N{ZERO WIDTH SPACE}"
LONGEST_RUN = 18
"""So many characters without a space stay together; longer ones may be broken."""

SUBTABLES = struct.Struct(">HHI")
SEGMENTED = 4


@lru_cache(maxsize=1)
def held() -> frozenset[str]:
    """Return the characters that every font of the report can draw."""
    fonts = [set(characters(file.read_bytes())) for file in FONTS.glob("*.ttf")]
    return frozenset(set.intersection(*fonts))


def characters(font: bytes) -> Iterator[str]:
    """Read the table of a TrueType font that names its characters."""
    count = int.from_bytes(font[4:6])
    tables = (font[12 + 16 * n : 28 + 16 * n] for n in range(count))
    start = next(int.from_bytes(t[8:12]) for t in tables if t[:4] == b"cmap")
    (number,) = struct.unpack_from(">H", font, start + 2)
    for place in range(number):
        at = start + SUBTABLES.unpack_from(font, start + 4 + 8 * place)[2]
        if int.from_bytes(font[at : at + 2]) == SEGMENTED:
            yield from segments(font, at)


def segments(font: bytes, at: int) -> Iterator[str]:
    """Yield the characters of one table of format 4: runs of first and last."""
    (twice,) = struct.unpack_from(">H", font, at + 6)
    ends = struct.unpack_from(f">{twice // 2}H", font, at + 14)
    starts = struct.unpack_from(f">{twice // 2}H", font, at + 16 + twice)
    for first, last in zip(starts, ends, strict=True):
        yield from (chr(code) for code in range(first, min(last, 0xFFFE) + 1))


def printable(text: str) -> str:
    """Write text with characters that the fonts hold; a geta mark for the others."""
    return "".join(map(drawable, unicodedata.normalize("NFC", text)))


@lru_cache(maxsize=4096)
def drawable(character: str) -> str:
    if character in held() or character == BREAK:
        return character
    if character.isspace():
        return " "
    plain = unicodedata.normalize("NFKC", character)
    power = "^" if unicodedata.decomposition(character).startswith("<super>") else ""
    return power + plain if set(plain) <= held() else MISSING


def breakable(text: str) -> str:
    """Let a very long word be broken anywhere, so that no line leaves the page."""
    return " ".join(
        BREAK.join(word) if len(word) > LONGEST_RUN else word
        for word in text.split(" ")
    )
