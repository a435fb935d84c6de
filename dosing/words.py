"""Sentences of the judgement, said in the reader's language."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext

from dosing.units import Fact, Sentence


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


def as_data(sentence: Sentence) -> dict[str, object]:
    """Return a sentence as it is stored with a decision."""
    facts = {name: fact_as_data(fact) for name, fact in sentence.facts.items()}
    return {"text": sentence.text, "facts": facts}


def fact_as_data(fact: Fact) -> object:
    if isinstance(fact, Sentence):
        return as_data(fact)
    return plain(fact) if isinstance(fact, Decimal) else str(fact)


def from_data(data: Mapping[str, object]) -> Sentence:
    """Read back what as_data() stored."""
    stored = data["facts"]
    facts: dict[str, Fact] = {}
    if isinstance(stored, Mapping):
        for name, fact in stored.items():
            facts[name] = from_data(fact) if isinstance(fact, Mapping) else str(fact)
    return Sentence(str(data["text"]), facts)
