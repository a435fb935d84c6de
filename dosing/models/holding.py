"""A protocol's proposals to hold or reduce the drug, as they are kept and checked."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dosing import policy
from dosing.words import say
from patients import ctcae


def default_hold_rules() -> list[dict[str, object]]:
    return policy.hold_rules_as_data(policy.DEFAULT_HOLD_RULES)


def holding_of(rules: list[dict[str, list[str]]]) -> tuple[policy.HoldRule, ...]:
    """Read what was checked when it was kept.

    A term that a later version no longer knows speaks for nothing, and stops nobody.
    """
    own = {trigger for rule in rules for trigger in rule["triggers"]}
    return policy.hold_rules_from(rules, own)


def are_hold_rules(rules: object) -> None:
    """Refuse what is no list of rules on known terms, analytes and grades."""
    try:
        policy.hold_rules_from(rules, ctcae.TERMS)
    except policy.NoHoldRuleError as wrong:
        raise ValidationError(
            _("These are no hold rules. %(why)s"), params={"why": say(wrong.sentence)}
        ) from wrong
