"""The patient chart as numbers: what happened goes in, SVG geometry comes out."""

from tdm.charts.axis import DAYS_BACK
from tdm.charts.companion import Companion, ExposurePoint, companion
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
    Span,
    Story,
    TargetBand,
    Window,
)

__all__ = [
    "DAYS_BACK",
    "Chart",
    "Companion",
    "DosePeriod",
    "DrugCourse",
    "EffectBar",
    "ExpectedCurve",
    "ExposurePoint",
    "Figure",
    "Gap",
    "Happening",
    "LabPoint",
    "LabTrend",
    "LevelPoint",
    "ResponseSeries",
    "Span",
    "Sparkline",
    "Story",
    "TargetBand",
    "Window",
    "chart",
    "companion",
    "figure",
    "lab_trend",
    "sparkline",
]
