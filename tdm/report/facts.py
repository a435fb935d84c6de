"""What the one-page report says: records and judgement turned into finished words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from dosing import forecast, policy
from dosing.advice import Advice, advice_on, changes_between
from dosing.history import Around, History, around, history_of
from dosing.models import Decision, Dose, TroughLevel
from dosing.words import from_data, plain, say
from patients.models import Patient
from tdm import charts, story
from tdm.besides import besides_of
from tdm.forecasts import Expectation, expectation
from tdm.report.course import Row, course_of
from tdm.report.domain import Domain, domain_of
from tdm.report.picture import picture

MARKS = {
    policy.Verdict.BELOW: ("\N{BLACK DOWN-POINTING TRIANGLE}", gettext_noop("below")),
    policy.Verdict.IN: ("\N{BLACK CIRCLE}", gettext_noop("in range")),
    policy.Verdict.ABOVE: ("\N{BLACK UP-POINTING TRIANGLE}", gettext_noop("above")),
    policy.Verdict.URGENT: ("\N{BLACK DIAMOND}", gettext_noop("urgent")),
    policy.Verdict.UNKNOWN: ("?", gettext_noop("unclear")),
}
"""Every verdict by shape and by word, so that no meaning hangs on colour."""

PICTURE_PX = 860
"""So wide is the chart drawn; on the page a letter of it is 7.6 points high."""


@dataclass(frozen=True, slots=True)
class Line:
    """A level as the table prints it; `ng_per_ml` is kept to sum up what is left out."""

    drawn_on: str
    value: str
    mark: str
    verdict: str
    words: str
    dose: str
    ng_per_ml: Decimal


@dataclass(frozen=True, slots=True)
class Regimen:
    """A dose as the table prints it."""

    starts_on: str
    words: str
    why: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in a sentence, and what the sentence rests on."""

    words: str
    source: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything on the page, in one language; newest first where there is an order."""

    language: str
    headline: str
    signed: bool
    standing: str
    notes: tuple[str, ...]
    person: tuple[str, ...]
    about: tuple[str, ...]
    reading: str
    picture: str
    picture_says: str
    levels: tuple[Line, ...]
    regimens: tuple[Regimen, ...]
    course: tuple[Row, ...]
    reasons: tuple[Reason, ...]
    domain: Domain
    target: str
    made: str
    versions: str


def facts_of(patient: Patient, *, at: datetime, language: str) -> Facts:
    """Collect what the page says of a patient at an instant, by the clinic's clock."""
    zone = patient.site.zone
    with translation.override(language), timezone.override(zone):
        return collected(history_of(patient), timezone.localtime(at, zone), language)


def collected(history: History, now: datetime, language: str) -> Facts:
    patient = history.patient
    advice = advice_on(history, at=now)
    beside = advice.beside if advice else around(patient)
    signed = list(Decision.objects.of(patient))
    decision = answer_to(advice, signed)
    expected = expectation(history, beside, charts.Window.ALL, now)
    drawing = chart_of(history, beside, expected, now)
    return Facts(
        language=language,
        headline=headline(decision, advice, history, now),
        signed=decision is not None,
        standing=standing(decision),
        notes=tuple(notes(decision, advice, signed)),
        person=tuple(person(patient, now)),
        about=tuple(about(history, now)),
        reading=reading(advice),
        picture=picture(drawing) if drawing else "",
        picture_says=drawing.summary if drawing else "",
        levels=tuple(level_lines(history)),
        regimens=tuple(map(regimen_line, reversed(history.doses))),
        course=tuple(course_of(patient)),
        reasons=tuple(reasons(decision, advice, expected)),
        domain=domain_of(decision, advice, expected),
        target=target(history, now),
        made=_("Printed %(at)s") % {"at": date_format(now, "DATETIME_FORMAT")},
        versions=versions(decision),
    )


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
        return decided(decision)
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


def undecided(history: History, now: datetime) -> str:
    dose = history.running(history.day(now))
    if dose is None:
        return _("No level to decide on, and no dose is taken now.")
    return _("No level to decide on yet. Taken now: %(dose)s.") % {"dose": dose}


def standing(decision: Decision | None) -> str:
    if decision is None:
        return _("NOT SIGNED. A suggestion for the clinician to decide on, no order.")
    return _("Signed by %(who)s, %(at)s.") % {
        "who": decision.signed_by,
        "at": date_format(timezone.localtime(decision.signed_at), "DATETIME_FORMAT"),
    }


OURS = {"decision", "dose", "models", "policy", "pk", "site"}
"""What signing itself changes, and what no one enters about a patient."""


def notes(
    decision: Decision | None, advice: Advice | None, signed: Sequence[Decision]
) -> Iterable[str]:
    """Say what the reader must know beside the first line."""
    if decision is None and signed:
        yield _("The last signed decision was on another level: %(what)s") % {
            "what": f"{decided(signed[0])} {standing(signed[0])}"
        }
    if decision is None or advice is None:
        return
    then, now = (
        {key: number for key, number in basis.items() if key.split()[0] not in OURS}
        for basis in (decision.basis, advice.basis)
    )
    since = [say(change) for change in changes_between(then, now)]
    if since:
        yield _("Since it was signed: %(changes)s") % {"changes": " ".join(since)}


def person(patient: Patient, now: datetime) -> Iterable[str]:
    """Say who this is: name, birth, age, sex, number, clinic."""
    kana = f"{patient.family_name_kana} {patient.given_name_kana}".strip()
    yield f"{patient} ({kana})" if kana else str(patient)
    yield _("born %(day)s, %(age)s years, %(sex)s") % {
        "day": date_format(patient.born_on, "SHORT_DATE_FORMAT"),
        "age": patient.age_on(now.date()),
        "sex": patient.get_sex_display(),
    }
    yield patient.identifier
    yield patient.site.name


def about(history: History, now: datetime) -> Iterable[str]:
    """Say what is treated, and for how long it has been."""
    for lesion in history.patient.lesions.order_by("pk"):
        yield f"{lesion.get_issva_type_display()}: {lesion}"
    start = history.course.starts_on()
    if start is not None:
        yield _("sirolimus since %(day)s, week %(week)s") % {
            "day": date_format(start, "SHORT_DATE_FORMAT"),
            "week": (now.date() - start).days // 7,
        }


def reading(advice: Advice | None) -> str:
    """Say where the latest level lies and how far it may be trusted."""
    if advice is None:
        return _("No level yet.")
    at = timezone.localtime(advice.level.drawn_at)
    said = [say(sentence) for sentence in policy.in_words(advice.reading)]
    said += [say(sentence) for sentence in advice.adherence.sentences]
    day = date_format(at, "DATETIME_FORMAT")
    return " ".join([_("Latest level, %(at)s:") % {"at": day}, *said])


def chart_of(
    history: History, beside: Around, expected: Expectation, now: datetime
) -> charts.Chart | None:
    """Draw the chart of the patient's page, as wide as the paper."""
    if history.course.starts_on() is None and not history.levels:
        return None
    told = story.story_of(history, beside, now, expected.curve)
    gap = besides_of(history, beside, now.date())["gap"]
    return charts.chart(replace(told, gap=gap), width=PICTURE_PX)


def level_lines(history: History) -> Iterable[Line]:
    for level in reversed(history.levels):
        yield level_line(history, level)


def level_line(history: History, level: TroughLevel) -> Line:
    read = history.read(level)
    verdict = read.verdict if read else policy.Verdict.UNKNOWN
    mark, words = MARKS[verdict]
    said = _(words)
    if level.set_aside_at is not None:
        mark, said = "\N{WHITE CIRCLE}", _("set aside")
    regimen = read.regimen if read else None
    return Line(
        drawn_on=date_format(timezone.localtime(level.drawn_at), "SHORT_DATE_FORMAT"),
        value=f"{level.comparator}{plain(level.ng_per_ml)}",
        mark=mark,
        verdict="aside" if level.set_aside_at else verdict.value,
        words=said,
        dose=say(policy.regimen_in_words(regimen)) if regimen else _("no dose"),
        ng_per_ml=level.ng_per_ml,
    )


def regimen_line(dose: Dose) -> Regimen:
    why = ""
    if dose.stops_on is not None:
        why = _("until %(day)s") % {
            "day": date_format(dose.stops_on, "SHORT_DATE_FORMAT")
        }
    return Regimen(date_format(dose.starts_on, "SHORT_DATE_FORMAT"), str(dose), why)


def reasons(
    decision: Decision | None, advice: Advice | None, expected: Expectation
) -> Iterable[Reason]:
    """Give the signer's reason first, then what the rules and the models say."""
    if decision is not None:
        said = decision.get_reason_display()
        if decision.reason_text:
            said = f"{said}: {decision.reason_text}"
        yield Reason(said, _("the signer's reason"))
        yield from kept(decision)
        return
    if advice is None:
        if expected.silence:
            yield Reason(say(expected.silence), "")
        return
    found = (*advice.reading.findings, *advice.suggestion.findings)
    yield from dict.fromkeys(Reason(say(f.sentence), _(f.source)) for f in found)
    if advice.suggestion.formula:
        yield by_rule(say(advice.suggestion.formula))
    if advice.recommended and (choice := advice.choice_of(advice.recommended)):
        yield expected_on(choice.regimen, choice.trough_ng_per_ml, choice.inside)


def kept(decision: Decision) -> Iterable[Reason]:
    """Give the rules that fired at signing, and what was expected of the choice."""
    for finding in decision.findings:
        yield Reason(say(from_data(finding["sentence"])), _(finding["source"]))
    if decision.offered.get("formula"):
        yield by_rule(say(from_data(decision.offered["formula"])))
    chosen = policy.Regimen(decision.chosen_amount_mg, decision.chosen_interval_h)
    for choice in (decision.forecast or {}).get("choices", ()):
        regimen = policy.Regimen(Decimal(choice["amount_mg"]), choice["interval_h"])
        if regimen == chosen:
            yield expected_on(regimen, choice["trough_ng_per_ml"], choice["inside"])


def by_rule(formula: str) -> Reason:
    words = _("In proportion to the latest level alone: %(formula)s")
    return Reason(words % {"formula": formula}, _("proportional rule"))


def expected_on(
    regimen: policy.Regimen, trough: Sequence[float], inside: float
) -> Reason:
    """Say in plain words what level a dose will bring, and how sure that is."""
    words = _(
        "On %(dose)s the level before a dose is expected at about %(middle)s ng/mL"
        " (90 %% likely between %(low)s and %(high)s); %(percent)s of 100 such levels"
        " would lie in the range."
    )
    low, middle, high = (f"{each:.1f}" for each in trough)
    facts = {
        "dose": say(policy.regimen_in_words(regimen)),
        "low": low,
        "middle": middle,
        "high": high,
        "percent": f"{100 * inside:.0f}",
    }
    return Reason(words % facts, _("the models named below"))


def target(history: History, now: datetime) -> str:
    protocol = history.protocol_on(history.day(now))
    if protocol is None:
        return _("No target range is chosen.")
    return _("Target range %(low)s\N{EN DASH}%(high)s ng/mL: %(source)s.") % {
        "low": plain(protocol.target_low_ng_per_ml),
        "high": plain(protocol.target_high_ng_per_ml),
        "source": protocol.citation.rstrip("."),
    }


def versions(decision: Decision | None) -> str:
    engine = f"{policy.ENGINE_VERSION}, {forecast.CORE_VERSION}"
    return _("Troughline %(product)s; engine %(engine)s") % {
        "product": settings.VERSION,
        "engine": decision.engine_version if decision else engine,
    }


def left_out(lines: Sequence[Line]) -> str:
    """Sum up the levels that the table has no room for."""
    values = sorted(line.ng_per_ml for line in lines)
    words = ngettext(
        "and %(count)s earlier level, %(low)s ng/mL",
        "and %(count)s earlier levels, %(low)s to %(high)s ng/mL",
        len(lines),
    )
    return words % {
        "count": len(lines),
        "low": plain(values[0]),
        "high": plain(values[-1]),
    }


def earlier(regimens: Sequence[Regimen]) -> str:
    """Sum up the doses that the table has no room for."""
    words = ngettext(
        "and %(count)s earlier entry, from %(day)s",
        "and %(count)s earlier entries, the first from %(day)s",
        len(regimens),
    )
    return words % {"count": len(regimens), "day": regimens[-1].starts_on}
