"""What is planned, and what someone has to see to, for programs."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from patients import services
from patients.api.fields import (
    DayField,
    NothingAsked,
    NoUnknownFields,
    ReasonField,
    WhySerializer,
    YesNoField,
)
from patients.api.records import Act, ApiView, Record, Records
from patients.models import ScheduleItem, Scope, Task

ITEM = (
    "id",
    "patient",
    "kind",
    "opens_on",
    "best_on",
    "closes_on",
    "booked_on",
    "state",
    "done_on",
    "reason",
    "source",
    "version",
)


def in_words(record: Any) -> str:
    """Return the words of a template with its facts, in the reader's language."""
    return str(_(record.text) % record.facts)


class ItemSerializer(serializers.ModelSerializer[ScheduleItem]):
    text = serializers.SerializerMethodField()

    class Meta:
        model = ScheduleItem
        fields = (*ITEM, "text")

    def get_text(self, item: ScheduleItem) -> str:
        return in_words(item)


class BookAsked(NoUnknownFields):
    """The day; null takes the booking back. A level before its window has a reason."""

    booked_on = DayField(allow_null=True)
    reason = ReasonField(required=False, allow_blank=True)


class MoveAsked(NoUnknownFields):
    """The new best day, for this one or for what comes later of its kind as well."""

    best_on = DayField()
    later_too = YesNoField(required=False)
    reason = ReasonField()


class OfItems(ApiView):
    model = ScheduleItem
    shown = ItemSerializer
    writes = Scope.WRITE_SCHEDULE


class ScheduleView(OfItems, Records):
    """What is planned for one patient, and what was."""


class ItemView(OfItems, Record):
    """One thing that is planned."""


class BookItemView(OfItems, Act):
    """Book the day of something planned."""

    asked = BookAsked
    does = staticmethod(services.book_item)
    noun = "item"


class MoveItemView(OfItems, Act):
    """Move something planned to another day."""

    asked = MoveAsked
    does = staticmethod(services.move_item)
    noun = "item"


class SkipItemView(OfItems, Act):
    """Say why something planned is not done."""

    asked = WhySerializer
    does = staticmethod(services.skip_item)
    noun = "item"


class ReopenItemView(OfItems, Act):
    """Ask again for what was said not to be done."""

    asked = NothingAsked
    does = staticmethod(services.reopen_item)
    noun = "item"


class TaskSerializer(serializers.ModelSerializer[Task]):
    text = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields = (
            "id",
            "patient",
            "kind",
            "text",
            "is_urgent",
            "owner",
            "raised_at",
            "closed_at",
            "outcome",
            "version",
        )

    def get_text(self, task: Task) -> str:
        return in_words(task)


class CloseAsked(NoUnknownFields):
    """What was done."""

    outcome = ReasonField()


class OfTasks(ApiView):
    model = Task
    shown = TaskSerializer
    writes = Scope.WRITE_SCHEDULE


class TasksView(OfTasks, Records):
    """What someone has to see to of one patient, and what was done."""


class TaskView(OfTasks, Record):
    """One task."""


class CloseTaskView(OfTasks, Act):
    """Say what was done about a task; what only a clinician closes stays open."""

    asked = CloseAsked
    does = staticmethod(services.close_task)
    noun = "task"
