"""A signed decision explained: its inputs, and its numbers worked out again."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dosing import forecast, pk, policy
from dosing.models import Decision
from dosing.prognosis import library_digest

AGAIN = 0.001
"""Numbers are kept with three decimals; a last digit may turn."""

AUC_DIGITS = 10.0
"""An AUC24 is kept with two decimals, so it is compared at a tenth of its size."""


@dataclass(frozen=True, slots=True)
class Explanation:
    lines: tuple[str, ...]
    same: bool


def explained(decision: Decision) -> Explanation:
    """Say what a decision rested on; `same` where its numbers come out again."""
    kept = decision.forecast
    head = [
        f"decision {decision.pk}, signed {decision.signed_at.isoformat()}",
        f"engine {decision.engine_version}; now"
        f" {policy.ENGINE_VERSION}, {forecast.CORE_VERSION}",
        f"basis {json.dumps(decision.basis, sort_keys=True)}",
        f"level {json.dumps(decision.inputs, sort_keys=True, ensure_ascii=False)}",
    ]
    if kept is None:
        return Explanation((*head, "no model was asked"), same=True)
    question = forecast.from_data(kept["question"])
    unchanged = kept["library"] == library_digest()
    head += [
        f"hours count from {kept['origin']}",
        f"question {json.dumps(kept['question'], sort_keys=True)}",
        f"model files {'unchanged' if unchanged else 'CHANGED'}",
    ]
    try:
        again = forecast.consider(question, regimens_of(kept), target_of(kept))
    except forecast.NoForecast as silent:
        return Explanation((*head, f"the models are silent now: {silent}"), same=False)
    rows = list(compared(kept["choices"], again))
    head.append(f"offered {json.dumps(decision.offered, ensure_ascii=False)}")
    weights = {view.id: view.weight for view in again.views}
    close = all(
        abs(weights.get(name, -1.0) - weight) <= AGAIN
        for name, weight in kept["models"].items()
    )
    head.append(f"weights then {kept['models']}, again {weights}")
    rows += ahead(question, kept["foretold"])
    lines = (*head, *(line for line, _same in rows))
    return Explanation(lines, same=close and all(same for _line, same in rows))


def ahead(
    question: forecast.Question, kept: Mapping[str, Any] | None
) -> list[tuple[str, bool]]:
    """Return one line on the levels that were foretold, worked out again."""
    if kept is None:
        return []
    coming = [pk.Administration(**each) for each in kept["doses"]]
    again = forecast.expected(question, coming, kept["hours"])
    shown = kept["low"], kept["middle"], kept["high"]
    apart = max(
        abs(a - b)
        for then, now in zip(shown, again, strict=True)
        for a, b in zip(then, now, strict=True)
    )
    same = apart <= AGAIN
    told = f"foretold from {kept['first_day']}, {len(kept['middle'])} days"
    return [(f"{told}: {'same' if same else 'NOT'}, apart {apart:.4f} ng/mL", same)]


def regimens_of(kept: Mapping[str, Any]) -> list[policy.Regimen]:
    return [
        policy.Regimen(Decimal(each["amount_mg"]), each["interval_h"])
        for each in kept["regimens"]
    ]


def target_of(kept: Mapping[str, Any]) -> policy.Target:
    told = kept["target"]
    return policy.Target(**{name: Decimal(value) for name, value in told.items()})


def compared(
    kept: Iterable[Mapping[str, Any]], again: forecast.Outlook
) -> Iterable[tuple[str, bool]]:
    """Yield a line for each dose: what was shown, and what comes out now."""
    for then in kept:
        regimen = policy.Regimen(Decimal(then["amount_mg"]), then["interval_h"])
        now = again.choice(regimen)
        name = f"{then['amount_mg']} mg every {then['interval_h']} h"
        if now is None:
            yield f"{name}: not offered again", False
            continue
        shown = [
            *then["trough_ng_per_ml"],
            then["below"],
            then["inside"],
            then["above"],
        ]
        fresh = [*now.trough_ng_per_ml, now.below, now.inside, now.above]
        shown.append(then["auc24_ng_h_per_ml"] / AUC_DIGITS)
        fresh.append(now.auc24_ng_h_per_ml / AUC_DIGITS)
        same = all(abs(a - b) <= AGAIN for a, b in zip(shown, fresh, strict=True))
        told = ", ".join(f"{each:.3f}" for each in fresh)
        yield (
            f"{name}: shown {shown}, again [{told}]: {'same' if same else 'NOT'}",
            same,
        )
