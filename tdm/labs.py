"""Safety labs of one patient as small multiples: a trend and the last value of each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dosing.labs import Read
from dosing.models import Analyte
from dosing.policy.labs import CTCAE_VERSION, Range, Side, short, sign_of
from dosing.words import say
from tdm.charts import LabPoint, LabTrend, lab_trend

SIDES = {
    Side.LOW: gettext_noop("low"),
    Side.INSIDE: gettext_noop("in range"),
    Side.HIGH: gettext_noop("high"),
    Side.UNKNOWN: gettext_noop("no range"),
}

MARKS = {
    Side.LOW: "below",
    Side.INSIDE: "in",
    Side.HIGH: "above",
    Side.UNKNOWN: "unknown",
}
"""The classes of the marks that the pages have for levels: shape, word and colour."""


@dataclass(frozen=True, slots=True)
class LabRow:
    """One value in words."""

    read: Read

    @property
    def word(self) -> str:
        return _(SIDES[self.read.side])

    @property
    def mark(self) -> str:
        return "urgent" if self.read.stands.is_severe else MARKS[self.read.side]

    @property
    def grade(self) -> str:
        """Write the grade, if it is one; grade 0 is no finding."""
        if not self.read.grade.number:
            return ""
        facts = {"version": CTCAE_VERSION, "grade": self.read.grade.number}
        return _("CTCAE %(version)s grade %(grade)s") % facts

    @property
    def why(self) -> str:
        """Say why there is no grade, or no surer one."""
        return say(self.read.grade.why) if self.read.grade.why else ""

    @property
    def range(self) -> str:
        return range_in_words(self.read.range)


@dataclass(frozen=True, slots=True)
class LabCard:
    """One analyte: its values, oldest first, and their drawing."""

    name: str
    unit: str
    rows: tuple[LabRow, ...]
    trend: LabTrend

    @property
    def last(self) -> LabRow:
        return self.rows[-1]


def range_in_words(range_: Range | None) -> str:
    if range_ is None:
        return ""
    low, high = (
        short(end, exact=True) if end is not None else None
        for end in (range_.low, range_.high)
    )
    if low is None:
        return _("up to %(high)s") % {"high": high}
    if high is None:
        return _("from %(low)s") % {"low": low}
    return f"{low}\u2013{high}"


def lab_cards(reads: Sequence[Read]) -> list[LabCard]:
    """Return a card for each analyte that was ever measured, in the form's order."""
    by_analyte: defaultdict[str, list[Read]] = defaultdict(list)
    for each in reads:
        by_analyte[each.result.analyte].append(each)
    if not reads:
        return []
    days = reads[0].result.drawn_on, reads[-1].result.drawn_on
    return [
        card(analyte, by_analyte[analyte.value], days)
        for analyte in Analyte
        if analyte.value in by_analyte
    ]


def card(analyte: Analyte, reads: list[Read], days: tuple[date, date]) -> LabCard:
    rows = tuple(LabRow(each) for each in reads)
    last = reads[-1]
    band = last.range or Range(None, None)
    title = _("%(analyte)s, last %(value)s, %(word)s") % {
        "analyte": analyte.label,
        "value": last.result.shown,
        "word": rows[-1].word,
    }
    trend = lab_trend(
        [
            LabPoint(e.result.drawn_on, float(e.result.value), e.side.value)
            for e in reads
        ],
        (
            float(band.low) if band.low is not None else None,
            float(band.high) if band.high is not None else None,
        ),
        days,
        title,
    )
    return LabCard(str(analyte.label), sign_of(last.result.unit), rows, trend)
