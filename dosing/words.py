"""Sentences of the judgement, said in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext

from dosing.forecast import Choice
from dosing.units import Fact, Sentence
from patients.models import ScheduleItem, Task


def say(sentence: Sentence) -> str:
    """Translate a sentence, then put its facts in."""
    facts = {name: fact_in_words(fact) for name, fact in sentence.facts.items()}
    return gettext(sentence.text) % facts


def fact_in_words(fact: Fact) -> str:
    if isinstance(fact, Sentence):
        return say(fact)
    if isinstance(fact, Decimal):
        return plain(fact)
    if isinstance(fact, date):
        return date_format(fact, "DATE_FORMAT")
    return gettext(fact) if isinstance(fact, str) and fact else str(fact)


def plain(number: Decimal) -> str:
    """Write a number without trailing zeros: 1.50 is 1.5, 2.00 is 2."""
    return f"{number.normalize():f}"


@dataclass(frozen=True, slots=True)
class Percents:
    """Chances below, inside and above in whole percent; they sum to 100."""

    below: int
    inside: int
    above: int

    @property
    def upto(self) -> int:
        """Where the part above begins."""
        return self.below + self.inside


def percents(choice: Choice) -> Percents:
    """Round three chances so that they still sum to 100: the largest rests go up."""
    exact = [100 * share for share in (choice.below, choice.inside, choice.above)]
    whole = [int(each) for each in exact]
    by_rest = sorted(range(3), key=lambda place: whole[place] - exact[place])
    for place in by_rest[: 100 - sum(whole)]:
        whole[place] += 1
    return Percents(*whole)


def said_of(task: Task | ScheduleItem) -> Sentence:
    """Return what a task asks for or what is planned; days are kept as ISO dates."""
    facts = {name: day_or_text(str(fact)) for name, fact in task.facts.items()}
    return Sentence(task.text, facts)


def task_in_words(task: Task | ScheduleItem) -> str:
    return say(said_of(task))


def day_or_text(fact: str) -> Fact:
    try:
        return date.fromisoformat(fact) if len(fact) == ISO_DAY else fact
    except ValueError:
        return fact


ISO_DAY = len("2026-11-26")


def as_data(sentence: Sentence) -> dict[str, object]:
    """Return a sentence as it is stored with a decision."""
    facts = {name: fact_as_data(fact) for name, fact in sentence.facts.items()}
    return {"text": sentence.text, "facts": facts}


def fact_as_data(fact: Fact) -> object:
    if isinstance(fact, Sentence):
        return as_data(fact)
    return plain(fact) if isinstance(fact, Decimal) else str(fact)


def facts_as_text(sentence: Sentence) -> dict[str, str]:
    """Return the facts of a sentence as they are kept with a task or an item."""
    return {name: str(fact_as_data(fact)) for name, fact in sentence.facts.items()}


def from_data(data: Mapping[str, object]) -> Sentence:
    """Read back what as_data() stored."""
    stored = data["facts"]
    facts: dict[str, Fact] = {}
    if isinstance(stored, Mapping):
        for name, fact in stored.items():
            facts[name] = from_data(fact) if isinstance(fact, Mapping) else str(fact)
    return Sentence(str(data["text"]), facts)
