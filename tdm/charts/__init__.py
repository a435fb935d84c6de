"""The patient chart as numbers: what happened goes in, SVG geometry comes out."""

from tdm.charts.axis import DAYS_BACK
from tdm.charts.figure import Chart, Figure, chart, figure
from tdm.charts.labs import LabPoint, LabTrend, lab_trend
from tdm.charts.sparkline import Sparkline, sparkline
from tdm.charts.story import (
    DosePeriod,
    DrugCourse,
    EffectBar,
    ExpectedCurve,
    Gap,
    Happening,
    LevelPoint,
    ResponseSeries,
    Story,
    TargetBand,
    Window,
)

__all__ = [
    "DAYS_BACK",
    "Chart",
    "DosePeriod",
    "DrugCourse",
    "EffectBar",
    "ExpectedCurve",
    "Figure",
    "Gap",
    "Happening",
    "LabPoint",
    "LabTrend",
    "LevelPoint",
    "ResponseSeries",
    "Sparkline",
    "Story",
    "TargetBand",
    "Window",
    "chart",
    "figure",
    "lab_trend",
    "sparkline",
]
