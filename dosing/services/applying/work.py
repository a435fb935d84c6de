"""For whom and how the rows of a file are applied."""

from collections.abc import Callable
from dataclasses import dataclass, field

from dosing.models import FileImport
from dosing.services.applying.found import Found
from patients.models import Patient, Staff

Progress = Callable[[int, int], None]


def nobody(_done: int, _whole: int) -> None:
    """Tell no one how far it is."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is done with a file: for whom, with which words, and whether only tried.

    `checked` says how the unusual rows were checked.
    """

    file: FileImport
    actor: Staff
    checked: str = ""
    progress: Progress = nobody
    dry: bool = False
    found: Found = field(default_factory=Found)


@dataclass(frozen=True, slots=True)
class Work:
    """The same for the rows of one patient."""

    task: Task
    patient: Patient

    @property
    def file(self) -> FileImport:
        return self.task.file

    @property
    def actor(self) -> Staff:
        return self.task.actor

    @property
    def checked(self) -> str:
        return self.task.checked

    @property
    def found(self) -> Found:
        return self.task.found
