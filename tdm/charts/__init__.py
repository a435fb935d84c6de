"""The patient chart as numbers: what happened goes in, SVG geometry comes out."""

from tdm.charts.figure import Chart, Figure, chart, figure
from tdm.charts.sparkline import Sparkline, sparkline
from tdm.charts.story import (
    DosePeriod,
    LevelPoint,
    ResponseSeries,
    Story,
    TargetBand,
    Window,
)

__all__ = [
    "Chart",
    "DosePeriod",
    "Figure",
    "LevelPoint",
    "ResponseSeries",
    "Sparkline",
    "Story",
    "TargetBand",
    "Window",
    "chart",
    "figure",
    "sparkline",
]
