"""Judgement: is it in range, may it be trusted, which dose can be taken?

Pure functions over Decimals and dates. Every number has a name and a source; the
marks [V] verified, [V2] second-hand, [D] derived and [NV] not verified are explained
in docs/sources.md. Sentences are English templates; the pages translate them.
"""

from dosing.policy.adherence import ADHERENCE_DAYS, Adherence
from dosing.policy.holding import (
    DEFAULT_HOLD_RULES,
    Effect,
    HoldRule,
    NoHoldRuleError,
    findings_on_holding,
    findings_on_severe,
    hold_rules_as_data,
    hold_rules_from,
    proposals,
)
from dosing.policy.loading import Loading, loading
from dosing.policy.reading import Level, Reading, in_words, read
from dosing.policy.recheck import (
    LONGEST_WITHOUT_LEVEL_DAYS,
    RECHECK_AFTER_CHANGE_DAYS,
    RECHECK_UNCHANGED_DAYS,
    next_level_on,
)
from dosing.policy.regimens import (
    ALTERNATE_DAYS_H,
    Course,
    Period,
    Regimen,
    regimen_in_words,
)
from dosing.policy.suggestion import (
    MOST_CANDIDATES,
    Candidate,
    Suggestion,
    candidate,
    helps,
    suggest,
    within_step,
)
from dosing.policy.tablets import (
    ABSOLUTE_CEILING_MG_PER_DAY,
    STEP_LIMIT_PERCENT,
    Limits,
    Tablets,
    tablets_for,
    takeable,
)
from dosing.policy.taken import (
    EARLIEST_TAKEN,
    LATE_AFTER,
    NO_INCREASE,
    VOMITED_SOON,
    Drug,
    another_range,
    findings_on_doses,
    findings_on_drugs,
    findings_on_methods,
)
from dosing.policy.targets import (
    CITED_RANGES,
    DEFAULT_CEILING_MG_PER_DAY,
    DEFAULT_TARGET,
    Finding,
    Kind,
    Target,
    Verdict,
    under,
)
from dosing.policy.timing import (
    NEARLY_STEADY_AFTER_DAYS,
    STEADY_AFTER_DAYS,
    Timing,
    percent_of_steady_state,
    timing_of,
)

ENGINE_VERSION = "policy 3"
"""Kept with every decision; raised with every change of judgement."""

__all__ = [
    "ABSOLUTE_CEILING_MG_PER_DAY",
    "ADHERENCE_DAYS",
    "ALTERNATE_DAYS_H",
    "CITED_RANGES",
    "DEFAULT_CEILING_MG_PER_DAY",
    "DEFAULT_HOLD_RULES",
    "DEFAULT_TARGET",
    "EARLIEST_TAKEN",
    "ENGINE_VERSION",
    "LATE_AFTER",
    "LONGEST_WITHOUT_LEVEL_DAYS",
    "MOST_CANDIDATES",
    "NEARLY_STEADY_AFTER_DAYS",
    "NO_INCREASE",
    "RECHECK_AFTER_CHANGE_DAYS",
    "RECHECK_UNCHANGED_DAYS",
    "STEADY_AFTER_DAYS",
    "STEP_LIMIT_PERCENT",
    "VOMITED_SOON",
    "Adherence",
    "Candidate",
    "Course",
    "Drug",
    "Effect",
    "Finding",
    "HoldRule",
    "Kind",
    "Level",
    "Limits",
    "Loading",
    "NoHoldRuleError",
    "Period",
    "Reading",
    "Regimen",
    "Suggestion",
    "Tablets",
    "Target",
    "Timing",
    "Verdict",
    "another_range",
    "candidate",
    "findings_on_doses",
    "findings_on_drugs",
    "findings_on_holding",
    "findings_on_methods",
    "findings_on_severe",
    "helps",
    "hold_rules_as_data",
    "hold_rules_from",
    "in_words",
    "loading",
    "next_level_on",
    "percent_of_steady_state",
    "proposals",
    "read",
    "regimen_in_words",
    "suggest",
    "tablets_for",
    "takeable",
    "timing_of",
    "under",
    "within_step",
]
