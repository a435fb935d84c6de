"""The one dose that is suggested, or none: rules first, then the models, then the rule.

The proportional rule and the models hang on the same rules of kind prevent.
"""

from collections.abc import Iterable

from dosing.forecast.outlook import Choice, Outlook
from dosing.policy import (
    Kind,
    Limits,
    Reading,
    Regimen,
    Suggestion,
    Verdict,
    helps,
    within_step,
)


def withheld(suggestion: Suggestion) -> bool:
    return any(each.kind is Kind.PREVENT for each in suggestion.findings)


def ranked(
    outlook: Outlook, reading: Reading, current: Regimen, limits: Limits
) -> Iterable[Choice]:
    """Yield the doses within one step that do not go the wrong way, best first."""
    for choice in outlook.choices:
        regimen = choice.regimen
        near = within_step(regimen, current, limits)
        if regimen == current or (near and helps(regimen, reading, current)):
            yield choice


def recommended(
    outlook: Outlook | None,
    reading: Reading,
    suggestion: Suggestion,
    current: Regimen | None,
    limits: Limits,
) -> Regimen | None:
    """Return the default: none where advice is withheld or the models disagree.

    A true trough in range changes nothing. Without models the proportional rule stands.
    """
    if withheld(suggestion) or current is None:
        return None
    if reading.trusted and reading.verdict is Verdict.IN:
        return current
    if outlook is None:
        return suggestion.recommended
    if outlook.disagree:
        return None
    best = next(iter(ranked(outlook, reading, current, limits)), None)
    return best.regimen if best else current
