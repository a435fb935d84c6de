"""The tables of the page: levels and doses, newest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from dosing import policy
from dosing.history import History
from dosing.models import Dose, TroughLevel
from dosing.words import plain, say

MARKS = {
    policy.Verdict.BELOW: ("\N{BLACK DOWN-POINTING TRIANGLE}", gettext_noop("below")),
    policy.Verdict.IN: ("\N{BLACK CIRCLE}", gettext_noop("in range")),
    policy.Verdict.ABOVE: ("\N{BLACK UP-POINTING TRIANGLE}", gettext_noop("above")),
    policy.Verdict.URGENT: ("\N{BLACK DIAMOND}", gettext_noop("urgent")),
    policy.Verdict.UNKNOWN: ("?", gettext_noop("unclear")),
}
"""Every verdict by shape and by word, so that no meaning hangs on colour."""


@dataclass(frozen=True, slots=True)
class Line:
    """A level as the table prints it; `ng_per_ml` sums up those left out."""

    drawn_on: str
    value: str
    mark: str
    verdict: str
    words: str
    dose: str
    ng_per_ml: Decimal


@dataclass(frozen=True, slots=True)
class Regimen:
    """A dose as the table prints it."""

    starts_on: str
    words: str
    stops_on: str


def level_lines(history: History) -> Iterable[Line]:
    for level in reversed(history.levels):
        yield level_line(history, level)


def level_line(history: History, level: TroughLevel) -> Line:
    read = history.read(level)
    verdict = read.verdict if read else policy.Verdict.UNKNOWN
    mark, words = MARKS[verdict]
    said = _(words)
    if read and read.timing is not policy.Timing.TROUGH:
        said = _("%(verdict)s, but no trough") % {"verdict": said}
    if level.set_aside_at is not None:
        mark, said = "\N{WHITE CIRCLE}", _("set aside")
    regimen = read.regimen if read else None
    return Line(
        drawn_on=date_format(timezone.localtime(level.drawn_at), "SHORT_DATE_FORMAT"),
        value=f"{level.comparator}{plain(level.ng_per_ml)}",
        mark=mark,
        verdict="aside" if level.set_aside_at else verdict.value,
        words=said,
        dose=say(policy.regimen_in_words(regimen)) if regimen else _("no dose"),
        ng_per_ml=level.ng_per_ml,
    )


def regimen_line(dose: Dose) -> Regimen:
    stops = dose.stops_on
    return Regimen(
        starts_on=date_format(dose.starts_on, "SHORT_DATE_FORMAT"),
        words=str(dose),
        stops_on=date_format(stops, "SHORT_DATE_FORMAT") if stops else "",
    )


def left_out(lines: Sequence[Line]) -> str:
    """Sum up the levels that the table has no room for; those set aside are none."""
    used = sorted(
        (line for line in lines if line.verdict != "aside"),
        key=lambda line: line.ng_per_ml,
    )
    if not used:
        return ""
    words = ngettext(
        "and %(count)s earlier level, %(low)s ng/mL",
        "and %(count)s earlier levels, %(low)s to %(high)s ng/mL",
        len(used),
    )
    return words % {
        "count": len(used),
        "low": used[0].value,
        "high": used[-1].value,
    }


def earlier(regimens: Sequence[Regimen]) -> str:
    """Sum up the doses that the table has no room for."""
    words = ngettext(
        "and %(count)s earlier entry, from %(day)s",
        "and %(count)s earlier entries, the first from %(day)s",
        len(regimens),
    )
    return words % {"count": len(regimens), "day": regimens[-1].starts_on}
