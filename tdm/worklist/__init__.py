"""Who needs someone today, why, and the one button that resolves it."""

from tdm.worklist.lines import Due, Line, Urgency, Worklist
from tdm.worklist.today import worklist

__all__ = ["Due", "Line", "Urgency", "Worklist", "worklist"]
