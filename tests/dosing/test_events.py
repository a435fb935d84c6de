"""Events beside the drug: kept, mended, and read with the level."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from dosing import services
from dosing.advice import advise, changes_between
from dosing.models import DrugEvent, Laboratory, Protocol, SafetyCheck
from dosing.views.decisions import loading_of
from dosing.words import say
from patients.models import AuditEvent, Patient, Staff
from tests.builders import DAY_0, a_trough, on_day


def an_event(patient: Patient, kind: str, actor: Staff, **facts: Any) -> DrugEvent:
    return services.record_event(
        patient=patient,
        kind=kind,
        actor=actor,
        **{"happens_on": DAY_0 + timedelta(days=20), **facts},
    )


def rules(patient: Patient, day: int = 29) -> list[str]:
    advice = advise(patient, at=on_day(day))
    assert advice is not None
    return [finding.rule for finding in advice.reading.findings]


def test_a_change_of_form_before_the_draw_is_read_with_the_level(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    a_trough(treated, "12", actor=nurse)
    an_event(treated, "form", nurse)

    assert rules(treated) == ["form-changed"]


def test_a_withdrawn_event_is_read_no_more_and_stays_in_the_history(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    a_trough(treated, "12", actor=nurse)
    event = an_event(treated, "form", nurse)

    services.withdraw_event(
        event=event, version=1, reason="another patient", actor=nurse
    )

    assert rules(treated) == []
    assert AuditEvent.objects.filter(action="withdraw_event").count() == 1
    again = an_event(treated, "form", nurse)
    assert again.pk != event.pk
    with pytest.raises(ValidationError, match="in error already"):
        services.withdraw_event(event=event, version=2, reason="once more", actor=nurse)


def test_a_corrected_event_is_known_by_its_version(
    treated: Patient, nurse: Staff
) -> None:
    event = an_event(treated, "liver", nurse, child_pugh="B")
    facts: Any = {"happens_on": event.happens_on, "child_pugh": "A", "actor": nurse}

    services.correct_event(event=event, version=1, reason="report came", **facts)

    assert DrugEvent.objects.get().child_pugh == "A"
    with pytest.raises(ValidationError, match="Someone has changed"):
        services.correct_event(event=event, version=1, reason="late", **facts)


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        ("liver", {}, "Child-Pugh class"),
        ("food", {"child_pugh": "A"}, "Child-Pugh class"),
        ("other", {}, "Say what happened"),
        ("flood", {}, "not a valid choice"),
        ("food", {"lasts_until": DAY_0}, "not before the first"),
        ("food", {"happens_on": DAY_0.replace(year=2062)}, "a year from now"),
    ],
)
def test_an_event_that_cannot_be_meant_is_refused_in_words(
    treated: Patient, nurse: Staff, kind: str, facts: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        an_event(treated, kind, nurse, **facts)


def test_an_advice_is_stale_once_an_event_was_entered(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    a_trough(treated, "12", actor=nurse)
    before = advise(treated, at=on_day(29))
    event = an_event(treated, "food", nurse)
    entered = advise(treated, at=on_day(29))
    services.withdraw_event(event=event, version=1, reason="not so", actor=nurse)
    an_event(treated, "food", nurse)
    replaced = advise(treated, at=on_day(29))

    assert before is not None
    assert entered is not None
    assert replaced is not None
    for one, other in ((before, entered), (entered, replaced)):
        (said,) = changes_between(one.basis, other.basis)
        assert say(said) == "An event was entered, corrected or withdrawn."


def test_no_loading_dose_is_shown_with_an_impaired_liver(
    treated: Patient, laboratory: Laboratory, protocol: Protocol, nurse: Staff
) -> None:
    Protocol.objects.filter(pk=protocol.pk).update(loading_view=True)
    a_trough(treated, "4.0", actor=nurse)
    advice = advise(treated, at=on_day(29))
    assert advice is not None
    higher = max(advice.takeable, key=lambda regimen: regimen.mg_per_day)
    assert loading_of(advice, higher) is not None

    an_event(treated, "liver", nurse, child_pugh="B")

    advice = advise(treated, at=on_day(29))
    assert advice is not None
    assert loading_of(advice, higher) is None


def test_the_rule_is_withheld_until_a_level_after_a_strong_drug_began(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    a_trough(treated, "12", actor=nurse)
    services.record_comedication(
        patient=treated,
        drug="clarithromycin",
        starts_on=DAY_0 + timedelta(days=30),
        stops_on=DAY_0 + timedelta(days=37),
        actor=nurse,
    )

    advice = advise(treated, at=on_day(40))
    assert advice is not None
    assert advice.withheld
    assert advice.suggestion.exact_mg_per_day is None

    a_trough(treated, "9", day=51, actor=nurse)
    late = advise(treated, at=on_day(52))
    assert late is not None
    assert not late.withheld


@pytest.mark.parametrize(
    ("begins", "ends", "shown"),
    [
        (None, None, ["liver"]),
        (5, 15, ["liver"]),  # an earlier illness says nothing of what is answered now
        (5, 25, []),  # answered while it lasted, and over since
        (22, 25, []),
    ],
)
def test_an_answer_about_the_liver_gives_way_to_what_was_noted_then_or_later(
    treated: Patient,
    laboratory: Laboratory,
    nurse: Staff,
    begins: int | None,
    ends: int,
    shown: list[str],
) -> None:
    a_trough(treated, "12", actor=nurse)
    SafetyCheck.objects.create(
        patient=treated,
        asked_on=DAY_0 + timedelta(days=20),
        pregnancy="negative",
        breastfeeding="no",
        live_vaccine="no",
        liver="C",
    )
    if begins is not None:
        an_event(
            treated,
            "liver",
            nurse,
            happens_on=DAY_0 + timedelta(days=begins),
            lasts_until=DAY_0 + timedelta(days=ends),
            child_pugh="B",
        )

    assert rules(treated) == shown
