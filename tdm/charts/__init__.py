"""The patient chart as numbers: what happened goes in, SVG geometry comes out."""

from tdm.charts.axis import DAYS_BACK
from tdm.charts.bars import Onset, Response, onset_charts, waterfall_charts
from tdm.charts.companion import Companion, ExposurePoint, companion
from tdm.charts.figure import Chart, Figure, chart, figure
from tdm.charts.labs import LabPoint, LabTrend, lab_trend
from tdm.charts.lanes import Event, Lane, lanes_charts
from tdm.charts.sparkline import Sparkline, sparkline
from tdm.charts.story import (
    DosePeriod,
    DrugCourse,
    EffectBar,
    ExpectedCurve,
    Gap,
    Goal,
    Happening,
    Known,
    LevelPoint,
    ResponseSeries,
    Span,
    Story,
    TargetBand,
    ToldDose,
    Window,
)

__all__ = [
    "DAYS_BACK",
    "Chart",
    "Companion",
    "DosePeriod",
    "DrugCourse",
    "EffectBar",
    "Event",
    "ExpectedCurve",
    "ExposurePoint",
    "Figure",
    "Gap",
    "Goal",
    "Happening",
    "Known",
    "LabPoint",
    "LabTrend",
    "Lane",
    "LevelPoint",
    "Onset",
    "Response",
    "ResponseSeries",
    "Span",
    "Sparkline",
    "Story",
    "TargetBand",
    "ToldDose",
    "Window",
    "chart",
    "companion",
    "figure",
    "lab_trend",
    "lanes_charts",
    "onset_charts",
    "sparkline",
    "waterfall_charts",
]
