"""The last levels in the height of a table row, against their target."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext as _

from tdm.charts.shapes import VERDICT_SHAPES, Box, Rect, px, rect, shape_path
from tdm.charts.story import LevelPoint
from tdm.charts.words import verdict_text

WIDTH_PX, HEIGHT_PX = 130, 40
EDGE_PX = 6.0
LAST_RADIUS_PX = 4.0
HEADROOM = Decimal("1.4")


@dataclass(frozen=True, slots=True)
class Sparkline:
    """`strands` are points of polylines, one for each run of the same assay."""

    width: int
    height: int
    band: Rect
    strands: tuple[str, ...]
    last_path: str
    last_css: str
    title: str


def sparkline(
    levels: Sequence[LevelPoint],
    low_ng_per_ml: Decimal,
    high_ng_per_ml: Decimal,
) -> Sparkline:
    """Levels that were set aside are left out."""
    told = sorted(
        (each for each in levels if not each.set_aside), key=lambda each: each.at
    )
    top = max([high_ng_per_ml, *(each.ng_per_ml for each in told)]) * HEADROOM
    band = Box(0, _y(high_ng_per_ml, top), WIDTH_PX, _y(low_ng_per_ml, top))
    return Sparkline(
        width=WIDTH_PX,
        height=HEIGHT_PX,
        band=rect(band, "band"),
        strands=tuple(_strands(told, top)),
        last_path=_last_path(told, top),
        last_css=f"v-{told[-1].verdict}" if told else "",
        title=_title(told),
    )


def _y(ng_per_ml: Decimal, top: Decimal) -> float:
    return EDGE_PX + (HEIGHT_PX - 2 * EDGE_PX) * (1 - float(ng_per_ml / top))


def _x(at: datetime, first: datetime, last: datetime) -> float:
    """A single level stands at the right, where the newest always is."""
    span = (last - first).total_seconds()
    share = (at - first).total_seconds() / span if span else 1.0
    return EDGE_PX + (WIDTH_PX - 2 * EDGE_PX) * share


def _strands(told: Sequence[LevelPoint], top: Decimal) -> Iterable[str]:
    for _method, run in groupby(told, key=lambda each: each.method):
        yield " ".join(
            f"{px(_x(each.at, told[0].at, told[-1].at))},{px(_y(each.ng_per_ml, top))}"
            for each in run
        )


def _last_path(told: Sequence[LevelPoint], top: Decimal) -> str:
    if not told:
        return ""
    shape = VERDICT_SHAPES.get(told[-1].verdict, "square")
    y = _y(told[-1].ng_per_ml, top)
    return shape_path(shape, WIDTH_PX - EDGE_PX, y, LAST_RADIUS_PX)


def _title(told: Sequence[LevelPoint]) -> str:
    if not told:
        return _("no level yet")
    return _("last level %(value)s ng/mL, %(verdict)s") % {
        "value": told[-1].label,
        "verdict": verdict_text(told[-1].verdict),
    }
