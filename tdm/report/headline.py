"""The first line: what was decided, or that nothing was, in plain words."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from dosing import policy
from dosing.advice import Advice, changes_between
from dosing.history import History
from dosing.models import Decision
from dosing.words import say


def answer_to(advice: Advice | None, signed: Sequence[Decision]) -> Decision | None:
    """Return the newest decision, if it was signed on the level as it now stands."""
    newest = signed[0] if signed else None
    if newest is None or advice is None:
        return None
    same = newest.level_id == advice.level.pk
    return newest if same and newest.level_version == advice.level.version else None


def long_day(day: date) -> str:
    # Translators: a Django date format: the weekday in full, then the date
    return str(date_format(day, _("l j F Y")))


def headline(
    decision: Decision | None, advice: Advice | None, history: History, now: datetime
) -> str:
    """Say the decision, or what is suggested, in one plain sentence."""
    if decision is not None:
        return changed_since(decision, history, now) or decided(decision)
    if advice is None:
        return undecided(history, now)
    choice = advice.recommended
    if choice is None:
        return _("Not decided yet, and no dose is suggested.")
    facts = {
        "dose": say(policy.regimen_in_words(choice)),
        "next": long_day(advice.proposed_level_on(choice)),
    }
    if choice == advice.current_regimen:
        return _("Not decided yet. Suggested: go on with %(dose)s; next level on"
                 " %(next)s.") % facts  # fmt: skip
    return _("Not decided yet. Suggested: change to %(dose)s; next level on"
             " %(next)s.") % facts  # fmt: skip


def decided(decision: Decision) -> str:
    facts = {"next": long_day(decision.next_level_on)}
    if decision.holds:
        return _("Pause sirolimus; next level on %(next)s.") % facts
    chosen = policy.Regimen(decision.chosen_amount_mg, decision.chosen_interval_h)
    facts["dose"] = say(policy.regimen_in_words(chosen))
    if decision.dose is None:
        return _("Go on with %(dose)s; next level on %(next)s.") % facts
    facts["start"] = long_day(decision.dose.starts_on)
    return _("From %(start)s take %(dose)s; next level on %(next)s.") % facts


def changed_since(decision: Decision, history: History, now: datetime) -> str:
    """Say what is prescribed now where that is not what was signed; else nothing."""
    dose = history.planned(history.day(now))
    goes_on = dose is not None and dose.stops_on is None
    going = (dose.amount_mg, dose.interval_h) if dose and goes_on else None
    chosen = (decision.chosen_amount_mg, decision.chosen_interval_h)
    if going == (None if decision.holds else chosen):
        return ""
    if dose is None:
        return _("Otherwise than signed, no dose is prescribed now.")
    facts = {"dose": dose, "start": long_day(dose.starts_on)}
    if dose.stops_on is None:
        words = _("Prescribed now, otherwise than signed: %(dose)s from %(start)s.")
        return words % facts
    words = _(
        "Prescribed now, otherwise than signed: %(dose)s, and none from %(stop)s."
    )
    return words % {**facts, "stop": long_day(dose.stops_on)}


def undecided(history: History, now: datetime) -> str:
    dose = history.running(history.day(now))
    if dose is None:
        return _("No level to decide on, and no dose is taken now.")
    return _("No level to decide on yet. Taken now: %(dose)s.") % {"dose": dose}


def standing(decision: Decision | None) -> str:
    if decision is None:
        return _("NOT SIGNED. For the clinician to decide on; this is no prescription.")
    return _("Signed by %(who)s, %(at)s.") % {
        "who": decision.signed_by,
        "at": date_format(timezone.localtime(decision.signed_at), "DATETIME_FORMAT"),
    }


OURS = {"decision", "dose", "models", "policy", "pk", "site"}
"""What signing itself changes, and what no one enters about a patient."""


def notes(
    decision: Decision | None,
    advice: Advice | None,
    signed: Sequence[Decision],
    history: History,
    now: datetime,
) -> Iterable[str]:
    """Say what the reader must know beside the first line."""
    if decision is not None and changed_since(decision, history, now):
        yield _("Signed was: %(what)s") % {"what": decided(decision)}
    if decision is None and signed:
        yield _("The last signed decision was on another level: %(what)s") % {
            "what": f"{decided(signed[0])} {standing(signed[0])}"
        }
    if decision is None or advice is None:
        return
    then, still = (
        {key: number for key, number in basis.items() if key.split()[0] not in OURS}
        for basis in (decision.basis, advice.basis)
    )
    since = [say(change) for change in changes_between(then, still)]
    if since:
        yield _("Since it was signed: %(changes)s") % {"changes": " ".join(since)}
