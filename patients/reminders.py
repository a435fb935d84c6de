"""Stub."""

from datetime import datetime

from patients.models import ScheduleItem


def set_next(item: ScheduleItem, *, at: datetime) -> None:
    item.next_stage, item.remind_at = "", None
