"""What the one-page report says: records and judgement turned into finished words."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from dosing import forecast, policy
from dosing.advice import Advice, advice_on
from dosing.history import Around, History, around, history_of
from dosing.models import Decision
from dosing.words import plain, say
from patients.models import Patient
from tdm import charts, story
from tdm.besides import besides_of
from tdm.forecasts import Expectation, expectation
from tdm.report.course import Row, course_of
from tdm.report.domain import Domain, domain_of
from tdm.report.headline import answer_to, headline, notes, standing
from tdm.report.picture import picture
from tdm.report.reasons import Reason, reasons
from tdm.report.tables import Line, Regimen, level_lines, regimen_line

PICTURE_PX = 860
"""So wide is the chart drawn; on the page a letter of it is 7.6 points high."""


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
    picture_notes: tuple[str, ...]
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
        notes=tuple(notes(decision, advice, signed, history, now)),
        person=tuple(person(patient, now)),
        about=tuple(about(history, now)),
        reading=reading(advice),
        picture=picture(drawing) if drawing else "",
        picture_says=drawing.summary if drawing else "",
        picture_notes=tuple(picture_notes(beside, expected, now)) if drawing else (),
        levels=tuple(level_lines(history)),
        regimens=tuple(map(regimen_line, reversed(history.doses))),
        course=tuple(course_of(history)),
        reasons=tuple(reasons(decision, advice, expected)),
        domain=domain_of(decision, advice, expected),
        target=target(history, now),
        made=_("Printed %(at)s") % {"at": date_format(now, "DATETIME_FORMAT")},
        versions=versions(decision),
    )


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


def picture_notes(
    beside: Around, expected: Expectation, now: datetime
) -> Iterable[str]:
    """Say how to read the picture, and what its curve does not know."""
    if expected.silence:
        yield f"{_('No curve:')} {say(expected.silence)}"
    if expected.curve:
        yield _(
            "Line: the level as the models expect it, dashed from now on under the"
            " doses planned. Shades: where it lies with 50 and with 90 % probability;"
            " a measured level spreads wider."
        )
        if not expected.from_levels:
            yield _(
                "No level yet: the curve is what is expected for someone like this,"
                " not this person."
            )
    for each in beside.comedications:
        if each.interaction.auc_ratio is None and each.course.runs(now.date()):
            yield _(
                "Without %(drug)s: how much it changes sirolimus is not known, so"
                " neither the curve nor the chances count it."
            ) % {"drug": each}


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
