"""Sentences, numbers and regimens of the judgement, as pages show them."""

from decimal import Decimal

from django import template
from django.utils.translation import gettext

from dosing import policy
from dosing.words import from_data, plain, say, task_in_words

register = template.Library()

register.filter("say", say)
register.filter("task", task_in_words)
register.filter("source", gettext)


@register.filter
def num(number: Decimal | int | None) -> str:
    """Write a number without trailing zeros; nothing for nothing."""
    return "" if number is None else plain(Decimal(number))


@register.filter
def cell(value: Decimal | int | str) -> str:
    """Write a cell of a table as its export does."""
    return plain(value) if isinstance(value, Decimal) else str(value)


@register.filter
def ng(number: float) -> str:
    """Write a number of the models with one decimal."""
    return f"{number:.1f}"


@register.filter
def ratio(number: float) -> str:
    """Write a ratio with two digits that count: 10.9, 0.18, 1.5."""
    return f"{number:.3g}" if number >= 10 else f"{number:.2g}"  # noqa: PLR2004


@register.filter
def whole(number: float) -> str:
    return f"{number:.0f}"


@register.filter
def signed(number: float) -> str:
    return f"{number:+.1f}".replace("-", "\u2212")


@register.filter
def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


@register.filter
def model(name: str) -> str:
    """Write a model's id as its first author and year: Mao 2024."""
    author, year, *_rest = name.split("_")
    return f"{author.capitalize()} {year}"


@register.filter
def regimen(dose: policy.Regimen) -> str:
    return say(policy.regimen_in_words(dose))


@register.filter
def stored(data: dict[str, object]) -> str:
    """Say a sentence that was kept with a decision."""
    return say(from_data(data))


@register.filter
def step(candidate: policy.Candidate) -> str:
    """Write a change of the daily dose with its sign: +25 %, \u221250 %."""
    sign = "+" if candidate.step_percent > 0 else "\u2212"
    return f"{sign}{abs(candidate.step_percent)} %"


@register.filter
def tablets(candidate: policy.Candidate) -> str:
    """Write "1 mg + 0.5 mg", or "2 x 1 mg"."""
    parts = (
        (f"{t.count} \u00d7 " if t.count > 1 else "") + f"{plain(t.strength_mg)} mg"
        for t in candidate.tablets
    )
    return " + ".join(parts)
