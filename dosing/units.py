"""What the laboratory reported: a number, a sign, a unit, and the slips of all three.

Sentences are English templates with named facts; the pages translate them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

MOLAR_MASS_G_PER_MOL = Decimal("914.17")
"""Sirolimus, C51H79NO13, older atomic weights; labels say 914.2."""

NMOL_PER_NG = 1000 / MOLAR_MASS_G_PER_MOL
"""1 ng/mL is 1.0939 nmol/L."""

HARD_LIMIT_NG_PER_ML = Decimal(200)
"""Above this a number cannot be a level; an engineering limit, not evidence."""

ASSAY_TOP_NG_PER_ML = Decimal(30)
"""Top of the calibrated range of common immunoassays (EMIT 3.5-30, CMIA 2-30)."""

LOWEST_TROUGH_PER_MG = Decimal("2.1")
"""ng/mL for each mg/day: the lowest adult model (Wu 2012, 2.114 at 1 mg/day)."""

HIGHEST_TROUGH_PER_MG = Decimal("8.2")
"""ng/mL for each mg/day: the highest published in adult VM (16.4 on 2 mg/day,
Carolino 2025)."""

USUAL_SPREAD = Decimal(2)
"""A level within half and double of the one expected from the last is not a slip."""

DECIMAL_SLIPS = (Decimal(10), Decimal(100), Decimal("0.1"), Decimal("0.01"))

MAX_TEXT = 20


class Unit(StrEnum):
    NG_PER_ML = "ng/mL"
    UG_PER_L = "ug/L"
    NMOL_PER_L = "nmol/L"
    NG_PER_DL = "ng/dL"

    @property
    def sign(self) -> str:
        """The unit as pages write it."""
        return self.value.replace("ug", "\u00b5g")


UNIT_SPELLINGS = {
    "ng/ml": Unit.NG_PER_ML,
    "ug/l": Unit.UG_PER_L,
    "mcg/l": Unit.UG_PER_L,
    "nmol/l": Unit.NMOL_PER_L,
    "ng/dl": Unit.NG_PER_DL,
}
MICRO_SIGNS = str.maketrans("\N{MICRO SIGN}\N{GREEK SMALL LETTER MU}", "uu")


def parse_unit(text: str) -> Unit | None:
    """Read a unit in any case and with either micro sign; None for any other."""
    return UNIT_SPELLINGS.get(text.translate(MICRO_SIGNS).lower())


TO_NG_PER_ML = {
    Unit.NG_PER_ML: Decimal(1),
    Unit.UG_PER_L: Decimal(1),
    Unit.NMOL_PER_L: MOLAR_MASS_G_PER_MOL / 1000,
    Unit.NG_PER_DL: Decimal("0.01"),
}


class Comparator(StrEnum):
    EXACTLY = ""
    BELOW = "<"
    ABOVE = ">"


FULL_WIDTH = str.maketrans("０１２３４５６７８９．，＜＞", "0123456789.,<>")
NUMBER = re.compile(r"(?P<sign>[<>]?) ?(?P<whole>\d{1,4})(?:[.,](?P<part>\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in English with its facts apart, so that it can be translated."""

    text: str
    facts: Mapping[str, "Fact"] = field(default_factory=dict)


Fact = Decimal | int | str | date | Sentence


class NotANumberError(ValueError):
    """What was typed cannot be read as a level; carries the sentence for the field."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence.text)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Reported:
    """A level as the laboratory wrote it: `<2.0` is a comparator and a value."""

    comparator: Comparator
    value: Decimal


REFUSALS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"$"), "Type the level."),
    (re.compile(rf".{{{MAX_TEXT + 1},}}", re.DOTALL), "That is too long for a level."),
    (
        re.compile(r"[<>]? ?-.*"),
        "A level is greater than zero."
        " Below the limit of the assay, type < and the limit.",
    ),
    (
        re.compile(r"[<>]? ?0+(?:[.,]0*)?"),
        "Zero is no level. Below the limit of the assay, type < and the limit.",
    ),
    (re.compile(r"[<>]? ?[.,]\d+"), "Write a zero before the decimal point: 0.5."),
    (re.compile(r"[<>]? ?\d+[.,]"), "Write a digit after the decimal point, or none."),
    (
        re.compile(r"[<>]? ?\d+[.,]\d{3,}"),
        "A level has at most two decimals, and no thousands separator.",
    ),
    (re.compile(r"[<>]? ?\d{5,}(?:[.,]\d+)?"), "That is too large for a level."),
    (
        re.compile(r"[<>]? ?\d+(?:[.,]\d+)? ?[a-zµμ]+/[a-z]+", re.IGNORECASE),
        "Type the number alone and choose the unit beside it.",
    ),
)


def parse_reported(text: str) -> Reported:
    """Read `13.3`, `13,3`, `１３.３`, `<2.0` or `>60`; anything else is refused.

    Raises
    ------
    NotANumberError
        With a sentence that says what is wrong and what to type.
    """
    typed = text.strip().translate(FULL_WIDTH)
    for pattern, sentence in REFUSALS:
        if pattern.fullmatch(typed):
            raise NotANumberError(Sentence(sentence))
    match = NUMBER.fullmatch(typed) if typed.isascii() else None
    if match is None:
        raise NotANumberError(
            Sentence("Type the level in plain digits, for example 13.3 or <2.0.")
        )
    value = Decimal(f"{match['whole']}.{match['part'] or 0}")
    return Reported(Comparator(match["sign"]), value)


def to_ng_per_ml(value: Decimal, unit: Unit) -> Decimal:
    """Convert a reported value to ng/mL, kept to four decimals."""
    return (value * TO_NG_PER_ML[unit]).quantize(Decimal("0.0001"))


@dataclass(frozen=True, slots=True)
class Expectation:
    """What this patient could have, in ng/mL, and where that comes from."""

    low_ng_per_ml: Decimal
    high_ng_per_ml: Decimal

    def holds(self, ng_per_ml: Decimal) -> bool:
        return self.low_ng_per_ml <= ng_per_ml <= self.high_ng_per_ml


def expected_from_dose(mg_per_day: Decimal) -> Expectation:
    """Return the span of adult models and of the published VM cases at a dose."""
    return Expectation(
        mg_per_day * LOWEST_TROUGH_PER_MG, mg_per_day * HIGHEST_TROUGH_PER_MG
    )


def expected_from_level(
    ng_per_ml: Decimal, mg_per_day_then: Decimal, mg_per_day_now: Decimal
) -> Expectation:
    """Return half to double of the last level, scaled to the dose now."""
    scaled = ng_per_ml * mg_per_day_now / mg_per_day_then
    return Expectation(scaled / USUAL_SPREAD, scaled * USUAL_SPREAD)


@dataclass(frozen=True, slots=True)
class Question:
    """Something to answer before the level is saved; the key names the exact entry."""

    key: str
    sentence: Sentence
    instead: Reported | None = None
    instead_unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A level as typed, beside what is known about the assay and the patient."""

    reported: Reported
    unit: Unit
    laboratory_unit: Unit
    lower_limit_ng_per_ml: Decimal
    whole_blood: bool
    expectation: Expectation | None

    @property
    def ng_per_ml(self) -> Decimal:
        return to_ng_per_ml(self.reported.value, self.unit)

    def key(self, slug: str) -> str:
        return f"{slug}:{self.reported.comparator}{self.reported.value}:{self.unit}"


def questions(entry: Entry) -> list[Question]:
    """Return what must be confirmed before this entry is believed.

    A wrong unit explains a wrong size, so of the doubts about size only the first
    is asked.
    """
    doubts = (
        asks_about_unit,
        asks_about_decimal_slip,
        asks_about_height,
        asks_about_limit,
    )
    about_size = next((asked for ask in doubts if (asked := ask(entry))), None)
    return [asked for asked in (about_size, asks_about_matrix(entry)) if asked]


def asks_about_unit(entry: Entry) -> Question | None:
    same = {entry.unit, entry.laboratory_unit} <= {Unit.NG_PER_ML, Unit.UG_PER_L}
    if entry.unit == entry.laboratory_unit or same:
        return None
    facts: dict[str, Fact] = {
        "value": entry.reported.value,
        "unit": entry.unit.sign,
        "converted": entry.ng_per_ml,
        "usual": entry.laboratory_unit.sign,
        "limit": entry.lower_limit_ng_per_ml,
    }
    text = (
        "This laboratory reports in %(usual)s. Did the report mean %(value)s %(usual)s?"
    )
    if TO_NG_PER_ML[entry.unit] != 1:
        text = (
            "%(value)s %(unit)s is %(converted)s ng/mL, below the assay's limit of"
            " %(limit)s ng/mL. Did the report mean %(value)s %(usual)s?"
            if entry.ng_per_ml < entry.lower_limit_ng_per_ml
            else "%(value)s %(unit)s is %(converted)s ng/mL. This laboratory reports"
            " in %(usual)s. Did the report mean %(value)s %(usual)s?"
        )
    return Question(
        entry.key("unit"),
        Sentence(text, facts),
        instead=entry.reported,
        instead_unit=entry.laboratory_unit,
    )


def asks_about_matrix(entry: Entry) -> Question | None:
    if entry.whole_blood:
        return None
    return Question(
        entry.key("matrix"),
        Sentence(
            "Sirolimus is measured in whole blood, and this laboratory's profile says"
            " serum or plasma. Was the sample really serum or plasma?"
        ),
    )


def asks_about_decimal_slip(entry: Entry) -> Question | None:
    expected, value = entry.expectation, entry.reported.value
    only_a_limit = entry.reported.comparator is not Comparator.EXACTLY
    if expected is None or only_a_limit or expected.holds(entry.ng_per_ml):
        return None
    for factor in DECIMAL_SLIPS:
        if expected.holds(entry.ng_per_ml * factor):
            meant = Reported(entry.reported.comparator, (value * factor).normalize())
            facts: dict[str, Fact] = {
                "value": value,
                "meant": meant.value,
                "unit": entry.unit.sign,
                "low": expected.low_ng_per_ml.quantize(Decimal("0.1")),
                "high": expected.high_ng_per_ml.quantize(Decimal("0.1")),
            }
            text = (
                "%(value)s %(unit)s is far from what this patient could have"
                " (%(low)s to %(high)s ng/mL). Did the report say %(meant)s %(unit)s?"
            )
            return Question(
                entry.key("slip"),
                Sentence(text, facts),
                instead=meant,
                instead_unit=entry.unit,
            )
    return None


def asks_about_height(entry: Entry) -> Question | None:
    if entry.ng_per_ml <= ASSAY_TOP_NG_PER_ML:
        return None
    text = (
        "%(value)s ng/mL is above %(top)s ng/mL, the top of most assays. Check the"
        " report: was the sample diluted, or drawn soon after a dose?"
    )
    facts = {"value": entry.ng_per_ml, "top": ASSAY_TOP_NG_PER_ML}
    return Question(entry.key("high"), Sentence(text, facts))


def asks_about_limit(entry: Entry) -> Question | None:
    exact = entry.reported.comparator is Comparator.EXACTLY
    below = entry.ng_per_ml < entry.lower_limit_ng_per_ml
    if not exact or not below:
        return None
    limit = entry.lower_limit_ng_per_ml / TO_NG_PER_ML[entry.laboratory_unit]
    meant = Reported(
        Comparator.BELOW, limit.quantize(Decimal("0.01"), ROUND_DOWN).normalize()
    )
    text = (
        "%(value)s ng/mL is below the assay's limit of %(limit)s ng/mL. Did the"
        " report say <%(limit)s?"
    )
    facts = {"value": entry.ng_per_ml, "limit": entry.lower_limit_ng_per_ml}
    return Question(
        entry.key("limit"),
        Sentence(text, facts),
        instead=meant,
        instead_unit=entry.laboratory_unit,
    )


def asks_about_first_dose(entry: Entry) -> Question:
    return Question(
        entry.key("first-dose"),
        Sentence(
            "No dose is recorded before this sample. Was it drawn before treatment?"
        ),
    )
