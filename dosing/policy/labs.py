"""Safety labs as numbers: the units that are taken, what can be true, what is crossed.

Every substance has one unit in which it is kept; a report in another one is converted
by the factor given here, and the factor is shown. Factors marked [D] follow from the
molar mass, the others from the definition of the unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from dosing.units import Sentence

CTCAE_VERSION = "5.0"
"""The version of the grades; a later one grades otherwise."""


class Substance(StrEnum):
    """What the laboratory measures, beside the drug."""

    NEUTROPHILS = "neutrophils"
    WHITE_CELLS = "white_cells"
    LYMPHOCYTES = "lymphocytes"
    MONOCYTES = "monocytes"
    EOSINOPHILS = "eosinophils"
    BASOPHILS = "basophils"
    PLATELETS = "platelets"
    HAEMOGLOBIN = "haemoglobin"
    HAEMATOCRIT = "haematocrit"
    CREATININE = "creatinine"
    ALT = "alt"
    AST = "ast"
    BILIRUBIN = "bilirubin"
    TRIGLYCERIDES = "triglycerides"
    CHOLESTEROL = "cholesterol"
    LDL = "ldl"
    HDL = "hdl"
    GLUCOSE = "glucose"
    URINE_PROTEIN = "urine_protein"
    D_DIMER = "d_dimer"
    FIBRINOGEN = "fibrinogen"


@dataclass(frozen=True, slots=True)
class Factor:
    """How a unit becomes the one that is kept: times a number, or divided by it."""

    number: Decimal = Decimal(1)
    divides: bool = False

    def apply(self, reported: Decimal) -> Decimal:
        exact = reported / self.number if self.divides else reported * self.number
        return exact.quantize(KEPT_TO)

    def undo(self, kept: Decimal) -> Decimal:
        return kept * self.number if self.divides else kept / self.number

    @property
    def sign(self) -> str:
        """Write the factor as it is shown: \u00d7 88.4, or \u00f7 38.67."""
        sign = "\u00f7" if self.divides else "\u00d7"
        return f"{sign} {self.number.normalize():f}"


KEPT_TO = Decimal("0.0001")
"""Values are kept to four decimals."""

BEYOND = {"": Decimal(0), "<": -KEPT_TO, ">": KEPT_TO}
"""How far beyond a bound a value surely lies."""

SAME = Factor()

CREATININE_UMOL_L_PER_MG_DL = Decimal("88.4")
"""Creatinine C4H7N3O, 113.12 g/mol [D]."""

BILIRUBIN_UMOL_L_PER_MG_DL = Decimal("17.1")
"""Bilirubin C33H36N4O6, 584.66 g/mol [D]."""

CHOLESTEROL_MG_DL_PER_MMOL_L = Decimal("38.67")
"""Cholesterol C27H46O, 386.65 g/mol, as laboratories round it [D]; LDL and HDL
likewise."""

TRIGLYCERIDES_MG_DL_PER_MMOL_L = Decimal("88.57")
"""Triglycerides at a mean of 885.7 g/mol, that of triolein being 885.4 [D]."""

GLUCOSE_MG_DL_PER_MMOL_L = Decimal("18.016")
"""Glucose C6H12O6, 180.16 g/mol [D]."""

PROTEIN_G_G_PER_MG_MMOL = Decimal("0.00884")
"""Protein/creatinine in mg/mmol: 1 mmol of creatinine is 113.12 mg [D]."""

U_PER_UKAT = Decimal(60)
"""1 U turns over 1 umol in a minute, 1 ukat in a second: by definition."""

THOUSANDTH = Factor(Decimal(1000), divides=True)
COUNT_UNITS = {"10^9/L": SAME, "10^3/uL": SAME, "/uL": THOUSANDTH}
ENZYME_UNITS = {"U/L": SAME, "ukat/L": Factor(U_PER_UKAT)}
CHOLESTEROL_UNITS = {
    "mmol/L": SAME,
    "mg/dL": Factor(CHOLESTEROL_MG_DL_PER_MMOL_L, divides=True),
}

UNITS: Mapping[Substance, Mapping[str, Factor]] = {
    Substance.NEUTROPHILS: COUNT_UNITS,
    Substance.WHITE_CELLS: COUNT_UNITS,
    Substance.LYMPHOCYTES: COUNT_UNITS,
    Substance.MONOCYTES: COUNT_UNITS,
    Substance.EOSINOPHILS: COUNT_UNITS,
    Substance.BASOPHILS: COUNT_UNITS,
    Substance.PLATELETS: COUNT_UNITS,
    Substance.HAEMOGLOBIN: {"g/L": SAME, "g/dL": Factor(Decimal(10))},
    Substance.HAEMATOCRIT: {"%": SAME, "L/L": Factor(Decimal(100))},
    Substance.CREATININE: {
        "umol/L": SAME,
        "mg/dL": Factor(CREATININE_UMOL_L_PER_MG_DL),
    },
    Substance.ALT: ENZYME_UNITS,
    Substance.AST: ENZYME_UNITS,
    Substance.BILIRUBIN: {
        "umol/L": SAME,
        "mg/dL": Factor(BILIRUBIN_UMOL_L_PER_MG_DL),
    },
    Substance.TRIGLYCERIDES: {
        "mmol/L": SAME,
        "mg/dL": Factor(TRIGLYCERIDES_MG_DL_PER_MMOL_L, divides=True),
    },
    Substance.CHOLESTEROL: CHOLESTEROL_UNITS,
    Substance.LDL: CHOLESTEROL_UNITS,
    Substance.HDL: CHOLESTEROL_UNITS,
    Substance.GLUCOSE: {
        "mmol/L": SAME,
        "mg/dL": Factor(GLUCOSE_MG_DL_PER_MMOL_L, divides=True),
    },
    Substance.URINE_PROTEIN: {
        "g/g": SAME,
        "mg/g": THOUSANDTH,
        "mg/mmol": Factor(PROTEIN_G_G_PER_MG_MMOL),
    },
    Substance.D_DIMER: {
        "ug/mL FEU": SAME,
        "mg/L FEU": SAME,
        "ng/mL FEU": THOUSANDTH,
    },
    Substance.FIBRINOGEN: {"g/L": SAME, "mg/dL": Factor(Decimal(100), divides=True)},
}
"""The units of a report, the kept one first. D-dimer only as fibrinogen-equivalent
units: D-dimer units differ by about two."""


def kept_unit(substance: Substance) -> str:
    return next(iter(UNITS[substance]))


def sign_of(unit: str) -> str:
    """Write a unit as people do: \u00b5mol/L, 10\u2079/L."""
    micro = unit.replace("umol", "\u00b5mol").replace("ug/", "\u00b5g/")
    tidy = micro.replace("/uL", "/\u00b5L").replace("ukat", "\u00b5kat")
    return tidy.replace("10^9", "10\u2079").replace("10^3", "10\u00b3")


CAN_BE_TRUE: Mapping[Substance, tuple[Decimal, Decimal]] = {
    Substance.NEUTROPHILS: (Decimal(0), Decimal(300)),
    Substance.WHITE_CELLS: (Decimal(0), Decimal(1000)),
    Substance.LYMPHOCYTES: (Decimal(0), Decimal(1000)),
    Substance.MONOCYTES: (Decimal(0), Decimal(300)),
    Substance.EOSINOPHILS: (Decimal(0), Decimal(300)),
    Substance.BASOPHILS: (Decimal(0), Decimal(300)),
    Substance.PLATELETS: (Decimal(0), Decimal(5000)),
    Substance.HAEMOGLOBIN: (Decimal(20), Decimal(300)),
    Substance.HAEMATOCRIT: (Decimal(10), Decimal(70)),
    Substance.CREATININE: (Decimal(5), Decimal(4000)),
    Substance.ALT: (Decimal(1), Decimal(50_000)),
    Substance.AST: (Decimal(1), Decimal(50_000)),
    Substance.BILIRUBIN: (Decimal("0.5"), Decimal(900)),
    Substance.TRIGLYCERIDES: (Decimal("0.05"), Decimal(150)),
    Substance.CHOLESTEROL: (Decimal("0.2"), Decimal(60)),
    Substance.LDL: (Decimal(0), Decimal(50)),
    Substance.HDL: (Decimal(0), Decimal(20)),
    Substance.GLUCOSE: (Decimal("0.3"), Decimal(150)),
    Substance.URINE_PROTEIN: (Decimal(0), Decimal(100)),
    Substance.D_DIMER: (Decimal(0), Decimal(1000)),
    Substance.FIBRINOGEN: (Decimal(0), Decimal(30)),
}
"""Limits in the kept unit outside which a number is a slip; no clinical judgement."""


@dataclass(frozen=True, slots=True)
class Reported:
    """One number of a report with its unit, and the same in the kept unit."""

    substance: Substance
    number: Decimal
    unit: str
    comparator: str = ""
    """"<" or ">" where the report gives a bound and no value."""

    @property
    def factor(self) -> Factor:
        return UNITS[self.substance][self.unit]

    @property
    def value(self) -> Decimal:
        return self.factor.apply(self.number)

    @property
    def judged(self) -> Decimal:
        """The value to judge by: just beyond a bound, where the report gives one."""
        return self.value + BEYOND[self.comparator]

    @property
    def judged_number(self) -> Decimal:
        """The same in the unit of the report."""
        return self.number + BEYOND[self.comparator]

    @property
    def is_converted(self) -> bool:
        return self.factor != SAME

    @property
    def slip(self) -> Sentence | None:
        """Say within which limits, in the unit of the report, it could be true."""
        low, high = CAN_BE_TRUE[self.substance]
        if low <= self.value <= high:
            return None
        text = (
            "This value cannot be true: it lies between %(low)s and %(high)s %(unit)s."
            " Check the number and its unit."
        )
        limits = {"low": self.factor.undo(low), "high": self.factor.undo(high)}
        facts = {name: short(limit) for name, limit in limits.items()}
        return Sentence(text, {**facts, "unit": sign_of(self.unit)})

    @property
    def conversion(self) -> str:
        """Write how it was converted: 1.2 mg/dL = 106 umol/L (\u00d7 88.4)."""
        kept = sign_of(kept_unit(self.substance))
        sign = self.comparator
        return (
            f"{sign}{short(self.number, exact=True)} {sign_of(self.unit)}"
            f" = {sign}{short(self.value)} {kept} ({self.factor.sign})"
        )


SHOWN_DIGITS = 3


def short(number: Decimal, *, exact: bool = False) -> str:
    """Write a number without trailing zeros; a converted one in three digits."""
    if exact or not number:
        return f"{number.normalize():f}" if number else "0"
    decimals = max(0, SHOWN_DIGITS - 1 - number.adjusted())
    return f"{number.quantize(Decimal(1).scaleb(-decimals)).normalize():f}"


class Side(StrEnum):
    """Where a value lies against the laboratory's range."""

    LOW = "low"
    INSIDE = "inside"
    HIGH = "high"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Range:
    """A laboratory's reference range in the kept unit; both ends belong to it."""

    low: Decimal | None
    high: Decimal | None

    def side_of(self, reported: Reported) -> Side:
        """Say where a reported value lies; a bound may leave it open."""
        found = self.side(reported.judged)
        if reported.comparator == "<":
            sure = found is Side.LOW or (found is Side.INSIDE and self.low is None)
        elif reported.comparator == ">":
            sure = found is Side.HIGH or (found is Side.INSIDE and self.high is None)
        else:
            sure = True
        return found if sure else Side.UNKNOWN

    def side(self, value: Decimal) -> Side:
        if self.low is not None and value < self.low:
            return Side.LOW
        if self.high is not None and value > self.high:
            return Side.HIGH
        return Side.INSIDE


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a value stands: its side of the range, and its grade if it has one."""

    side: Side
    grade: int | None

    @property
    def crosses(self) -> bool:
        outside = self.side in {Side.LOW, Side.HIGH}
        return outside or (self.grade or 0) >= LOOKED_AT_FROM_GRADE

    @property
    def is_severe(self) -> bool:
        return (self.grade or 0) >= SEVERE_FROM_GRADE


LOOKED_AT_FROM_GRADE = 2
"""Someone looks at it from this CTCAE grade on, whatever the range: a design default
[NV]."""

SEVERE_FROM_GRADE = 3
"""CTCAE calls grade 3 severe [V]; that a clinician looks at once is a default [NV]."""

GRADED = "%(analyte)s %(value)s on %(day)s: CTCAE %(version)s grade %(grade)s."
BELOW = "%(analyte)s %(value)s on %(day)s: below the laboratory's range."
ABOVE = "%(analyte)s %(value)s on %(day)s: above the laboratory's range."
LYMPHOPENIA = (
    "%(analyte)s %(value)s on %(day)s: low. CTCAE %(version)s grade: %(grade)s."
    " Is prophylaxis to be decided on?"
)


def to_see_to(
    substance: Substance, analyte: str, value: str, day: date, stands: Standing
) -> Sentence:
    """Say what someone has to look at; of lymphocytes it asks, it never orders."""
    text = GRADED if stands.grade else ABOVE if stands.side is Side.HIGH else BELOW
    low = stands.side is Side.LOW or stands.grade
    if substance is Substance.LYMPHOCYTES and low:
        text = LYMPHOPENIA
    facts = {
        "analyte": analyte,
        "value": value,
        "day": day.isoformat(),
        "version": CTCAE_VERSION,
        "grade": "\u2013" if stands.grade is None else str(stands.grade),
    }
    return Sentence(text, facts)
