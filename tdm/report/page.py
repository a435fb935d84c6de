"""The page drawn: one sheet of A4, whatever the record holds."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import typst
from django.utils import translation
from django.utils.translation import gettext as _

from tdm.report.facts import Facts
from tdm.report.glyphs import FONTS, MISSING, breakable, printable
from tdm.report.tables import Line, earlier, left_out

TEMPLATE = Path(__file__).parent / "report.typ"
PICTURE_PPI = 144

PLANS = (
    *((rows, 0.52) for rows in (15, 12, 10, 8)),
    (8, 0.46),
    *((6, least) for least in (0.46, 0.4)),
    (4, 0.36),
    (3, 0.0),
)
"""How many rows of each table are printed, if the chart then has this scale at least.

A unit of the chart is that many points; its words are 13 units high.
"""


@dataclass(frozen=True, slots=True)
class Page:
    """The drawn page as PDF, and as a picture to look at."""

    pdf: bytes
    png: bytes


def page_of(facts: Facts) -> Page:
    """Return the PDF, tagged for screen readers with its fonts inside, and its look."""
    source = laid_out(facts)
    pdf = source.compile(format="pdf", pdf_standards=["ua-1"])
    png = source.compile(format="png", ppi=PICTURE_PPI)
    return Page(the_one(pdf), the_one(png))


def the_one(pages: bytes | list[bytes] | None) -> bytes:
    """Return what was drawn; several pages come as a list."""
    if not isinstance(pages, bytes):
        raise TypeError("The report does not fit on one page.")
    return pages


def laid_out(facts: Facts) -> typst.Compiler:
    """Lay the page out, with fewer rows until the chart can be read beside them."""

    @cache
    def draft(rows: int) -> tuple[typst.Compiler, float]:
        source = source_of(facts, rows)
        return source, float(source.query("<scale>", field="value", one=True))

    with translation.override(facts.language):
        fitting = (rows for rows, least in PLANS if draft(rows)[1] >= least)
        return draft(next(fitting))[0]


def source_of(facts: Facts, rows: int) -> typst.Compiler:
    """Hand the words to the template as data: nothing in them is markup."""
    told = json.dumps(said(facts, rows), ensure_ascii=False)
    return typst.Compiler(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"facts": told, "picture": printable(facts.picture)},
    )


def said(facts: Facts, rows: int) -> Mapping[str, object]:
    """Return all words of the page; what exceeds the rows is summed up in words."""
    told = {
        "language": facts.language,
        "headline": facts.headline,
        "signed": facts.signed,
        "standing": facts.standing,
        "notes": facts.notes,
        "person": facts.person,
        "about": some(facts.about, rows, more),
        "reading": facts.reading,
        "picture_says": facts.picture_says,
        "picture_notes": facts.picture_notes,
        "levels": [table_row(each) for each in facts.levels[:rows]],
        "levels_more": rest(facts.levels, rows, left_out),
        "regimens": [astuple(each) for each in facts.regimens[:rows]],
        "regimens_more": rest(facts.regimens, rows, earlier),
        "course": [astuple(each) for each in facts.course[:rows]],
        "course_more": rest(facts.course, rows, more),
        "reasons": [astuple(each) for each in facts.reasons[:rows]],
        "reasons_more": rest(facts.reasons, rows, more),
        "domain": {
            "badge": facts.domain.badge,
            "words": facts.domain.words,
            "warns": facts.domain.warns,
            "models": some(facts.domain.models, rows, more),
        },
        "target": facts.target,
        "made": facts.made,
        "versions": facts.versions,
        "words": labels(),
    }
    found: dict[str, object] = safe(told)
    gap = _("%(sign)s stands for a character that this page cannot print.")
    found["missing"] = gap % {"sign": MISSING} if MISSING in str(found) else ""
    return found


def table_row(line: Line) -> tuple[str, ...]:
    return line.drawn_on, line.value, line.mark, line.verdict, line.words, line.dose


Item = TypeVar("Item")


def rest(
    items: Sequence[Item], rows: int, words: Callable[[Sequence[Item]], str]
) -> str:
    return words(items[rows:]) if items[rows:] else ""


def some(
    items: Sequence[str], rows: int, words: Callable[[Sequence[str]], str]
) -> list[str]:
    return [*items[:rows], *filter(None, [rest(items, rows, words)])]


def more(items: Sequence[object]) -> str:
    return _("and %(count)s more, in the record") % {"count": len(items)}


def safe(told: Any) -> Any:
    """Make every text of some data printable and breakable."""
    if isinstance(told, str):
        return breakable(printable(told))
    if isinstance(told, Mapping):
        return {name: safe(each) for name, each in told.items()}
    if isinstance(told, list | tuple):
        return [safe(each) for each in told]
    return told


def labels() -> dict[str, str]:
    """Return the words that stand on every page."""
    return {
        "title": _("Sirolimus report"),
        "watermark": _("NOT SIGNED"),
        "chart": _("Levels, dose and response"),
        "levels": _("Levels"),
        "doses": _("Doses"),
        "course": _("Lesion and pain"),
        "reasons": _("Why"),
        "models": _("Models and whom they were built on"),
        "drawn_on": _("Drawn"),
        "level": _("Level (ng/mL)"),
        "verdict": _("Against the target"),
        "dose": _("Dose then"),
        "starts_on": _("Started on"),
        "regimen": _("Dose"),
        "until": _("Stopped on"),
        "what": _("What"),
        "first": _("Baseline"),
        "between": _("In between"),
        "latest": _("Latest"),
        "change": _("Change from baseline"),
        "nothing": _("nothing recorded"),
        "care": _(
            "Advice supports the prescriber and does not replace them. For"
            " sirolimus in vascular malformations only, not for transplant"
            " targets."
        ),
    }
